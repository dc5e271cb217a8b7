"""What does a member of a message cluster do: one runtime that is all, its members in a mesh, certificates that expire each day?"""

from __future__ import annotations

from benchmarks.known.work_estate import (
    account,
    control,
    lay_estate,
    lay_size,
    lay_upkeep,
    moments_ago,
    zone_net,
)
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

HOME = "/var/lib/rabbitmq"
CONSUMERS = ("10.20.3.", "10.20.19.", "10.20.34.", "10.20.5.", "10.20.21.")
PARTNERS = ("198.51.100.210", "198.51.100.211")


def lay_messages(draft: Draft, place: Place) -> None:
    """Add RabbitMQ in its Erlang, with a sidecar for secrets, a proxy for the members, and what is asked of it every minute.

    A newer template brings RabbitMQ 4 on Erlang 27: other paths of everything that runs.
    """
    rabbit, erlang, runtime = ("4.0.5", "27.2", "15.2") if place.newest else ("3.13.7", "26.2.5", "14.2.5")
    bring_updates(draft, "amazon", place)
    cores = lay_size(draft)
    lay_estate(draft, newest=place.newest)
    for name, version in (("rabbitmq-server", rabbit), ("erlang", erlang), ("vault", "1.18.1"), ("haproxy", "2.8.3"), ("socat", "1.7.4.2"), ("logrotate", "3.20.1"), ("cronie", "1.5.7")):  # fmt: skip
        if not any(row["name"] == name for row in draft.tables["rpm_packages"]):
            package(draft, name, version, "1.amzn2023")
    for name, repository in (("rabbitmq_erlang", "https://yum1.rabbitmq.com/erlang/el/9/$basearch"), ("rabbitmq_server", "https://yum1.rabbitmq.com/rabbitmq/el/9/noarch"),
                             ("hashicorp", "https://rpm.releases.hashicorp.com/AmazonLinux/$releasever/$basearch/stable")):  # fmt: skip
        draft.add("yum_sources", name=name, source=f"/etc/yum.repos.d/{name}.repo", baseurl=repository, enabled=1, gpgcheck=1)  # fmt: skip
    account(draft, "rabbitmq", 984, HOME, "/sbin/nologin")
    account(draft, "vault", 983, "/etc/vault.d", "/bin/false")
    account(draft, "haproxy", 188, "/var/lib/haproxy", "/usr/sbin/nologin")
    draft.add("mounts", device="/dev/nvme1n1", device_alias="/dev/nvme1n1", path=HOME, type="xfs", flags="rw,noatime,attr2,inode64,logbufs=8,logbsize=32k,noquota")  # fmt: skip
    beam = _erlang(draft, rabbit, erlang, runtime, cores)
    _mesh(draft, place, beam)
    _clients(draft, beam)
    _secrets(draft)
    _proxy(draft, place, cores)
    _files(draft, rabbit)
    draft.settle()
    _asked(draft, rabbit, runtime, beam)
    lay_upkeep(draft, "/var/log/rabbitmq")
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "rabbitmq-server", "vault-agent", "systemd-logind", "systemd-resolved"))  # fmt: skip


def _line(draft: Draft, rabbit: str, erlang: str, runtime: str, cores: int) -> str:
    folder = f"/usr/lib/rabbitmq/lib/rabbitmq_server-{rabbit}"
    return (
        f"/usr/lib64/erlang/erts-{runtime}/bin/beam.smp -W w -MBas ageffcbf -MHas ageffcbf -MBlmbcs 512 -MHlmbcs 512 -MMmcs 30 -pc unicode -P 1048576 -t 5000000 -stbt db -zdbbl 128000 "
        f"-sbwt none -sbwtdcpu none -sbwtdio none -S {cores}:{cores} -- -root /usr/lib64/erlang -bindir /usr/lib64/erlang/erts-{runtime}/bin -progname erl -- -home {HOME} -- "
        f"-pa  -noshell -noinput -s rabbit boot -boot start_sasl -syslog logger [] -conf /etc/rabbitmq/rabbitmq.conf -name rabbit@{draft.identity.hostname} "
        f"-kernel inet_dist_listen_min 25672 -kernel inet_dist_listen_max 25672 -rabbit plugins_dir {folder}/plugins -mnesia dir {HOME}/mnesia/rabbit@{draft.identity.hostname}"
    )


