"""What do the hosts of a third company have in common: agents, hardware of several sizes, and upkeep that is under way?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import package, service

SIZES = {
    "m6i.large": (2, 8), "c6i.large": (2, 4), "c6a.xlarge": (4, 8), "m6i.xlarge": (4, 16), "m6a.xlarge": (4, 16), "c6i.2xlarge": (8, 16),
    "r6i.xlarge": (4, 32), "c6i.8xlarge": (32, 64), "c6a.12xlarge": (48, 96), "g5.12xlarge": (48, 192), "g5.24xlarge": (96, 384), "i4i.xlarge": (4, 32), "d3.2xlarge": (8, 64), "d3.4xlarge": (16, 128),
}  # fmt: skip
"""Instance type to cores and GiB of memory."""


def zone_net(draft: Draft) -> int:
    """Return the third number of the first address of the host's zone."""
    return int(draft.ip.split(".")[2]) // 16 * 16


def account(draft: Draft, name: str, uid: int, home: str, shell: str = "/usr/sbin/nologin") -> None:
    """Add the account of a service with its group."""
    draft.user(name, uid, home, shell)
    draft.add("groups", gid=uid, gid_signed=uid, groupname=name)


def modules(draft: Draft, *names: str) -> None:
    """Load kernel modules that the work needs, but for those that are loaded."""
    loaded = {row["name"] for row in draft.tables["kernel_modules"]}
    for name in names:
        if name in loaded:
            continue
        draft.add("kernel_modules", name=name, size=16_384 * (1 + len(name) % 7), used_by="-", status="Live",
                  address=f"0xffffffffc{draft.rng.randrange(16**6):06x}0")  # fmt: skip


def control(draft: Draft, name: str, value: str) -> None:
    """Set a kernel control, in place of the usual value where there is one."""
    for row in draft.tables["system_controls"]:
        if row["name"] == name:
            row["current_value"] = value
            return
    draft.add("system_controls", name=name, subsystem=name.split(".")[0], current_value=value, type="string")


def program(draft: Draft, path: str, content: str = "", *, mode: str = "0755", uid: int = 0) -> None:
    """Put a program onto the disk unless the system has it already."""
    if not draft.has_file(path):
        draft.file(path, content, mode=mode, uid=uid)


def leave(draft: Draft, path: str, content: str, *, age_s: int, mode: str = "0755", uid: int = 0) -> None:
    """Write a file so many seconds ago, unless it is there."""
    if not draft.has_file(path):
        draft.file(path, content, mode=mode, uid=uid, changed=max(draft.booted + 200, draft.now - age_s))


def script(draft: Draft, unit: str, interpreter: str, cmdline: str, *, name: str, user: str = "root", threads: int = 1) -> int:  # fmt: skip
    """Add a packaged service that is a script: its program is the system's interpreter."""
    fragment = f"/usr/lib/systemd/system/{unit}.service"
    draft.unit(f"{unit}.service", unit, fragment=fragment)
    draft.add("hash", path=fragment, directory="/usr/lib/systemd/system", sha256=digest(f"packaged unit {fragment}"))  # fmt: skip
    program(draft, interpreter)
    return draft.spawn(name, interpreter, cmdline, user=user, unit=f"{unit}.service", threads=threads)


def moments_ago(draft: Draft, at_most_s: int = 25) -> int:
    """Return when something short was started that is still running, in seconds after boot."""
    up_s = draft.now - draft.booted
    return up_s - draft.rng.randrange(2, min(at_most_s, up_s - 240))


