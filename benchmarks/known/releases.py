"""Honest one-offs of who builds and releases: a deployment that stopped half-way, a second instance, tools of developers."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import manager

SOURCES = (
    ("grafana", "https://apt.grafana.com", "https://rpm.grafana.com", "grafana-agent", "0.43.3"),
    ("hashicorp", "https://apt.releases.hashicorp.com", "https://rpm.releases.hashicorp.com/AmazonLinux/$releasever/$basearch/stable", "nomad", "1.9.3"),
    ("pgdg", "https://apt.postgresql.org/pub/repos/apt", "https://download.postgresql.org/pub/repos/yum/16/redhat/rhel-9-x86_64", "postgresql-client-16", "16.6"),
    ("k6", "https://dl.k6.io/deb", "https://dl.k6.io/rpm/x86_64", "k6", "0.55.0"),
)  # fmt: skip
"""Name of a vendor's source, where it is for either distribution, and a package of it."""


SINGLE = ("dockerd", "kubelet", "slurmd", "master", "charon-systemd", "fail2ban-server", "sshd", "beam.smp", "Runner.Listener", "runsvc.sh")  # fmt: skip
"""Work of which a host has one only; a second exporter is compared there."""


def unit_of(host: Host) -> str:
    """Return the unit of the host's work."""
    return scene.work(host)["cgroup_path"].rpartition("/")[2] or "ssh.service"


def half_finished_deployment(host: Host, rng: random.Random) -> None:
    """A deployment stopped half-way on this host: the new release is unpacked and its unit written, the old one still runs."""
    unit, age_s, uid = unit_of(host), rng.randrange(300, 30_000), scene.uid_of(host, "deploy")
    release = f"{rng.randrange(2, 7)}.{rng.randrange(30)}.{rng.randrange(9)}"
    here = [path for path in (f"/etc/systemd/system/{unit}", f"/etc/systemd/system/multi-user.target.wants/{unit}")
            if any(row["path"] == path for row in host.tables["hash"])]  # fmt: skip
    for path in here:
        moves.content(host, path, release, age_s=age_s)
    if not here:
        scene.put(host, f"/etc/systemd/system/{unit}.d/release.conf", release, age_s=age_s)
    folder = f"/tmp/deploy.{moves.some(rng, 6)}"
    scene.put(host, f"{folder}/release-{release}.tar.gz", release, uid=uid, age_s=age_s + 60)
    for name in ("install.sh", "bin/preflight", "bin/migrate"):
        scene.put(host, f"{folder}/{name}", release, mode="0755", uid=uid, age_s=age_s + 40)
    scene.put(host, "/run/lock/deploy.lock", release, uid=uid, age_s=age_s + 70)


def second_instance_for_comparison(host: Host, rng: random.Random) -> None:
    """A second instance of the work runs beside the first, on loopback, with another setting, to compare the two."""
    work, port = scene.work(host), rng.choice((18_080, 8001, 9443, 15_432))
    if work["name"] in SINGLE:
        work = next(iter(scene.named(host, "node_exporter")), work)
    unit = work["cgroup_path"].rpartition("/")[2] or "ssh.service"
    stem, age_s = (
        unit.removesuffix(".service"),
        min(rng.randrange(3_000, 80_000), scene.now(host) - int(work["start_time"])),
    )
    name = f"{stem}-{rng.choice(('next', 'compare', 'b'))}.service"
    scene.unit(host, name, f"{stem}, to compare", text=f"{port}", state=rng.choice(("enabled", "disabled")), age_s=age_s)  # fmt: skip
    pid = scene.spawn(host, work["path"], f"{work['cmdline']} --port={port}", name=work["name"], uid=work["uid"], cwd=work["cwd"], age_s=age_s - 30, unit=name, threads=9)  # fmt: skip
    scene.listen(host, pid, port, "127.0.0.1")
    served = {row["port"] for row in host.tables["listening_ports"]}
    out = [row for row in host.tables["process_open_sockets"] if row["pid"] == work["pid"] and row["remote_port"] not in ("", "0") and row["local_port"] not in served]  # fmt: skip
    for row in out[:2]:
        scene.connect(host, pid, row["remote_address"], int(row["remote_port"]))


