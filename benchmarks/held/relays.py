"""Attacks that keep a way out: an editor's tunnel, a network of their own, a bot of a messenger (TA0011)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def code_tunnel(host: Host) -> None:
    """T1219.001: Visual Studio Code's own tunnel, signed and by way of the vendor, as a service of the deploy user (reports of 2024)."""
    uid, home = scene.uid_of(host, "deploy"), "/home/deploy"
    path = f"{home}/.local/bin/code"
    scene.put(host, path, mode="0755", uid=uid, age_s=12 * 86_400)
    scene.put(host, f"{home}/.config/systemd/user/code-tunnel.service", uid=uid, age_s=12 * 86_400)
    scene.put(host, f"{home}/.config/systemd/user/default.target.wants/code-tunnel.service", uid=uid, age_s=12 * 86_400,
              target=f"{home}/.config/systemd/user/code-tunnel.service")  # fmt: skip
    scene.put(host, "/var/lib/systemd/linger/deploy", age_s=12 * 86_400)
    manager = scene.spawn(host, "/usr/lib/systemd/systemd", "/lib/systemd/systemd --user", uid=uid, unit=f"user@{uid}.service", age_s=20_000)  # fmt: skip
    pid = scene.spawn(
        host, path, f"{path} --verbose --cli-data-dir {home}/.vscode/cli tunnel service internal-run", uid=uid, parent=manager, cwd=home,
        static=True, threads=10, age_s=19_990,
    )  # fmt: skip
    for last in (61, 62):
        scene.connect(host, pid, f"198.51.100.{last}", 443)


def own_wireguard(host: Host) -> None:
    """T1572, T1133: a WireGuard interface of the intruder's: the kernel does the work, so a port without a process and a unit show it."""
    loaded = {row["name"] for row in host.tables["kernel_modules"]}
    for name in ("wireguard", "libchacha20poly1305", "curve25519_x86_64", "udp_tunnel", "ip6_udp_tunnel"):
        if name not in loaded:
            scene.module(host, name, 24_576)
    if not moves.installed(host, "wireguard-tools"):
        scene.package(host, "wireguard-tools", "1.0.20210914")
    scene.put(host, "/etc/wireguard/wg9.conf", mode="0600", age_s=50 * 86_400)
    folder = scene.unit_folder(host)
    host.add("systemd_units", id="wg-quick@wg9.service", description="WireGuard via wg-quick(8) for wg9", load_state="loaded", active_state="active",
             sub_state="exited", unit_file_state="enabled", fragment_path=f"{folder}/wg-quick@.service", job_id=0, job_path="/")  # fmt: skip
    scene.put(host, f"{folder}/wg-quick@.service", "of the package", age_s=700 * 86_400)
    scene.put(host, "/etc/systemd/system/multi-user.target.wants/wg-quick@wg9.service", "wg-quick", target=f"{folder}/wg-quick@.service", age_s=50 * 86_400)  # fmt: skip
    host.add("interface_addresses", interface="wg9", address="10.66.66.9", mask="255.255.255.255")
    host.add("interface_details", interface="wg9", mac="", type=65_534, mtu=1420, flags=65_745)
    host.add("routes", destination="10.66.66.0", netmask=24, source="10.66.66.9", interface="wg9", metric=0, type="local")  # fmt: skip
    scene.listen(host, "-1", 47_111, protocol=17)


def telegram_bot(host: Host) -> None:
    """T1102.002, T1053.003: a script of the deploy user's asks a messenger for commands; cron brings it back after a restart."""
    uid, path = scene.uid_of(host, "deploy"), "/home/deploy/.local/share/backup-notify/notify.py"
    scene.put(host, path, uid=uid, age_s=25 * 86_400)
    scene.cron(host, scene.spool(host, "deploy"), "@reboot", f"/usr/bin/python3 {path} >/dev/null 2>&1")
    pid = scene.spawn(host, scene.python(host), f"/usr/bin/python3 {path}", name="python3", uid=uid, cwd="/home/deploy", threads=4, age_s=20_000)  # fmt: skip
    scene.connect(host, pid, "203.0.113.167", 443)


ATTACKS = (code_tunnel, own_wireguard, telegram_bot)