def lay_size(draft: Draft) -> int:
    """Give the host the cores and memory of its instance type, with the kernel's threads for each; return the cores."""
    cores, memory_gib = SIZES[draft.identity.instance_type]
    maker = "AMD EPYC 7R13 Processor" if "a." in draft.identity.instance_type else "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"  # fmt: skip
    draft.tables["system_info"][0].update(
        cpu_logical_cores=str(cores),
        cpu_physical_cores=str(cores // 2),
        cpu_brand=maker,
        physical_memory=str(memory_gib * 1_016_674_816 - draft.rng.randrange(9) * 4096),
    )
    taken = {row["pid"] for row in draft.tables["processes"]}
    free = (pid for pid in range(14, 9_000) if str(pid) not in taken)
    for core in range(2, cores):
        for name in ("cpuhp", "migration", "ksoftirqd"):
            draft.kernel_thread(f"{name}/{core}", next(free))
    return cores


def lay_estate(draft: Draft, *, newest: bool) -> None:
    """Add agents for metrics, logs, configuration and integrity; the servers that they talk to are of the host's zone."""
    rng, ip, zone = draft.rng, draft.ip, zone_net(draft)
    node = service(
        draft, "node_exporter", "/opt/node_exporter/node_exporter",
        f"/opt/node_exporter/node_exporter --web.listen-address={ip}:9100 --collector.textfile.directory=/var/lib/node_exporter --no-collector.wifi",
        user="metrics", binary="1.9.0" if newest else "1.8.2", threads=6,
    )  # fmt: skip
    draft.listen(node, 9100, ip)
    for _ in range(rng.randrange(1, 3)):
        draft.connect(node, f"10.20.{zone + 8}.{rng.choice((30, 31))}", draft.ephemeral(), local_port=9100)
    logs = service(
        draft, "fluent-bit", "/opt/fluent-bit/bin/fluent-bit", "/opt/fluent-bit/bin/fluent-bit -c /etc/fluent-bit/fluent-bit.conf",
        packaged=True, binary="3.1.9", threads=11,
    )  # fmt: skip
    draft.listen(logs, 2020, "127.0.0.1")
    draft.connect(logs, f"10.20.{zone + 8}.{rng.choice((50, 51, 52))}", 24224)
    package(draft, "fluent-bit", "3.1.9")
    uid = 119 if draft.tables["deb_packages"] else 985
    account(draft, "wazuh", uid, "/var/ossec")
    package(draft, "wazuh-agent", "4.9.2" if newest else "4.9.0")
    draft.unit("wazuh-agent.service", "Wazuh agent", fragment="/usr/lib/systemd/system/wazuh-agent.service")
    draft.add("hash", path="/usr/lib/systemd/system/wazuh-agent.service", directory="/usr/lib/systemd/system", sha256=digest("wazuh unit"))  # fmt: skip
    for name, user in (("execd", "root"), ("agentd", "wazuh"), ("syscheckd", "root"), ("logcollector", "root"), ("modulesd", "root")):  # fmt: skip
        path = f"/var/ossec/bin/wazuh-{name}"
        draft.file(path, f"wazuh {name} {newest}", mode="0750")
        pid = draft.spawn(f"wazuh-{name}", path, path, user=user, unit="wazuh-agent.service", threads=1 + len(name) % 5)  # fmt: skip
        if name == "agentd":
            draft.connect(pid, f"10.20.56.{rng.choice((11, 12))}", 1514)
    _lay_salt(draft)


def _lay_salt(draft: Draft) -> None:
    rng, python = draft.rng, "/opt/saltstack/salt/bin/python3.10"
    line = f"{python} /usr/bin/salt-minion"
    first = service(draft, "salt-minion", python, line, packaged=True, binary="3006.9", name="python3.10")
    second = draft.spawn("python3.10", python, f"{line} MultiMinionProcessManager MinionProcessManager", parent=first, threads=4)  # fmt: skip
    draft.connect(second, "10.20.55.20", 4505)
    if rng.random() < 0.4:
        draft.connect(second, "10.20.55.20", 4506)
    package(draft, "salt-minion", "3006.9")
    if rng.random() < 0.06:
        draft.spawn(
            "python3.10", python, f"{line} MultiMinionProcessManager MinionProcessManager Minion._thread_return ProcessPayload(jid={20260303101000000000 + rng.randrange(10**10)})",
            parent=second, after_boot_s=draft.now - draft.booted - 20,
        )  # fmt: skip
    draft.file("/etc/salt/minion_id", draft.identity.hostname, changed=draft.booted)
    draft.file("/etc/profile.d/estate.sh", "third company")
    draft.file("/etc/ssh/sshd_config.d/20-salt.conf", "managed by salt")
    draft.file("/etc/sudoers.d/operators", "operators", mode="0440")
    draft.add("sudoers", source="/etc/sudoers.d/operators", header="%operators", rule_details="ALL=(ALL) NOPASSWD: ALL")  # fmt: skip


def lay_upkeep(draft: Draft, log: str) -> None:
    """Add what the system does for itself now and then: updates, a kernel that waits for a reboot, logs being rotated."""
    rng, recent = draft.rng, moments_ago(draft)
    debian = bool(draft.tables["deb_packages"])
    if not debian:
        for unit in ("logrotate.service", "dnf-makecache.service"):
            draft.unit(unit, unit, active="inactive", sub="dead", state="static", fragment=f"/usr/lib/systemd/system/{unit}")  # fmt: skip
        draft.unit("dnf-makecache.timer", "dnf makecache --timer", sub="waiting", fragment="/usr/lib/systemd/system/dnf-makecache.timer")  # fmt: skip
        draft.add("hash", path="/usr/lib/systemd/system/dnf-makecache.timer", directory="/usr/lib/systemd/system", sha256=digest("makecache timer"))  # fmt: skip
    if draft.now - draft.booted > 5 * 86_400 and rng.random() < 0.3:
        _wait_for_reboot(draft)
    if rng.random() < 0.04:
        rotate = draft.spawn("logrotate", "/usr/sbin/logrotate", "/usr/sbin/logrotate /etc/logrotate.conf", unit="logrotate.service", after_boot_s=recent)  # fmt: skip
        program(draft, "/usr/sbin/logrotate")
        gzip = "/usr/bin/gzip"
        draft.spawn("gzip", gzip, gzip if debian else "/bin/gzip", parent=rotate, cwd=log, unit="logrotate.service", after_boot_s=recent + 1)  # fmt: skip
        program(draft, gzip)
    if rng.random() > 0.04:
        return
    if debian:
        apt = draft.spawn("apt-get", "/usr/bin/apt-get", "apt-get -qq -y update", unit="apt-daily.service", after_boot_s=recent)  # fmt: skip
        method = draft.spawn("http", "/usr/lib/apt/methods/http", "/usr/lib/apt/methods/http", user="_apt", parent=apt, unit="apt-daily.service", after_boot_s=recent)  # fmt: skip
        program(draft, "/usr/bin/apt-get")
        program(draft, "/usr/lib/apt/methods/http")
        draft.connect(method, f"198.51.100.{rng.choice((130, 131, 132))}", 80)
    else:
        python = "/usr/bin/python3.9"
        dnf = draft.spawn("dnf", python, "/usr/bin/python3 /usr/bin/dnf makecache --timer", unit="dnf-makecache.service", after_boot_s=recent)  # fmt: skip
        draft.connect(dnf, f"198.51.100.{rng.choice((133, 134))}", 443)
        program(draft, python)


def _wait_for_reboot(draft: Draft) -> None:
    names = {row["name"] for row in draft.tables["deb_packages"]}
    if not names:
        package(draft, "kernel", "6.1.147", "172.266.amzn2023")
        return
    ubuntu = draft.tables["os_version"][0]["platform"] == "ubuntu"
    kernel = "linux-image-6.8.0-1033-aws" if ubuntu else "linux-image-6.1.0-38-cloud-amd64"
    package(draft, kernel, "6.8.0-1033.35" if ubuntu else "6.1.147")
    draft.file("/run/reboot-required", "*** System restart required ***", changed=draft.booted + 4 * 86_400)
    draft.file("/run/reboot-required.pkgs", kernel, changed=draft.booted + 4 * 86_400)
