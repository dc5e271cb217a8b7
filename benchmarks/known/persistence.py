"""Attacks that come back: units, schedules, hooks of boot, of login and of package managers (TA0003)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def generator(host: Host) -> None:
    """T1543.002: a systemd generator writes its unit at each boot, as in public write-ups of systemd persistence."""
    scene.put(host, "/etc/systemd/system-generators/systemd-network-generator2", mode="0755")
    host.add("systemd_units", id="net-online-check.service", description="Network online check", load_state="loaded", active_state="inactive",
             sub_state="dead", unit_file_state="generated", fragment_path="/run/systemd/generator.late/net-online-check.service")  # fmt: skip


def xdg_autostart(host: Host) -> None:
    """T1547.013: a desktop entry for every session, as RotaJakiro writes for users."""
    scene.put(host, "/etc/xdg/autostart/gnomehelper.desktop")


def at_queue(host: Host) -> None:
    """T1053.002: at starts it again an hour from now, and it queues itself anew."""
    folder = "/var/spool/cron/atjobs" if scene.debian(host) else "/var/spool/at"
    scene.put(host, f"{folder}/a0000301bd3f70", mode="0700", age_s=1_100)


def initramfs_hook(host: Host) -> None:
    """T1542: a hook puts a program into the initial RAM disk at the next kernel update."""
    folder = "/etc/initramfs-tools/hooks" if scene.debian(host) else "/usr/lib/dracut/modules.d/98lvmcheck"
    scene.put(host, f"{folder}/lvmcheck", mode="0755", age_s=700_000)


def git_hook(host: Host) -> None:
    """T1546: a hook in the deployed repository; the deploy of an hour ago set it off and it waits in the background."""
    scene.put(host, "/srv/app/.git/hooks/post-merge", mode="0755", uid="1001")
    scene.spawn(
        host,
        scene.shell(host),
        "/bin/sh .git/hooks/post-merge 0",
        name="post-merge",
        uid="1001",
        cwd="/srv/app",
    )


def xorddos(host: Host) -> None:
    """T1053.003, T1037: XorDDoS: a script in cron.hourly, a copy as libudev.so, an init script of ten random letters."""
    scene.put(host, "/etc/cron.hourly/gcc.sh", mode="0755")
    scene.put(host, "/lib/libudev.so", mode="0755")
    scene.put(host, "/etc/init.d/yzqkwhrtbn", mode="0755")
    scene.cron(host, "/etc/crontab", "*/3 * * * *", "root /etc/cron.hourly/gcc.sh")
    pid = scene.spawn(host, "/usr/bin/yzqkwhrtbn", 'cat resolv.conf', static=True, threads=5)  # fmt: skip
    scene.connect(host, pid, "203.0.113.81", 1520)
    host.add("systemd_units", id="yzqkwhrtbn.service", description="LSB: yzqkwhrtbn", load_state="loaded", active_state="active",
             sub_state="exited", unit_file_state="generated", fragment_path="/run/systemd/generator.late/yzqkwhrtbn.service",
             source_path="/etc/init.d/yzqkwhrtbn")  # fmt: skip


def unit_override(host: Host) -> None:
    """T1543.002: a drop-in gives an honest unit an ExecStartPost; nothing of it runs now."""
    name = "ssh" if scene.debian(host) else "sshd"
    scene.put(host, f"/etc/systemd/system/{name}.service.d/10-limits.conf", age_s=500_000)


def per_boot(host: Host) -> None:
    """T1037: a script that cloud-init runs at each boot."""
    scene.put(host, "/var/lib/cloud/scripts/per-boot/10-swap.sh", mode="0755", age_s=80_000)


def repository(host: Host) -> None:
    """T1195.002: a package source without signature checks, from which an update will come."""
    if scene.debian(host):
        host.add("apt_sources", name="repo.packages.example bookworm", base_uri="http://repo.packages.example/deb", release="bookworm",
                 components="main", source="/etc/apt/sources.list.d/extra.list")  # fmt: skip
        scene.put(host, "/etc/apt/trusted.gpg.d/extra.gpg")
    else:
        host.add("yum_sources", name="Extra packages", baseurl="http://repo.packages.example/el9/", enabled=1, gpgcheck=0,
                 source="/etc/yum.repos.d/extra.repo")  # fmt: skip


def timer_every_ten(host: Host) -> None:
    """T1053.006: a timer in the packages' folder that starts a downloader; between firings nothing runs."""
    folder = scene.unit_folder(host)
    scene.unit(
        host, "snapd-refresh-hint.timer", "Refresh hints", folder=folder, sub="waiting", age_s=1_000_000
    )
    scene.unit(
        host, "snapd-refresh-hint.service", "Refresh hints", folder=folder, state="static", active="inactive", sub="dead", age_s=1_000_000
    )  # fmt: skip


ATTACKS = (
    generator,
    xdg_autostart,
    at_queue,
    initramfs_hook,
    git_hook,
    xorddos,
    unit_override,
    per_boot,
    repository,
    timer_every_ten,
)
