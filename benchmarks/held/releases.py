"""Honest one-offs of who builds and releases: workers that drain, something built from its source, a notebook."""

from __future__ import annotations

import random
import uuid

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import session

WORKERS = ("nginx", "haproxy", "php-fpm8.3", "php-fpm8.1", "gunicorn", "celery")
"""Programs whose workers stay for their clients after a reload."""


def old_workers_drain(host: Host, rng: random.Random) -> None:
    """After an update some processes of before have clients that stay, and run the program that was replaced: workers, or sessions of sshd."""
    work = next(iter(row for name in WORKERS for row in scene.named(host, name)), None)
    if work is None:
        user, age_s = rng.choice((scene.login(host), "deploy")), moves.days_ago(host, rng, 1, 9)
        moves.bare_session(host, user=user, address=f"10.20.200.{rng.randrange(9, 90)}", age_s=age_s, number=rng.randrange(40, 900))  # fmt: skip
        moves.update(host, "openssh-server", "openssh-client", "openssh-sftp-server", "openssh", "openssh-clients", age_s=age_s // 2)  # fmt: skip
        daemon, anew = scene.listener(host), scene.now(host) - age_s // 2
        for row in scene.named(host, "sshd"):
            if row is not daemon and int(row["start_time"]) < anew:
                row.update(on_disk="0", parent="1" if row["parent"] == daemon["pid"] else row["parent"])
        daemon["start_time"] = str(anew)
        moves.content(host, "/usr/sbin/sshd", "a patch level later", age_s=age_s // 2)
        return
    age_s = scene.now(host) - int(work["start_time"])
    for _ in range(rng.choice((1, 1, 2, 3))):
        pid = scene.spawn(host, work["path"], work["cmdline"], name=work["name"], uid=work["uid"], parent=work["parent"], cwd=work["cwd"], age_s=age_s, on_disk="0")  # fmt: skip
        host.change("processes", {"pid": pid}, cgroup_path=work["cgroup_path"])
    moves.content(host, work["path"], "a release later", age_s=min(age_s, rng.randrange(300, 9_000)))


def built_from_source(host: Host, rng: random.Random) -> None:
    """An engineer builds a library from its source, since the distribution's is too old for one request."""
    user = rng.choice((scene.login(host), "deploy"))
    shell = session(host, rng, user=user, minutes=rng.randrange(9, 90))
    uid, name = scene.uid_of(host, user), rng.choice(("jemalloc-5.3.0", "liburing-2.8", "rocksdb-9.7.4", "libvips-8.16.0"))  # fmt: skip
    folder = f"/home/{user}/src/{name}"
    for package, version in (("gcc", "12.2.0"), ("make", "4.3"), ("binutils", "2.40"), ("libc6-dev" if scene.debian(host) else "glibc-devel", "2.36")):  # fmt: skip
        if not moves.installed(host, package):
            scene.package(host, package, version)
    if rng.random() < 0.6:
        make = moves.run(host, "/usr/bin/make", "make -j2", uid=uid, parent=shell, cwd=folder, age_s=70)
        machine = "x86_64-linux-gnu" if scene.debian(host) else "x86_64-amazon-linux"
        for _ in range(2):
            unit = rng.choice(("arena", "extent", "queue", "setup", "table", "cache"))
            sh = moves.run(host, scene.shell(host), f"/bin/sh -c gcc -O2 -fPIC -c -o src/{unit}.o src/{unit}.c", name="sh", uid=uid, parent=make, cwd=folder, age_s=3)  # fmt: skip
            gcc = moves.run(host, f"/usr/bin/{machine}-gcc-12" if scene.debian(host) else "/usr/bin/gcc", f"gcc -O2 -fPIC -c -o src/{unit}.o src/{unit}.c", name="gcc", uid=uid, parent=sh, cwd=folder, age_s=3)  # fmt: skip
            moves.run(host, f"/usr/libexec/gcc/{machine}/12/cc1", f"cc1 -quiet src/{unit}.c -quiet -dumpbase {unit}.c -O2 -fPIC -o /tmp/cc{moves.some(rng, 6)}.s", uid=uid, parent=gcc, cwd=folder, age_s=2)  # fmt: skip
    else:
        stem = name.partition("-")[0].removeprefix("lib")
        for suffix in (".so", ".so.2", ".a"):
            scene.put(host, f"/usr/local/lib/lib{stem}{suffix}", name, mode="0755", age_s=500)
        scene.put(host, "/etc/ld.so.conf.d/local.conf", "/usr/local/lib", age_s=480)


def notebook_on_loopback(host: Host, rng: random.Random) -> None:
    """An analyst has a notebook open on this host, by way of a forwarded port, since data may not leave it."""
    user, age_s = rng.choice(("deploy", scene.login(host))), rng.randrange(1_000, 30_000)
    sshd = moves.bare_session(host, user=user, address=f"10.20.200.{rng.randrange(9, 90)}", age_s=age_s, number=rng.randrange(40, 900))  # fmt: skip
    uid, home = scene.uid_of(host, user), f"/home/{user}"
    port, python = rng.choice((8888, 8888, 8889, 8899)), scene.python(host)
    shell = moves.run(host, "/usr/bin/bash", "bash -c cd analysis && venv/bin/jupyter lab --no-browser", uid=uid, parent=sshd, cwd=home, age_s=age_s)  # fmt: skip
    lab = moves.run(host, python, f"{home}/analysis/venv/bin/python {home}/analysis/venv/bin/jupyter-lab --no-browser --port {port}", name="jupyter-lab", uid=uid, parent=shell, cwd=f"{home}/analysis", age_s=age_s)  # fmt: skip
    scene.listen(host, lab, port, "127.0.0.1")
    scene.connect(host, sshd, "127.0.0.1", port)
    for tool in ("jupyter", "jupyter-lab", "ipython", "pip"):
        scene.put(host, f"{home}/analysis/venv/bin/{tool}", tool, mode="0755", uid=uid, age_s=40 * moves.DAY_S)  # fmt: skip
    for place in range(rng.choice((1, 1, 2))):
        kernel = uuid.UUID(int=rng.getrandbits(128), version=4)
        pid = moves.run(host, python, f"{home}/analysis/venv/bin/python -m ipykernel_launcher -f {home}/.local/share/jupyter/runtime/kernel-{kernel}.json", name="python", uid=uid,
                        parent=lab, cwd=f"{home}/analysis", age_s=age_s - 100 * (place + 1))  # fmt: skip
        for _ in range(5):
            scene.listen(host, pid, rng.randrange(33_000, 60_000), "127.0.0.1")
        if rng.random() < 0.7:
            scene.connect(host, pid, "10.20.40.17", 5432)


ONE_OFFS = (old_workers_drain, built_from_source, notebook_on_loopback)
