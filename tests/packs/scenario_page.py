"""What does docs/scenarios.md say? It is written from what hosts answer: ``python -m tests.packs.scenario_page``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bot.model import Compare
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.scenarios import Scenario, scenarios
from tests.packs.asking import after, ask, clean, clean_answers, compared, pack, tables_of

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
HONEST_ROLE = "web"
"""The kind of host that honest scenarios are tried on."""

COLUMNS = 5
"""Of each table of scenarios."""

Shown = Mapping[str, frozenset[str]]
"""Query -> the kinds of host on which its compared answer changes."""

ON = {
    "one": "one host", "few": "a tenth of the hosts", "half": "half of the hosts", "majority": "most hosts", "all": "every host",
    "thirds": "every host, by zone", "all_distinct": "every host, in its own way", "few_distinct": "a tenth of the hosts, in their own way",
}  # fmt: skip
MEANT = {
    "suppress": "nothing: it is noise", "low": "at most a low line", "medium": "a line below anything malicious",
    "cohort": "one note about a part of the group", "context": "context of other findings",
}  # fmt: skip
NEEDED = {
    "memory_only_inject": "A list of what each program maps by habit, or a scan of memory (osquery's `yara_process` with rules of your own), or acquired memory.",
}
"""What would show each scenario that no query shows."""

HEAD = """\
# Which query shows which scenario

The sandbox can bring {malicious} labelled intrusions and {benign} honest events onto simulated hosts
(`bot/sandbox/fleet/data/scenarios.json`). This page is what came of asking: the pack `{pack}` was run on a host of each
of {roles} kinds before and after, and a query is named when the columns that it compares differ. It is written by
`python -m tests.packs.scenario_page`; tests ask again on every kind of host and compare with this page. What Diffy
makes of the rows is another matter: [detection.md](detection.md). The queries themselves: [pack.md](pack.md).

## Intrusions

Bold: the queries that the scenario's own label names. The others change beside them.

| scenario | what was done | ATT&CK | shown by, on every kind of host | on some kinds only |
|---|---|---|---|---|
"""
BLIND_HEAD = """
## What no query of the pack shows

| scenario | what was done | ATT&CK | why nothing shows it | what would be needed |
|---|---|---|---|---|
"""
HONEST_HEAD = """
## Honest events

They change answers as well; that is the noise from which intrusions are told. Tried on a {role} host.

| scenario | what happens | on | changes the answers of | what a report should make of it |
|---|---|---|---|---|
"""
BEYOND = """
## What no snapshot of osquery can show

A snapshot is what the host's own kernel told a program on the host at one moment. Whatever the pack asks, this stays
outside:

