"""What does a host of an object store do: a daemon for each of its disks, in containers, with numbers that no other host has?"""

from __future__ import annotations

import uuid

from benchmarks.known.work_common import as_ubuntu
from benchmarks.known.work_estate import (
    account,
    control,
    lay_estate,
    lay_size,
    lay_upkeep,
    modules,
    moments_ago,
    program,
    zone_net,
)
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package
from bot.sandbox.fleet.work.place import Place, bring_updates

CLUSTER = "5f3a1c2e-8d47-11ee-9b6a-0a1b2c3d4e5f"
MONITORS = 3
"""How many hosts keep the cluster's map: those of the lowest addresses."""
CONMON, PODMAN, RUNC = "/usr/bin/conmon", "/usr/bin/podman", "/usr/bin/crun"


def lay_objects(draft: Draft, place: Place) -> None:
    """Add Ceph as cephadm lays it: Podman, a unit for each daemon, disks by LVM, gateways for S3 on some of the hosts.

    A newer template brings another Podman; the store's own release is that of its image, which an upgrade moves host by host.
    """
    rng = draft.rng
    bring_updates(draft, "debian", place)
    as_ubuntu(draft)
    lay_size(draft)
    lay_estate(draft, newest=place.newest)
    for name, version in (
        ("podman", "4.9.3" if place.newest else "4.6.2"), ("conmon", "2.1.10" if place.newest else "2.1.8"), ("crun", "1.14.1"), ("cephadm", "18.2.4"), ("ceph-common", "18.2.4"),
        ("lvm2", "2.03.11"), ("smartmontools", "7.2"), ("nvme-cli", "1.16"), ("python3-ceph-common", "18.2.4"), ("librados2", "18.2.4"), ("librbd1", "18.2.4"), ("keyutils", "1.6.1"),
    ):  # fmt: skip
        package(draft, name, version)
    draft.add("apt_sources", name="ceph", source="/etc/apt/sources.list.d/ceph.list", base_uri="https://download.ceph.com/debian-18.2.4/", release="jammy", components="main", architectures="amd64")  # fmt: skip
    draft.file("/etc/apt/trusted.gpg.d/ceph.release.gpg", "release key of ceph")
    account(draft, "ceph", 167, "/var/lib/ceph")
    account(draft, "cephadm", 131, "/home/cephadm", "/bin/bash")
    draft.add("sudoers", source="/etc/sudoers.d/cephadm", header="cephadm", rule_details="ALL=(ALL) NOPASSWD:ALL")  # fmt: skip
    draft.file("/etc/sudoers.d/cephadm", mode="0440")
    draft.add("authorized_keys", uid=131, algorithm="ssh-rsa", key=f"AAAAB3NzaC1yc2EAAAADAQABAAABgQ{digest('cephadm', 60)}", comment=f"ceph-{CLUSTER}", key_file="/home/cephadm/.ssh/authorized_keys")  # fmt: skip
    everybody = sorted((draft.ip, *place.peers))
    upgraded = int(digest(f"upgrade {draft.identity.instance_id}", 4), 16) % 100 < (70 if place.newest else 12)  # fmt: skip
    image = f"quay.io/ceph/ceph@sha256:{digest('reef 18.2.7' if upgraded else 'reef 18.2.4')}"
    rank = everybody.index(draft.ip)
    _kernel(draft)
    if rank < MONITORS:
        _monitor(draft, place, image)
    if rank < 2:
        _manager(draft, image, leads=rank == 0)
    _disks(draft, place, image, rank, everybody)
    if rank % 3 == 2 or len(everybody) < MONITORS:
        _gateway(draft, image, everybody)
    _daemon(draft, "crash", f"crash.{_short(draft)}", image, "/usr/bin/ceph-crash", f"/usr/bin/python3.9 /usr/bin/ceph-crash -n client.crash.{_short(draft)}", user="ceph")  # fmt: skip
    _smart(draft)
    draft.settle()
    _passing(draft, image, everybody, rank)
    lay_upkeep(draft, f"/var/log/ceph/{CLUSTER}")
    lay_temporary_files(draft, ("chrony", "systemd-logind"))
    for _ in range(rng.randrange(3)):
        draft.file(f"/tmp/cephadm-{rng.getrandbits(40):010x}/keyring", str(rng.random()), mode="0600", changed=draft.now - rng.randrange(90_000))  # fmt: skip


