"""What does a mail relay do: one lasting master, and a crowd of processes that come and go with every message?"""

from __future__ import annotations

import random

from benchmarks.known.work_common import lay_agents
from benchmarks.known.work_estate import account, lay_size, lay_upkeep, moments_ago, zone_net
from bot.sandbox.fleet.draft import UDP, Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

SBIN = "/usr/lib/postfix/sbin"
SPOOL = "/var/spool/postfix"
PROGRAMS = (
    "master", "qmgr", "pickup", "tlsmgr", "anvil", "scache", "trivial-rewrite", "proxymap", "cleanup", "smtp", "smtpd", "bounce",
    "error", "showq", "spawn", "postscreen", "dnsblog", "tlsproxy", "verify",
)  # fmt: skip
ALWAYS = (
    ("qmgr", "qmgr -l -t unix -u"),
    ("tlsmgr", "tlsmgr -l -t unix -u -c"),
    ("pickup", "pickup -l -t unix -u -c"),
)
AS_NEEDED = (
    ("anvil", "anvil -l -t unix -u -c", 0.9), ("trivial-rewrite", "trivial-rewrite -n rewrite -t unix -u -c", 0.95), ("proxymap", "proxymap -t unix -u", 0.7),
    ("scache", "scache -l -t unix -u -c", 0.6), ("bounce", "bounce -z -t unix -u -c", 0.3), ("error", "error -n retry -t unix -u -c", 0.25),
    ("verify", "verify -l -t unix -u -c", 0.15), ("showq", "showq -t unix -u -c", 0.1),
)  # fmt: skip
"""Program, command line, and how often it is there: master ends each a while after its last request."""


def lay_relay(draft: Draft, place: Place) -> None:
    """Add Postfix with rspamd, OpenDKIM, an SPF policy and a resolver of its own.

    A newer template brings postscreen before port 25, and another rspamd and Postfix.
    """
    rng, ip = draft.rng, draft.ip
    bring_updates(draft, "debian", place)
    cores = lay_size(draft)
    lay_agents(draft, newest=place.newest)
    postfix, rspamd = ("3.7.11-0+deb12u2", "3.9.1-1") if place.newest else ("3.7.11-0+deb12u1", "3.8.4-1")
    for name, version in (
        ("postfix", postfix), ("postfix-lmdb", postfix), ("postfix-policyd-spf-python", "2.9.3-2"), ("opendkim", "2.11.0~beta2-8+deb12u1"), ("rspamd", rspamd),
        ("redis-server", "5:7.0.15-1~deb12u5"), ("unbound", "1.17.1-2+deb12u3"), ("sasl2-bin", "2.1.28+dfsg-10"), ("libmilter1.0.1", "8.17.1.9-2+deb12u2"),
        ("pflogsumm", "1.1.5-8"), ("certbot", "2.1.0-4"),
    ):  # fmt: skip
        package(draft, name, *version.rsplit("-", 1))
    for name, uid, home in (("postfix", 110, SPOOL), ("opendkim", 112, "/run/opendkim"), ("_rspamd", 113, "/var/lib/rspamd"), ("redis", 118, "/var/lib/redis"),
                            ("unbound", 114, "/var/lib/unbound"), ("policyd-spf", 115, "/home/policyd-spf")):  # fmt: skip
        account(draft, name, uid, home)
    draft.add("groups", gid=111, gid_signed=111, groupname="postdrop")
    draft.add("user_groups", uid=110, gid=112)
    draft.add("apt_sources", name="rspamd", source="/etc/apt/sources.list.d/rspamd.list", base_uri="https://rspamd.com/apt-stable/", release="bookworm",
              components="main", architectures="amd64")  # fmt: skip
    for tool in ("postdrop", "postqueue"):
        draft.add(
            "suid_bin", path=f"/usr/sbin/{tool}", username="root", groupname="postdrop", permissions="G"
        )
        draft.file(f"/usr/sbin/{tool}", f"{tool} {postfix}", mode="2555", gid=111)
    _filters(draft, cores, rspamd)
    _resolver(draft)
    draft.file("/etc/postfix/main.cf", f"main.cf with smtp_bind_address {ip}")
    draft.file("/etc/postfix/master.cf", f"master.cf {place.newest}")
    draft.file("/etc/resolvconf/update-libc.d/postfix", mode="0755")
    draft.file("/etc/init.d/postfix", mode="0755")
    draft.file("/etc/rsyslog.d/postfix.conf")
    draft.file("/etc/cron.d/queue-metrics")
    draft.cron("/etc/cron.d/queue-metrics", "* * * * *", "root /usr/local/bin/queue-metrics > /var/lib/node_exporter/queue.prom")  # fmt: skip
    draft.cron("/etc/cron.d/queue-metrics", f"{rng.randrange(60)} 0 * * *", "root /usr/sbin/pflogsumm -d yesterday /var/log/mail.log.1")  # fmt: skip
    draft.file("/usr/local/bin/queue-metrics", "queue metrics", mode="0755")
    draft.file("/usr/local/bin/requeue-stuck", "requeue stuck", mode="0755")
    _master(draft, postfix, screened=place.newest)
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chrony", "rspamd", "redis-server", "systemd-logind"))


