"""Hypothesis strategies: any report that the model allows, with everything a hostile host may write into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.model import (
    BaselineInfo,
    Change,
    Coverage,
    Finding,
    Host,
    HostStatus,
    HostVerdict,
    Limits,
    LookAlikes,
    Method,
    Missed,
    MissReason,
    Quadrant,
    QueryStatus,
    Report,
    RunInfo,
    ScorePart,
    SharedFact,
    UnknownQuery,
)

NASTY = (
    "",
    "<!channel> *x* https://evil.example",
    "<@U0VICTIM> <!here> <!subteam^S1|x> <https://evil.example|click>",
    "```\n*bold* _it_ ~no~ :rotating_light: > quote",
    "\u202egpj.exe\u2066 \u200b\u200d\ufeff",
    "\x1b[31mred\x1b]0;title\x07\x00",
    "x" * 3_000,
    "😀" * 1_500,
    "&amp;&lt;!channel&gt;" * 40,
    "a\ud800b",
    "www.evil.example mailto:a@evil.example evil.sh ftp://evil.example",
    "http://a.b.c.d.e.f.example/" * 60,
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306" * 50,
    "\u2028\u2029\u0085\u3164\u2800",
)
hostile = st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec=None), max_size=60))
names = st.one_of(hostile.filter(bool), st.text("abcdef0123456789-", min_size=1, max_size=20))
ids = st.integers(0, 16**16).map(lambda number: f"i-0{number:016x}") | names
times = st.integers(0, 10 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
scores = st.floats(0, 60, allow_nan=False)
rows = st.dictionaries(names, hostile, max_size=4)
counts = st.integers(0, 600)


def hosts(host: str) -> st.SearchStrategy[Host]:
    """Return the host of that id as a cloud might describe it."""
    return st.builds(
        Host,
        id=st.just(host),
        private_ip=hostile,
        hostname=hostile,
        zone=hostile,
        template_version=hostile,
        launch_time=st.none() | times,
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Return a report with few hosts, few findings or many, and any text anywhere."""
    known = draw(st.lists(ids, max_size=5, unique=True))
    lost = draw(st.lists(ids.filter(lambda one: one not in known), max_size=3, unique=True))
    verdicts = [
        HostVerdict(
            id=host,
            rank=rank,
            score=draw(scores),
            outlier=draw(st.booleans()),
            status=draw(st.sampled_from((HostStatus.ANSWERED, HostStatus.PARTIAL))),
            cohort=draw(hostile),
            reason=draw(hostile),
            host=draw(st.none() | hosts(host)),
        )
        for rank, host in enumerate(known, 1)
    ]
    partial = sum(verdict.status is HostStatus.PARTIAL for verdict in verdicts)
    missed = tuple(Missed(host, draw(st.sampled_from(MissReason)), draw(hostile)) for host in lost)
    of_baseline = draw(st.none() | st.integers(0, 5))
    shared = st.builds(SharedFact, names, st.sampled_from(Change), rows, st.none() | rows, scores, hostile)
    also = st.builds(
        SharedFact,
        st.sampled_from(("processes", "listening_ports")) | names,
        st.sampled_from(Change),
        rows,
        st.none() | rows,
        scores,
        hostile,
        st.lists(rows, max_size=2).map(tuple),
        st.lists(st.just("T1036") | hostile, max_size=2).map(tuple),
    )
    finding = st.builds(
        Finding,
        hosts=st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True).map(tuple)
        if known
        else st.just(("i-0",)),
        query=st.sampled_from(("processes", "listening_ports", "crontab")) | names,
        change=st.sampled_from(Change),
        row=rows,
        expected=st.none() | rows,
        score=scores,
        seen_on=counts,
        of=counts,
        baseline_seen=st.none() if of_baseline is None else st.integers(0, of_baseline),
        baseline_of=st.just(of_baseline),
        attack=st.lists(st.sampled_from(("T1059.004", "T1036")) | hostile, max_size=3).map(tuple),
        why=hostile,
        quadrant=st.sampled_from(Quadrant),
        tentative=st.booleans(),
        outlying=st.booleans(),
        parts=st.lists(st.builds(ScorePart, hostile, scores), max_size=3).map(tuple),
        rows=st.lists(rows, max_size=3).map(tuple),
        shared=st.lists(shared, max_size=2).map(tuple),
        shared_count=st.integers(0, 30),
        also=st.lists(also, max_size=2).map(tuple),
    )
    findings = draw(st.lists(finding, max_size=4)) if known else []
    findings = findings * draw(st.sampled_from((1, 12)))
    unknown = st.builds(
        UnknownQuery, st.sampled_from(known) if known else ids, names, st.sampled_from(QueryStatus), hostile
    )
    return Report(
        run=RunInfo(
            id=draw(st.sampled_from(("r-7f3a91", "r-0"))),
            target=draw(names),
            method=draw(st.sampled_from(Method)),
            method_reason=draw(hostile),
            pack=draw(names),
            requested_by=draw(st.sampled_from(("cli", "U0RESPONDR", "schedule:s-1"))),
            started_at=draw(times),
            finished_at=draw(times),
            incident=draw(hostile),
            focus=draw(st.just("") | (st.sampled_from(known + lost) if known + lost else st.just(""))),
        ),
        coverage=Coverage(
            len(known) + len(lost),
            len(known) - partial,
            partial,
            missed,
            tuple(draw(st.lists(unknown, max_size=12))),
        ),
        hosts=(*verdicts, *(HostVerdict(one.host, 0, 0.0, False, HostStatus.MISSED, "") for one in missed)),
        findings=tuple(findings),
        limits=Limits(draw(counts), draw(counts), draw(scores), draw(scores), draw(st.booleans())),
        lookalikes=tuple(
            draw(st.lists(st.builds(LookAlikes, hostile, st.just(tuple(known[:3]))), max_size=3))
        ),
        notes=tuple(draw(st.lists(hostile, max_size=3))),
        baseline=draw(
            st.none()
            | st.builds(
                BaselineInfo, st.integers(1, 99), st.just("U0LEAD"), times, times, st.just(tuple(known))
            )
        ),
    )


