"""What does a worker of a Kubernetes cluster do: the pods that the scheduler put there, and rules that are the same on all workers?"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.known.work_cluster import BROUGHT_EVERYWHERE, JOBS, SERVICES, Container, Deployment
from benchmarks.known.work_estate import control, lay_size, lay_upkeep, modules, moments_ago, program
from bot.sandbox.fleet.draft import TCP, UDP, Draft, Row, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

API = ("10.20.18.77", "10.20.34.140")
"""Where the control plane has its own interfaces in the company's network."""
SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of the names that the cluster makes up."""
SHIM = "/usr/bin/containerd-shim-runc-v2"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a service: where it runs and under which address."""

    work: Deployment
    node: str
    address: str
    name: str


def lay_kubernetes(draft: Draft, place: Place) -> None:
    """Add containerd, kubelet, what runs on every worker, and those pods of the cluster's services that are here.

    A newer template brings another kubelet and containerd. Jobs come and go; a third of the workers run one now.
    """
    rng = draft.rng
    bring_updates(draft, "amazon", place)
    lay_size(draft)
    kubelet_version, containerd = ("1.31.7", "1.7.28") if place.newest else ("1.31.4", "1.7.27")
    for name, version in (("containerd", containerd), ("runc", "1.2.6"), ("ecr-credential-provider", kubelet_version), ("iptables-nft", "1.8.8"), ("ipset", "7.11"),
                          ("conntrack-tools", "1.4.6"), ("ethtool", "5.15"), ("nfs-utils", "2.5.4"), ("socat", "1.7.4.2")):  # fmt: skip
        package(draft, name, version, "1.amzn2023.0.1")
    nodes = sorted({draft.ip, *place.peers})
    pods = _schedule(nodes)
    kubelet = _node(draft, kubelet_version, containerd)
    for work in BROUGHT_EVERYWHERE:
        _pod(draft, kubelet, work, draft.ip if work.host_network else _address(rng, draft.ip), f"{work.name}-{_suffix(rng)}", pods, early=True)  # fmt: skip
    draft.settle()
    for pod in pods:
        if pod.node == draft.ip:
            _pod(draft, kubelet, pod.work, pod.address, pod.name, pods)
    if rng.random() < 0.35:
        job = rng.choice(JOBS)
        name = f"{job.name}-{29_545_000 + rng.randrange(900)}-{_suffix(rng)}"
        _pod(draft, kubelet, job, _address(rng, draft.ip), name, pods, brief=True)
    _rules(draft, pods)
    modules(draft, "br_netfilter", "bridge", "veth", "overlay", "ip_set", "nf_nat", "nf_conntrack_netlink", "xt_comment", "xt_mark", "xt_statistic", "xt_MASQUERADE", "xt_nat",
            "xt_connmark", "xt_addrtype", "nft_compat", "nfnetlink")  # fmt: skip
    for key, value in (("net.ipv4.ip_forward", "1"), ("net.ipv4.conf.all.rp_filter", "0"), ("kernel.panic", "10"), ("vm.overcommit_memory", "1"), ("net.ipv4.conf.all.route_localnet", "0")):  # fmt: skip
        control(draft, key, value)
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "systemd-logind"))


def _suffix(rng: random.Random, length: int = 5) -> str:
    return "".join(rng.choices(SAFE, k=length))


def _address(rng: random.Random, node: str) -> str:
    zone = int(node.split(".")[2]) // 16 * 16
    return f"10.20.{zone + rng.randrange(4)}.{rng.randrange(4, 250)}"