def _filters(draft: Draft, cores: int, version: str) -> None:
    rng = draft.rng
    redis = service(draft, "redis-server", "/usr/bin/redis-check-rdb", "/usr/bin/redis-server 127.0.0.1:6379", user="redis", name="redis-server", packaged=True, threads=5)  # fmt: skip
    draft.listen(redis, 6379, "127.0.0.1")
    path = "/usr/bin/rspamd"
    main = service(
        draft, "rspamd", path, "rspamd: main process", packaged=True, user="_rspamd", binary=version
    )
    workers = [
        ("rspamd_proxy process (localhost:11332)", 11332),
        ("controller process (localhost:11334)", 11334),
    ]
    workers += [("normal process (localhost:11333)", 11333)] * cores
    for title, port in (*workers, ("hs_helper process", 0)):
        pid = draft.spawn(
            "rspamd", path, f"rspamd: {title}", user="_rspamd", parent=main, unit="rspamd.service"
        )
        if port:
            draft.listen(pid, port, "127.0.0.1")
            draft.connect(pid, "127.0.0.1", 6379, local="127.0.0.1")
        if port == 11333 and rng.random() < 0.12:
            draft.connect(pid, f"198.51.100.{rng.randrange(140, 156)}", 443)  # a map being fetched
    for port in (11332, 11333, 11334):
        draft.listen(main, port, "127.0.0.1")
    if rng.random() < 0.5:
        draft.file("/var/lib/rspamd/rspamd.rrd", f"rrd {rng.random()}", uid=113)
    dkim = service(
        draft, "opendkim", "/usr/sbin/opendkim", "/usr/sbin/opendkim", user="opendkim", packaged=True
    )
    child = draft.spawn("opendkim", "/usr/sbin/opendkim", "/usr/sbin/opendkim", user="opendkim", parent=dkim, unit="opendkim.service", threads=rng.randrange(6, 15))  # fmt: skip
    draft.listen(child, 8891, "127.0.0.1")
    sasl = "/usr/sbin/saslauthd"
    first = service(draft, "saslauthd", sasl, f"{sasl} -a rimap -O imap.internal.example -c -m {SPOOL}/var/run/saslauthd -n 3", packaged=True)  # fmt: skip
    for _ in range(2):
        draft.spawn("saslauthd", sasl, f"{sasl} -a rimap -O imap.internal.example -c -m {SPOOL}/var/run/saslauthd -n 3", parent=first, unit="saslauthd.service")  # fmt: skip


def _resolver(draft: Draft) -> None:
    unbound = service(draft, "unbound", "/usr/sbin/unbound", "/usr/sbin/unbound -d -p", user="unbound", packaged=True, threads=2)  # fmt: skip
    for protocol in ("6", UDP):
        draft.listen(unbound, 53, "127.0.0.1", protocol)
    draft.listen(unbound, 8953, "127.0.0.1")
    for _ in range(draft.rng.randrange(7)):
        draft.listen(unbound, draft.rng.randrange(1_024, 65_536), "0.0.0.0", UDP)  # questions under way
    for row in draft.tables["dns_resolvers"]:
        if row["type"] == "nameserver":
            row["address"] = "127.0.0.1"


def _master(draft: Draft, version: str, *, screened: bool) -> None:
    rng = draft.rng
    for name in PROGRAMS:
        draft.file(f"{SBIN}/{name}", f"postfix {name} {version}", mode="0755")
    draft.unit(
        "postfix.service",
        "Postfix Mail Transport Agent",
        sub="exited",
        fragment="/lib/systemd/system/postfix.service",
    )
    draft.unit("certbot.timer", "Run certbot twice daily", sub="waiting")
    for name in ("postfix.service", "certbot.timer"):
        draft.add("hash", path=f"/lib/systemd/system/{name}", directory="/lib/systemd/system", sha256=digest(f"packaged unit {name}"))  # fmt: skip
    draft.cron("/etc/cron.d/certbot", "0 */12 * * *", "root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew")  # fmt: skip
    draft.file("/etc/cron.d/certbot")
    draft.unit("postfix@-.service", "Postfix Mail Transport Agent (instance -)", state="enabled-runtime", fragment="/lib/systemd/system/postfix@.service")  # fmt: skip
    master = draft.spawn("master", f"{SBIN}/master", f"{SBIN}/master -w", cwd=SPOOL, unit="system-postfix.slice/postfix@-.service")  # fmt: skip
    for port in (25, 465, 587):
        draft.listen(master, port)
        draft.listen(master, port, "::")
    draft.settle()
    for name, line in ALWAYS:
        _daemon(draft, master, name, line, at_most_s=5_900, chrooted=name != "tlsmgr")
    for name, line, share in AS_NEEDED:
        for _ in range(rng.choice((1, 1, 1, 2))):
            if rng.random() < share:
                _daemon(draft, master, name, line, at_most_s=600, chrooted=name not in ("proxymap", "verify"))
    busy = rng.choice((2, 4, 8, 14))
    _receive(draft, master, busy, screened=screened)
    for _ in range(rng.randrange(busy, 4 * busy)):
        pool = rng.choice(("", "", "", "-n relay ", "-n bulk ", "-n slow "))
        pid = _daemon(draft, master, "smtp", f"smtp {pool}-t unix -u -c{' -o smtp_fallback_relay=' if 'relay' in pool else ''}", at_most_s=90)  # fmt: skip
        if rng.random() < 0.75:
            draft.connect(pid, _elsewhere(rng), 25)
    if rng.random() < 0.2:
        _metrics(draft)


