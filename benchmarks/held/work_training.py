"""What does a host with accelerators do: experiments of many people in containers, for hours or for days?"""

from __future__ import annotations

import random
import uuid
from typing import NamedTuple

from benchmarks.known.work_common import as_ubuntu, lay_agents
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
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

PEOPLE = ("mara", "tobias", "yusuf", "wei", "paula", "sven", "aiko")
MOODS, THINGS = (("amber", "brisk", "calm", "daring", "eager", "fuzzy"), ("otter", "pine", "quartz", "raven", "sonata", "tundra"))  # fmt: skip
NVIDIA = ("nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm", "gdrdrv", "nvidia_fs", "efa", "ib_core", "ib_uverbs", "drm_kms_helper", "i2c_core")  # fmt: skip


class Experiment(NamedTuple):
    """What somebody may run: an image, what runs in it, with {n} for a number, and whether it spans hosts."""

    image: str
    program: str
    line: str
    wide: bool = False


EXPERIMENTS = (
    Experiment("registry.example/ml/train:24.10", "/usr/bin/python3.10", "/usr/bin/python3 -u train.py --config configs/run_{n}.yaml --wandb-id {word}", True),
    Experiment("registry.example/ml/train:24.07", "/usr/bin/python3.10", "/usr/bin/python3 -u finetune.py --lr 3e-{n} --resume latest", True),
    Experiment("nvcr.io/nvidia/pytorch:24.09-py3", "/usr/bin/python3.10", "/usr/bin/python /workspace/ablate.py --seed {n}"),
    Experiment("vllm/vllm-openai:v0.6.3", "/usr/bin/python3.12", "python3 -m vllm.entrypoints.openai.api_server --model /models/{word} --port 80{n}"),
    Experiment("registry.example/ml/notebook:6", "/opt/conda/bin/python3.11", "/opt/conda/bin/python3.11 -m jupyterlab --ip=0.0.0.0 --port=88{n} --no-browser"),
    Experiment("registry.example/ml/tokenize:2", "/usr/local/bin/tokenize", "/usr/local/bin/tokenize --shard {n} --out /data/tokens/{word}"),
)  # fmt: skip


def lay_training(draft: Draft, place: Place) -> None:
    """Add the driver and what watches it, Docker, the data's mounts, the people, and their experiments of this hour.

    A newer template brings another driver and CUDA, and by them another kernel module of the same name.
    """
    rng = draft.rng
    driver, cuda = ("560.35.05", "12-6") if place.newest else ("550.127.08", "12-4")
    branch = driver.partition(".")[0]
    bring_updates(draft, "debian", place)
    as_ubuntu(draft)
    cores = lay_size(draft)
    lay_agents(draft, newest=place.newest)
    for name, version in (
        (f"nvidia-driver-{branch}-server", driver), (f"nvidia-fabricmanager-{branch}", driver), (f"libnvidia-compute-{branch}-server", driver),
        (f"cuda-toolkit-{cuda}", f"{cuda.replace('-', '.')}.2"), ("nvidia-container-toolkit", "1.16.2"), ("datacenter-gpu-manager", "1:3.3.8"), ("docker-ce", "5:27.3.1"),
        ("containerd.io", "1.7.22"), ("libnccl2", "2.22.3"), ("dkms", "2.8.7"), ("mount-s3", "1.10.0"), ("tmux", "3.2a"), ("nvtop", "1.2.2"), ("mdadm", "4.2"),
    ):  # fmt: skip
        package(draft, name, version)
    for name, uri in (("nvidia-container-toolkit", "https://nvidia.github.io/libnvidia-container/stable/deb/amd64"), ("cuda", "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64"),
                      ("docker", "https://download.docker.com/linux/ubuntu")):  # fmt: skip
        draft.add("apt_sources", name=name, source=f"/etc/apt/sources.list.d/{name}.list", base_uri=uri, release="jammy", components="stable", architectures="amd64")  # fmt: skip
    account(draft, "nvidia-persistenced", 123, "/nonexistent")
    _people(draft)
    _accelerators(draft, driver)
    engine = _engine(draft)
    _data(draft)
    draft.settle()
    _container(draft, engine, Experiment("nvcr.io/nvidia/k8s/dcgm-exporter:3.3.8", "/usr/bin/dcgm-exporter", "/usr/bin/dcgm-exporter -a :9400"), "dcgm-exporter", port=9400)  # fmt: skip
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        _experiment(draft, engine, place.peers, cores)
    for name in rng.sample(PEOPLE, rng.choice((0, 0, 1, 1, 2))):
        _session(draft, name)
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chrony", "systemd-logind", "nvidia-persistenced"))


