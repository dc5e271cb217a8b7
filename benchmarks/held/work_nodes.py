"""What does a node of a cluster do, where other pods run on each host, and what a runner of builds?"""

from __future__ import annotations

import random
import uuid

from benchmarks.known.work_common import as_ubuntu, lay_agents
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import DATABASE, Place, bring_updates

PODS = (
    ("checkout", "/app/checkout", "java", 8080), ("search", "/usr/local/bin/node", "node server.js", 3000), ("mailer", "/app/mailer", "mailer --queue mail", 8081),
    ("recommend", "/usr/local/bin/python3.12", "python -m uvicorn app:api --port 8000", 8000), ("gateway", "/usr/local/bin/envoy", "envoy -c /etc/envoy.yaml", 10_000),
    ("reports", "/app/reports", "reports", 8085), ("flags", "/bin/flagd", "flagd start", 8013), ("nightly", "/bin/sh", "sh -c ./job.sh", 0),
)  # fmt: skip
"""Name, program, command line and port of what may run on any node; not every node has each."""

CHAINS = 40
"""Services whose rules kube-proxy writes on each node."""


def lay_node(draft: Draft, place: Place) -> None:
    """Add kubelet, its network, the cluster's own pods, and some of the applications."""
    rng, ip = draft.rng, draft.ip
    version = "1.31.7" if place.newest else "1.30.11"
    bring_updates(draft, "amazon", place)
    package(draft, "kubelet", version, "eks")
    package(draft, "containerd", "1.7.27", "1.amzn2023.0.1")
    package(draft, "runc", "1.2.6", "1.amzn2023.0.1")
    lay_agents(draft, newest=place.newest)
    runtime = service(draft, "containerd", "/usr/bin/containerd", "/usr/bin/containerd", packaged=True, threads=40)  # fmt: skip
    draft.listen(runtime, draft.ephemeral(), "127.0.0.1")
    kubelet = service(
        draft, "kubelet", "/usr/bin/kubelet",
        f"/usr/bin/kubelet --node-ip={ip} --node-labels=eks.amazonaws.com/nodegroup=held --hostname-override={draft.identity.hostname} --config=/etc/kubernetes/kubelet/config.json --cloud-provider=external",
        binary=version, threads=22,
    )  # fmt: skip
    draft.file("/etc/systemd/system/kubelet.service.d/10-kubelet-args.conf", f"args {ip} {version}")
    for port, address in ((10250, "::"), (10248, "127.0.0.1")):
        draft.listen(kubelet, port, address)
    for _ in range(2):
        draft.connect(kubelet, f"10.20.60.{rng.choice((10, 11))}", 443)
    for name, path, line in (("kube-proxy", "/usr/local/bin/kube-proxy", "kube-proxy --v=2 --config=/var/lib/kube-proxy-config/config"),
                             ("aws-k8s-agent", "/app/aws-k8s-agent", "/app/aws-k8s-agent"),
                             ("aws-ebs-csi-dr", "/bin/aws-ebs-csi-driver", "/bin/aws-ebs-csi-driver node --endpoint=unix:/csi/csi.sock")):  # fmt: skip
        pid = _pod(draft, name, path, line, "kube-system")
        if name == "kube-proxy":
            draft.listen(pid, 10256, "::")
            draft.listen(pid, 10249, "127.0.0.1")
            draft.connect(pid, "10.20.60.10", 443)
        elif name == "aws-k8s-agent":
            draft.listen(pid, 61679, "127.0.0.1")
            draft.listen(pid, 50051, "127.0.0.1")
    for name, path, line, port in rng.sample(PODS, rng.randrange(3, len(PODS) + 1)):
        for _ in range(rng.choice((1, 1, 2, 3)) if port else 1):
            pid = _pod(draft, name, path, line, "default")
            if port and rng.random() < 0.7:
                draft.connect(pid, rng.choice((DATABASE, "10.20.41.22", f"198.51.100.{rng.randrange(60, 70)}")), rng.choice((5432, 6379, 443)))  # fmt: skip
    if rng.random() < 0.4:
        claim = f"/var/lib/kubelet/pods/{_uuid(rng)}/volumes/kubernetes.io~csi/pvc-{_uuid(rng)}/mount"
        draft.add("mounts", device="/dev/nvme1n1", device_alias="/dev/nvme1n1", path=claim, type="ext4", flags="rw,relatime")  # fmt: skip
    _rules(draft)
    for name in ("veth", "bridge", "br_netfilter", "ip_set", "ip_set_hash_net", "xt_mark", "xt_comment", "xt_set", "xt_statistic", "nf_nat", "xt_nat", "xt_MASQUERADE", "vxlan"):  # fmt: skip
        draft.add("kernel_modules", name=name, size=16_384, used_by="-", status="Live", address="0x0")
    for row in draft.tables["system_controls"]:
        if row["name"] == "net.ipv4.ip_forward":
            row["current_value"] = "1"
    draft.add("system_controls", name="vm.overcommit_memory", subsystem="vm", current_value=1, type="string")
    lay_temporary_files(draft, ("chronyd", "dbus-broker"))