def _short(draft: Draft) -> str:
    return draft.identity.hostname.split(".")[0]


def _kernel(draft: Draft) -> None:
    modules(draft, "dm_crypt", "libcrc32c", "xfs", "ceph", "libceph", "bcache", "nf_nat", "bridge", "veth")
    for name, value in (("fs.aio-max-nr", "1048576"), ("kernel.pid_max", "4194304"), ("vm.swappiness", "10"), ("vm.min_free_kbytes", "1048576")):  # fmt: skip
        control(draft, name, value)
    draft.file(f"/etc/sysctl.d/90-ceph-{CLUSTER}-osd.conf", "fs.aio-max-nr kernel.pid_max")
    draft.file("/etc/udev/rules.d/99-disk-scheduler.rules", "none for disks without turning parts")
    draft.file("/etc/systemd/system/ceph.target", "all clusters")
    draft.file(f"/etc/systemd/system/ceph-{CLUSTER}.target", "one cluster")
    draft.file(f"/etc/systemd/system/ceph-{CLUSTER}@.service", f"cephadm 18.2.4 {CLUSTER}")
    draft.file(f"/etc/logrotate.d/ceph-{CLUSTER}", "seven days")
    draft.file("/etc/ceph/ceph.conf", f"mon hosts of {CLUSTER}")


def _daemon(draft: Draft, kind: str, name: str, image: str, path: str, line: str, *, user: str = "ceph", threads: int = 40) -> int:  # fmt: skip
    """Run a daemon of the store as cephadm does: a unit of the template, conmon, an init, the program of the image."""
    rng = draft.rng
    unit = f"ceph-{CLUSTER}@{name}.service"
    draft.unit(unit, f"Ceph {name} for {CLUSTER}", fragment=f"/etc/systemd/system/ceph-{CLUSTER}@.service")
    draft.file(f"/etc/systemd/system/ceph-{CLUSTER}.target.wants/{unit}", f"cephadm 18.2.4 {CLUSTER}", target=f"/etc/systemd/system/ceph-{CLUSTER}@.service")  # fmt: skip
    draft.file(f"/var/lib/ceph/{CLUSTER}/{name}/unit.run", f"{name} {image}", mode="0600", changed=draft.booted + 300)  # fmt: skip
    identifier = f"{rng.getrandbits(256):064x}"
    folder = f"/var/lib/containers/storage/overlay-containers/{identifier}/userdata"
    watch = draft.spawn("conmon", CONMON, f"{CONMON} --api-version 1 -c {identifier} -u {identifier} -r {RUNC} -b {folder} -p /run/containers/storage/overlay-containers/{identifier}/userdata/pidfile "
                        f"-n ceph-{CLUSTER}-{name.replace('.', '-')} --exit-dir /run/libpod/exits", unit=f"system-ceph.slice/{unit}")  # fmt: skip
    program(draft, CONMON)
    scope = f"system-ceph.slice/{unit}/libpod-payload-{identifier}"
    init = draft.spawn("podman-init" if kind != "crash" else "catatonit", "/run/podman-init", f"/run/podman-init -- {line}", parent=watch, unit=scope, on_disk=0)  # fmt: skip
    draft.add("mounts", device="overlay", device_alias="overlay", path=f"/var/lib/containers/storage/overlay/{rng.getrandbits(256):064x}/merged", type="overlay", flags="rw,nodev,relatime")  # fmt: skip
    return draft.spawn(path.rpartition("/")[2], path, line, user=user, parent=init, unit=scope, on_disk=0, threads=threads)  # fmt: skip


def _usual(name: str, image: str) -> str:
    return f"-n {name} -f --setuser ceph --setgroup ceph --default-log-to-file=false --default-log-to-journald=true --default-log-to-stderr=false"