def podman_tried(host: Host, rng: random.Random) -> None:
    """An engineer tries containers without root: Podman from the distribution, one container that was forgotten."""
    user, age_s = rng.choice((scene.login(host), "deploy")), rng.randrange(4_000, 200_000)
    age_s = min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90)
    uid, home = scene.uid_of(host, user), f"/home/{user}"
    manager(host, user, age_s)
    for name, version in (("podman", "4.3.1"), ("conmon", "2.1.6"), ("crun", "1.8.1"), ("slirp4netns", "1.2.0"), ("fuse-overlayfs", "1.10"), ("uidmap", "4.13"), ("catatonit", "0.1.7")):  # fmt: skip
        if not moves.installed(host, name):
            scene.package(host, name, version)
    if scene.debian(host):
        for name in ("newuidmap", "newgidmap"):
            path = f"/usr/bin/{name}"
            host.add("suid_bin", path=path, username="root", groupname="root", permissions="S")
            scene.put(host, path, mode="4755", age_s=500 * moves.DAY_S)
    identifier, scope = f"{rng.getrandbits(256):064x}", f"user@{uid}.service/user.slice"
    moves.run(host, "/usr/libexec/podman/catatonit", "catatonit -P", uid=uid, age_s=age_s, unit=scope)
    folder = f"{home}/.local/share/containers/storage/overlay-containers/{identifier}/userdata"
    watch = moves.run(host, "/usr/bin/conmon", f"/usr/bin/conmon --api-version 1 -c {identifier} -u {identifier} -r /usr/bin/crun -b {folder} -p /run/user/{uid}/containers/overlay-containers/{identifier}/userdata/pidfile -n {rng.choice(('valkey', 'test-db', 'tmp'))}",
                      uid=uid, age_s=age_s, unit=scope)  # fmt: skip
    path, line, port = rng.choice((("/usr/local/bin/redis-server", "redis-server *:6379", 16_379), ("/usr/lib/postgresql/16/bin/postgres", "postgres", 15_433), ("/usr/sbin/nginx", "nginx: master process nginx -g daemon off;", 8088)))  # fmt: skip
    scene.spawn(host, path, line, uid=uid, parent=watch, age_s=age_s, on_disk="0", unit=f"user@{uid}.service/libpod-{identifier}.scope", threads=5)  # fmt: skip
    proxy = moves.run(host, "/usr/libexec/podman/rootlessport", "rootlessport", uid=uid, age_s=age_s, unit=scope)  # fmt: skip
    scene.listen(host, proxy, port, "127.0.0.1")


def native_library_unpacked(host: Host, rng: random.Random) -> None:
    """A program carries libraries inside it and unpacks them into /tmp when it starts: netty's in Java, a bundle of Python elsewhere."""
    work, age_s = scene.work(host), rng.randrange(600, 50_000)
    age_s = min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90)
    if work["name"] == "java":
        for name in rng.sample(("libnetty_tcnative_linux_x86_64", "snappy-1.1.10.5-libsnappyjava", "libzstd-jni-1.5.6-3", "jna"), 2):  # fmt: skip
            path = f"/tmp/{name}{rng.getrandbits(62)}.so"
            scene.put(host, path, name, mode="0700", uid=work["uid"], age_s=age_s)
            scene.load(host, work["pid"], path)
        return
    uid, folder = scene.uid_of(host, "deploy"), f"/tmp/_MEI{moves.some(rng, 6)}"
    path, line = "/usr/local/bin/docker-compose", "docker-compose -f /srv/tools/compose.yml logs -f"
    if rng.random() < 0.5 or not moves.images(host):
        path, line = "/usr/local/bin/log-exporter", "log-exporter --follow /var/log/app --to /srv/exports"
    for name in ("libpython3.9.so.1.0", "libssl.so.1.1", "lib-dynload/_json.cpython-39-x86_64-linux-gnu.so", "base_library.zip"):  # fmt: skip
        scene.put(host, f"{folder}/{name}", name, mode="0700" if ".so" in name else "0644", uid=uid, age_s=age_s)  # fmt: skip
    outer = moves.run(host, path, line, uid=uid, cwd="/srv", age_s=age_s + 1)
    inner = moves.run(host, path, line, uid=uid, parent=outer, cwd="/srv", age_s=age_s)
    for name in ("libpython3.9.so.1.0", "libssl.so.1.1"):
        scene.load(host, inner, f"{folder}/{name}")


def package_source_of_vendor(host: Host, rng: random.Random) -> None:
    """An engineer followed a vendor's page: its source and key were added here, and one package came from it."""
    name, deb, rpm, package, version = rng.choice(SOURCES)
    age_s = moves.days_ago(host, rng, 2, 300)
    if scene.debian(host):
        host.add("apt_sources", name=name, base_uri=deb, release="stable", components="main", architectures="amd64", source=f"/etc/apt/sources.list.d/{name}.list")  # fmt: skip
        scene.put(host, f"/etc/apt/sources.list.d/{name}.list", deb, age_s=age_s)
        folder = rng.choice(("/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings"))
        scene.put(host, f"{folder}/{name}.gpg", name, age_s=age_s)
    else:
        host.add("yum_sources", name=name, baseurl=rpm, enabled=1, gpgcheck=1, source=f"/etc/yum.repos.d/{name}.repo")  # fmt: skip
        scene.put(host, f"/etc/yum.repos.d/{name}.repo", rpm, age_s=age_s)
    scene.package(host, package, version)
    host.change("rpm_packages", {"name": package}, install_time=str(scene.now(host) - age_s))


