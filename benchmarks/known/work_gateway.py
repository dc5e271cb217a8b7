"""What does a gateway do: tunnels of other companies on each host, one host of each zone that leads, routes learned from neighbours?"""

from __future__ import annotations

from benchmarks.known.work_common import lay_agents
from benchmarks.known.work_estate import (
    account,
    control,
    lay_size,
    lay_upkeep,
    modules,
    moments_ago,
    program,
    zone_net,
)
from bot.sandbox.fleet.draft import UDP, Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

CUSTOMERS = tuple(f"cust{number:02}" for number in range(1, 25))
"""Who has a tunnel to some of the hosts; configuration management spreads them by a hash of their names."""
TRANSIT = ("10.20.63.4", "10.20.63.5")
FRR = "/usr/lib/frr"
RAW = 255


def lay_gateway(draft: Draft, place: Place) -> None:
    """Add WireGuard, strongSwan, FRR, keepalived with conntrackd, address translation, and a resolver for who dials in.

    A newer template brings another FRR and strongSwan, and rules that count what they drop.
    """
    bring_updates(draft, "debian", place)
    cores = lay_size(draft)
    lay_agents(draft, newest=place.newest)
    frr, swan = ("10.2.1", "5.9.8-5+deb12u2") if place.newest else ("9.1.3", "5.9.8-5+deb12u1")
    for name, version in (
        ("wireguard-tools", "1.0.20210914-1"), ("strongswan-swanctl", swan), ("charon-systemd", swan), ("libstrongswan", swan), ("libcharon-extra-plugins", swan), ("frr", f"{frr}-0~deb12u1"),
        ("frr-pythontools", f"{frr}-0~deb12u1"), ("keepalived", "1:2.2.7-1+b2"), ("conntrackd", "1:1.4.7-1+b2"), ("conntrack", "1:1.4.7-1+b2"), ("dnsmasq", "2.90-4~deb12u1"),
        ("iptables-persistent", "1.0.20"), ("ipset", "7.17-1"), ("mtr-tiny", "0.95-1"),
    ):  # fmt: skip
        package(draft, name, *version.rsplit("-", 1) if "-" in version else (version,))
    account(draft, "frr", 109, "/nonexistent")
    account(draft, "dnsmasq", 116, "/var/lib/misc")
    draft.add("groups", gid=117, gid_signed=117, groupname="frrvty")
    draft.add("user_groups", uid=109, gid=117)
    draft.add("apt_sources", name="frr", source="/etc/apt/sources.list.d/frr.list", base_uri=f"https://deb.frrouting.org/frr frr-{frr[:frr.index('.')]}", release="bookworm",
              components=f"frr-{frr[: frr.index('.')]}", architectures="amd64")  # fmt: skip
    partner = _partner(draft, place)
    alone = int(partner.split(".")[2]) // 16 * 16 != zone_net(draft)
    leads = alone or draft.ip <= partner
    mine = [name for name in CUSTOMERS if int(digest(f"{name} {draft.identity.instance_id}", 3), 16) % 3 == 0]
    _interfaces(draft, mine, leads)
    _tunnels(draft, mine)
    _routing(draft, place, frr)
    _failover(draft, partner, leads)
    _rules(draft, mine, leads, counted=place.newest)
    _resolver(draft)
    _kernel(draft, cores, mine)
    draft.settle()
    _passing(draft, mine)
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chrony", "frr", "systemd-logind"))