def _uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _schedule(nodes: list[str]) -> list[Pod]:
    """Return the pods of all services, the same whichever worker asks: spread by chance, so some workers have several."""
    rng, pods = random.Random(" ".join(nodes)), []
    taken = set(nodes)
    for work in SERVICES:
        template = _suffix(rng, 10)
        older = _suffix(rng, 10) if rng.random() < 0.15 else template  # a rollout is under way
        for number in range(min(14, max(work.at_least, round(work.for_each_node * len(nodes))))):
            node = rng.choice(nodes)
            address = _address(rng, node)
            while address in taken:
                address = _address(rng, node)
            taken.add(address)
            owner = template if number % 2 else older
            name = f"{work.name}-{number}" if work.disk_gib else f"{work.name}-{owner}-{_suffix(rng)}"
            pods.append(Pod(work, node, address, name))
    return pods


def _node(draft: Draft, version: str, containerd: str) -> int:
    """Add what runs on the worker itself; return the kubelet's pid."""
    rng, identity = draft.rng, draft.identity
    engine = service(draft, "containerd", "/usr/bin/containerd", "/usr/bin/containerd", packaged=True, binary=containerd, threads=rng.randrange(14, 30))  # fmt: skip
    draft.listen(engine, draft.ephemeral(), "127.0.0.1")
    for name, content in ((SHIM, containerd), ("/usr/bin/nodeadm", version), ("/usr/bin/aws-iam-authenticator", version), ("/etc/eks/image-credential-provider/ecr-credential-provider", version)):  # fmt: skip
        draft.file(name, f"{name} {content}", mode="0755")
    for unit in ("nodeadm-config", "nodeadm-run"):
        draft.unit(
            f"{unit}.service", f"EKS {unit}", sub="exited", fragment=f"/etc/systemd/system/{unit}.service"
        )
        draft.file(f"/etc/systemd/system/{unit}.service", f"{unit} {version}")
    taints = " --register-with-taints=" if rng.random() < 0.03 else ""
    kubelet = service(
        draft, "kubelet", "/usr/bin/kubelet",
        f"/usr/bin/kubelet --cloud-provider=external --hostname-override={identity.hostname} --node-ip={draft.ip} --config=/etc/kubernetes/kubelet/config.json"
        " --config-dir=/etc/kubernetes/kubelet/config.json.d --kubeconfig=/var/lib/kubelet/kubeconfig --image-credential-provider-bin-dir=/etc/eks/image-credential-provider"
        f" --node-labels=eks.amazonaws.com/nodegroup-image={identity.image_id},eks.amazonaws.com/capacityType=ON_DEMAND,eks.amazonaws.com/nodegroup=general{taints}",
        binary=version, threads=rng.randrange(13, 22),
    )  # fmt: skip
    draft.listen(kubelet, 10250, "::")
    draft.listen(kubelet, 10248, "127.0.0.1")
    for _ in range(rng.randrange(1, 3)):
        draft.connect(kubelet, rng.choice(API), 443)
    metrics = service(draft, "node_exporter", "/usr/local/bin/node_exporter", "/usr/local/bin/node_exporter --web.listen-address=:9100 --collector.systemd", user="metrics", binary="1.9.0", threads=6)  # fmt: skip
    draft.listen(metrics, 9100, "::")
    for _ in range(rng.randrange(3)):
        draft.connect(metrics, _address(rng, rng.choice((draft.ip, "10.20.18.1"))), draft.ephemeral(), local_port=9100)  # fmt: skip
    for path, content in (("/etc/kubernetes/kubelet/config.json", f"kubelet {version}"), ("/etc/kubernetes/kubelet/config.json.d/40-nodeadm.conf", f"maxPods {identity.instance_type}"),
                          ("/var/lib/kubelet/kubeconfig", "cluster"), ("/etc/containerd/config.toml", "containerd"), ("/etc/cni/net.d/10-aws.conflist", "aws-cni"),
                          ("/etc/eks/kubelet/environment", f"node {draft.ip}"), ("/etc/sysctl.d/99-kubernetes-cni.conf", "cni")):  # fmt: skip
        draft.file(path, content, changed=draft.booted + 25)
    for name in ("aws-cni", "egress-cni", "bandwidth", "host-local", "loopback", "portmap", "static"):
        draft.file(f"/opt/cni/bin/{name}", f"cni {name} 1.19.3", mode="0755", changed=draft.booted + 60)
    stamp = f"2026-02-{rng.randrange(10, 28)}-{rng.randrange(10, 23)}-{rng.randrange(10, 59)}-{rng.randrange(10, 59)}"
    draft.file(f"/var/lib/kubelet/pki/kubelet-server-{stamp}.pem", f"certificate of {draft.ip}", mode="0600", changed=draft.booted + 40)  # fmt: skip
    draft.add("certificates", common_name=f"system:node:{identity.hostname}", subject=f"system:nodes, system:node:{identity.hostname}", issuer="kubernetes", ca=0, self_signed=0,
              sha1=digest(f"kubelet {identity.instance_id}", 40), path=f"/var/lib/kubelet/pki/kubelet-server-{stamp}.pem", serial=digest(stamp, 32))  # fmt: skip
    return kubelet