def _monitor(draft: Draft, place: Place, image: str) -> None:
    rng, name = draft.rng, _short(draft)
    pid = _daemon(draft, "mon", f"mon.{name}", image, "/usr/bin/ceph-mon", f"/usr/bin/ceph-mon {_usual(f'mon.{name}', image)} --default-mon-cluster-log-to-file=false", threads=25)  # fmt: skip
    for port in (3300, 6789):
        draft.listen(pid, port, draft.ip)
    for peer in place.peers:
        for _ in range(rng.randrange(1, 4)):
            draft.connect(pid, peer, draft.ephemeral(), local_port=3300)
    for other in sorted((draft.ip, *place.peers))[:MONITORS]:
        if other != draft.ip:
            draft.connect(pid, other, 3300)


def _manager(draft: Draft, image: str, *, leads: bool) -> None:
    """Add a manager: who leads serves pages and metrics, and holds SSH connections to the others to look after them."""
    rng = draft.rng
    letters = digest(f"mgr {draft.identity.instance_id}", 6)
    name = f"mgr.{_short(draft)}.{letters}"
    pid = _daemon(draft, "mgr", name, image, "/usr/bin/ceph-mgr", f"/usr/bin/ceph-mgr {_usual(name, image)}", threads=85)  # fmt: skip
    draft.listen(pid, 8765 if leads else 6800, draft.ip)
    if leads:
        for port in (8443, 9283, 7150):
            draft.listen(pid, port, "::")
        for _ in range(rng.randrange(1, 6)):
            draft.connect(pid, f"10.20.{zone_net(draft) + 8}.{rng.randrange(20, 60)}", draft.ephemeral(), local_port=9283)  # fmt: skip


def _disks(draft: Draft, place: Place, image: str, rank: int, everybody: list[str]) -> None:
    """Add a daemon for each disk, numbered through the whole store; now and then one disk is out and waits to be replaced."""
    rng = draft.rng
    count = 12 if "4xlarge" in draft.identity.instance_type else 6
    broken = rng.randrange(count) if rng.random() < 0.1 else -1
    for place_of_disk in range(count):
        number = rank * 12 + place_of_disk
        disk, of = str(uuid.UUID(digest(f"osd {number} {draft.identity.instance_id}", 32))), f"osd.{number}"
        group = f"ceph-{uuid.UUID(digest(f'vg {number} {draft.identity.instance_id}', 32))}"
        draft.add("block_devices", name=f"/dev/nvme{place_of_disk + 1}n1", vendor="", model="Amazon EC2 NVMe Instance Storage", size=7_324_218_750, block_size=512, type="")  # fmt: skip
        if place_of_disk == broken:
            draft.unit(f"ceph-{CLUSTER}@{of}.service", f"Ceph {of} for {CLUSTER}", active="failed", sub="failed", fragment=f"/etc/systemd/system/ceph-{CLUSTER}@.service")  # fmt: skip
            continue
        pid = _daemon(draft, "osd", of, image, "/usr/bin/ceph-osd", f"/usr/bin/ceph-osd {_usual(of, image)}", threads=64)  # fmt: skip
        draft.file(f"/var/lib/ceph/{CLUSTER}/{of}/fsid", disk, uid=167, changed=draft.booted + 200)
        draft.file(f"/var/lib/ceph/{CLUSTER}/{of}/block", f"{group}/osd-block-{disk}", kind="symlink", uid=167)  # fmt: skip
        for port in sorted(rng.sample(range(6800, 6860), 4)):
            draft.listen(pid, port, draft.ip)
        for peer in rng.sample(place.peers, min(len(place.peers), 5)):
            called = rng.random() < 0.5
            draft.connect(pid, peer, rng.randrange(6800, 6860) if called else draft.ephemeral(), local_port=None if called else 6800 + place_of_disk)  # fmt: skip
        draft.connect(pid, rng.choice(everybody[:MONITORS]), 3300)