def _pod(draft: Draft, name: str, path: str, line: str, space: str) -> int:
    rng = draft.rng
    identifier, pod = f"{rng.getrandbits(256):064x}", _uuid(rng).replace("-", "_")
    scope = f"kubepods-burstable-pod{pod}.slice/cri-containerd-{identifier}.scope"
    shim = draft.spawn(
        "containerd-shim", "/usr/bin/containerd-shim-runc-v2",
        f"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {identifier} -address /run/containerd/containerd.sock", threads=12,
    )  # fmt: skip
    draft.spawn("pause", "/pause", "/pause", parent=shim, unit=scope, on_disk=0)
    draft.add("mounts", device="shm", device_alias="shm", path=f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{identifier}/shm", type="tmpfs", flags="rw")  # fmt: skip
    draft.add("mounts", device="tmpfs", device_alias="tmpfs", path=f"/var/lib/kubelet/pods/{pod}/volumes/kubernetes.io~projected/kube-api-access-{rng.getrandbits(20):05x}", type="tmpfs", flags="rw,relatime,size=512000k")  # fmt: skip
    draft.add("interface_details", interface=f"eni{rng.getrandbits(44):011x}", mac="aa:00:00:00:00:01", type=6, mtu=9001, flags=69699)  # fmt: skip
    return draft.spawn(name, path, line, parent=shim, unit=scope, on_disk=0, threads=9)


def _rules(draft: Draft) -> None:
    for number in range(CHAINS):
        service_chain = f"KUBE-SVC-{digest(f'services {number}', 16).upper()}"
        if draft.rng.random() < 0.02:
            continue  # kube-proxy is a moment behind
        draft.add("iptables", filter_name="nat", chain=service_chain, policy="", target=f"KUBE-SEP-{digest(f'services end {number}', 16).upper()}",
                  protocol=0, src_ip="0.0.0.0", src_mask="0.0.0.0", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match="yes",
                  packets=draft.rng.randrange(9999), bytes=draft.rng.randrange(99_999))  # fmt: skip


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


JOBS = (
    ("make", "/usr/bin/make", "make -j4 test"), ("cc1plus", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "cc1plus -quiet -I src src/core.cc -o /tmp/cc{n}.s"),
    ("node", "/opt/hostedtoolcache/node/20.18.1/x64/bin/node", "node /home/runner/work/shop/node_modules/.bin/jest --ci"),
    ("java", "/opt/hostedtoolcache/Java_Temurin/17.0.13/x64/bin/java", "java -classpath /opt/maven/boot/plexus.jar org.codehaus.plexus.classworlds.launcher.Launcher -B verify"),
    ("python", "/opt/hostedtoolcache/Python/3.12.8/x64/bin/python3.12", "python -m pytest -q --junitxml=/tmp/junit-{n}.xml"),
    ("go", "/opt/hostedtoolcache/go/1.23.4/x64/bin/go", "go test ./..."), ("docker-buildx", "/usr/libexec/docker/cli-plugins/docker-buildx", "docker-buildx build -t app:{n} ."),
    ("git", "/usr/bin/git", "git -c protocol.version=2 fetch --depth=1 origin +{n}:refs/remotes/pull/{n}/merge"),
)  # fmt: skip
"""Name, program and command line of what a build may run at this moment."""


def lay_runner(draft: Draft, place: Place) -> None:
    """Add a runner of builds, what the last builds left, and in most cases a build."""
    rng = draft.rng
    bring_updates(draft, "debian", place)
    as_ubuntu(draft)
    lay_agents(draft, newest=place.newest)
    version = "2.321.0" if place.newest else "2.320.1"
    for name, release in (("docker-ce", "27.3.1"), ("build-essential", "12.9"), ("g++-12", "12.2.0"), ("cmake", "3.25.1")):  # fmt: skip
        package(draft, name, release)
    draft.user("runner", 1010, "/home/runner", "/bin/bash")
    draft.add("groups", gid=1010, gid_signed=1010, groupname="runner")
    draft.add("user_groups", uid=1010, gid=996)
    draft.add("sudoers", source="/etc/sudoers.d/runner", header="runner", rule_details="ALL=(ALL) NOPASSWD:ALL")  # fmt: skip
    draft.file("/etc/sudoers.d/runner", mode="0440")
    unit = "actions.runner.example-shop.service"
    path = "/opt/actions-runner/bin/Runner.Listener"
    listener = service(draft, unit.removesuffix(".service"), path, f"{path} run --startuptype service", user="runner", binary=version, threads=20)  # fmt: skip
    draft.connect(listener, f"198.51.100.{rng.randrange(160, 170)}", 443)
    service(draft, "docker", "/usr/bin/dockerd", "/usr/bin/dockerd -H fd://", packaged=True, threads=14)
    for tool in ("node", "npm", "python3.12", "go", "java", "mvn"):
        draft.file(f"/opt/{tool}/bin/{tool}", f"tool {tool} {place.newest}", mode="0755")
    for name in ("typescript", "eslint", "yarn", "lerna"):
        draft.add("npm_packages", name=name, version="5.6.3", directory="/usr/lib/node_modules", path=f"/usr/lib/node_modules/{name}/package.json")  # fmt: skip
    folder = "/home/runner/.local/lib/python3.11/site-packages"
    for name in rng.sample(("black", "tox", "poetry", "numpy", "pandas", "boto3", "moto", "ruff", "cffi"), rng.randrange(2, 9)):  # fmt: skip
        release = f"{rng.randrange(1, 4)}.{rng.randrange(3)}"
        draft.add("python_packages", name=name, version=release, path=f"{folder}/{name}", directory=folder)
        draft.file(f"/home/runner/.local/bin/{name}", f"{name} {release}", mode="0755", uid=1010)
    for _ in range(rng.randrange(12)):
        where = rng.choice((f"/tmp/go-build{rng.getrandbits(30)}/b001/exe/main", f"/tmp/rustc{rng.getrandbits(24):x}/build-script", f"/tmp/tmp.{rng.getrandbits(40):x}/run.sh"))  # fmt: skip
        draft.file(where, str(rng.random()), mode="0755", uid=1010, changed=draft.now - rng.randrange(80_000))
    draft.settle()
    if rng.random() < 0.75:
        _build(draft, listener)
    lay_temporary_files(draft, ("chrony", "systemd-logind"))


def _build(draft: Draft, listener: int) -> None:
    rng = draft.rng
    since = draft.now - draft.booted - rng.randrange(20, 900)
    path = "/opt/actions-runner/bin/Runner.Worker"
    worker = draft.spawn("Runner.Worker", path, f"{path} spawnclient {rng.randrange(90, 200)} {rng.randrange(90, 200)}", user="runner", parent=listener, after_boot_s=since)  # fmt: skip
    script = f"/home/runner/work/_temp/{_uuid(rng)}.sh"
    shell = draft.spawn("bash", "/usr/bin/bash", f"/usr/bin/bash -e {script}", user="runner", parent=worker, cwd="/home/runner/work/shop", after_boot_s=since)  # fmt: skip
    for name, program, line in rng.sample(JOBS, rng.randrange(1, 4)):
        pid = draft.spawn(name, program, line.format(n=rng.randrange(10_000)), user="runner", parent=shell, cwd="/home/runner/work/shop", after_boot_s=since + 5)  # fmt: skip
        if rng.random() < 0.4:
            draft.connect(pid, f"198.51.100.{rng.randrange(170, 190)}", 443)
        if rng.random() < 0.3:
            draft.listen(pid, draft.ephemeral(), "127.0.0.1")
    if rng.random() < 0.4:
        identifier = f"{rng.getrandbits(256):064x}"
        draft.add("docker_containers", id=identifier, name=f"/{rng.getrandbits(128):032x}_postgres15_{rng.getrandbits(24):06x}", image="postgres:15",
                  image_id="sha256:" + digest("postgres:15"), command="docker-entrypoint.sh postgres", created=draft.now - 300, state="running",
                  status="Up 4 minutes", pid=1, path="docker-entrypoint.sh", privileged=0, readonly_rootfs=0, pid_namespace=4_026_532_500, net_namespace=4_026_532_501)  # fmt: skip