def _pod(draft: Draft, kubelet: int, work: Deployment, address: str, name: str, pods: list[Pod], *, early: bool = False, brief: bool = False) -> None:  # fmt: skip
    """Start a pod: its shim, its pause, its containers, with mounts, an interface, units of systemd and sockets."""
    rng, up_s = draft.rng, draft.now - draft.booted
    since = (
        moments_ago(draft, 200)
        if brief
        else rng.randrange(58, 110)
        if early
        else rng.randrange(120, up_s - 60)
    )
    uid, sandbox = _uuid(rng), f"{rng.getrandbits(256):064x}"
    folder, slice_ = (
        f"/var/lib/kubelet/pods/{uid}",
        f"kubepods-{work.quality}-pod{uid.replace('-', '_')}.slice",
    )
    shim = draft.spawn("containerd-shim", SHIM, f"{SHIM} -namespace k8s.io -id {sandbox} -address /run/containerd/containerd.sock", unit="containerd.service",
                       after_boot_s=since, threads=rng.randrange(11, 14))  # fmt: skip
    space = "4026531840" if work.host_network else str(4_026_532_200 + rng.randrange(90_000))
    cgroup = f"/kubepods.slice/kubepods-{work.quality}.slice/{slice_}"
    _inside(draft, Container("pause", "/pause", "/pause", 65_535), shim, sandbox, cgroup, since)
    _mount(
        draft,
        "tmpfs",
        f"{folder}/volumes/kubernetes.io~projected/kube-api-access-{_suffix(rng)}",
        "tmpfs",
        "rw,relatime,size=524288k",
    )
    _mount(draft, "shm", f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{sandbox}/shm", "tmpfs", "rw,nosuid,nodev,noexec,relatime,size=65536k")  # fmt: skip
    draft.unit(slice_, f"libcontainer container {slice_}", sub="active", state="transient", fragment=f"/run/systemd/transient/{slice_}")  # fmt: skip
    draft.file(f"/run/systemd/transient/{slice_}", f"slice {slice_}", changed=draft.booted + since)
    if not work.host_network:
        _interface(draft, name, address)
    if work.disk_gib:
        _disk(draft, work, folder)
    for container in work.containers:
        identifier = f"{rng.getrandbits(256):064x}"
        pid = _inside(draft, container, shim, identifier, cgroup, since + 2)
        for port in container.ports:
            protocol = UDP if port == 53 else TCP
            _within(draft, space, partial(draft.listen, pid, port, "127.0.0.1" if port in container.local else "::", protocol))  # fmt: skip
        for target, port in container.talks_to:
            for _ in range(rng.choice((0, 1, 1, 2))):
                there = _target(rng, target, pods)
                _within(draft, space, partial(draft.connect, pid, there, port, local=address))  # fmt: skip
        others = [pod.address for pod in pods if container.ports and pod.address != address]
        for other in rng.sample(others, min(len(others), rng.randrange(3)) if not work.host_network else 0):
            _within(draft, space, partial(draft.connect, pid, other, draft.ephemeral(), local_port=container.ports[0], local=address))  # fmt: skip
        if container.ports and not early and rng.random() < 0.15:
            draft.connect(kubelet, address, container.ports[0])
        if container.passing and rng.random() < 0.1:
            path, line = rng.choice(container.passing)
            draft.spawn(path.rpartition("/")[2], path, line, user=f"pod{container.uid}", parent=pid, unit="x", after_boot_s=up_s - 1, on_disk=0)  # fmt: skip
            draft.tables["processes"][-1]["cgroup_path"] = f"{cgroup}/cri-containerd-{identifier}.scope"


def _inside(draft: Draft, container: Container, shim: int, identifier: str, cgroup: str, since: int) -> int:
    """Start a container's first process and those that it forks; the host has no file at their paths."""
    user, scope = f"pod{container.uid}", f"cri-containerd-{identifier}.scope"
    draft._uids[user] = container.uid
    layers = f"rw,relatime,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/{draft.rng.randrange(9, 900)}/fs"
    root = "sandboxes" if container.name == "pause" else "containers"
    _mount(
        draft,
        "overlay",
        f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{identifier}/rootfs",
        "overlay",
        layers,
    )
    draft.unit(scope, f"libcontainer container {identifier}", state="transient", fragment=f"/run/systemd/transient/{scope}")  # fmt: skip
    draft.file(f"/run/systemd/transient/{scope}", f"{root} {identifier}", changed=draft.booted + since)
    first = draft.spawn(container.name, container.path, container.line, user=user, parent=shim, cwd=container.cwd, after_boot_s=since, on_disk=0, threads=container.threads)  # fmt: skip
    draft.tables["processes"][-1]["cgroup_path"] = f"{cgroup}/{scope}"
    for _ in range(draft.rng.choice(container.forks)):
        draft.spawn(container.fork_name or container.name, container.fork_path or container.path, container.fork_line or container.line, user=user, parent=first, cwd=container.cwd, after_boot_s=since + 1, on_disk=0)  # fmt: skip
        draft.tables["processes"][-1]["cgroup_path"] = f"{cgroup}/{scope}"
    return first


def _within(draft: Draft, space: str, act: Callable[[], None]) -> None:
    """Do something with sockets, and let them be of a pod's own network."""
    before = {table: len(draft.tables[table]) for table in ("listening_ports", "process_open_sockets")}
    act()
    for table, count in before.items():
        for row in draft.tables[table][count:]:
            row["net_namespace"] = space


def _target(rng: random.Random, name: str, pods: list[Pod]) -> str:
    """Return an address of what is named: an address itself, with a choice of last numbers, or a pod of a service."""
    if name[0].isdigit():
        return name.replace("*", str(rng.randrange(10, 200)))
    return rng.choice([pod.address for pod in pods if pod.work.name == name])


def _mount(draft: Draft, device: str, path: str, kind: str, flags: str) -> None:
    draft.add("mounts", device=device, device_alias=device, path=path, type=kind, flags=flags)
    unit = path.strip("/").replace("-", "\\x2d").replace("~", "\\x7e").replace("/", "-")
    draft.unit(f"{unit}.mount", path, sub="mounted", state="", fragment="/proc/self/mountinfo")


def _interface(draft: Draft, name: str, address: str) -> None:
    interface = f"eni{digest(name, 11)}"
    mac = ":".join(f"{draft.rng.randrange(256) & 0xFE:02x}" for _ in range(6))
    draft.add("interface_details", interface=interface, mac=mac, type=6, mtu=9001, flags=69_699, ipackets=draft.rng.randrange(10**7))  # fmt: skip
    draft.add("interface_addresses", interface=interface, address=f"fe80::{mac[:5].replace(':', '')}:{mac[6:11].replace(':', '')}%{interface}", mask="ffff:ffff:ffff:ffff::")  # fmt: skip
    draft.add("routes", destination=address, netmask=32, interface=interface, metric=0, type="gateway")
    _mount(draft, "nsfs", f"/run/netns/cni-{_uuid(draft.rng)}", "nsfs", "rw")


def _disk(draft: Draft, work: Deployment, folder: str) -> None:
    """Attach the volume that a pod with a state claims, wherever it runs."""
    volume, device = f"pvc-{_uuid(draft.rng)}", f"/dev/nvme{draft.rng.randrange(1, 5)}n1"
    globally = f"/var/lib/kubelet/plugins/kubernetes.io/csi/ebs.csi.aws.com/{digest(volume)}/globalmount"
    for path in (globally, f"{folder}/volumes/kubernetes.io~csi/{volume}/mount"):
        _mount(draft, device, path, "ext4", "rw,relatime,seclabel")


def _rules(draft: Draft, pods: list[Pod]) -> None:
    """Add what kube-proxy and the network plugin wrote: alike on all workers, but for one's own address and a moment's lag."""
    rng = draft.rng

    def rule(table: str, chain: str, target: str, *, match: str = "yes", **more: object) -> Row:
        builtin = chain in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
        usual = dict.fromkeys(("src_ip", "src_mask", "dst_ip", "dst_mask"), "0.0.0.0")
        return draft.add("iptables", filter_name=table, chain=chain, policy="ACCEPT" if builtin else "", target=target, match=match, packets=rng.randrange(10**6), bytes=rng.randrange(10**8),
                         **{"protocol": 0, "iniface": "all", "outiface": "all", **usual, **more})  # fmt: skip

    for table, chain, target in (("nat", "PREROUTING", "KUBE-SERVICES"), ("nat", "OUTPUT", "KUBE-SERVICES"), ("nat", "POSTROUTING", "KUBE-POSTROUTING"), ("nat", "POSTROUTING", "AWS-SNAT-CHAIN-0"),
                                 ("filter", "INPUT", "KUBE-FIREWALL"), ("filter", "OUTPUT", "KUBE-FIREWALL"), ("filter", "FORWARD", "KUBE-FORWARD"), ("filter", "INPUT", "KUBE-NODEPORTS"),
                                 ("nat", "KUBE-MARK-MASQ", "MARK"), ("nat", "KUBE-POSTROUTING", "MASQUERADE"), ("mangle", "PREROUTING", "CONNMARK")):  # fmt: skip
        rule(table, chain, target)
    rule("nat", "AWS-SNAT-CHAIN-0", "RETURN", dst_ip="10.20.0.0", dst_mask="255.255.0.0")
    rule("nat", "AWS-SNAT-CHAIN-0", "SNAT", outiface="!vlan+")
    late = rng.choice(pods).address if rng.random() < 0.08 else ""
    for work in SERVICES:
        chain, cluster = (
            f"KUBE-SVC-{digest(work.name, 16).upper()}",
            f"172.20.{int(digest(work.name, 2), 16)}.{int(digest(work.name, 4)[2:], 16)}",
        )
        port = work.containers[0].ports[0]
        protocol, host_mask = 17 if port == 53 else 6, "255.255.255.255"
        rule("nat", "KUBE-SERVICES", chain, protocol=protocol, dst_ip=cluster, dst_mask=host_mask, dst_port=str(port))  # fmt: skip
        if work.node_port:
            rule("nat", "KUBE-NODEPORTS", f"KUBE-EXT-{digest(work.name, 16).upper()}", protocol=6, dst_port=str(work.node_port))  # fmt: skip
        for pod in pods:
            if pod.work is work and pod.address != late:
                end = f"KUBE-SEP-{digest(f'{work.name} {pod.address}', 16).upper()}"
                rule("nat", chain, end)
                rule("nat", end, "KUBE-MARK-MASQ", src_ip=pod.address, src_mask=host_mask)
                rule("nat", end, "DNAT", protocol=protocol)
    program(draft, "/usr/sbin/xtables-nft-multi")