| what happens | why it is not in the answers | what a responder can do instead |
|---|---|---|
| A program ran and ended between two snapshots, or before the first | Tables hold what is there now. History files, `wtmp` and logs are easily emptied. | Event tables of a running osqueryd (`process_events`, `socket_events`) or auditd, shipped off the host as they happen; Diffy reads such logs with `--logs`. EDR, GuardDuty Runtime Monitoring. |
| A rootkit answers for the kernel | Files, processes, sockets and modules are read through the kernel that it changed. Some traces stay (taint, sockets without a process, mounts over `/proc`), a careful one leaves none. | Look from outside: a snapshot of the EBS volume mounted on another instance; memory taken by a hypervisor or by AVML or LiME and read with Volatility. Flow logs that show traffic of a host that denies it. |
| A library rootkit hides itself from osquery | Its hooks act on osquery as on `ls`: both use the system's libc. | A tool that is linked statically (busybox), a snapshot of the volume read elsewhere. |
| An implant lives in the memory of an honest process | Anonymous executable memory is what every just-in-time compiler has; no table tells its content. | Acquire memory before the host is restarted or replaced. Scan processes with YARA. |
| A function in a database, a page in an application's storage, a job in a scheduler of its own | It is data of the application, not state of the system. | The application's own audit log; a comparison with what the release contains. |
| Files outside the folders that are asked: firmware, initial RAM disks, boot loader, most programs that are not running, most content of `/opt` and of homes | Hashing everything takes minutes a host and fills the answer. | `dpkg --verify`, `rpm -Va`, or a file integrity monitor; Secure Boot and NitroTPM measurements for what starts first. |
| What happens inside containers and virtual machines on the host | Paths of a container are not those of the host; the pack asks only which containers there are, with what rights and mounts. | The runtime's and the orchestrator's audit logs (EKS audit log), image scans, the container's own file system from the snapshot of the volume. |
| Data that were deleted, files that were sent, keys that were copied | Nothing is left to be read. A stolen key is still on its host. | VPC flow logs, DNS query logs, S3 access logs, CloudTrail data events. Rotate what could be read from the host. |
| The cloud plane: a stolen role used from elsewhere, a new IAM user, user data or launch template changed, a snapshot shared, security groups opened, an instance profile exchanged, commands sent by SSM | None of it happens on the host. | CloudTrail (look for the instance's role from foreign addresses), GuardDuty `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`, AWS Config, IAM Access Analyzer. |
| Traffic without state on the host: answers to a packet filter's magic packets, DNS tunnels between snapshots, spoofed sources | A socket is seen only while it is open. | VPC flow logs, Traffic Mirroring, Route 53 Resolver query logs, GuardDuty's DNS findings. |
| An intruder who uses a valid login, an agent or a deploy as its owner would | The rows are those of honest work. | Identity: who held the key or session at that time; CloudTrail `StartSession` and `SendCommand`; ask the person. |
| The whole group is compromised alike, baseline included | Nothing differs. | Compare with the image or with another group of the same release; rebuild one host from source and compare with it. |
| The agent or osquery itself was replaced | What answers is the intruder's program. | Diffy can bring osquery with a pinned digest, but the kernel and SSM's agent stay the host's. Read the disk from outside. |

Before a host is cleaned or replaced, keep what only it holds, in the order in which it is lost: memory, sockets and
processes (Diffy's report and snapshot are a part of that), a snapshot of its volumes, its logs. Isolate it by a security
group without stopping it, and detach it from its auto scaling group, so that nobody replaces it meanwhile.
"""


def changed(what: Scenario, role: str) -> frozenset[str]:
    """Return the queries whose compared answers a scenario changes on a clean host of that kind; fails where nothing applies.

    Only those that name a table with other rows are asked anew: no other can answer differently.
    """
    touched, host = after(what, role)

    assert touched

    other = {table for table, rows in clean(role).tables.items() if rows != host.tables[table]}
    asked = [q for q in pack().queries if q.compare is not Compare.CONTEXT and other & tables_of(q)]
    before, now = clean_answers(role), ask(host, asked)
    return frozenset(q.name for q in asked if compared(q, before[q.name]) != compared(q, now[q.name]))


def ask_everywhere() -> dict[str, Shown]:
    """Return what shows each scenario, by asking; takes a while."""
    told: dict[str, Shown] = {}
    for what in scenarios():
        roles = ROLES if what.kind == "malicious" else (HONEST_ROLE,)
        per_role = {role: changed(what, role) for role in roles}
        told[what.id] = {
            query.name: frozenset(role for role, shown in per_role.items() if query.name in shown)
            for query in pack().queries
            if any(query.name in shown for shown in per_role.values())
        }
    return told


def render(told: Mapping[str, Shown]) -> str:
    """Return the whole page."""
    malicious = [each for each in scenarios() if each.kind == "malicious"]
    honest = [each for each in scenarios() if each.kind != "malicious"]
    head = HEAD.format(malicious=len(malicious), benign=len(honest), pack=pack().name, roles=len(ROLES))
    return "".join(
        (
            head,
            *(_intrusion(each, told[each.id]) for each in malicious if told[each.id]),
            BLIND_HEAD,
            *(_blind(each) for each in malicious if not told[each.id]),
            HONEST_HEAD.format(role=HONEST_ROLE),
            *(_honest(each, told[each.id]) for each in honest),
            BEYOND,
        )
    )


def parse(page: str) -> dict[str, Shown]:
    """Return what a page says shows each scenario."""
    known = {each.id: each for each in scenarios()}
    told: dict[str, Shown] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        name = cells[1].strip("`") if len(cells) == COLUMNS + 2 else ""
        if name in NEEDED:
            told[name] = {}
        elif name in known:
            everywhere = frozenset(ROLES if known[name].kind == "malicious" else (HONEST_ROLE,))
            shown = dict.fromkeys(re.findall(r"`(\w+)`", cells[4]), everywhere)
            some = re.findall(r"`(\w+)` \(([^)]+)\)", cells[5])
            told[name] = shown | {query: frozenset(roles.split(", ")) for query, roles in some}
    return told


def _intrusion(each: Scenario, shown: Shown) -> str:
    always = [name for name, roles in shown.items() if roles == frozenset(ROLES)]
    named = [name for name in each.shown_by if name in always]
    others = [name for name in always if name not in named]
    some = [
        f"`{name}` ({', '.join(role for role in ROLES if role in roles)})"
        for name, roles in shown.items()
        if name not in always
    ]
    told = ", ".join([f"**`{name}`**" for name in named] + [f"`{name}`" for name in others])
    return _row(f"`{each.id}`", _words(each), _technique(each), told, ", ".join(some))


def _blind(each: Scenario) -> str:
    return _row(f"`{each.id}`", each.title, _technique(each), each.note, NEEDED[each.id])


def _honest(each: Scenario, shown: Shown) -> str:
    told = ", ".join(f"`{name}`" for name in shown) or "none"
    return _row(f"`{each.id}`", _words(each), ON[each.scope], told, MEANT[each.expected])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _words(each: Scenario) -> str:
    place = "" if each.kind != "malicious" or each.scope == "one" else f", on {ON[each.scope]}"
    note = f". {each.note}" if each.note else ""
    said = ON[each.scope] in each.title or "of the group" in each.title
    return each.title + ("" if said else place) + note


def _technique(each: Scenario) -> str:
    return f"[{each.technique}](https://attack.mitre.org/techniques/{each.technique.replace('.', '/')}/)"


if __name__ == "__main__":
    PAGE.write_text(render(ask_everywhere()), "utf-8")
