"""Honest one-offs with a person or a scheduled job behind them."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import scene
from benchmarks.known.sessions import below, session

JUMP_HOSTS = ("10.20.0.8", "10.20.0.31")


def strace_by_on_call(host: Host, rng: random.Random) -> None:
    """On-call looks at what the application does, with strace, in a session."""
    shell = session(host, rng)
    pid = scene.work(host)["pid"]
    below(host, shell, "/usr/bin/strace", f"strace -f -tt -p {pid} -o /tmp/strace.{pid}")
    scene.put(host, f"/tmp/strace.{pid}", mode="0644", age_s=2)


def perf_by_engineer(host: Host, rng: random.Random) -> None:
    """An engineer records a profile and has allowed perf for it."""
    shell = session(host, rng)
    scene.control(host, "kernel.perf_event_paranoid", "1")
    scene.control(host, "kernel.kptr_restrict", "0")
    scene.package(host, "linux-perf" if scene.debian(host) else "perf", "6.1.141")
    below(host, shell, "/usr/bin/perf", f"perf record -F 99 -g -p {scene.work(host)['pid']} -- sleep 60")


def key_for_an_incident(host: Host, rng: random.Random) -> None:
    """Configuration management let one more key in until Friday."""
    scene.key(
        host, scene.login(host), f"incident {rng.randrange(9)}", comment=f"breakglass-INC-{rng.randrange(2000, 2400)}",
        options='expiry-time="20260306",from="10.20.0.0/16"',
    )  # fmt: skip


def editor_file_left(host: Host, rng: random.Random) -> None:
    """An editor died with the connection and left its swap file in /etc; the change that was wanted is there too."""
    scene.put(host, f"/etc/.{rng.choice(('hosts', 'fstab', 'motd'))}.swp", mode="0600", age_s=86_400)
    if rng.random() < 0.5:
        host.add("etc_hosts", address="10.20.40.17", hostnames=f"db-{rng.choice('ab')}.internal.example db")


def certificate_renewal(host: Host, rng: random.Random) -> None:
    """certbot, which every month is due on another host, is at work."""
    scene.unit(
        host,
        "certbot.service",
        "Certbot",
        folder=scene.unit_folder(host),
        state="static",
        active="activating",
        sub="start",
    )
    pid = scene.spawn(
        host, scene.python(host), "/usr/bin/python3 /usr/bin/certbot -q renew --no-random-sleep-on-renew", name="certbot", unit="certbot.service", age_s=14
    )  # fmt: skip
    scene.connect(host, pid, f"198.51.100.{rng.randrange(200, 240)}", 443)
    scene.put(host, f"/tmp/tmp{rng.getrandbits(36):09x}", mode="0600", age_s=10)


def container_for_debugging(host: Host, rng: random.Random) -> None:
    """An engineer looks at the network from a container of tools; without Docker, with curl in a loop."""
    shell = session(host, rng)
    if host.tables["docker_containers"]:
        below(
            host,
            shell,
            "/usr/bin/docker",
            "docker run --rm -it --net host docker.example/nicolaka/netshoot:v0.13",
        )
        scene.container(host, rng.choice(("quirky_hopper", "bold_darwin")), "docker.example/nicolaka/netshoot:v0.13", "zsh")  # fmt: skip
    else:
        loop = scene.spawn(host, "/usr/bin/bash", "bash -c while sleep 1; do curl -sw %{time_total} http://10.20.1.20/health; done", parent=shell)  # fmt: skip
        scene.spawn(host, "/usr/bin/sleep", "sleep 1", parent=loop, age_s=1)


ONE_OFFS = (
    strace_by_on_call,
    perf_by_engineer,
    key_for_an_incident,
    editor_file_left,
    certificate_renewal,
    container_for_debugging,
)