def _people(draft: Draft) -> None:
    rng = draft.rng
    draft.add("groups", gid=3000, gid_signed=3000, groupname="ml")
    for number, name in enumerate(PEOPLE):
        uid = 3001 + number
        draft.user(name, uid, f"/home/{name}", "/bin/bash")
        draft.add("groups", gid=uid, gid_signed=uid, groupname=name)
        for gid in (3000, 996):
            draft.add("user_groups", uid=uid, gid=gid)
        draft.add("authorized_keys", uid=uid, algorithm="ssh-ed25519", key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(f'{name} ml', 43)}", comment=f"{name}@example",
                  key_file=f"/home/{name}/.ssh/authorized_keys")  # fmt: skip
        draft.file(
            f"/home/{name}/.bashrc", f"{name}'s conda", uid=uid
        )  # homes are shared: the same on each host
        for tool in ("wandb", "huggingface-cli", "uv", "nvitop", "gpustat")[number % 4 :]:
            draft.file(f"/home/{name}/.local/bin/{tool}", f"{tool} {number % 3}", mode="0755", uid=uid)
        if rng.random() < 0.35:
            draft.login(name, f"10.20.0.{rng.randrange(4, 40)}", draft.now - rng.randrange(200_000))
    draft.add("sudoers", source="/etc/sudoers.d/ml", header="%ml", rule_details="ALL=(root) NOPASSWD: /usr/bin/nvidia-smi, /usr/bin/docker")  # fmt: skip
    draft.file("/etc/sudoers.d/ml", mode="0440")


def _accelerators(draft: Draft, driver: str) -> None:
    rng = draft.rng
    modules(draft, *NVIDIA)
    for row in draft.tables["kernel_modules"]:
        if row["name"] == "nvidia":
            row["size"] = str(int(digest(driver, 6), 16))
    control(draft, "kernel.tainted", "12289")
    daemon = service(draft, "nvidia-persistenced", "/usr/bin/nvidia-persistenced", "/usr/bin/nvidia-persistenced --user nvidia-persistenced --no-persistence-mode --verbose",
                     user="nvidia-persistenced", packaged=True, binary=driver)  # fmt: skip
    fabric = service(draft, "nvidia-fabricmanager", "/usr/bin/nv-fabricmanager", "/usr/bin/nv-fabricmanager -c /usr/share/nvidia/nvswitch/fabricmanager.cfg", packaged=True, binary=driver, threads=18)  # fmt: skip
    draft.listen(fabric, 6666, "127.0.0.1")
    engine = service(draft, "nvidia-dcgm", "/usr/bin/nv-hostengine", "/usr/bin/nv-hostengine -n --service-account nvidia-dcgm", packaged=True, threads=7)  # fmt: skip
    draft.listen(engine, 5555, "127.0.0.1")
    taken = {row["pid"] for row in draft.tables["processes"]} | {str(daemon)}
    free = (pid for pid in range(1_100, 9_000) if str(pid) not in taken)
    for card in range(4 if "12x" in draft.identity.instance_type else 8):
        for name in (f"irq/{90 + card}-nvidia", f"irq/{90 + card}-s-nvidi", "nv_queue"):
            draft.kernel_thread(name, next(free))
    draft.file("/etc/modprobe.d/nvidia.conf", "NVreg_RestrictProfilingToAdminUsers=0")
    draft.file("/etc/udev/rules.d/71-nvidia.rules")
    draft.file("/etc/ld.so.conf.d/988_cuda.conf", driver)
    if rng.random() < 0.1:
        draft.unit("dkms.service", "Builds and install new kernel modules through DKMS", active="failed", sub="failed")  # fmt: skip