def _receive(draft: Draft, master: int, busy: int, *, screened: bool) -> None:
    rng, zone = draft.rng, zone_net(draft)
    if screened:
        screen = _daemon(
            draft, master, "postscreen", "postscreen -l -n smtp -t inet -u", at_most_s=80_000, chrooted=False
        )
        draft.listen(screen, 25)
        for _ in range(rng.randrange(6)):
            draft.connect(screen, _elsewhere(rng), draft.ephemeral(), local_port=25)
        for _ in range(rng.randrange(5)):
            _daemon(draft, master, "dnsblog", "dnsblog -t unix -u -c", at_most_s=90)
        if rng.random() < 0.4:
            _daemon(draft, master, "tlsproxy", "tlsproxy -t unix -u -c", at_most_s=600)
    for _ in range(rng.randrange(1, 2 * busy)):
        kind, port = rng.choice((("smtp", 25), ("smtp", 25), ("submission", 587), ("smtps", 465)))
        line = "smtpd -t pass -u -c -o stress=" if screened and port == 25 else f"smtpd -n {kind} -t inet -u -c -o stress= -s 2"  # fmt: skip
        pid = _daemon(draft, master, "smtpd", line, at_most_s=200)
        if "inet" in line:
            draft.listen(pid, port)
            draft.listen(pid, port, "::")
        client = (
            _elsewhere(rng)
            if port == 25
            else f"10.20.{rng.choice((zone, zone + 1, zone + 3))}.{rng.randrange(5, 250)}"
        )
        if rng.random() < 0.8:
            draft.connect(pid, client, draft.ephemeral(), local_port=port)
            draft.connect(pid, "127.0.0.1", rng.choice((8891, 11332)), local="127.0.0.1")
        if rng.random() < 0.6:
            _daemon(draft, master, "cleanup", "cleanup -z -t unix -u -c", at_most_s=100)
    for _ in range(rng.randrange(busy)):
        spawn = _daemon(draft, master, "spawn", "spawn -n policyd-spf -t unix user=policyd-spf argv=/usr/bin/policyd-spf", at_most_s=400, chrooted=False)  # fmt: skip
        since = int(draft.tables["processes"][-1]["start_time"]) - draft.booted
        draft.spawn("policyd-spf", "/usr/bin/python3.11", "/usr/bin/python3 /usr/bin/policyd-spf", user="policyd-spf", parent=spawn, cwd=SPOOL,
                    unit="system-postfix.slice/postfix@-.service", after_boot_s=since)  # fmt: skip


def _daemon(draft: Draft, master: int, name: str, line: str, *, at_most_s: int, chrooted: bool = True) -> int:
    user = "root" if name in ("spawn",) else "postfix"
    pid = draft.spawn(name, f"{SBIN}/{name}", line, user=user, parent=master, cwd=SPOOL, unit="system-postfix.slice/postfix@-.service",
                      after_boot_s=moments_ago(draft, at_most_s))  # fmt: skip
    if chrooted and user == "postfix":
        draft.tables["processes"][-1]["root"] = SPOOL
    return pid


def _metrics(draft: Draft) -> None:
    since, cron = moments_ago(draft, 6), draft.pid_of("cron")
    first = draft.spawn("cron", "/usr/sbin/cron", "/usr/sbin/CRON -f", parent=cron, unit="cron.service", after_boot_s=since)  # fmt: skip
    line = "/bin/sh -c /usr/local/bin/queue-metrics > /var/lib/node_exporter/queue.prom"
    shell = draft.spawn(
        "sh", "/usr/bin/dash", line, parent=first, cwd="/root", unit="cron.service", after_boot_s=since
    )
    script = draft.spawn("queue-metrics", "/usr/bin/bash", "/bin/bash /usr/local/bin/queue-metrics", parent=shell, cwd="/root", unit="cron.service", after_boot_s=since)  # fmt: skip
    draft.spawn("postqueue", "/usr/sbin/postqueue", "postqueue -j", parent=script, cwd=SPOOL, unit="cron.service", after_boot_s=since + 1)  # fmt: skip


def _elsewhere(rng: random.Random) -> str:
    """Return a host of somebody else's mail: a few large ones take most of it."""
    if rng.random() < 0.5:
        return rng.choice(("192.0.2.26", "192.0.2.27", "192.0.2.90", "192.0.2.91", "203.0.113.14"))
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(1, 255)}"
