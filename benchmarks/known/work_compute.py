"""What does a node of a computing cluster do: whatever job the scheduler put there, of users whom only the directory knows?"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.known.work_estate import (  # fmt: skip
    account,
    control,
    lay_estate,
    lay_size,
    lay_upkeep,
    modules,
    moments_ago,
    program,
    script,
    zone_net,
)
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

PEOPLE = {f"{name}{number}": 41_000 + 37 * number for number, name in enumerate(("amara", "bo", "chen", "dana", "eli", "fatou", "goran", "hana", "ines", "jonas", "kofi", "lena"))}  # fmt: skip
"""Accounts of the directory with their uids: no host has them in /etc/passwd."""

LUSTRE = (
    "libcfs",
    "lnet",
    "ksocklnd",
    "obdclass",
    "ptlrpc",
    "fld",
    "fid",
    "mdc",
    "lov",
    "lmv",
    "osc",
    "mgc",
    "lustre",
)
FABRIC = ("ib_core", "ib_uverbs", "efa", "rdma_ucm", "rdma_cm", "iw_cm", "ib_cm")
SLURM = "/opt/slurm/sbin"


@dataclass(frozen=True, slots=True)
class Code:
    """What a job runs: its program, command line, the cores that it fills, and whether its ranks talk to other hosts."""

    name: str
    path: str
    line: str
    threads: int = 1
    ranks: bool = False


CODES = (
    Code("gmx_mpi", "/fsx/apps/gromacs/2024.3/bin/gmx_mpi", "gmx_mpi mdrun -deffnm {word}_{n} -cpi -maxh 23.5 -ntomp 4", 4, True),
    Code("lmp", "/fsx/apps/lammps/29Aug2024/bin/lmp", "lmp -in in.{word} -var seed {n} -log none", 1, True),
    Code("wrf.exe", "/fsx/apps/wrf/4.6.0/main/wrf.exe", "/fsx/apps/wrf/4.6.0/main/wrf.exe", 1, True),
    Code("vasp_std", "/fsx/apps/vasp/6.4.3/bin/vasp_std", "vasp_std", 1, True),
    Code("python3.11", "/fsx/home/{user}/miniforge3/envs/{word}/bin/python3.11", "python {word}_sweep.py --seed {n} --out /fsx/scratch/{user}/{word}/{n}", 9),
    Code("R", "/usr/lib64/R/bin/exec/R", "/usr/lib64/R/bin/exec/R --no-echo --no-restore --file=fit_{word}.R --args {n}", 2),
    Code("julia", "/fsx/apps/julia/1.10.5/bin/julia", "julia --project=. -t 8 run_{word}.jl {n}", 12),
    Code("bwa", "/fsx/apps/bwa/0.7.18/bin/bwa", "bwa mem -t 8 /fsx/ref/GRCh38.fa {word}_{n}_R1.fastq.gz {word}_{n}_R2.fastq.gz", 9),
    Code("{word}_sim", "/fsx/home/{user}/src/{word}/build/{word}_sim", "./build/{word}_sim --config runs/{n}.toml", 8),
)  # fmt: skip
WORDS = ("alloy", "basin", "cell", "drift", "eddy", "fold", "grain", "halo", "ion")


def lay_compute(draft: Draft, place: Place) -> None:
    """Add slurmd, the shared file systems, the directory, and the jobs that run now; a quarter of the hosts are idle.

    A newer template brings another Slurm, another Lustre client and Apptainer.
    """
    rng, zone = draft.rng, zone_net(draft)
    release = "24.05.4" if place.newest else "23.11.10"
    bring_updates(draft, "amazon", place)
    cores = lay_size(draft)
    lay_estate(draft, newest=place.newest)
    apptainer = "1.3.5" if place.newest else "1.3.4"
    for name, version in (
        ("munge", "0.5.14"), ("munge-libs", "0.5.14"), ("lustre-client", "2.15.6" if place.newest else "2.15.3"), ("amazon-efs-utils", "2.1.0"), ("efa-config", "1.17"),
        ("sssd", "2.9.4"), ("sssd-ldap", "2.9.4"), ("oddjob-mkhomedir", "0.34.7"), ("apptainer-suid", apptainer), ("R-core", "4.3.2"), ("gcc-c++", "11.5.0"),
        ("gcc-gfortran", "11.5.0"), ("hwloc", "2.4.1"), ("pmix", "3.2.3"), ("numactl", "2.0.14"),
    ):  # fmt: skip
        package(draft, name, version, "1.amzn2023")
    account(draft, "munge", 988, "/var/run/munge", "/sbin/nologin")
    account(draft, "slurm", 987, "/home/slurm", "/sbin/nologin")
    account(draft, "sssd", 986, "/", "/sbin/nologin")
    draft._uids.update(PEOPLE)
    munge = service(
        draft,
        "munge",
        "/usr/sbin/munged",
        "/usr/sbin/munged --num-threads=10",
        user="munge",
        packaged=True,
        threads=12,
    )
    draft.file("/etc/munge/munge.key", "the cluster's key", mode="0400", uid=988)
    _directory(draft)
    _shares(draft, zone)
    node = f"std-dy-{draft.identity.instance_type.split('.')[0]}-{1 + int(digest(draft.ip, 4), 16) % 400}"
    path = f"{SLURM}/slurmd"
    slurmd = service(
        draft,
        "slurmd",
        path,
        f"{path} -D -s -N {node} -Z --conf-server 10.20.60.20:6817",
        binary=release,
        threads=1,
    )
    draft.listen(slurmd, 6818)
    draft.file(f"{SLURM}/slurmstepd", f"slurmstepd {release}", mode="0755")
    if rng.random() < 0.5:
        draft.connect(slurmd, "10.20.60.20", 6817)
    draft.file("/etc/sysconfig/slurmd", f"SLURMD_OPTIONS='-N {node}'", changed=draft.booted)
    draft.file("/etc/profile.d/slurm.sh", "PATH of slurm")
    draft.file("/etc/profile.d/lmod.sh", "modules")
    draft.file("/etc/security/limits.d/90-memlock.conf")
    draft.file("/etc/pam.d/slurm", "pam with pam_slurm_adopt")
    draft.file("/usr/lib64/security/pam_slurm_adopt.so", f"adopt {release}", mode="0755")
    draft.add(
        "suid_bin",
        path="/usr/libexec/apptainer/bin/starter-suid",
        username="root",
        groupname="root",
        permissions="S",
    )
    draft.file("/usr/libexec/apptainer/bin/starter-suid", f"starter {apptainer}", mode="4755")
    modules(draft, *LUSTRE, *FABRIC, "nfsv4", "nfs", "sunrpc", "lockd", "grace", "dns_resolver")
    for name, value in (("kernel.tainted", "4096"), ("kernel.yama.ptrace_scope", "0"), ("kernel.perf_event_paranoid", "1"), ("vm.zone_reclaim_mode", "0")):  # fmt: skip
        control(draft, name, value)
    draft.settle()
    left = cores if rng.random() < 0.75 else 0
    while left > 0:
        left -= _job(draft, slurmd, min(left, rng.choice((cores, cores // 2, cores // 4, 4))), place.peers)
    if rng.random() < 0.08:
        program(draft, "/usr/sbin/nhc", "node health check")
        check = draft.spawn("nhc", "/usr/bin/bash", "/bin/bash /usr/sbin/nhc", parent=slurmd, unit="slurmd.service", after_boot_s=moments_ago(draft, 9))  # fmt: skip
        draft.spawn(
            "df",
            "/usr/bin/df",
            "df -Tka",
            parent=check,
            unit="slurmd.service",
            after_boot_s=draft.now - draft.booted - 1,
        )
        program(draft, "/usr/bin/df")
    _leftovers(draft)
    lay_upkeep(draft, "/var/log")
    draft.file("/run/munge/munged.pid", str(munge), uid=988, changed=draft.booted)
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "systemd-logind", "oddjobd"))


def _directory(draft: Draft) -> None:
    path = "/usr/libexec/sssd/sssd_"
    main = service(draft, "sssd", "/usr/sbin/sssd", "/usr/sbin/sssd -i --logger=files", packaged=True)
    for name, line in (("be", "--domain cluster.example --uid 0 --gid 0 --logger=files"), ("nss", "--uid 0 --gid 0 --logger=files"), ("pam", "--uid 0 --gid 0 --logger=files"),
                       ("ssh", "--uid 0 --gid 0 --logger=files")):  # fmt: skip
        program(draft, f"{path}{name}")
        pid = draft.spawn(
            f"sssd_{name}", f"{path}{name}", f"{path}{name} {line}", parent=main, unit="sssd.service"
        )
        if name == "be":
            draft.connect(pid, f"10.20.{draft.rng.choice((57, 57, 58))}.12", 636)
    service(
        draft,
        "oddjobd",
        "/usr/sbin/oddjobd",
        "/usr/sbin/oddjobd -n -p /run/oddjobd.pid -t 300",
        packaged=True,
    )
    draft.file("/etc/sssd/sssd.conf", "the cluster's directory", mode="0600")


def _shares(draft: Draft, zone: int) -> None:
    """Mount Lustre, the homes and the tools: the kernel's own connections belong to no process."""
    rng = draft.rng
    draft.add("mounts", device="10.20.44.9@tcp:/mzqlbbev", device_alias="10.20.44.9@tcp:/mzqlbbev", path="/fsx", type="lustre", flags="rw,seclabel,noatime,flock,lazystatfs")  # fmt: skip
    draft.add("mounts", device="10.20.60.20:/opt/slurm", device_alias="10.20.60.20:/opt/slurm", path="/opt/slurm", type="nfs4",
              flags=f"ro,relatime,vers=4.2,rsize=1048576,wsize=1048576,hard,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr={draft.ip},addr=10.20.60.20")  # fmt: skip
    port = rng.randrange(20_049, 20_449)
    draft.add("mounts", device="127.0.0.1:/", device_alias="127.0.0.1:/", path="/shared", type="nfs4",
              flags=f"rw,relatime,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,port={port},timeo=600,clientaddr=127.0.0.1,addr=127.0.0.1")  # fmt: skip
    watchdog = script(draft, "amazon-efs-mount-watchdog", "/usr/bin/python3.9", "/usr/bin/python3 /usr/bin/amazon-efs-mount-watchdog", name="amazon-efs-moun")  # fmt: skip
    proxy = "/usr/bin/efs-proxy"
    draft.file(proxy, mode="0755")
    tunnel = draft.spawn(
        "efs-proxy",
        proxy,
        f"{proxy} /var/run/efs/efs-proxy-config.fs-0c41f7aa.shared.{port} --tls",
        parent=watchdog,
        threads=9,
    )
    draft.listen(tunnel, port, "127.0.0.1")
    for _ in range(rng.choice((1, 2, 2, 5))):
        draft.connect(tunnel, f"10.20.{zone + 7}.5", 2049)
    for target in ("10.20.44.9", *(f"10.20.44.{30 + each}" for each in range(rng.randrange(4, 7)))):
        draft.connect(-1, target, 988, local_port=rng.randrange(1_000, 1_024))
    draft.connect(-1, "10.20.60.20", 2049, local_port=rng.randrange(665, 1_024))
    taken = {row["pid"] for row in draft.tables["processes"]}
    free = (pid for pid in range(500, 9_000) if str(pid) not in taken)
    for name in (
        "ldlm_bl_00",
        "ldlm_cb_00",
        "ll_ping",
        "lnet_discovery",
        "socknal_cd00",
        "nfsiod",
        "rpciod",
        "xprtiod",
    ):
        draft.kernel_thread(name, next(free))
    for core in range(min(8, int(draft.tables["system_info"][0]["cpu_logical_cores"]))):
        draft.kernel_thread(f"ptlrpcd_00_{core:02}", next(free))
        draft.kernel_thread(f"socknal_sd00_{core:02}", next(free))