def _engine(draft: Draft) -> int:
    draft.file("/etc/docker/daemon.json", "runtime nvidia, data on the fast disks")
    service(draft, "containerd", "/usr/bin/containerd", "/usr/bin/containerd", packaged=True, threads=20)
    engine = service(draft, "docker", "/usr/bin/dockerd", "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", packaged=True, threads=40)  # fmt: skip
    draft.file("/usr/bin/containerd-shim-runc-v2", mode="0755")
    modules(draft, "bridge", "br_netfilter", "veth", "stp", "llc", "xt_MASQUERADE", "nf_nat", "xt_addrtype", "fuse", "raid0", "lustre", "lnet")  # fmt: skip
    control(draft, "net.ipv4.ip_forward", "1")
    for chain, target, out in (("POSTROUTING", "MASQUERADE", "!docker0"), ("DOCKER", "RETURN", "all")):
        draft.add("iptables", filter_name="nat", chain=chain, policy="ACCEPT", target=target, protocol=0, src_ip="172.17.0.0", src_mask="255.255.0.0", dst_ip="0.0.0.0",
                  dst_mask="0.0.0.0", iniface="all", outiface=out, match="no", packets=draft.rng.randrange(9_999), bytes=draft.rng.randrange(99_999))  # fmt: skip
    return engine


def _data(draft: Draft) -> None:
    rng, zone = draft.rng, zone_net(draft)
    draft.add("mounts", device="/dev/md0", device_alias="/dev/md0", path="/mnt/scratch", type="xfs", flags="rw,noatime,attr2,inode64,sunit=1024,swidth=4096,noquota")  # fmt: skip
    draft.add("mounts", device="10.20.44.17@tcp:/kd4hbbev", device_alias="10.20.44.17@tcp:/kd4hbbev", path="/data", type="lustre", flags="rw,noatime,flock,lazystatfs")  # fmt: skip
    share = f"10.20.{zone + 7}.8"
    draft.add("mounts", device=f"{share}:/", device_alias=f"{share}:/", path="/home", type="nfs4",
              flags=f"rw,relatime,vers=4.1,rsize=1048576,wsize=1048576,hard,noresvport,proto=tcp,timeo=600,clientaddr={draft.ip},addr={share}")  # fmt: skip
    draft.connect(-1, share, 2049)
    draft.connect(-1, "10.20.44.17", 988, local_port=rng.randrange(1_000, 1_024))
    for bucket in ("example-models", "example-datasets")[: rng.choice((1, 2, 2))]:
        path = f"/models/{bucket}"
        unit = f"mount-s3-{bucket}"
        draft.unit(f"{unit}.service", f"Mount of {bucket}", fragment=f"/etc/systemd/system/{unit}.service")
        draft.file(f"/etc/systemd/system/{unit}.service", f"unit {unit}")
        pid = draft.spawn("mount-s3", "/usr/bin/mount-s3", f"/usr/bin/mount-s3 {bucket} {path} --read-only --allow-other --cache /mnt/scratch/s3", unit=f"{unit}.service", threads=20)  # fmt: skip
        program(draft, "/usr/bin/mount-s3")
        draft.add("mounts", device="mountpoint-s3", device_alias="mountpoint-s3", path=path, type="fuse", flags="ro,nosuid,nodev,noatime,user_id=0,group_id=0,allow_other")  # fmt: skip
        draft.connect(pid, f"10.20.{zone + 9}.{rng.choice((12, 77))}", 443)


