"""Honest one-offs of packages: what was updated here, or not, or installed, or taken away."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import session

SOURCES = {
    "curl": ("curl", "libcurl4", "libcurl3-gnutls", "curl-minimal", "libcurl-minimal"),
    "git": ("git", "git-man", "git-core"),
    "tzdata": ("tzdata",),
    "certificates": ("ca-certificates",),
    "rsync": ("rsync",),
    "util-linux": ("util-linux", "util-linux-extra", "util-linux-core", "bsdutils", "bsdextrautils", "fdisk", "mount"),
    "less": ("less",),
    "jq": ("jq", "libjq1"),
    "file": ("file", "file-libs", "libmagic1", "libmagic-mgc"),
    "wget": ("wget",),
}  # fmt: skip
"""Packages of either distribution by the source that they are built from: they are updated together."""

DAEMONS = {
    "rpcbind": ("rpcbind",), "polkitd": ("polkitd", "libpolkit-agent-1-0", "libpolkit-gobject-1-0"), "rsyslogd": ("rsyslog",),
    "cron": ("cron", "cron-daemon-common"), "crond": ("cronie", "cronie-anacron"), "atd": ("at",), "gssproxy": ("gssproxy",),
    "rngd": ("rng-tools",), "lsmd": ("libstoragemgmt", "python3-libstoragemgmt"), "auditd": ("auditd", "libaudit1", "audit", "audit-libs"),
}  # fmt: skip
"""Packages by the name of the daemon that they bring."""


def source_package_ahead(host: Host, rng: random.Random) -> None:
    """The updates of one or two source packages came to this host today; the others follow within a day."""
    age_s = rng.randrange(600, 30_000)
    here = [name for name in sorted(SOURCES) if any(moves.installed(host, each) for each in SOURCES[name])]
    for name in rng.sample(here, rng.choice((1, 1, 2))):
        moves.update(host, *SOURCES[name], age_s=age_s)
        if name in ("curl", "wget", "less"):
            moves.content(host, f"/usr/bin/{name}", "a patch level later", age_s=age_s)


def package_on_hold(host: Host, rng: random.Random) -> None:
    """Somebody held a package here in an incident last month, so it stays a patch level behind."""
    name, path = rng.choice((("sudo", "/usr/bin/sudo"), ("curl", "/usr/bin/curl"), ("rsync", ""), ("cloud-init", ""), ("openssl", "")))  # fmt: skip
    held = "curl-minimal" if name == "curl" and not scene.debian(host) else name
    moves.update(host, held, by=-1, age_s=50 * moves.DAY_S)
    moves.content(host, path, "a patch level earlier", age_s=50 * moves.DAY_S)
    if scene.debian(host):
        host.change("deb_packages", {"name": held}, status="hold ok installed")
    else:
        scene.put(host, "/etc/dnf/plugins/versionlock.list", held, age_s=rng.randrange(20, 50) * moves.DAY_S)


def index_refresh_hangs(host: Host, rng: random.Random) -> None:
    """The daily refresh of the package index has hung on its mirror for hours and keeps the lock."""
    age_s = rng.randrange(4_000, 40_000)
    mirror = f"198.51.100.{rng.randrange(20, 60)}"
    if scene.debian(host):
        unit = "apt-daily.service"
        outer = moves.run(host, "/usr/bin/dash", "/bin/sh /usr/lib/apt/apt.systemd.daily update", name="apt.systemd.dai", age_s=age_s, unit=unit)  # fmt: skip
        inner = moves.run(host, "/usr/bin/dash", "/bin/sh /usr/lib/apt/apt.systemd.daily lock_is_held update", name="apt.systemd.dai", parent=outer, age_s=age_s, unit=unit)  # fmt: skip
        get = moves.run(host, "/usr/bin/apt-get", "apt-get -qq -y update", parent=inner, age_s=age_s - 1, unit=unit)  # fmt: skip
        method = moves.run(host, "/usr/lib/apt/methods/http", "/usr/lib/apt/methods/http", uid=scene.uid_of(host, "_apt"), parent=get, age_s=age_s - 1, unit=unit)  # fmt: skip
        scene.connect(host, method, mirror, 80)
    else:
        unit = "update-motd.service"
        outer = moves.run(host, "/usr/bin/bash", "/bin/bash /usr/sbin/update-motd", name="update-motd", age_s=age_s, unit=unit)  # fmt: skip
        dnf = moves.run(host, "/usr/bin/python3.9", "/usr/bin/python3 /usr/bin/dnf --quiet check-release-update", name="dnf", parent=outer, age_s=age_s - 1, unit=unit)  # fmt: skip
        scene.connect(host, dnf, mirror, 443)
    moves.state(host, unit, "activating", "start")


def diagnostic_tools_installed(host: Host, rng: random.Random) -> None:
    """On-call installed a tool or two from the distribution in some night and left them."""
    choice = (
        (("iotop", "0.6", "24"), ("ncdu", "1.18", "0.2"), ("nload", "0.7.4", "2"), ("iftop", "1.0~pre4", "9"), ("lnav", "0.11.1", "1"), ("iperf3", "3.12", "1"))
        if scene.debian(host)
        else (("iotop", "0.6", "28.amzn2023"), ("htop", "3.2.1", "87.amzn2023"), ("iperf3", "3.9", "13.amzn2023"), ("mtr", "0.94", "5.amzn2023"), ("nmap-ncat", "7.93", "3.amzn2023"))
    )  # fmt: skip
    for name, version, release in rng.sample(choice, rng.choice((1, 1, 2, 3))):
        scene.package(host, name, version, f"{release}.0.2" if "amzn" in release else release)
        host.change("rpm_packages", {"name": name}, install_time=str(scene.now(host) - rng.randrange(2, 60) * moves.DAY_S))  # fmt: skip
        if name == "mtr":
            host.add("extended_attributes", path="/usr/sbin/mtr-packet", directory="/usr/sbin", key="security.capability", value="cap_net_raw=ep", base64=0)  # fmt: skip
        if name in ("htop", "iotop") and rng.random() < 0.4:
            shell = session(host, rng)
            path = f"/usr/bin/{name}" if name == "htop" else scene.python(host)
            line = name if name == "htop" else "/usr/bin/python3 /usr/sbin/iotop -oPa"
            moves.run(host, path, line, name=name, parent=moves.run(host, "/usr/bin/sudo", f"sudo {name}", parent=shell, age_s=50), age_s=50)  # fmt: skip


def daemon_runs_replaced_program(host: Host, rng: random.Random) -> None:
    """An update replaced the programs of a few daemons, which were not restarted: they run what is deleted."""
    here = sorted({row["name"] for row in host.tables["processes"]} & DAEMONS.keys())
    age_s = rng.randrange(3_000, 80_000)
    for name in rng.sample(here, min(len(here), rng.randrange(1, 4))):
        moves.update(host, *DAEMONS[name], age_s=age_s)
        path = scene.named(host, name)[0]["path"]
        host.change("processes", {"path": path}, on_disk="0")
        host.change("process_memory_map", {"path": path}, path=f"{path} (deleted)")
        moves.content(host, path, "a patch level later", age_s=age_s)


def removed_service_remembered(host: Host, rng: random.Random) -> None:
    """A service that nobody needed was removed; systemd remembers its unit as failed, dpkg keeps its init script."""
    name = rng.choice(("exim4", "postfix", "ntp", "nscd", "snmpd", "cups-browsed"))
    host.add("systemd_units", id=f"{name}.service", description=f"{name}.service", load_state="not-found", active_state="failed",
             sub_state="failed", job_id=0, job_path="/")  # fmt: skip
    if scene.debian(host):
        host.add("deb_packages", name=name, version="1:4.2.8-3", arch="amd64", revision="3", status="deinstall ok config-files", admindir="/var/lib/dpkg")  # fmt: skip
        scene.put(host, f"/etc/init.d/{name}", mode="0755", age_s=400 * moves.DAY_S)
        scene.put(host, f"/etc/default/{name}", age_s=400 * moves.DAY_S)


def pip_upgrade_by_hand(host: Host, rng: random.Random) -> None:
    """Somebody upgraded a Python library with pip, for a script that wanted a newer one."""
    folder = "/usr/local/lib/python3.11/dist-packages" if scene.debian(host) else "/usr/local/lib/python3.9/site-packages"  # fmt: skip
    wanted, script = rng.choice((
        ((("requests", "2.32.5"), ("urllib3", "2.5.0"), ("idna", "3.10"), ("charset-normalizer", "3.4.3"), ("certifi", "2025.8.3")), "normalizer"),
        ((("boto3", "1.40.21"), ("botocore", "1.40.21"), ("s3transfer", "0.13.1"), ("jmespath", "1.0.1")), ""),
        ((("PyYAML", "6.0.2"),), ""),
        ((("tabulate", "0.9.0"),), "tabulate"),
    ))  # fmt: skip
    age_s = rng.randrange(1, 40) * moves.DAY_S
    for name, version in wanted:
        if any(row["name"] == name and row["directory"] == folder for row in host.tables["python_packages"]):
            host.change("python_packages", {"name": name, "directory": folder}, version=version, path=f"{folder}/{name}-{version}.dist-info")  # fmt: skip
        else:
            host.add("python_packages", name=name, version=version, path=f"{folder}/{name}-{version}.dist-info", directory=folder)  # fmt: skip
    if script:
        scene.put(host, f"/usr/local/bin/{script}", f"script of {wanted[0]}", mode="0755", age_s=age_s)


def tool_by_hand(host: Host, rng: random.Random) -> None:
    """Somebody fetched a vendor's tool that no repository has, and put it beside the system's own programs."""
    name = rng.choice(("kubectl", "yq", "eksctl", "helm", "stern", "docker-compose", "vegeta", "websocat"))
    owner = rng.choice(("0", "0", "0", scene.uid_of(host, scene.login(host))))
    scene.put(
        host, f"/usr/bin/{name}", name, mode="0755", uid=owner, age_s=rng.randrange(3_600, 6 * moves.DAY_S)
    )


def tool_of_node(host: Host, rng: random.Random) -> None:
    """npm install -g: the packages of NodeSource and of Amazon Linux keep /usr as their prefix, so its links lie in /usr/bin."""
    name, version = rng.choice(
        (("pm2", "5.4.3"), ("clinic", "13.0.0"), ("0x", "5.8.0"), ("npm-check-updates", "17.1.14"))
    )
    folder, age_s = f"/usr/lib/node_modules/{name}", rng.randrange(3_600, 6 * moves.DAY_S)
    host.add("npm_packages", name=name, version=version, path=folder, directory="/usr/lib/node_modules")
    scene.put(host, f"{folder}/bin/{name}.js", version, mode="0755", age_s=age_s)
    scene.put(
        host,
        f"/usr/bin/{name}",
        version,
        mode="0755",
        target=f"../lib/node_modules/{name}/bin/{name}.js",
        age_s=age_s,
    )


def capability_by_hand(host: Host, rng: random.Random) -> None:
    """Somebody let a runtime bind port 443 without root: setcap leaves the program as it is, and its time of change."""
    path, age_s = scene.python(host), rng.randrange(3_600, 6 * moves.DAY_S)
    moves.program(host, path)
    host.change("file", {"path": path}, ctime=str(scene.now(host) - age_s))
    host.add("extended_attributes", path=path, directory="/usr/bin", key="security.capability", value="cap_net_bind_service=ep", base64=0)  # fmt: skip


ONE_OFFS = (
    source_package_ahead,
    package_on_hold,
    index_refresh_hangs,
    diagnostic_tools_installed,
    daemon_runs_replaced_program,
    removed_service_remembered,
    pip_upgrade_by_hand,
    tool_by_hand,
    tool_of_node,
    capability_by_hand,
)