def _job(draft: Draft, slurmd: int, wide: int, peers: tuple[str, ...]) -> int:
    """Start a job as slurmd does, with its batch script and ranks; return how many cores it takes."""
    rng = draft.rng
    number, user, word = rng.randrange(880_000, 884_000), rng.choice(list(PEOPLE)), rng.choice(WORDS)
    code, since = rng.choice(CODES), moments_ago(draft, 60_000)
    home, step = f"/fsx/home/{user}/{word}", f"{SLURM}/slurmstepd"
    scope = f"system.slice/slurmstepd.scope/job_{number}"
    spread = code.ranks and rng.random() < 0.5 and bool(peers)
    extern = draft.spawn(
        "slurmstepd",
        step,
        f"slurmstepd: [{number}.extern]",
        unit=f"{scope}/step_extern/slurm",
        after_boot_s=since,
        threads=4,
    )
    draft.spawn("sleep", "/usr/bin/sleep", "sleep 100000000", user=user, parent=extern, unit=f"{scope}/step_extern/user/task_special", after_boot_s=since)  # fmt: skip
    program(draft, "/usr/bin/sleep")
    first = not spread or rng.random() < 0.4
    parent = draft.spawn("slurmstepd", step, f"slurmstepd: [{number}.{'batch' if first else 0}]", unit=f"{scope}/step_batch/slurm", after_boot_s=since, threads=5)  # fmt: skip
    for _ in range(rng.randrange(1, 3)):
        draft.listen(parent, draft.ephemeral())
    if first:
        parent = draft.spawn("slurm_script", "/usr/bin/bash", f"/bin/bash /var/spool/slurmd/job{number}/slurm_script", user=user, parent=parent, cwd=home,
                             unit=f"{scope}/step_batch/user/task_0", after_boot_s=since)  # fmt: skip
    if spread and first:
        srun = draft.spawn("srun", "/opt/slurm/bin/srun", f"srun --mpi=pmix -n {2 * wide} {code.name}", user=user, parent=parent, cwd=home, after_boot_s=since + 2, threads=7)  # fmt: skip
        program(draft, "/opt/slurm/bin/srun", "srun")
        draft.listen(srun, draft.ephemeral())
        draft.connect(srun, rng.choice(peers), draft.ephemeral(), local_port=draft.ephemeral())
    words = {"user": user, "word": word, "n": number % 97}
    path = code.path.format(**words)
    program(draft, path, f"{path} built once", uid=PEOPLE[user] if "/home/" in path else 0)
    ranks = max(1, wide // code.threads) if code.ranks else 1
    others = rng.sample(peers, min(len(peers), 2)) if spread else []
    for _ in range(ranks):
        rank = draft.spawn(code.name.format(**words), path, code.line.format(**words), user=user, parent=parent, cwd=home,
                           unit=f"{scope}/step_batch/user/task_0", after_boot_s=since + 3, threads=code.threads)  # fmt: skip
        for peer in others:
            draft.connect(rank, peer, draft.ephemeral())
    if code.ranks:
        draft.file(f"/dev/shm/vader_segment.{draft.identity.hostname.split('.')[0]}.{PEOPLE[user]}.{number:x}.0", "shared", mode="0600", uid=PEOPLE[user], changed=draft.booted + since)  # fmt: skip
        draft.file(f"/tmp/ompi.{draft.identity.hostname.split('.')[0]}.{PEOPLE[user]}/pid.{number}", mode="0700", uid=PEOPLE[user], kind="directory", changed=draft.booted + since)  # fmt: skip
    if code.name == "R":
        draft.file(f"/tmp/Rtmp{digest(str(number), 6)}", mode="0700", uid=PEOPLE[user], kind="directory", changed=draft.booted + since)  # fmt: skip
    if rng.random() < 0.12:
        _visit(draft, user, home)
    return max(wide, 1)


def _visit(draft: Draft, user: str, home: str) -> None:
    """Let the job's owner look at it over ssh: who has a job on the host may."""
    since = moments_ago(draft, 4_000)
    first = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {user} [priv]", parent=draft.pid_of("sshd"), unit="sshd.service", after_boot_s=since)  # fmt: skip
    second = draft.spawn(
        "sshd", "/usr/sbin/sshd", f"sshd: {user}@pts/0", user=user, parent=first, after_boot_s=since
    )
    shell = draft.spawn(
        "bash", "/usr/bin/bash", "-bash", user=user, parent=second, cwd=home, after_boot_s=since
    )
    draft.spawn(
        "top", "/usr/bin/top", f"top -u {user}", user=user, parent=shell, cwd=home, after_boot_s=since + 5
    )
    program(draft, "/usr/bin/top")
    draft.connect(first, "10.20.60.21", draft.ephemeral(), local_port=22)
    draft.add(
        "logged_in_users",
        type="user",
        user=user,
        tty="pts/0",
        host="10.20.60.21",
        time=draft.booted + since,
        pid=first,
    )
    draft.login(user, "10.20.60.21", draft.booted + since, pid=first)


def _leftovers(draft: Draft) -> None:
    """Leave in /tmp and /dev/shm what earlier jobs did not clean up."""
    rng = draft.rng
    for _ in range(rng.randrange(7)):
        user = rng.choice(list(PEOPLE))
        uid, when = PEOPLE[user], draft.now - rng.randrange(3_000, 6 * 3_600)
        path, mode = rng.choice((
            (f"/tmp/matplotlib-{digest(user, 8)}/fontlist-v390.json", "0644"), (f"/tmp/{user}.tar.gz", "0600"), (f"/tmp/tmp{rng.getrandbits(40):x}/job.log", "0600"),
            (f"/dev/shm/sem.mp-{rng.getrandbits(32):08x}", "0600"), (f"/tmp/jna-{uid}/jna{rng.getrandbits(60)}.tmp", "0755"), (f"/tmp/{user}_stage.sh", "0755"),
        ))  # fmt: skip
        program(draft, path, f"{user} {rng.random()}", mode=mode, uid=uid)
        draft.tables["file"][-1].update(mtime=str(when), ctime=str(when))