def _partner(draft: Draft, place: Place) -> str:
    """Return the host that this one watches: the first other one of its zone, else of any; itself where it is alone."""
    near = [peer for peer in place.peers if int(peer.split(".")[2]) // 16 * 16 == zone_net(draft)]
    return min(near or place.peers or (draft.ip,))


def _interfaces(draft: Draft, mine: list[str], leads: bool) -> None:
    rng, zone = draft.rng, zone_net(draft)
    outside = f"10.20.{zone + 15}.{rng.randrange(5, 250)}"
    draft.add("interface_addresses", interface="ens6", address=outside, mask="255.255.255.0", broadcast=f"10.20.{zone + 15}.255", type="dhcp")  # fmt: skip
    draft.add("interface_details", interface="ens6", mac=f"0a:{rng.randrange(256):02x}:{rng.randrange(256):02x}:41:0c:7f", type=6, mtu=1500, flags=69_699)  # fmt: skip
    if leads:
        draft.add("interface_addresses", interface="ens6", address=f"10.20.{zone + 15}.254", mask="255.255.255.255")  # fmt: skip
    for place, name in enumerate(["office", *mine]):
        net = 0 if name == "office" else int(name[4:])
        draft.add("interface_addresses", interface=f"wg-{name}", address=f"10.99.{net}.{1 + zone // 16}", mask="255.255.255.0")  # fmt: skip
        draft.add("interface_details", interface=f"wg-{name}", mac="", type=65_534, mtu=1420, flags=65_745, ipackets=rng.randrange(10**8))  # fmt: skip
        draft.add("routes", destination=f"10.99.{net}.0", netmask=24, source=f"10.99.{net}.{1 + zone // 16}", interface=f"wg-{name}", metric=0, type="local")  # fmt: skip
        draft.listen(-1, 51_820 + net, "0.0.0.0", UDP)
        draft.listen(-1, 51_820 + net, "::", UDP)
        unit = f"wg-quick@wg-{name}.service"
        draft.unit(unit, f"WireGuard via wg-quick(8) for wg/{name}", sub="exited", fragment="/lib/systemd/system/wg-quick@.service")  # fmt: skip
        draft.file(f"/etc/systemd/system/multi-user.target.wants/{unit}", "wg-quick template", target="/lib/systemd/system/wg-quick@.service", changed=draft.booted + 80 + place)  # fmt: skip
        draft.file(f"/etc/wireguard/wg-{name}.conf", f"{name} on {outside}", mode="0600", changed=draft.booted + 80)  # fmt: skip
    draft.add("hash", path="/lib/systemd/system/wg-quick@.service", directory="/lib/systemd/system", sha256=digest("packaged unit wg-quick@"))  # fmt: skip
    draft.add("routes", destination="0.0.0.0", netmask=0, gateway=f"10.20.{zone + 15}.1", source=outside, interface="ens6", metric=100, type="gateway")  # fmt: skip


def _tunnels(draft: Draft, mine: list[str]) -> None:
    rng = draft.rng
    charon = service(draft, "strongswan", "/usr/sbin/charon-systemd", "/usr/sbin/charon-systemd", packaged=True, threads=17)  # fmt: skip
    for port in (500, 4500):
        for address in ("0.0.0.0", "::"):
            draft.listen(charon, port, address, UDP)
    draft.add("process_open_sockets", pid=charon, fd=9, socket=rng.randrange(20_000, 30_000), family=17, protocol=768, local_port=0, remote_port=0)  # fmt: skip
    draft.file("/etc/swanctl/conf.d/customers.conf", f"{' '.join(mine[::4])} of {draft.ip}", mode="0640", changed=draft.booted + 85)  # fmt: skip
    for name in mine[::4]:
        draft.file(f"/etc/swanctl/x509/{name}.pem", f"certificate of {name}")
    if rng.random() < 0.12:
        since = moments_ago(draft, 8)
        shell = draft.spawn("sh", "/usr/bin/dash", "/bin/sh /usr/lib/ipsec/_updown", parent=charon, unit="strongswan.service", after_boot_s=since)  # fmt: skip
        path = "/usr/sbin/xtables-nft-multi"
        draft.spawn("iptables", path, "iptables -w -I FORWARD 1 -i ens6 -m policy --dir in --pol ipsec --proto esp -j ACCEPT", parent=shell, unit="strongswan.service", after_boot_s=since)  # fmt: skip
        program(draft, path)


def _routing(draft: Draft, place: Place, version: str) -> None:
    rng = draft.rng
    draft.unit("frr.service", "FRRouting", fragment="/lib/systemd/system/frr.service")
    draft.add("hash", path="/lib/systemd/system/frr.service", directory="/lib/systemd/system", sha256=digest(f"frr unit {version}"))  # fmt: skip
    for name, options, port, user in (("watchfrr", "-d -F traditional zebra bgpd staticd bfdd", 0, "root"), ("zebra", "-d -F traditional -A 127.0.0.1 -s 90000000", 2601, "frr"),
                                      ("bgpd", "-d -F traditional -A 127.0.0.1", 2605, "frr"), ("staticd", "-d -F traditional -A 127.0.0.1", 2616, "frr"),
                                      ("bfdd", "-d -F traditional -A 127.0.0.1", 2617, "frr")):  # fmt: skip
        path = f"{FRR}/{name}"
        draft.file(path, f"frr {name} {version}", mode="0755")
        pid = draft.spawn(name, path, f"{path} {options}", user=user, unit="frr.service", threads=1 + 3 * (name in ("zebra", "bgpd")))  # fmt: skip
        if port:
            draft.listen(pid, port, "127.0.0.1")
        if name == "bfdd":
            draft.listen(pid, 3784, "0.0.0.0", UDP)
            draft.listen(pid, 4784, "0.0.0.0", UDP)
        if name == "bgpd":
            draft.listen(pid, 179)
            draft.listen(pid, 179, "::")
            for neighbour in (*TRANSIT, *rng.sample(place.peers, min(2, len(place.peers)))):
                if rng.random() < 0.5:  # who of the two called the other
                    draft.connect(pid, neighbour, 179)
                else:
                    draft.connect(pid, neighbour, draft.ephemeral(), local_port=179)
    for number in range(30):
        if rng.random() < 0.95:  # a customer's router restarts
            draft.add("routes", destination=f"172.{16 + number % 16}.{number}.0", netmask=24, gateway=rng.choice(TRANSIT), source=draft.ip, interface="ens5", metric=20, type="gateway")  # fmt: skip
    draft.file("/etc/frr/frr.conf", f"router-id {draft.ip}", mode="0640", uid=109, changed=draft.booted + 90)


def _failover(draft: Draft, partner: str, leads: bool) -> None:
    path = "/usr/sbin/keepalived"
    main = service(draft, "keepalived", path, f"{path} --dont-fork", packaged=True)
    child = draft.spawn("keepalived_vrrp", path, f"{path} --dont-fork", parent=main, unit="keepalived.service")  # fmt: skip
    for fd in (11, 12):
        draft.add("process_open_sockets", pid=child, fd=fd, socket=draft.rng.randrange(20_000, 30_000), family=2, protocol=112, local_address=draft.ip,
                  local_port=0, remote_address=partner, remote_port=0, net_namespace="4026531840")  # fmt: skip
    draft.file("/etc/keepalived/keepalived.conf", f"unicast {draft.ip} {partner}", changed=draft.booted + 90)
    draft.file("/etc/keepalived/takeover.sh", "route tables and address follow the leader", mode="0755")
    sync = service(draft, "conntrackd", "/usr/sbin/conntrackd", "/usr/sbin/conntrackd", packaged=True)
    draft.listen(sync, 3780, draft.ip, UDP)
    draft.add("etc_hosts", address=partner, hostnames="partner")
    if leads:
        draft.file("/run/keepalived.leader", "leader", changed=draft.now - draft.rng.randrange(9_000, 20_000))


def _rules(draft: Draft, mine: list[str], leads: bool, *, counted: bool) -> None:
    rng = draft.rng

    def rule(table: str, chain: str, target: str, *, source: str = "0.0.0.0", mask: str = "0.0.0.0", into: str = "all", out: str = "all",
             protocol: int = 0, port: str = "", match: str = "no") -> None:  # fmt: skip
        draft.add("iptables", filter_name=table, chain=chain, policy="DROP" if chain in ("INPUT", "FORWARD") else "ACCEPT", target=target, protocol=protocol, src_ip=source, src_mask=mask,
                  dst_ip="0.0.0.0", dst_mask="0.0.0.0", dst_port=port, iniface=into, outiface=out, match=match, packets=rng.randrange(10**7), bytes=rng.randrange(10**9))  # fmt: skip

    for chain in ("INPUT", "FORWARD"):
        rule("filter", chain, "ACCEPT", match="yes")
    for port in ("22", "179", "9100"):
        rule("filter", "INPUT", "ACCEPT", source="10.20.0.0", mask="255.255.0.0", protocol=6, port=port)
    for port in ("500", "4500", "51820:51844"):
        rule("filter", "INPUT", "ACCEPT", into="ens6", protocol=17, port=port)
    rule("nat", "POSTROUTING", "MASQUERADE", source="10.20.0.0", mask="255.255.0.0", out="ens6")
    if leads:
        rule("nat", "POSTROUTING", "SNAT", source="10.30.0.0", mask="255.255.0.0", out="ens6")
    for name in mine:
        rule("filter", "FORWARD", f"from-{name}", into=f"wg-{name}", out="ens5")
        rule("filter", f"from-{name}", "ACCEPT", protocol=6, port="443")
        rule("mangle", "FORWARD", "TCPMSS", out=f"wg-{name}", protocol=6)
    for name in mine[::4]:
        for into, out in (("ens6", "all"), ("all", "ens6")):
            rule("filter", "FORWARD", "ACCEPT", source=f"172.{16 + int(name[4:]) % 16}.0.0", mask="255.255.0.0", into=into, out=out, match="yes")  # fmt: skip
    if counted:
        for chain in ("INPUT", "FORWARD"):
            rule("filter", chain, "NFLOG", match="yes")
    draft.file("/etc/iptables/rules.v4", f"{' '.join(mine)} {leads}", mode="0640", changed=draft.booted + 95)


def _resolver(draft: Draft) -> None:
    dns = service(draft, "dnsmasq", "/usr/sbin/dnsmasq", "/usr/sbin/dnsmasq -x /run/dnsmasq/dnsmasq.pid -u dnsmasq -7 /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new --local-service",
                  user="dnsmasq", packaged=True)  # fmt: skip
    for protocol in ("6", UDP):
        draft.listen(dns, 53, f"10.99.0.{1 + zone_net(draft) // 16}", protocol)
        draft.listen(dns, 53, "127.0.0.1", protocol)
    for _ in range(draft.rng.randrange(4)):
        draft.listen(dns, draft.rng.randrange(1_024, 65_536), "0.0.0.0", UDP)
    draft.file("/etc/init.d/dnsmasq", mode="0755")


def _kernel(draft: Draft, cores: int, mine: list[str]) -> None:
    modules(draft, "wireguard", "libchacha20poly1305", "curve25519_x86_64", "udp_tunnel", "ip6_udp_tunnel", "nf_nat", "xt_MASQUERADE", "xt_policy", "xt_TCPMSS", "xt_conntrack",
            "nf_conntrack_netlink", "ip_set", "ip_set_hash_net", "xfrm_user", "xfrm_algo", "esp4", "xt_nat", "nfnetlink_log")  # fmt: skip
    for name, value in (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"), ("net.ipv4.conf.all.rp_filter", "0"), ("net.ipv4.conf.all.send_redirects", "0"),
                        ("net.netfilter.nf_conntrack_max", str(262_144 * cores))):  # fmt: skip
        control(draft, name, value)
    draft.file("/etc/sysctl.d/60-gateway.conf", "forwarding")
    draft.file("/etc/modules-load.d/gateway.conf", "wireguard")
    taken = {row["pid"] for row in draft.tables["processes"]}
    free = (pid for pid in range(1_200, 9_000) if str(pid) not in taken)
    for name in ("office", *mine):
        draft.kernel_thread(f"wg-crypt-wg-{name}"[:15], next(free))
    for core in range(cores):
        draft.kernel_thread(f"kworker/{core}:{draft.rng.randrange(5)}-wg-crypt-wg-office", next(free))


def _passing(draft: Draft, mine: list[str]) -> None:
    """Add what runs for moments: peers fetched anew, a health check, somebody who looks at packets."""
    rng = draft.rng
    draft.file("/usr/local/sbin/wg-sync", "peers from the store of the company", mode="0755")
    draft.cron("/etc/cron.d/wg-sync", f"{int(digest(draft.identity.instance_id, 4), 16) % 5}-59/5 * * * *", "root /usr/local/sbin/wg-sync --region eu-west-1")  # fmt: skip
    draft.file("/etc/cron.d/wg-sync", f"schedule of {draft.identity.instance_id}", changed=draft.booted + 90)
    if rng.random() < 0.08:
        since = moments_ago(draft, 9)
        cron = draft.spawn("cron", "/usr/sbin/cron", "/usr/sbin/CRON -f", parent=draft.pid_of("cron"), unit="cron.service", after_boot_s=since)  # fmt: skip
        shell = draft.spawn("wg-sync", "/usr/bin/bash", "/bin/bash /usr/local/sbin/wg-sync --region eu-west-1", parent=cron, unit="cron.service", after_boot_s=since)  # fmt: skip
        aws = draft.spawn("aws", "/usr/bin/python3.11", f"/usr/bin/python3 /usr/bin/aws s3 cp s3://example-gateway/peers/{rng.choice(mine or ['office'])}.json -", parent=shell, unit="cron.service", after_boot_s=since)  # fmt: skip
        draft.connect(aws, f"198.51.100.{rng.randrange(230, 240)}", 443)
    if rng.random() < 0.3:
        check = draft.spawn("check-transit", "/usr/bin/dash", "/bin/sh /etc/keepalived/check-transit", parent=draft.pid_of("keepalived_vrrp"), unit="keepalived.service", after_boot_s=moments_ago(draft, 4))  # fmt: skip
        draft.spawn("ping", "/usr/bin/ping", f"ping -q -c 2 -W 1 {rng.choice(TRANSIT)}", parent=check, unit="keepalived.service", after_boot_s=draft.now - draft.booted - 1)  # fmt: skip
        program(draft, "/usr/bin/ping")
    draft.file("/etc/keepalived/check-transit", "ping the transit", mode="0755")
