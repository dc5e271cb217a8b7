"""Back doors and rootkits of public reports, 2019 to 2026: what is left of them to be read (TA0003, TA0005, TA0011)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def kovid(host: Host) -> None:
    """T1014: KoviD: module, taint, files and processes are hidden; one connection is left that no process holds."""
    host.add(
        "process_open_sockets", pid=-1, fd=-1, socket=0, family=2, protocol=6, local_address=scene.own_address(host), local_port=41_288,
        remote_address="192.0.2.146", remote_port=443, state="ESTABLISHED", net_namespace="4026531840",
    )  # fmt: skip


def medusa(host: Host) -> None:
    """T1574.006, T1556: Medusa, as espionage groups use it: the loader is patched to look into a folder of its own, logins are kept there."""
    scene.replace(host, f"{scene.libraries(host)}/ld-linux-x86-64.so.2", "medusa")
    for row in (*scene.named(host, "sshd", "cron", "crond"), scene.work(host)):
        scene.load(host, row["pid"], "/usr/lib/libseconf/libdl.so")


def pumakit(host: Host) -> None:
    """T1014, T1554: PUMAKIT: the daemon of cron is the dropper, its times are those of the package; a library goes with logins."""
    for row in scene.named(host, "cron", "crond")[:1]:
        scene.replace(host, row["path"], "pumakit")
    for row in scene.named(host, "sshd"):
        scene.load(host, row["pid"], f"{scene.libraries(host)}/libs.so")


def sedexp(host: Host) -> None:
    """T1546.017, T1036.004: sedexp: a udev rule for /dev/random starts it at boot; it calls itself kdevtmpfs."""
    scene.put(host, "/etc/udev/rules.d/99-random.rules", "planted", age_s=90 * 86_400)
    pid = scene.spawn(host, "/usr/lib/udev/asedexpb", "kdevtmpfs", name="kdevtmpfs", age_s=20_000)
    scene.connect(host, pid, "203.0.113.178", 443)


def auto_color(host: Host) -> None:
    """T1574.006: Auto-Color: a copy below /var/log, a library named like libcext in a preload file of its own name, in the daemons."""
    scene.put(host, "/etc/ld.preload", "libcext.so.2")
    library = f"{scene.libraries(host)}/libcext.so.2"
    scene.put(host, library, mode="0755")
    pid = scene.spawn(host, "/var/log/cross/auto-color", "/var/log/cross/auto-color", static=True)
    scene.connect(host, pid, "198.51.100.216", 443)
    for row in scene.named(host, "sshd", "cron", "crond", "rsyslogd"):
        scene.load(host, row["pid"], library)


def plague(host: Host) -> None:
    """T1556.003: Plague: one more module of PAM, outside the folder of modules, lets a fixed password in and cleans up after it."""
    path = "/etc/pam.d/common-auth" if scene.debian(host) else "/etc/pam.d/password-auth"
    library = f"{scene.libraries(host)}/libselinux_auth.so"
    scene.put(host, library, age_s=150 * 86_400)
    scene.put(host, path, "one more line", age_s=150 * 86_400)
    host.add("augeas", node=f"/files{path}/9/type", path=path, label="type", value="auth")
    host.add("augeas", node=f"/files{path}/9/control", path=path, label="control", value="sufficient")
    host.add("augeas", node=f"/files{path}/9/module", path=path, label="module", value=library)
    for row in scene.named(host, "sshd"):
        scene.load(host, row["pid"], library)


def vermilion_strike(host: Host) -> None:
    """T1071, T1036.005: a beacon of Cobalt Strike's kind for Linux among the helpers of polkit: HTTPS, and DNS when that fails."""
    path = "/usr/libexec/polkit-agent-cache"
    scene.put(host, path, mode="0755", age_s=100 * 86_400)
    pid = scene.spawn(host, path, f"{path} --no-debug", age_s=20_000)
    scene.connect(host, pid, "203.0.113.88", 443)
    scene.connect(host, pid, "203.0.113.88", 53, protocol=17)


def mythic_poseidon(host: Host) -> None:
    """T1036.004, T1543.002: Mythic's Poseidon in the folder of a cloud vendor's agent, with a unit like that agent's."""
    folder, name = "/opt/aws/amazon-cloudwatch-agent", "amazon-cloudwatch-agent-otel.service"
    path = f"{folder}/bin/cwagent-otel-proxy"
    scene.put(host, path, mode="0755", age_s=60 * 86_400)
    scene.unit(host, name, "Amazon CloudWatch Agent OpenTelemetry proxy", folder=scene.unit_folder(host), age_s=60 * 86_400)  # fmt: skip
    pid = scene.spawn(host, path, f"{path} -config {folder}/etc/otel.yaml", unit=name, static=True, threads=12, age_s=20_000)  # fmt: skip
    scene.connect(host, pid, "198.51.100.12", 443)


def snowlight(host: Host) -> None:
    """T1620, T1036.005: SNOWLIGHT and VShell: a dropper in /tmp, an init script, the rest in memory under a worker's name, over WebSocket."""
    for path in ("/tmp/dnsloger", "/usr/bin/dnsloger", "/etc/init.d/dnsloger"):
        scene.put(host, path, mode="0755")
    scene.cron(host, scene.spool(host, "root"), "0 * * * *", "/usr/bin/dnsloger >/dev/null 2>&1")
    pid = scene.spawn(host, "/memfd:a (deleted)", "[kworker/0:2-events]", name="a", on_disk="0", static=True, threads=9)  # fmt: skip
    scene.connect(host, pid, "192.0.2.221", 8443)


def wolfsbane(host: Host) -> None:
    """T1543.002, T1574.006: WolfsBane: a display manager on a server without a display, kept below root's home, hidden by a preload."""
    scene.put(host, "/etc/ld.so.preload", "wolfsbane")
    library = "/usr/lib/libselinux.so"
    scene.put(host, library, mode="0755")
    scene.put(host, "/root/.Xl1/.pid")
    scene.unit(host, "display-managerd.service", "Display-Manager", folder=scene.unit_folder(host))
    pid = scene.spawn(host, "/root/.Xl1/kde", "kde", unit="display-managerd.service")
    scene.connect(host, pid, "198.51.100.173", 443)
    for row in scene.named(host, "sshd", "cron", "crond"):
        scene.load(host, row["pid"], library)


ATTACKS = (
    kovid,
    medusa,
    pumakit,
    sedexp,
    auto_color,
    plague,
    vermilion_strike,
    mythic_poseidon,
    snowlight,
    wolfsbane,
)
