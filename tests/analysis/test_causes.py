"""Which honest causes lower a difference, and that they never hide a sharp one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis import judge
from bot.analysis.causes import lowering
from bot.analysis.claims import Claim, Proven, explain_program
from bot.analysis.evidence import Evidence, Shared, note, scheduled_commands, timer_names
from bot.analysis.lineage import Proof
from bot.analysis.semantics import Kind
from bot.analysis.stems import Stems
from bot.model import Change, Row
from tests.analysis.cases import case, honest

SHARED = Shared(
    commands=frozenset({"/usr/local/bin/backup.sh", "backup.sh"}),
    timers=frozenset({"logrotate"}),
    programs=frozenset({"/usr/sbin/chronyd"}),
)


def causes(
    kind: Kind, row: Row, evidence: dict[str, object], change: Change = Change.ADDED, *, version: bool = False
) -> str:
    """Return the causes that lower a row."""
    parts = lowering(kind, row, change, Evidence(**evidence), SHARED, hosts=1, version=version)  # type: ignore[arg-type]
    return "; ".join(part.label for part in parts if part.bits < 0)


@pytest.mark.parametrize(
    ("kind", "row", "evidence", "said"),
    [
        (Kind.PROCESS, {"path": "/usr/bin/dash", "cmdline": "/bin/sh -c /usr/local/bin/backup.sh"}, {}, "scheduled job"),
        (Kind.PROCESS, {"path": "/usr/bin/tar", "cmdline": "tar", "parent_name": "backup.sh"}, {}, "scheduled job"),
        (Kind.PROCESS, {"path": "/usr/sbin/logrotate", "cmdline": "/usr/sbin/logrotate"}, {}, "timer that most hosts have"),
        (Kind.PROCESS, {"path": "/usr/sbin/chronyd", "on_disk": "0"}, {}, "most hosts run the same program"),
        (Kind.PROCESS, {"path": "/usr/bin/less", "username": "alice"}, {"sessions": {"alice"}}, "somebody logged in"),
        (Kind.PROCESS, {"path": "/usr/sbin/sshd", "cmdline": "sshd: alice [priv]"}, {"sessions": {"alice"}}, "somebody logged in"),
        (Kind.PROCESS, {"path": "/usr/bin/tcpdump", "parent_name": "sudo"}, {"sessions": {"alice"}}, "somebody logged in"),
        (Kind.ENVIRONMENT, {"path": "/usr/bin/bash", "username": "alice"}, {"sessions": {"alice"}}, "somebody logged in"),
        (Kind.PROCESS, {"path": "/usr/bin/gzip"}, {"installing": True}, "package manager"),
        (Kind.PROCESS, {"path": "/usr/bin/gzip"}, {"fresh": True}, "within the hour"),
        (Kind.PROGRAM, {"path": "/usr/sbin/nginx"}, {"packages": Stems({"nginx": 1})}, "a package of that name"),
        (Kind.PROGRAM, {"path": "/usr/sbin/chronyd"}, {"brought": {"chrony": 1}}, "the package that brings it"),
        (Kind.PROGRAM, {"path": "/usr/sbin/sshd"}, {"brought": {"openssh-server": 1}}, "the package that brings it"),
        (Kind.CRON, {"command": "df | logger", "path": "/var/spool/cron/ada"}, {}, "only looks, tidies up or reports"),
        (Kind.CRON, {"command": "root df | logger", "path": "/etc/cron.d/df"}, {}, "only looks, tidies up or reports"),
        (Kind.LOGIN_KEY, {"username": "sftp-acme"}, {"no_shell": {"sftp-acme"}}, "gets no shell"),
        (Kind.USER, {"username": "gitlab-runner", "uid": "988"}, {"new_packages": Stems({"gitlab": 1})}, "is new on the same host"),
        (Kind.PROGRAM, {"path": "/usr/bin/x"}, {"any_package": 1}, "packages changed"),
        (Kind.PROGRAM, {"path": "/usr/bin/gzip"}, {"explained_programs": {"/usr/bin/gzip"}}, "an honest reason"),
        (Kind.MODULE, {"name": "livepatch_1"}, {"live_patched": True}, "patched while running"),
        (Kind.PROGRAM, {"path": "/opt/acme/agentd"}, {"new_packages": Stems({"acme": 1})}, "is new on the same host"),
        (Kind.MODULE, {"name": "udp_diag"}, {"untainted": True}, "nothing unsigned"),
        (Kind.MODULE, {"name": "udp_diag"}, {"usual_taint": True}, "no worse of itself"),
        (Kind.LOGIN_CONFIG, {"path": "/etc/sudoers"}, {"alone": {"template": "13"}}, "the only host of template 13"),
        (Kind.NAMES, {"address": "10.0.3.2"}, {"alone": {"zone": "c"}}, "the only host of zone c"),
        (Kind.INTERFACE, {"interface": "ens5"}, {"leaders": {"812"}, "explained_programs": {"/x"}}, "runs tools there"),
    ],
)  # fmt: skip
def test_an_honest_cause_is_found_in_the_same_collection(
    kind: Kind, row: Row, evidence: dict[str, object], said: str
) -> None:
    """Each lowering names its evidence."""
    assert said in causes(kind, row, evidence)


@pytest.mark.parametrize(
    ("kind", "row", "evidence"),
    [
        (Kind.PROCESS, {"path": "/tmp/backup.sh2", "cmdline": "/tmp/backup.sh2"}, {}),
        (Kind.PROCESS, {"path": "/var/tmp/less", "username": "alice"}, {"sessions": {"alice"}}),
        (Kind.PROCESS, {"path": "/usr/bin/less", "username": "www-data"}, {"sessions": {"alice"}}),
        (
            Kind.LOGIN_KEY,
            {"username": "root"},
            {"fresh": True, "any_package": 1, "alone": {"template": "13"}},
        ),
        (Kind.PROGRAM, {"path": "/opt/app/x"}, {"any_package": 1}),
        (Kind.PROGRAM, {"path": "/usr/local/bin/chronyd"}, {"packages": Stems({"chrony": 1})}),
        (Kind.PROCESS, {"path": "/var/tmp/chronyd"}, {"packages": Stems({"chrony": 1})}),
        (
            Kind.RAW_SOCKET,
            {"path": "/usr/bin/x"},
            {"leaders": {"8"}, "explained_programs": {"/usr/bin/tcpdump"}},
        ),
    ],
)
def test_what_the_evidence_does_not_cover_is_not_lowered(
    kind: Kind, row: Row, evidence: dict[str, object]
) -> None:
    """Another place, another account or another kind is no excuse."""
    assert causes(kind, row, evidence) == ""


@pytest.mark.parametrize(("known", "bits"), [(True, [3.5]), (False, [])])
def test_a_system_program_that_changed_without_any_package_weighs_more(
    bits: list[float], *, known: bool
) -> None:
    """The cause that one would expect is missing; where a host did not say which packages it has, nobody knows that."""
    row, evidence = {"path": "/usr/sbin/sshd"}, Evidence(packages_known=known)

    parts = lowering(Kind.PROGRAM, row, Change.CHANGED, evidence, SHARED, hosts=1, version=False)

    assert [part.bits for part in parts] == bits


def test_a_units_file_of_a_package_that_changed_alone_weighs_more() -> None:
    """Packages bring what lies in their folder; whether a service is on, its file does not say."""
    unit = {"path": "/usr/lib/systemd/system/cron.service", "sha256": "ab"}
    site = {"path": "/etc/systemd/system/app.service", "sha256": "ab"}
    parts = [
        lowering(
            Kind.UNIT, row, Change.CHANGED, Evidence(packages_known=True), SHARED, hosts=1, version=False
        )
        for row in (unit, site)
    ]

    assert [[part.bits for part in each] for each in parts] == [[1.5], []]


def test_what_came_while_a_host_ran_is_not_of_its_image() -> None:
    """A job of at, on the only host of a template, is as odd as on any other."""
    alone: dict[str, object] = {"alone": {"template": "13"}}

    assert causes(Kind.AUTOSTART, {"path": "/etc/profile.d/a.sh"}, alone) != ""
    assert causes(Kind.AUTOSTART, {"path": "/var/spool/cron/atjobs/a01"}, alone) == ""


def test_another_version_of_the_usual_thing() -> None:
    """A refreshed snap is the same thing at another revision."""
    mount = {"path": "/snap/core20/2015"}

    assert "another version" in causes(Kind.MOUNT, mount, {}, Change.CHANGED, version=True)


def test_what_most_hosts_schedule_is_read_from_their_cron_lines_and_timers() -> None:
    """Programs of the system alone excuse nothing; a script or a program elsewhere does."""
    rows = [{"command": "root test -x /usr/sbin/anacron || /usr/local/bin/backup.sh >/dev/null"}]

    assert scheduled_commands(rows) == {"/usr/local/bin/backup.sh", "backup.sh"}
    assert timer_names([{"id": "logrotate.timer"}, {"id": "ssh.service"}]) == {"logrotate"}


def test_evidence_is_gathered_from_the_differing_rows() -> None:
    """A package change and a package manager at work explain others of the same host."""
    evidence = Evidence()

    note(evidence, Kind.PACKAGE, {"name": "openssl"}, Change.CHANGED, 0b110)
    note(evidence, Kind.PACKAGE, {"name": "openssl"}, Change.CHANGED, 0b10)
    note(evidence, Kind.PROCESS, {"path": "/usr/bin/dpkg"}, Change.ADDED, 0b10)
    explain_program(Kind.PROCESS, {"path": "/usr/sbin/logrotate"}, evidence, {Claim.TIMER: Proof.OPEN})
    explain_program(Kind.PROCESS, {"path": "/usr/bin/nc"}, evidence, {Claim.TIMER: Proof.REFUTED})

    assert evidence.packages == {"openssl": 0b10}
    assert evidence.any_package == 0b10
    assert evidence.installing
    assert evidence.explained_programs == {"/usr/sbin/logrotate"}


def test_an_operators_session_ranks_below_a_quiet_intruder() -> None:
    """Both are lone processes; one has a cause in the same collection."""
    hosts = honest(12)
    hosts[2][1]["host_facts"].append({"user": "alice", "type": "user", "tty": "pts/0"})
    hosts[2][1]["processes"].append(
        {
            "name": "less",
            "path": "/usr/bin/less",
            "cmdline": "less x",
            "username": "alice",
            "on_disk": "1",
            "pid": "9",
        }
    )
    hosts[5][1]["processes"].append(
        {
            "name": "sync",
            "path": "/usr/bin/sync2",
            "cmdline": "sync2",
            "username": "root",
            "on_disk": "1",
            "pid": "9",
        }
    )

    report = judge(case(hosts))

    assert report.hosts[0].id == hosts[5][0].id
    assert hosts[2][0].id not in {host.id for host in report.outliers}


@pytest.mark.parametrize(("having", "lowered"), [(0b1, True), (0b11, True), (0b111, False)])
def test_a_package_that_many_others_changed_too_explains_no_lone_fact(having: int, *, lowered: bool) -> None:
    """The others have the package at that version as well, and do not show the fact."""
    row = {"path": "/usr/sbin/nginx"}

    parts = lowering(
        Kind.PROGRAM,
        row,
        Change.ADDED,
        Evidence(packages=Stems({"nginx": having})),
        SHARED,
        hosts=1,
        version=False,
    )

    assert bool(parts) is lowered


def test_a_package_that_nobody_else_has_explains_less() -> None:
    """Whoever may install a package chooses its name."""
    row = {"path": "/usr/sbin/nginx"}

    upgraded, new = (
        lowering(Kind.PROGRAM, row, Change.ADDED, evidence, SHARED, hosts=1, version=False)
        for evidence in (Evidence(packages=Stems({"nginx": 1})), Evidence(new_packages=Stems({"nginx": 1})))
    )

    assert [part.bits for part in upgraded] == [-3.0]
    assert [part.bits for part in new] == [-1.5]


@pytest.mark.parametrize(("authority", "lowered"), [("0", True), ("1", False)])
def test_a_renewed_certificate_is_one_that_vouches_for_nobody_else(authority: str, *, lowered: bool) -> None:
    """The same name and issuer, another digest: a site's certificate is renewed so, an authority never is."""
    old = {"common_name": "web", "issuer": "CA", "ca": authority, "self_signed": "0", "sha1": "a"}

    parts = lowering(
        Kind.CERTIFICATE,
        {**old, "sha1": "b"},
        Change.CHANGED,
        Evidence(),
        SHARED,
        hosts=1,
        version=False,
        expected=old,
    )

    assert any("renewed" in part.label for part in parts) is lowered