def _erlang(draft: Draft, rabbit: str, erlang: str, runtime: str, cores: int) -> int:
    rng = draft.rng
    binaries = f"/usr/lib64/erlang/erts-{runtime}/bin"
    unit = "rabbitmq-server.service"
    daemon = draft.spawn("epmd", f"{binaries}/epmd", f"{binaries}/epmd -daemon", user="rabbitmq", unit=unit)
    for address in ("0.0.0.0", "::"):
        draft.listen(daemon, 4369, address)
    beam = service(draft, "rabbitmq-server", f"{binaries}/beam.smp", _line(draft, rabbit, erlang, runtime, cores), user="rabbitmq", cwd=HOME, packaged=True,
                   binary=erlang, threads=14 + 4 * cores)  # fmt: skip
    setup = draft.spawn("erl_child_setup", f"{binaries}/erl_child_setup", "erl_child_setup 50000", user="rabbitmq", parent=beam, cwd=HOME, unit=unit)  # fmt: skip
    first = draft.spawn("inet_gethost", f"{binaries}/inet_gethost", "inet_gethost 4", user="rabbitmq", parent=setup, cwd=HOME, unit=unit)  # fmt: skip
    for _ in range(rng.choice((0, 1, 1, 2))):  # as many as names are asked for
        draft.spawn("inet_gethost", f"{binaries}/inet_gethost", "inet_gethost 4", user="rabbitmq", parent=first, cwd=HOME, unit=unit, after_boot_s=moments_ago(draft, 6_000))  # fmt: skip
    monitor = f"/usr/lib64/erlang/lib/os_mon-{'2.10.1' if erlang.startswith('27') else '2.9.1'}/priv/bin"
    for tool in ("memsup", "cpu_sup"):
        draft.file(f"{monitor}/{tool}", f"{tool} {erlang}", mode="0755")
        if tool == "memsup" or rng.random() < 0.9:
            draft.spawn(tool, f"{monitor}/{tool}", f"{monitor}/{tool}", user="rabbitmq", parent=setup, cwd=HOME, unit=unit)  # fmt: skip
    for name in ("epmd", "erl_child_setup", "inet_gethost", "erlexec"):
        draft.file(f"{binaries}/{name}", f"{name} {erlang}", mode="0755")
    return beam


def _mesh(draft: Draft, place: Place, beam: int) -> None:
    """Connect every member to every other: who joined later called; the members ask each other's epmd only at first."""
    rng = draft.rng
    draft.listen(beam, 25672, "0.0.0.0")
    for peer in place.peers:
        called = rng.random() < 0.5
        draft.connect(beam, peer, 25672 if called else draft.ephemeral(), local_port=None if called else 25672)  # fmt: skip
    if place.peers and rng.random() < 0.1:
        draft.connect(beam, rng.choice(place.peers), 4369)
    draft.file(f"{HOME}/.erlang.cookie", "the cluster's cookie", mode="0400", uid=984)


def _clients(draft: Draft, beam: int) -> None:
    rng = draft.rng
    for port, address in ((5671, "::"), (5672, "::"), (15671, "0.0.0.0"), (15692, "0.0.0.0"), (5551, "::")):
        draft.listen(beam, port, address)
    for _ in range(rng.randrange(15, 90)):
        draft.connect(beam, f"{rng.choice(CONSUMERS)}{rng.randrange(5, 120)}", draft.ephemeral(), local_port=rng.choice((5671, 5671, 5671, 5672)))  # fmt: skip
    for _ in range(rng.randrange(3)):
        draft.connect(beam, f"10.20.{zone_net(draft) + 8}.{rng.choice((30, 31))}", draft.ephemeral(), local_port=15692)  # fmt: skip
    if rng.random() < 0.35:  # a shovel runs where its queue's leader is
        draft.connect(beam, rng.choice(PARTNERS), 5671)
    if rng.random() < 0.3:
        draft.connect(beam, f"10.20.57.{rng.choice((12, 13))}", 636)


def _secrets(draft: Draft) -> None:
    """Let an agent fetch a certificate for this host each day; for a moment after that it tells the broker."""
    rng = draft.rng
    agent = service(draft, "vault-agent", "/usr/bin/vault", "/usr/bin/vault agent -config=/etc/vault.d/agent.hcl", user="vault", packaged=True, binary="1.18.1", threads=12)  # fmt: skip
    draft.connect(agent, f"10.20.51.{rng.choice((31, 32, 33))}", 8200)
    issued = draft.now - rng.randrange(60, 80_000)
    for name in ("server.pem", "server.key", "ca.pem"):
        content = ("the company's authority" if name == "ca.pem" else f"{name} of {draft.identity.hostname} {issued}")  # fmt: skip
        draft.file(f"/etc/rabbitmq/tls/{name}", content, mode="0640", uid=984, changed=draft.booted if name == "ca.pem" else issued)  # fmt: skip
    name = draft.identity.hostname
    draft.add("certificates", common_name=name, subject=f"/CN={name}", issuer="/O=Example/CN=Example Issuing 2", ca=0, self_signed=0, not_valid_before=issued, not_valid_after=issued + 172_800,
              signing_algorithm="sha256WithRSAEncryption", key_algorithm="id-ecPublicKey", key_strength=256, sha1=digest(f"{name} {issued}", 40), path="/etc/pki/tls/certs/node.pem",
              serial=digest(f"serial {name} {issued}", 20))  # fmt: skip
    draft.file("/etc/vault.d/agent.hcl", f"role of {draft.identity.availability_zone}", mode="0640", uid=983, changed=draft.booted + 60)  # fmt: skip
    draft.add("system_controls", name="vm.swappiness", subsystem="vm", current_value=1, type="string")
    control(draft, "net.ipv4.ip_local_port_range", "10000\t65000")


