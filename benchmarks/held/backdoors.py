"""Back doors and rootkits of public reports, 2019 to 2026: what is left of them to be read (TA0003, TA0005, TA0011)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def krasue(host: Host) -> None:
    """T1014, T1095: Krasue: a module that poses as a driver of VMware and hides; a UDP port without a process and the taint are left."""
    scene.control(host, "kernel.tainted", "12288")
    scene.listen(host, "-1", 52_699, protocol=17)


def linkpro(host: Host) -> None:
    """T1014, T1543.002, T1574.006: LinkPro on a cloud host: `systemd-resolveld` in a hidden folder; a preload where eBPF cannot hide it."""
    scene.put(host, "/etc/ld.so.preload", "/etc/libld.so")
    scene.put(host, "/etc/libld.so", mode="0755")
    scene.put(host, "/usr/lib/.system/.tmp~data.resolveld", mode="0755", age_s=200 * 86_400)
    scene.unit(host, "systemd-resolveld.service", "Network Name Resolution Manager", age_s=200 * 86_400)
    for row in scene.named(host, "sshd", "cron", "crond"):
        scene.load(host, row["pid"], "/etc/libld.so")


def fontonlake(host: Host) -> None:
    """T1554, T1556, T1014: FontOnLake: sshd and common tools replaced under their own names, logins kept in a file, a module with a driver's name."""
    for path in ("/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/find", "/usr/bin/stat"):
        scene.replace(host, path, "fontonlake")
    scene.put(host, "/var/lib/selinux/.tmp.log", mode="0600", age_s=600)
    scene.module(host, "ati_remote3", 20_480)
    scene.put(host, "/etc/modules-load.d/ati_remote3.conf", age_s=120 * 86_400)


def merlin_agent(host: Host) -> None:
    """T1071.001, T1095: a Merlin agent over HTTP/3: one UDP flow to port 443, its program in a folder of snapd's."""
    path = "/usr/lib/snapd/snap-recovery-watch"
    scene.put(host, path, mode="0755", age_s=120 * 86_400)
    pid = scene.spawn(host, path, path, static=True, threads=10, age_s=20_000)
    scene.connect(host, pid, "192.0.2.14", 443, protocol=17)


def server_module(host: Host) -> None:
    """T1505.004: a module in the server's own process answers requests with a certain header; only the mapping shows."""
    row = next(iter(scene.named(host, "nginx")), scene.work(host))
    folder = "/usr/lib/nginx/modules" if scene.debian(host) else "/usr/lib64/nginx/modules"
    path = f"{folder}/ngx_http_headers_cache_module.so"
    scene.put(host, path, age_s=70 * 86_400)
    for each in scene.named(host, row["name"])[:3]:
        scene.load(host, each["pid"], path)


ATTACKS = (krasue, linkpro, fontonlake, merlin_agent, server_module)