def _gateway(draft: Draft, image: str, everybody: list[str]) -> None:
    """Add a gateway for S3, which clients reach on port 7480, behind a balancer of the zone."""
    rng, zone = draft.rng, zone_net(draft)
    name = f"rgw.main.{_short(draft)}.{digest(f'rgw {draft.identity.instance_id}', 6)}"
    pid = _daemon(draft, "rgw", name, image, "/usr/bin/radosgw", f"/usr/bin/radosgw {_usual(f'client.{name}', image)}", threads=600)  # fmt: skip
    draft.listen(pid, 7480)
    draft.listen(pid, 7480, "::")
    for _ in range(rng.randrange(4, 24)):
        draft.connect(pid, f"10.20.{zone + rng.randrange(2)}.{rng.choice((53, 197, 214))}", draft.ephemeral(), local_port=7480)  # fmt: skip
    for _ in range(rng.randrange(6, 20)):
        draft.connect(pid, rng.choice(everybody), rng.randrange(6800, 6860))
    if rng.random() < 0.4:  # another site is copied
        draft.connect(pid, f"10.30.4.{rng.choice((11, 12))}", 7480)


def _smart(draft: Draft) -> None:
    path = "/usr/sbin/smartd"
    draft.unit("smartmontools.service", "Self Monitoring and Reporting Technology (SMART) Daemon", fragment="/lib/systemd/system/smartmontools.service")  # fmt: skip
    draft.add("hash", path="/lib/systemd/system/smartmontools.service", directory="/lib/systemd/system", sha256=digest("smartmontools unit"))  # fmt: skip
    program(draft, path)
    draft.spawn("smartd", path, "/usr/sbin/smartd -n", unit="smartmontools.service")


def _passing(draft: Draft, image: str, everybody: list[str], rank: int) -> None:
    """Add what the leader sends for a moment to each host: it logs in, and cephadm looks at disks in a container of its own."""
    rng = draft.rng
    script = f"/var/lib/ceph/{CLUSTER}/cephadm.{digest('cephadm 18.2.4')}"
    draft.file(script, "cephadm 18.2.4", mode="0644")
    if rank and rng.random() < 0.35:
        since = moments_ago(draft, 60)
        listener = next(int(row["pid"]) for row in draft.tables["processes"] if row["name"] == "sshd" and row["parent"] == "1")  # fmt: skip
        first = draft.spawn("sshd", "/usr/sbin/sshd", "sshd: cephadm [priv]", parent=listener, unit="ssh.service", after_boot_s=since)  # fmt: skip
        second = draft.spawn("sshd", "/usr/sbin/sshd", "sshd: cephadm@notty", user="cephadm", parent=first, unit="ssh.service", after_boot_s=since)  # fmt: skip
        draft.connect(first, everybody[0], draft.ephemeral(), local_port=22)
        what = rng.choice(("gather-facts", f"--image {image} ceph-volume --fsid {CLUSTER} -- inventory --format=json-pretty --filter-for-batch", "ls", f"--image {image} list-networks"))  # fmt: skip
        sudo = draft.spawn("sudo", "/usr/bin/sudo", f"sudo /bin/python3 {script} --timeout 895 {what}", parent=second, after_boot_s=since + 1)  # fmt: skip
        tool = draft.spawn("python3", "/usr/bin/python3.10", f"/bin/python3 {script} --timeout 895 {what}", parent=sudo, after_boot_s=since + 1)  # fmt: skip
        program(draft, "/usr/bin/python3.10")
        if "ceph-volume" in what:
            program(draft, PODMAN)
            draft.spawn("podman", PODMAN, f"{PODMAN} run --rm --ipc=host --stop-signal=SIGTERM --net=host --entrypoint /usr/sbin/ceph-volume --privileged --group-add=disk --init -e CONTAINER_IMAGE={image}", parent=tool, after_boot_s=since + 2, threads=14)  # fmt: skip
    if rng.random() < 0.05:
        path = "/usr/sbin/smartctl"
        program(draft, path)
        draft.spawn("smartctl", path, f"smartctl -x --json=o /dev/nvme{rng.randrange(1, 7)}n1", parent=1, after_boot_s=moments_ago(draft, 9))  # fmt: skip