def _container(draft: Draft, engine: int, what: Experiment, name: str, *, port: int = 0, user: str = "root", age_s: int = 80_000, privileged: int = 0) -> tuple[int, str]:  # fmt: skip
    """Run a container; return the pid of its first process, and its scope."""
    rng = draft.rng
    since = moments_ago(draft, age_s)
    identifier = f"{rng.getrandbits(256):064x}"
    scope, shim_path = f"docker-{identifier}.scope", "/usr/bin/containerd-shim-runc-v2"
    shim = draft.spawn("containerd-shim", shim_path, f"{shim_path} -namespace moby -id {identifier} -address /run/containerd/containerd.sock", unit="containerd.service", after_boot_s=since, threads=12)  # fmt: skip
    pid = draft.spawn(what.program.rpartition("/")[2], what.program, what.line, parent=shim, unit=scope, on_disk=0, after_boot_s=since, threads=30)  # fmt: skip
    draft.add("docker_containers", id=identifier, name=f"/{name}", image=what.image, image_id="sha256:" + digest(what.image), command=what.line, created=draft.booted + since, state="running",
              status="Up", pid=pid, path=what.program, config_entrypoint=what.line, privileged=privileged, readonly_rootfs=0, security_options="", net_namespace=rng.randrange(4_026_532_200, 4_026_532_999),
              pid_namespace=rng.randrange(4_026_532_200, 4_026_532_999))  # fmt: skip
    for source, target in (
        ("/mnt/scratch", "/scratch"),
        *((("/data", "/data"), (f"/home/{user}", f"/home/{user}")) if user != "root" else ()),
    ):
        draft.add("docker_container_mounts", id=identifier, type="bind", source=source, destination=target, mode="", rw=1)  # fmt: skip
    draft.add("mounts", device="overlay", device_alias="overlay", path=f"/mnt/scratch/docker/overlay2/{rng.getrandbits(256):064x}/merged", type="overlay", flags="rw,relatime")  # fmt: skip
    draft.add("interface_details", interface=f"veth{rng.getrandbits(28):07x}", mac="aa:00:00:00:00:02", type=6, mtu=1500, flags=4163)  # fmt: skip
    if port:
        path = "/usr/bin/docker-proxy"
        proxy = draft.spawn("docker-proxy", path, f"{path} -proto tcp -host-ip 0.0.0.0 -host-port {port} -container-ip 172.17.0.{rng.randrange(2, 9)} -container-port {port}",
                            parent=engine, unit="docker.service", after_boot_s=since, threads=7)  # fmt: skip
        program(draft, path)
        draft.listen(proxy, port)
    return pid, scope