def crowded(text: str) -> Report:
    """Return a report with far too much of everything: 500 hosts, 500 missed, 400 findings, and ``text`` everywhere."""
    known = [f"i-1{number:016x}" for number in range(500)]
    lost = [f"i-2{number:016x}" for number in range(500)]
    about = Host(id="", private_ip=text, hostname=text, zone=text, template_version=text)
    row = {
        f"column{number}{text}": text for number in range(30 if len(text) < 400 else 10)
    }  # 10 are too much too
    at = datetime(2026, 11, 23, 3, 14, tzinfo=UTC)
    verdicts = tuple(
        HostVerdict(
            host,
            rank,
            9.0,
            rank < 200,
            HostStatus.PARTIAL if rank % 2 else HostStatus.ANSWERED,
            text,
            text,
            about,
        )
        for rank, host in enumerate(known, 1)
    )
    reasons = tuple(MissReason)
    return Report(
        run=RunInfo("r-7f3a91", text or "t", Method.BOTH, text, text, "U0RESPONDR", at, at, text, focus=""),
        coverage=Coverage(
            1000,
            250,
            250,
            tuple(Missed(host, reasons[n % len(reasons)], text) for n, host in enumerate(lost)),
            tuple(
                UnknownQuery(host, f"query{n % 30}{text}", QueryStatus.ERROR, text)
                for n, host in enumerate(known)
            ),
        ),
        hosts=(*verdicts, *(HostVerdict(host, 0, 0.0, False, HostStatus.MISSED, "") for host in lost)),
        findings=tuple(
            Finding(
                hosts=(*known[:5], *known[number : number + 2]),
                query=f"query{number % 120}{text[:100]}",
                change=tuple(Change)[number % 3],
                row=row,
                expected={name: f"{value}!" for name, value in row.items()},
                score=12.0,
                seen_on=3,
                of=498,
                baseline_seen=0,
                baseline_of=3,
                attack=("T1059.004", text, text, text, text),
                why=text,
                tentative=True,
                outlying=True,
                parts=tuple(ScorePart(text, 1.0) for _ in range(12)),
                rows=(row, row),
            )
            for number in range(400)
        ),
        limits=Limits(499, 3, 9.9, 8.0, True),
        lookalikes=tuple(LookAlikes(text, tuple(known)) for _ in range(20)),
        notes=(text,) * 30,
        baseline=BaselineInfo(3, "U0LEAD", at, at, tuple(known)),
    )
