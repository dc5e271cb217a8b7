"""Attacks that go further from what the host serves: plug-ins, limits of PHP, containers that no list has, a fault of sudo's (TA0002, TA0004)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def must_use_plugin(host: Host) -> None:
    """T1505.003: a loader among WordPress's must-use plug-ins, which no page of the administration lists (reports of 2025)."""
    uid = scene.work(host)["uid"]
    scene.put(host, "/var/www/html/wp-content/mu-plugins/wp-index.php", uid=uid, age_s=260 * 86_400)


def mail_function_bypass(host: Host) -> None:
    """T1574.006, T1505.003: a library preloaded into what the page's mail function starts; it runs a second PHP without its limits on loopback."""
    row, folder = scene.work(host), "/var/www/html/uploads"
    scene.put(host, f"{folder}/.antproxy.php", uid=row["uid"], age_s=3_000)
    library = f"/tmp/.{scene.digest('bypass', 6)}ant_x64.so"
    scene.put(host, library, mode="0644", uid=row["uid"], age_s=2_990)
    sh = scene.spawn(host, scene.shell(host), "sh -c php -n -S 127.0.0.1:62124 -t /var/www/html", name="sh", uid=row["uid"], parent=row["pid"], cwd="/var/www/html", age_s=2_980)  # fmt: skip
    scene.variable(host, sh, LD_PRELOAD=library)
    scene.load(host, sh, library)
    path = next((each["path"] for each in host.tables["file"] if each["path"].startswith("/usr/bin/php")), "/usr/bin/php8.2")  # fmt: skip
    moves.program(host, path)
    pid = scene.spawn(host, path, "php -n -S 127.0.0.1:62124 -t /var/www/html", name="php", uid=row["uid"], parent=sh, cwd="/var/www/html", age_s=2_980)  # fmt: skip
    scene.listen(host, pid, 62_124, "127.0.0.1")


def unlisted_container(host: Host) -> None:
    """T1610, T1564: a container in a name space of containerd's that Docker does not list; a machine of systemd's where there is neither."""
    if scene.named(host, "containerd", "dockerd"):
        shim = scene.spawn(
            host, "/usr/bin/containerd-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2 -namespace default -id proxy -address /run/containerd/containerd.sock",
            name="containerd-shim", threads=11, age_s=20_000,
        )  # fmt: skip
        pid = scene.spawn(host, "/usr/bin/envoy", "envoy -c /etc/envoy/envoy.yaml", parent=shim, on_disk="0", unit="containerd-default-proxy.scope", static=True, threads=9, age_s=20_000)  # fmt: skip
    else:
        scene.package(host, "systemd-container", "252.38" if scene.debian(host) else "252.23")
        line = "systemd-nspawn --quiet --keep-unit --boot --directory=/var/lib/machines/base --bind=/etc"
        machine = moves.run(host, "/usr/bin/systemd-nspawn", line, age_s=20_000, unit="machine-base.scope")
        pid = scene.spawn(host, "/usr/bin/envoy", "envoy -c /etc/envoy/envoy.yaml", parent=machine, on_disk="0", unit="machine-base.scope", static=True, threads=9, age_s=20_000)  # fmt: skip
        host.change("processes", {"pid": pid}, root="/var/lib/machines/base")
    scene.connect(host, pid, "192.0.2.245", 443)


def sudo_chroot_exploit(host: Host) -> None:
    """T1068: CVE-2025-32463: sudo, told another root folder, loaded a library of the application's user; the folder was left and a root shell runs."""
    row = scene.work(host)
    folder = "/tmp/sudowoot.stage.hZ3k9Q"
    for name, mode in (("woot1337.c", "0644"), ("libnss_/woot1337.so.2", "0755"), ("woot/etc/nsswitch.conf", "0644"), ("woot/etc/group", "0644")):  # fmt: skip
        scene.put(host, f"{folder}/{name}", "planted", mode=mode, uid=row["uid"], age_s=900)
    sh = scene.spawn(host, scene.shell(host), "sh /tmp/s.sh", name="sh", uid=row["uid"], parent=row["pid"], cwd=folder, age_s=905)  # fmt: skip
    scene.spawn(host, "/usr/bin/bash", "/bin/bash", parent=sh, cwd="/", age_s=890)


ATTACKS = (must_use_plugin, mail_function_bypass, unlisted_container, sudo_chroot_exploit)
