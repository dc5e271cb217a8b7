"""How does a service that operators add to a host show: process, unit, unit file, binary, listeners?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, Tables, digest

PACKAGE_MANAGERS = {"debian": "deb_packages", "amazon": "rpm_packages"}
WRITTEN_DOWN = {"debian": "/var/lib/dpkg/status", "amazon": "/var/lib/rpm/rpmdb.sqlite"}
"""What a package manager writes at the end of each transaction."""


def transaction(tables: Tables, at: int) -> None:
    """Let the package manager have ended a transaction at that time, in seconds since 1970."""
    for row in tables["file"]:
        if row["path"] in WRITTEN_DOWN.values():
            row.update(mtime=str(at), ctime=str(at))


def package(draft: Draft, name: str, version: str, release: str = "1") -> None:
    """Install a package with whatever package manager the host has."""
    if draft.tables["rpm_packages"]:
        draft.add(
            "rpm_packages",
            name=name,
            version=version,
            release=release,
            arch="x86_64",
            epoch="",
            install_time=draft.booted - 86400,
        )
    else:
        draft.add(
            "deb_packages",
            name=name,
            version=f"{version}-{release}",
            arch="amd64",
            status="install ok installed",
            admindir="/var/lib/dpkg",
        )


def upgrade(draft: Draft, versions: dict[str, str]) -> None:
    """Give installed packages another version; names that are not installed are passed over."""
    for table in PACKAGE_MANAGERS.values():
        for row in draft.tables[table]:
            if row["name"] in versions:
                row["version"] = versions[row["name"]]


def service(
    draft: Draft,
    unit: str,
    path: str,
    cmdline: str,
    *,
    user: str = "root",
    binary: str = "",
    name: str = "",
    description: str = "",
    cwd: str = "/",
    packaged: bool = False,
    threads: int = 1,
) -> int:
    """Add a running service with its unit, unit file and binary; return the pid of its main process.

    ``binary`` is what the executable holds (a version); ``packaged`` puts the unit file where packages do.
    """
    folder = "/lib/systemd/system" if packaged else "/etc/systemd/system"
    draft.unit(f"{unit}.service", description or unit, fragment=f"{folder}/{unit}.service")
    if packaged:
        fragment = f"{folder}/{unit}.service"
        draft.add("hash", path=fragment, directory=folder, sha256=digest(f"packaged unit {fragment}"))
    else:
        draft.file(f"{folder}/{unit}.service", f"unit {unit} {user} {binary}")
        draft.file(
            f"/etc/systemd/system/multi-user.target.wants/{unit}.service",
            f"unit {unit} {user} {binary}",
            target=f"{folder}/{unit}.service",
        )
    draft.file(path, f"{path} {binary}" if binary else "", mode="0755")
    return draft.spawn(
        name or path.rpartition("/")[2],
        path,
        cmdline,
        user=user,
        cwd=cwd,
        unit=f"{unit}.service",
        threads=threads,
    )


def lay_operators_agents(draft: Draft, role: str, peers: list[str]) -> None:
    """Add the agents that every host of this company runs: metrics, logs, service discovery."""
    ip, rng, identity = draft.ip, draft.rng, draft.identity
    node = service(
        draft,
        "node_exporter",
        "/usr/local/bin/node_exporter",
        f"/usr/local/bin/node_exporter --web.listen-address={ip}:9100 --collector.systemd",
        user="metrics",
        binary="1.8.2",
        threads=6,
    )
    draft.listen(node, 9100, ip)
    for _ in range(rng.randrange(1, 3)):
        draft.connect(node, f"10.20.50.{rng.choice((21, 22))}", draft.ephemeral(), local_port=9100)
    logs = service(
        draft, "logship", "/opt/logship/bin/logship",
        f"/opt/logship/bin/logship --config /etc/logship.yml --label instance={identity.instance_id} --label az={identity.availability_zone} --api-key=EXAMPLE-NOT-A-REAL-KEY",
        binary="2.3.1", threads=9,
    )  # fmt: skip
    draft.connect(logs, "10.20.52.9", 3100)
    draft.listen(logs, draft.ephemeral(), "0.0.0.0", "17")
    consul = service(
        draft,
        "consul",
        "/usr/bin/consul",
        f"/usr/bin/consul agent -config-dir=/etc/consul.d -node={identity.hostname.split('.')[0]} -bind={ip} -retry-join provider=aws tag_key=consul tag_value={role}",
        user="metrics",
        binary="1.18.2",
        threads=8,
        packaged=True,
    )
    for port in (8301, 8500, 8600):
        draft.listen(consul, port, ip if port == 8301 else "127.0.0.1")
    draft.listen(consul, 8301, ip, "17")
    draft.listen(consul, 8600, "127.0.0.1", "17")
    draft.connect(consul, f"10.20.51.{rng.choice((11, 12, 13))}", 8300)
    for peer in rng.sample(peers, min(len(peers), rng.randrange(3))):
        draft.connect(consul, peer, 8301)
    package(draft, "consul", "1.18.2")
    draft.cron("/etc/cron.d/backup", "15 2 * * *", "root /usr/local/bin/backup.sh")
    draft.file("/etc/cron.d/backup", "backup schedule")
    draft.file("/usr/local/bin/backup.sh", "backup script", mode="0755")


def lay_temporary_files(draft: Draft, units: tuple[str, ...]) -> None:
    """Add what lies in /tmp and /var/tmp: private folders of units under random names, and leftovers."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    def some(count: int) -> str:
        return "".join(draft.rng.choices(letters, k=count))

    boot_id = f"{draft.rng.getrandbits(128):032x}"
    for unit in units:
        for folder in ("/tmp", "/var/tmp"):
            path = f"{folder}/systemd-private-{boot_id}-{unit}.service-{some(6)}"
            draft.file(path, mode="0700", kind="directory", changed=draft.booted)
    for _ in range(draft.rng.randrange(4)):
        draft.file(
            f"/tmp/tmp{some(8).lower()}",
            some(9),
            mode="0600",
            uid=draft.uid("metrics"),
            changed=draft.now - 4000,
        )
