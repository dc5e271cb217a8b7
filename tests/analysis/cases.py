"""Cases for the analysis: a small group of hosts with honest noise, drawn from a seed, and ways to plant rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.analysis import Case
from bot.model import (
    Answer,
    BaselineInfo,
    Compare,
    Group,
    Host,
    Method,
    Missed,
    Pack,
    Query,
    QueryStatus,
    Row,
    RunInfo,
    Snapshot,
)

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)

PACK = Pack(
    "small",
    "A small pack for tests.",
    (
        Query("host_facts", "SELECT * FROM system_info, uptime", "Who it is.", compare=Compare.CONTEXT),
        Query(
            "listening_ports",
            "SELECT lp.port, lp.address, p.path AS process_path FROM listening_ports lp JOIN processes p USING (pid)",
            "Who waits for connections.",
            key=("port", "address", "process_path"),
            attack=("T1571",),
        ),
        Query(
            "processes",
            "SELECT name, path, cmdline, username, on_disk, pid FROM processes JOIN users USING (uid)",
            "What runs.",
            key=("path", "cmdline", "username"),
            ignore=("pid",),
            attack=("T1059",),
        ),
        Query(
            "crontab",
            "SELECT command, path FROM crontab",
            "What runs again.",
            attack=("T1053.003",),
            telling=4,
        ),
        Query(
            "users",
            "SELECT username, uid, shell FROM users",
            "Who may log in.",
            key=("username",),
            attack=("T1136.001",),
        ),
        Query(
            "auth_config_files",
            "SELECT path, mode, sha256 FROM file JOIN hash USING (path)",
            "How one logs in.",
            key=("path",),
            attack=("T1556.003",),
        ),
        Query(
            "kernel_controls",
            "SELECT name, current_value FROM system_controls",
            "How the kernel is guarded.",
            key=("name",),
            attack=("T1562.001",),
        ),
        Query(
            "systemd_units",
            "SELECT id, load_state, unit_file_state FROM systemd_units",
            "What starts at boot.",
            key=("id",),
            attack=("T1543.002",),
        ),
        Query("deb_packages", "SELECT name, version FROM deb_packages", "What is installed.", key=("name",)),
        Query(
            "tmp_executables",
            "SELECT path, sha256 FROM file JOIN hash USING (path) WHERE path LIKE '/tmp/%%'",
            "Programs where none belong.",
            key=("path",),
            compare=Compare.EXPECT_EMPTY,
            attack=("T1105",),
        ),
    ),
)

Rows = dict[str, list[dict[str, str]]]


def rows_of(index: int, rng: random.Random, *, release: str = "4.17.2") -> Rows:
    """Return what one honest host answers; ``index`` and ``rng`` decide what is its own."""
    ip, name = f"10.0.{index // 200}.{index % 200 + 10}", f"ip-10-0-{index // 200}-{index % 200 + 10}"

    def process(path: str, cmdline: str, user: str = "root") -> dict[str, str]:
        return {
            "name": path.rsplit("/", 1)[-1],
            "path": path,
            "cmdline": cmdline,
            "username": user,
            "on_disk": "1",
            "pid": str(rng.randrange(300, 60000)),
        }

    return {
        "host_facts": [{"hostname": name, "uptime_s": str(86400 + index), "uuid": f"ec2{index:09d}"}],
        "listening_ports": [
            {"port": "22", "address": "0.0.0.0", "process_path": "/usr/sbin/sshd"},
            {"port": "443", "address": "0.0.0.0", "process_path": "/usr/sbin/nginx"},
            {
                "port": str(rng.randrange(32768, 60999)),
                "address": "0.0.0.0",
                "process_path": "/usr/sbin/rpc.statd",
            },
        ],
        "processes": [
            process("/usr/lib/systemd/systemd", "/sbin/init"),
            process("/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D"),
            process("/usr/sbin/nginx", "nginx: worker process", "www-data"),
            process("/usr/sbin/nginx", "nginx: worker process", "www-data"),
            process("/usr/sbin/auditd", "/sbin/auditd"),
            process(
                "/usr/local/bin/node_exporter",
                f"/usr/local/bin/node_exporter --listen={ip}:9100 --name={name}",
            ),
            process(
                "/opt/app/bin/web",
                f"/opt/app/bin/web --release {release} --run {rng.randrange(10**8):08x}",
                "app",
            ),
        ],
        "crontab": [{"command": "root /usr/local/bin/backup.sh", "path": "/etc/cron.d/backup"}],
        "users": [
            {"username": "root", "uid": "0", "shell": "/bin/bash"},
            {"username": "www-data", "uid": "33", "shell": "/usr/sbin/nologin"},
            {"username": "app", "uid": "1001", "shell": "/usr/sbin/nologin"},
        ],
        "auth_config_files": [
            {"path": "/etc/ssh/sshd_config", "mode": "0600", "sha256": "a" * 64},
            {"path": "/etc/pam.d/sshd", "mode": "0644", "sha256": "b" * 64},
            {
                "path": "/etc/ssh/ssh_host_ed25519_key",
                "mode": "0600",
                "sha256": f"{rng.getrandbits(256):064x}",
            },
        ],
        "kernel_controls": [
            {"name": "kernel.tainted", "current_value": "0"},
            {"name": "kernel.randomize_va_space", "current_value": "2"},
            {"name": "kernel.random.boot_id", "current_value": f"{rng.getrandbits(128):032x}"},
        ],
        "systemd_units": [
            {"id": "ssh.service", "load_state": "loaded", "unit_file_state": "enabled"},
            {"id": "auditd.service", "load_state": "loaded", "unit_file_state": "enabled"},
            {"id": "nginx.service", "load_state": "loaded", "unit_file_state": "enabled"},
        ],
        "deb_packages": [
            {"name": "nginx", "version": "1.24.0-2"},
            {"name": "openssl", "version": "3.0.11-1"},
            {"name": "web", "version": release},
        ],
        "tmp_executables": [],
    }


def host(index: int, *, template: str = "12", image: str = "ami-1") -> Host:
    """Return the cloud's word on a host."""
    return Host(
        id=f"i-{index:017x}",
        group="web-asg",
        private_ip=f"10.0.{index // 200}.{index % 200 + 10}",
        zone=f"eu-central-1{'abc'[index % 3]}",
        image_id=image,
        template_version=template,
        instance_type="m6i.large",
        launch_time=NOW - timedelta(days=5, minutes=index),
    )