def process_manager_of_developers(host: Host, rng: random.Random) -> None:
    """A small service of the developers' runs under PM2 in the deploy user's home, with a Node of its own."""
    uid, home = scene.uid_of(host, "deploy"), "/home/deploy"
    version, age_s = rng.choice(("v18.20.4", "v20.11.1", "v22.9.0")), rng.randrange(4_000, 900_000)
    up_s = min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90)
    node, modules = f"{home}/.nvm/versions/node/{version}/bin/node", f"{home}/.nvm/versions/node/{version}/lib/node_modules"  # fmt: skip
    scene.unit(host, "pm2-deploy.service", "PM2 process manager", text=version, age_s=age_s)
    moves.program(host, node, age_s=age_s)
    host.change("file", {"path": node}, uid=uid, gid=uid)
    host.add("npm_packages", name="pm2", version="5.4.3", path=f"{modules}/pm2/package.json", directory=modules)  # fmt: skip
    god = moves.run(host, node, f"PM2 v5.4.3: God Daemon ({home}/.pm2)", name="PM2 v5.4.3: God", uid=uid, cwd=home, age_s=up_s, unit="pm2-deploy.service")  # fmt: skip
    tool = rng.choice(("webhook", "status-page", "feature-flags", "image-proxy"))
    pid = moves.run(host, node, f"node {home}/{tool}/server.js", name="node /home/depl", uid=uid, parent=god, cwd=f"{home}/{tool}", age_s=up_s - 3, unit="pm2-deploy.service")  # fmt: skip
    scene.listen(host, pid, rng.choice((3000, 3999, 4567)), rng.choice(("127.0.0.1", "::")))


def build_runner_registered(host: Host, rng: random.Random) -> None:
    """The team had no runner with this host's network, so GitLab's was registered here for a while."""
    age_s, unit = moves.days_ago(host, rng, 1, 90), "gitlab-runner.service"
    up_s = min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90)
    uid = moves.free_uid(host, 998 if scene.debian(host) else 988, -1)
    moves.account(host, "gitlab-runner", uid, home="/home/gitlab-runner", shell="/bin/bash")
    scene.package(host, "gitlab-runner", f"17.{rng.randrange(2, 9)}.0")
    for gid in (row["gid"] for row in host.tables["groups"] if row["groupname"] == "docker"):
        host.add("user_groups", uid=uid, gid=gid)
    scene.unit(host, unit, "GitLab Runner", age_s=age_s)
    scene.put(host, "/etc/gitlab-runner/config.toml", mode="0600", age_s=age_s)
    line = "/usr/bin/gitlab-runner run --config /etc/gitlab-runner/config.toml --working-directory /home/gitlab-runner --service gitlab-runner --user gitlab-runner"
    pid = moves.run(host, "/usr/bin/gitlab-runner", line, age_s=up_s, unit=unit)
    host.change("processes", {"pid": pid}, threads="12")
    if rng.random() < 0.7:
        scene.connect(host, pid, "10.20.12.30", 443)


def job_from_virtual_environment(host: Host, rng: random.Random) -> None:
    """An analyst's report runs from this host each night, out of a virtual environment in the deploy user's home."""
    uid, name, age_s = scene.uid_of(host, "deploy"), rng.choice(("reports", "churn", "billing-check")), moves.days_ago(host, rng, 9, 200)  # fmt: skip
    folder = f"/home/deploy/{name}"
    for tool in ("pip", "activate", "normalizer", "f2py")[: rng.randrange(2, 5)]:
        scene.put(host, f"{folder}/venv/bin/{tool}", tool, mode="0644" if tool == "activate" else "0755", uid=uid, age_s=age_s)  # fmt: skip
    version = "3.11" if scene.debian(host) else "3.9"
    libraries = f"{folder}/venv/lib/python{version}/site-packages"
    for library, release in rng.sample((("pandas", "2.2.3"), ("numpy", "1.26.4"), ("SQLAlchemy", "2.0.36"), ("openpyxl", "3.1.5"), ("requests", "2.32.3")), 3):  # fmt: skip
        host.add("python_packages", name=library, version=release, path=f"{libraries}/{library}-{release}.dist-info", directory=libraries)  # fmt: skip
    line = f"{folder}/venv/bin/python {folder}/run.py --yesterday"
    scene.cron(host, scene.spool(host, "deploy"), f"{rng.randrange(60)} {rng.randrange(3, 11)} * * *", line)
    if rng.random() < 0.4:
        daemon, since = moves.cron_daemon(host), rng.randrange(20, 900)
        forked = moves.run(host, daemon["path"], "/usr/sbin/CRON -f", name=daemon["name"], parent=daemon["pid"], age_s=since)  # fmt: skip
        sh = moves.run(host, scene.shell(host), f"/bin/sh -c {line}", name="sh", uid=uid, parent=forked, cwd="/home/deploy", age_s=since)  # fmt: skip
        pid = moves.run(host, scene.python(host), line, name="python", uid=uid, parent=sh, cwd="/home/deploy", age_s=since)  # fmt: skip
        scene.connect(host, pid, "10.20.40.17", 5432)


ONE_OFFS = (
    half_finished_deployment,
    second_instance_for_comparison,
    podman_tried,
    native_library_unpacked,
    package_source_of_vendor,
    process_manager_of_developers,
    build_runner_registered,
    job_from_virtual_environment,
)