@pytest.mark.parametrize(
    ("folder", "new", "lowered"),
    [("/usr/lib/systemd/system", False, True), ("/usr/lib/systemd/system", True, False), ("/etc/systemd/system", False, False)],
)  # fmt: skip
def test_one_more_instance_of_a_service_needs_a_file_that_is_not_new(
    folder: str, *, new: bool, lowered: bool
) -> None:
    """A core dump's service is made of a file that came with the system; an intruder's file is new, or elsewhere."""
    file = f"{folder}/systemd-coredump@.service"
    row = {"id": "systemd-coredump@6-33470-0.service", "unit_file_state": "static", "fragment_path": file}
    shared = Shared(new_unit_files=frozenset({file} if new else ()))

    parts = lowering(Kind.UNIT, row, Change.ADDED, Evidence(), shared, hosts=1, version=False)

    assert any("instance" in part.label for part in parts) is lowered


@pytest.mark.parametrize(
    ("package", "any_package", "bits"),
    [("openssh-server", 1, [-3.0]), ("openssl", 1, []), ("my-openssh", 1, []), ("openssl", 0, [3.5])],
)
def test_a_program_changes_with_the_package_that_brings_it(
    package: str, any_package: int, bits: list[float]
) -> None:
    """That another package changed excuses sshd no more; that none did speaks against it."""
    evidence = Evidence(packages_known=True, any_package=any_package, brought={package: 1})

    parts = lowering(
        Kind.PROGRAM, {"path": "/usr/sbin/sshd"}, Change.CHANGED, evidence, SHARED, hosts=1, version=False
    )

    assert [part.bits for part in parts] == bits


