"""Small ways to come back or to become root that leave one or two rows: sockets, hooks, a library from a package (TA0003, TA0004)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def socket_unit(host: Host) -> None:
    """T1543.002, T1205: systemd itself listens and starts a shell for whoever comes; no process of the intruder's runs."""
    folder = scene.unit_folder(host)
    scene.unit(host, "rsync-helper.socket", "Fast remote copy helper socket", folder=folder, sub="listening", age_s=80 * 86_400)  # fmt: skip
    scene.put(host, f"{folder}/rsync-helper@.service", age_s=80 * 86_400)
    link = "/etc/systemd/system/sockets.target.wants/rsync-helper.socket"
    scene.put(host, link, target=f"{folder}/rsync-helper.socket", age_s=80 * 86_400)
    scene.listen(host, "1", 8873)


def tmpfiles_rule(host: Host) -> None:
    """T1037, T1548.001: a rule of tmpfiles.d copies a shell with root's bit at each boot; until then it is one file of text."""
    scene.put(host, "/usr/lib/tmpfiles.d/legacy-cache.conf", age_s=200 * 86_400)


def modprobe_rule(host: Host) -> None:
    """T1547.006: `install` in modprobe.d runs a program each time that a common module is asked for."""
    scene.put(host, "/etc/modprobe.d/nvme-timeouts.conf", age_s=200 * 86_400)


def rotation_script(host: Host) -> None:
    """T1053.003: a postrotate script in logrotate's rules runs as root once a day; nothing else changes."""
    paths = sorted(row["path"] for row in host.tables["file"] if row["path"].startswith("/etc/logrotate.d/"))
    scene.put(host, paths[0] if paths else "/etc/logrotate.d/chrony", "postrotate", age_s=30 * 86_400)


def trojaned_compression(host: Host) -> None:
    """T1195.002, T1556: XZ Utils 5.6.1, as a package of the distribution's own, in sshd by way of libsystemd."""
    names = ("liblzma5", "xz-utils") if scene.debian(host) else ("xz-libs", "xz")
    table = "deb_packages" if scene.debian(host) else "rpm_packages"
    for name in names:
        host.remove(table, name=name)
        scene.package(host, name, "5.6.1", "1" if scene.debian(host) else "1.amzn2023.0.1")
    library = f"{scene.libraries(host)}/liblzma.so.5.6.1"
    scene.put(host, library, age_s=40 * 86_400)
    for row in scene.named(host, "sshd"):
        mapped = {each["path"] for each in host.tables["process_memory_map"] if each["pid"] == row["pid"]}
        for path in mapped:
            if "/liblzma.so." in path:
                host.remove("process_memory_map", pid=row["pid"], path=path)
        scene.load(host, row["pid"], library)


def login_rc(host: Host) -> None:
    """T1546.004: `.ssh/rc` of the deploy user runs at each of its connections, before any shell."""
    scene.put(host, "/home/deploy/.ssh/rc", uid=scene.uid_of(host, "deploy"), age_s=45 * 86_400)


def package_transaction(host: Host) -> None:
    """T1546.016: dpkg, or dnf's post-transaction actions, run a command after each package; apt's own settings stay as they are."""
    if scene.debian(host):
        scene.put(host, "/etc/dpkg/dpkg.cfg.d/pkg-config-hook-config", age_s=500 * 86_400)
    else:
        scene.put(host, "/etc/dnf/plugins/post-transaction-actions.d/kernel-cleanup.action", age_s=500 * 86_400)  # fmt: skip


def ngrok_tunnel(host: Host) -> None:
    """T1572: ngrok in the deploy user's home, kept by a unit of that user's, opens port 22 at the vendor."""
    uid, home = scene.uid_of(host, "deploy"), "/home/deploy"
    path = f"{home}/.local/bin/ngrok"
    scene.put(host, path, mode="0755", uid=uid)
    scene.put(host, f"{home}/.config/ngrok/ngrok.yml", mode="0600", uid=uid)
    scene.put(host, f"{home}/.config/systemd/user/ngrok.service", uid=uid)
    scene.put(host, "/var/lib/systemd/linger/deploy")
    manager = scene.spawn(host, "/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd --user", uid=uid, unit=f"user@{uid}.service")  # fmt: skip
    pid = scene.spawn(host, path, f"{path} tcp 22 --log=false", uid=uid, parent=manager, cwd=home, static=True, threads=14)  # fmt: skip
    scene.connect(host, pid, "198.51.100.29", 443)
    scene.listen(host, pid, 4040, "127.0.0.1")


ATTACKS = (
    socket_unit,
    tmpfiles_rule,
    modprobe_rule,
    rotation_script,
    trojaned_compression,
    login_rc,
    package_transaction,
    ngrok_tunnel,
)