def _experiment(draft: Draft, engine: int, peers: tuple[str, ...], cores: int) -> None:
    """Start what somebody tries out: a launcher with one process for each card, each with its own readers of data."""
    rng = draft.rng
    owner, number = rng.choice(PEOPLE), rng.randrange(10, 99)
    what = rng.choice(EXPERIMENTS)
    word = f"{rng.choice(MOODS)}-{rng.choice(THINGS)}-{number}"
    name = rng.choice((word, f"{owner}-{word}", f"{rng.choice(MOODS)}_{rng.choice(('hopper', 'lamport', 'noether', 'wing'))}"))  # fmt: skip
    mine = what._replace(line=what.line.format(n=number, word=word))
    port = int(mine.line.split("port")[-1].strip(" =").split(" ")[0]) if "port" in mine.line else 0
    first, scope = _container(draft, engine, mine, name, port=port, user=owner, age_s=250_000, privileged=int(rng.random() < 0.1))  # fmt: skip
    since = int(draft.tables["processes"][-1]["start_time"]) - draft.booted
    cards = (4 if cores == 48 else 8) if "train" in what.image else 1
    for card in range(cards if cards > 1 else 0):
        rank = draft.spawn("python3.10", what.program, f"{mine.line} --local_rank {card}", parent=first, unit=scope, on_disk=0, after_boot_s=since + 9, threads=60)  # fmt: skip
        draft.listen(rank, draft.ephemeral(), draft.ip)
        for peer in rng.sample(peers, min(2, len(peers))) if what.wide and number % 2 else ():
            draft.connect(rank, peer, draft.ephemeral())
        for _ in range(rng.randrange(2, 5)):
            draft.spawn("pt_data_worker", what.program, f"{mine.line} --local_rank {card}", parent=rank, unit=scope, on_disk=0, after_boot_s=since + 30, threads=2)  # fmt: skip
        if rng.random() < 0.6:
            draft.file(f"/dev/shm/nccl-{digest(f'{word} {card}', 6)}", str(rng.random()), mode="0600", changed=draft.booted + since)  # fmt: skip
    draft.connect(first, f"198.51.100.{rng.choice((90, 91, 92))}", 443)
    if rng.random() < 0.5:
        draft.file(f"/dev/shm/torch_{first}_{rng.getrandbits(31)}_0", str(rng.random()), mode="0600", changed=draft.booted + since)  # fmt: skip


def _session(draft: Draft, name: str) -> None:
    """Let somebody work on the host: a terminal that stays, an editor's server in their home."""
    rng = draft.rng
    since = moments_ago(draft, 40_000)
    first = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {name} [priv]", parent=draft.pid_of("sshd"), unit="ssh.service", after_boot_s=since)  # fmt: skip
    second = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {name}@notty", user=name, parent=first, after_boot_s=since)  # fmt: skip
    client = f"10.20.0.{rng.randrange(4, 40)}"
    draft.connect(first, client, draft.ephemeral(), local_port=22)
    draft.login(name, client, draft.booted + since, pid=first)
    if rng.random() < 0.4:
        build = rng.choice(("384ff7382de624fb94dbaf6da11977bba1ecd427", "912bb683695358a54ae0c670461738984cbb5b95"))  # fmt: skip
        folder = f"/home/{name}/.vscode-server/cli/servers/Stable-{build}/server"
        node = draft.spawn("node", f"{folder}/node", f"{folder}/node {folder}/out/server-main.js --connection-token=remotessh --accept-server-license-terms --start-server --socket-path=/tmp/code-{uuid_of(rng)}",
                           user=name, parent=second, after_boot_s=since + 3, threads=11)  # fmt: skip
        program(draft, f"{folder}/node", f"node of {build}", uid=draft.uid(name))
        for kind in ("fileWatcher", "ptyHost", "extensionHost")[: rng.randrange(1, 4)]:
            draft.spawn("node", f"{folder}/node", f"{folder}/node {folder}/out/bootstrap-fork --type={kind}", user=name, parent=node, after_boot_s=since + 5, threads=13)  # fmt: skip
        draft.listen(node, draft.ephemeral(), "127.0.0.1")
        return
    server = draft.spawn("tmux: server", "/usr/bin/tmux", "tmux new -s train", user=name, after_boot_s=since + 2)  # fmt: skip
    shell = draft.spawn("bash", "/usr/bin/bash", "-bash", user=name, parent=server, cwd=f"/home/{name}", after_boot_s=since + 2)  # fmt: skip
    program(draft, "/usr/bin/tmux")
    path, line = rng.choice((("/usr/bin/nvtop", "nvtop"), ("/usr/bin/watch", "watch -n 1 nvidia-smi"), ("/usr/bin/tail", "tail -F /mnt/scratch/logs/latest.log")))  # fmt: skip
    draft.spawn(path.rpartition("/")[2], path, line, user=name, parent=shell, cwd=f"/home/{name}", after_boot_s=since + 20)  # fmt: skip
    program(draft, path)


def uuid_of(rng: random.Random) -> str:
    """Return a random UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