def test_a_job_at_other_times_is_the_same_job() -> None:
    """Only what it runs is news."""
    usual: Row = {"path": "/etc/cron.d/x", "command": "root /usr/local/bin/x", "minute": "5"}
    row: Row = {**usual, "minute": "*"}

    said = [
        part.label
        for expected in (usual, {**usual, "command": "root /usr/local/bin/y"})
        for part in lowering(
            Kind.CRON, row, Change.CHANGED, Evidence(), SHARED, hosts=1, version=False, expected=expected
        )
    ]

    assert said == ["the same job at other times"]


def test_a_program_whose_rights_alone_were_touched() -> None:
    """It came after the last package by its time of change, and holds what most hosts hold."""
    shared = replace(SHARED, contents=frozenset({("/usr/bin/python3", "ab")}))

    said = [
        [
            part.bits
            for part in lowering(Kind.FILE, row, Change.ADDED, Evidence(), shared, hosts=1, version=False)
        ]
        for digest in ("ab", "cd")
        for row in ({"path": "/usr/bin/python3", "sha256": digest, "brought_by": "no package"},)
    ]

    assert said == [[-3.0], []]


def test_a_connection_of_a_usual_process() -> None:
    """The interpreter runs what others run; to whom it talks is news."""
    usual = Proven(usual=True)
    row = {"process_path": "/usr/bin/python3", "remote_address": "198.51.100.9"}

    parts = lowering(
        Kind.CONNECTION, row, Change.ADDED, Evidence(), SHARED, hosts=1, version=False, proven=usual
    )

    assert [part.bits for part in parts] == [-1.5]