def snapshot(about: Host, rows: Mapping[str, Sequence[Row]], **other: object) -> Snapshot:
    """Return a snapshot of ``rows``; a query without rows is empty."""
    answers = tuple(
        Answer(name, QueryStatus.ROWS if given else QueryStatus.EMPTY, tuple(given))
        for name, given in rows.items()
    )
    return replace(Snapshot(about, NOW, answers, "5.12.1"), **other)  # type: ignore[arg-type]


def honest(count: int, seed: int = 0, *, first: int = 0, deployed: int = 0) -> list[tuple[Host, Rows]]:
    """Return ``count`` honest hosts; the last ``deployed`` are on template 13 with a newer release."""
    rng = random.Random(seed)
    return [
        (
            host(first + i, template="13" if i >= count - deployed else "12"),
            rows_of(first + i, rng, release="4.18.0" if i >= count - deployed else "4.17.2"),
        )
        for i in range(count)
    ]


def case(
    hosts: Sequence[tuple[Host, Mapping[str, Sequence[Row]]]],
    *,
    baseline: Sequence[tuple[Host, Mapping[str, Sequence[Row]]]] = (),
    method: Method | None = None,
    pack: Pack = PACK,
    missed: tuple[Missed, ...] = (),
    focus: str = "",
) -> Case:
    """Return a case; method BOTH where there is a baseline, else PEERS."""
    chosen = method or (Method.BOTH if baseline else Method.PEERS)
    run = RunInfo("r-1", "web-asg", chosen, "for a test", pack.name, "responder", NOW, NOW)
    described = tuple(about for about, _ in hosts)
    info = BaselineInfo(
        1, "approver", NOW - timedelta(days=1), NOW - timedelta(days=1), tuple(a.id for a, _ in baseline)
    )
    return Case(
        run=run,
        group=Group("web-asg", described, missed, described, focus),
        snapshots=tuple(snapshot(*pair) for pair in hosts),
        missed=missed,
        pack=pack,
        method=chosen,
        baseline=tuple(snapshot(*pair) for pair in baseline),
        baseline_info=info if baseline else None,
    )
