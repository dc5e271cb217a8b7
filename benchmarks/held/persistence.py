"""Attacks that come back: units, schedules, hooks of boot, of login and of package managers (TA0003)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def dbus_activated(host: Host) -> None:
    """T1543: a D-Bus service file starts a program as root when a name is called."""
    scene.put(host, "/usr/share/dbus-1/system-services/org.freedesktop.thermald1.service")
    scene.put(host, "/etc/dbus-1/system.d/org.freedesktop.thermald1.conf")
    scene.spawn(
        host,
        "/usr/libexec/thermald1",
        "/usr/libexec/thermald1 --dbus-enable --no-daemon",
        unit="dbus.service",
    )


def shell_startup(host: Host) -> None:
    """T1546.004: a line at the end of the deploy user's .bashrc starts a program unless it runs, as RotaJakiro does."""
    scene.put(host, "/home/deploy/.bashrc", "planted line", uid="1001", age_s=400_000)


def completion(host: Host) -> None:
    """T1546.004: a function in the folder of bash completions runs in each interactive shell."""
    scene.put(host, "/etc/bash_completion.d/git-prompt-ext", age_s=300_000)


def boot_script(host: Host) -> None:
    """T1037.004: a line before exit 0 in rc.local, as HiddenWasp and many bots write."""
    scene.put(host, "/etc/rc.local" if scene.debian(host) else "/etc/rc.d/rc.local", "planted", mode="0755")


def package_manager(host: Host) -> None:
    """T1546.016: APT::Update::Pre-Invoke, or a plugin of dnf, runs a command whenever packages are looked up."""
    if scene.debian(host):
        scene.put(host, "/etc/apt/apt.conf.d/15update-stamp-cache", age_s=600_000)
    else:
        scene.put(host, "/etc/dnf/plugins/versioncheck.conf", age_s=600_000)
        scene.put(
            host,
            "/usr/lib/python3.9/site-packages/dnf-plugins/versioncheck.py",
            text="planted",
            age_s=600_000,
        )


def trojan_package(host: Host) -> None:
    """T1546.016: a package whose install script started what it brought; the script stays in dpkg's folder."""
    scene.package(host, "libpam-fingerprint-common", "1.0.8", "2")
    scene.put(host, "/var/lib/dpkg/info/libpam-fingerprint-common.postinst", mode="0755")
    pid = scene.spawn(host, "/usr/lib/fprintd/fpidle", "/usr/lib/fprintd/fpidle")
    scene.connect(host, pid, "203.0.113.17", 443)


def path_file(host: Host) -> None:
    """T1546.018: a .pth file runs code in each start of Python; a service in Python now calls home from inside itself."""
    folder = "/usr/local/lib/python3.11/dist-packages" if scene.debian(host) else "/usr/local/lib/python3.9/site-packages"  # fmt: skip
    scene.put(host, f"{folder}/zz_distutils-compat.pth", age_s=300_000)
    runs = next((row for row in host.tables["processes"] if "/python3" in row["path"]), None)
    if runs is None:
        pid = scene.spawn(
            host,
            scene.python(host),
            "/usr/bin/python3 -s /usr/sbin/firewalld-check",
            name="firewalld-check",
        )
    else:
        pid = runs["pid"]
    scene.connect(host, pid, "192.0.2.144", 443)


def anacron_line(host: Host) -> None:
    """T1053.003: a line in anacrontab; osquery's crontab table does not read that file, its content changes."""
    scene.put(host, "/etc/anacrontab", "planted", age_s=900_000)


def daily_script(host: Host) -> None:
    """T1053.003: one more script in cron.daily, dated like its neighbours."""
    scene.put(host, "/etc/cron.daily/mlocate-index", mode="0755", age_s=40 * 86_400)


def user_service(host: Host) -> None:
    """T1543.002: a unit of the deploy user that lingers without a login."""
    scene.put(host, "/home/deploy/.config/systemd/user/pulse-sync.service", uid="1001")
    scene.put(host, "/var/lib/systemd/linger/deploy")
    manager = scene.spawn(
        host,
        "/usr/lib/systemd/systemd",
        "/usr/lib/systemd/systemd --user",
        uid="1001",
        unit="user@1001.service",
    )
    pid = scene.spawn(
        host,
        "/home/deploy/.local/bin/pulse-sync",
        "/home/deploy/.local/bin/pulse-sync",
        uid="1001",
        parent=manager,
    )
    scene.connect(host, pid, "198.51.100.71", 8443)


def network_hook(host: Host) -> None:
    """T1546: a script that runs when an interface comes up."""
    scene.put(host, "/etc/networkd-dispatcher/routable.d/50-mtu", mode="0755", age_s=800_000)


def npm_module(host: Host) -> None:
    """T1195.002: a global npm package with an install script, named like a known one."""
    folder = "/usr/lib/node_modules"
    host.add("npm_packages", name="discord-dot-js", version="1.4.1", path=f"{folder}/discord-dot-js/package.json", directory=folder, author="")  # fmt: skip
    scene.put(host, f"{folder}/discord-dot-js/package.json")


def rotajakiro(host: Host) -> None:
    """T1543.002: RotaJakiro as root: a unit and two programs named almost like systemd's, each watching the other."""
    folder = scene.unit_folder(host)
    scene.unit(host, "sys-temd-agent.service", "System Daemon", folder=folder)
    pid = scene.spawn(
        host,
        "/usr/lib/systemd/systemd-daemon",
        "/usr/lib/systemd/systemd-daemon",
        unit="sys-temd-agent.service",
    )
    scene.spawn(host, "/usr/lib/gvfsd-helper", "/usr/lib/gvfsd-helper", parent=pid)
    scene.connect(host, pid, "198.51.100.204", 443)
    scene.listen(host, pid, 53_791, "127.0.0.1")


def path_unit(host: Host) -> None:
    """T1543.002: a path unit starts its service whenever the password file is written."""
    scene.unit(host, "passwd-watch.path", "Watch account changes", sub="waiting", age_s=200_000)
    scene.unit(
        host, "passwd-watch.service", "Account change hook", state="static", active="inactive", sub="dead", age_s=200_000
    )  # fmt: skip


def database_trigger(host: Host) -> None:
    """T1505.001: a function inside the database or the cache; nothing on the host changes until it is called."""
    scene.put(
        host,
        "/var/lib/app/state/trigger.dat",
        text="planted",
        uid=scene.work(host)["uid"],
        age_s=86_400,
    )


ATTACKS = (
    dbus_activated,
    shell_startup,
    completion,
    boot_script,
    package_manager,
    trojan_package,
    path_file,
    anacron_line,
    daily_script,
    user_service,
    network_hook,
    npm_module,
    rotajakiro,
    path_unit,
    database_trigger,
)