def _proxy(draft: Draft, place: Place, cores: int) -> None:
    """Add the proxy by which the host's own tools reach any member; its list of members is written by configuration management."""
    rng, path = draft.rng, "/usr/sbin/haproxy"
    line = f"{path} -Ws -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d -p /run/haproxy.pid"
    master = service(draft, "haproxy", path, line, packaged=True)
    since = moments_ago(draft, 200_000) if draft.now - draft.booted > 300_000 else 40
    workers = 2 if rng.random() < 0.07 else 1  # a reload leaves the old one until its last client went
    for _ in range(workers):
        pid = draft.spawn(
            "haproxy",
            path,
            line if rng.random() < 0.6 else f"{line} -sf {master + 2}",
            user="haproxy",
            parent=master,
            unit="haproxy.service",
            after_boot_s=since,
            threads=cores,
        )
        draft.listen(pid, 5680, "127.0.0.1")
        draft.listen(pid, 8404, draft.ip)
        for peer in rng.sample(place.peers, min(3, len(place.peers))):
            draft.connect(pid, peer, 5672)
    draft.file("/etc/haproxy/haproxy.cfg", " ".join(sorted((draft.ip, *place.peers))), changed=draft.booted + 100)  # fmt: skip


def _files(draft: Draft, rabbit: str) -> None:
    draft.file("/etc/systemd/system/rabbitmq-server.service.d/limits.conf", "LimitNOFILE=65536")
    draft.file("/etc/rabbitmq/rabbitmq.conf", f"cluster by tags of the group {rabbit[0]}", uid=984)
    draft.file("/etc/rabbitmq/enabled_plugins", "[rabbitmq_management,rabbitmq_peer_discovery_aws,rabbitmq_prometheus,rabbitmq_shovel,rabbitmq_stream].", uid=984)  # fmt: skip
    draft.file("/etc/security/limits.d/rabbitmq.conf")
    draft.file("/etc/profile.d/rabbitmq.sh", "RABBITMQ_NODENAME")
    draft.file("/usr/local/bin/queue-health", "queue health", mode="0755")
    draft.file("/usr/local/bin/definitions-to-s3", "definitions to s3", mode="0755")
    draft.cron("/etc/cron.d/rabbitmq", "* * * * *", "rabbitmq /usr/local/bin/queue-health")
    draft.cron("/etc/cron.d/rabbitmq", f"{int(digest(draft.identity.instance_id, 4), 16) % 60} 1 * * *", "root /usr/local/bin/definitions-to-s3")  # fmt: skip
    draft.file("/etc/cron.d/rabbitmq", f"minute of {draft.identity.instance_id}", changed=draft.booted + 100)


def _asked(draft: Draft, rabbit: str, runtime: str, beam: int) -> None:
    """Run for some seconds of each minute what asks the broker how it is: a second runtime, as a hidden member of the mesh."""
    rng = draft.rng
    if rng.random() < 0.35:
        since, unit = moments_ago(draft, 9), "crond.service"
        cron = draft.spawn("crond", "/usr/sbin/crond", "/usr/sbin/CROND -n", parent=draft.pid_of("crond"), unit=unit, after_boot_s=since)  # fmt: skip
        shell = draft.spawn("queue-health", "/usr/bin/bash", "/bin/bash /usr/local/bin/queue-health", user="rabbitmq", parent=cron, cwd=HOME, unit=unit, after_boot_s=since)  # fmt: skip
        binaries = f"/usr/lib64/erlang/erts-{runtime}/bin"
        line = (
            f"{binaries}/beam.smp -B -- -root /usr/lib64/erlang -bindir {binaries} -progname erl -- -home {HOME} -- -boot no_dot_erlang -sname rabbitmqcli-{rng.randrange(1_000)}-rabbit -hidden "
            f"-noshell -s rabbitmq_cli main -extra --formatter json list_queues name messages leader"
        )
        tool = draft.spawn("beam.smp", f"{binaries}/beam.smp", line, user="rabbitmq", parent=shell, cwd=HOME, unit=unit, after_boot_s=since, threads=25)  # fmt: skip
        draft.spawn("erl_child_setup", f"{binaries}/erl_child_setup", "erl_child_setup 50000", user="rabbitmq", parent=tool, cwd=HOME, unit=unit, after_boot_s=since)  # fmt: skip
        draft.listen(tool, rng.randrange(35_672, 35_683))
        draft.connect(tool, draft.ip, 25672)
        draft.connect(beam, draft.ip, draft.ephemeral(), local_port=25672)
    for _ in range(rng.randrange(3)):
        draft.file(f"/tmp/erl_{rng.getrandbits(40):010x}", f"crash {rng.random()}", mode="0640", uid=984, changed=draft.now - rng.randrange(90_000))  # fmt: skip
