"""What work can a simulated host do, and how does that work show in its tables?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.fleet.amazon import lay_amazon
from bot.sandbox.fleet.debian import lay_debian
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service, upgrade

DATABASE, CACHE = "10.20.40.17", "10.20.41.22"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host stands in its group.

    Attributes:
        newest: Whether it runs the newest template version of its group (the others: the one before).
        peers: Private addresses of the other hosts.
    """

    newest: bool
    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of work. ``lay_system`` and ``lay_work`` write a host's tables, in that order."""

    system: str
    lay_system: Callable[[Draft], None]
    lay_work: Callable[[Draft, Place], None]


SECURITY_UPDATES = {
    "debian": {
        "libssl3": "3.0.17-1~deb12u3", "openssl": "3.0.17-1~deb12u3", "curl": "7.88.1-10+deb12u14", "libcurl4": "7.88.1-10+deb12u14",
        "libcurl3-gnutls": "7.88.1-10+deb12u14", "sudo": "1.9.13p3-1+deb12u2", "libxml2": "2.9.14+dfsg-1.3~deb12u4",
        "git": "1:2.39.5-0+deb12u3", "git-man": "1:2.39.5-0+deb12u3", "tzdata": "2025b-0+deb12u2", "amazon-ssm-agent": "3.3.2746.0-1",
        "linux-image-cloud-amd64": "6.1.148-1",
    },
    "amazon": {
        "openssl": "3.2.2-1.amzn2023.0.2", "openssl-libs": "3.2.2-1.amzn2023.0.2", "curl-minimal": "8.11.1-4.amzn2023.0.3",
        "system-release": "2023.8.20250707", "tzdata": "2025b-1", "amazon-ssm-agent": "3.3.2746.0",
    },
}  # fmt: skip


def _update(draft: Draft, system: str, place: Place) -> None:
    if place.newest:
        upgrade(draft, SECURITY_UPDATES[system])
        for row in draft.tables["hash"]:
            if row["path"] in (
                "/usr/bin/amazon-ssm-agent",
                "/usr/bin/ssm-agent-worker",
                "/usr/bin/ssm-document-worker",
                "/usr/bin/curl",
                "/usr/bin/sudo",
            ):
                row["sha256"] = digest(row["sha256"] + " updated")


def _web(draft: Draft, place: Place) -> None:
    rng = draft.rng
    release = "4.18.0" if place.newest else "4.17.2"
    _update(draft, "debian", place)
    package(draft, "webapp", release)
    package(draft, "nginx", "1.22.1", "9+deb12u2")
    package(draft, "nginx-common", "1.22.1", "9+deb12u2")
    draft.user("webapp", 994, "/opt/webapp", "/usr/sbin/nologin")
    draft.add("groups", gid=994, gid_signed=994, groupname="webapp")
    lay_operators_agents(draft, "web", list(place.peers))
    nginx = service(
        draft,
        "nginx",
        "/usr/sbin/nginx",
        "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        packaged=True,
        description="A high performance web server and a reverse proxy server",
    )
    for port in (80, 443):
        for address in ("0.0.0.0", "::"):
            draft.listen(nginx, port, address)
    workers = [
        draft.spawn(
            "nginx",
            "/usr/sbin/nginx",
            "nginx: worker process",
            user="www-data",
            parent=nginx,
            unit="nginx.service",
        )
        for _ in range(2)
    ]
    if rng.random() < 0.15:
        draft.spawn(
            "nginx",
            "/usr/sbin/nginx",
            "nginx: worker process is shutting down",
            user="www-data",
            parent=nginx,
            unit="nginx.service",
        )
    python, gunicorn = "/opt/webapp/venv/bin/python3", "/opt/webapp/venv/bin/gunicorn"
    cmdline = f"{python} {gunicorn} webapp.wsgi:application --name webapp --bind 127.0.0.1:8000 --pid /run/webapp/gunicorn.pid --config /opt/webapp/releases/{release}/gunicorn.conf.py"
    if place.newest:
        cmdline += " --worker-tmp-dir /dev/shm"
    app = service(
        draft,
        "webapp",
        "/usr/bin/python3.11",
        cmdline,
        user="webapp",
        name="gunicorn",
        cwd=f"/opt/webapp/releases/{release}",
    )
    for row in draft.tables["hash"]:
        if row["path"] == "/etc/systemd/system/webapp.service":
            row["sha256"] = digest(f"unit webapp {release}")
    draft.listen(app, 8000, "127.0.0.1")
    draft.file(gunicorn, f"gunicorn {release}", mode="0755")
    draft.file(f"/opt/webapp/releases/{release}/gunicorn.conf.py", f"gunicorn conf {release}")
    crew = [
        draft.spawn(
            "gunicorn",
            "/usr/bin/python3.11",
            cmdline,
            user="webapp",
            parent=app,
            unit="webapp.service",
            cwd=f"/opt/webapp/releases/{release}",
        )
        for _ in range(rng.randrange(3, 6))
    ]
    for pid in (app, *crew):
        draft.env(
            pid,
            APP_ENV="production",
            APP_RELEASE=release,
            HOSTNAME=draft.identity.hostname,
            INSTANCE_ID=draft.identity.instance_id,
            DATABASE_URL=f"postgresql://webapp:not-a-real-password@{DATABASE}:5432/web",
            PATH="/opt/webapp/venv/bin:/usr/bin:/bin",
        )
    for pid in crew:
        draft.connect(pid, DATABASE, 5432)
        if rng.random() < 0.8:
            draft.connect(pid, CACHE, 6379)
        if rng.random() < 0.3:
            draft.connect(pid, f"52.218.{rng.randrange(256)}.{rng.randrange(1, 255)}", 443)
    balancer = int(draft.ip.split(".")[2]) // 16 * 16
    for pid in workers:
        for _ in range(rng.randrange(1, 7)):
            draft.connect(
                pid,
                f"10.20.{balancer + rng.randrange(2)}.{rng.choice((53, 197, 214))}",
                draft.ephemeral(),
                local_port=80,
            )
        draft.connect(pid, "127.0.0.1", 8000, local="127.0.0.1")
        draft.connect(crew[0], "127.0.0.1", draft.ephemeral(), local_port=8000, local="127.0.0.1")
    for path in (
        "/etc/nginx/nginx.conf",
        "/etc/nginx/sites-enabled/webapp.conf",
        "/etc/nginx/conf.d/status.conf",
        "/var/www/html/index.nginx-debian.html",
    ):
        draft.file(path, "", changed=draft.booted - 90 * 86400)
    for name, version in (
        ("gunicorn", "21.2.0"),
        ("Django", "4.2.16" if place.newest else "4.2.15"),
        ("psycopg2", "2.9.9"),
        ("redis", "5.0.8"),
        ("boto3", "1.34.150"),
        ("botocore", "1.34.150"),
        ("sentry-sdk", "2.12.0"),
        ("requests", "2.32.3"),
        ("urllib3", "2.2.2"),
        ("celery", "5.4.0"),
        ("Jinja2", "3.1.4"),
        ("whitenoise", "6.7.0"),
    ):
        folder = "/usr/local/lib/python3.11/dist-packages"
        draft.add(
            "python_packages",
            name=name,
            version=version,
            path=f"{folder}/{name}-{version}.dist-info",
            directory=folder,
        )
    draft.cron(
        "/etc/cron.d/webapp",
        "*/10 * * * *",
        f"webapp /opt/webapp/venv/bin/python3 /opt/webapp/releases/{release}/manage.py clearsessions",
    )
    draft.file("/etc/cron.d/webapp", f"webapp schedule {release}")
    draft.file("/etc/logrotate.d/webapp", f"rotate {release}")
    draft.add(
        "mounts",
        device=f"10.20.{balancer + 7}.44:/",
        device_alias=f"10.20.{balancer + 7}.44:/",
        path="/mnt/shared",
        type="nfs4",
        flags=f"rw,relatime,vers=4.1,rsize=1048576,wsize=1048576,clientaddr={draft.ip},addr=10.20.{balancer + 7}.44",
    )
    lay_temporary_files(draft, ("chrony", "nginx", "systemd-logind"))
    for pid in crew[: rng.randrange(3)]:
        draft.file(f"/tmp/wgunicorn-{digest(f'{pid}{draft.ip}', 8)}", "x", mode="0600", uid=994)


def _jvm(draft: Draft, place: Place) -> None:
    rng = draft.rng
    release = "2.41.0" if place.newest else "2.40.3"
    _update(draft, "amazon", place)
    package(draft, "api-service", release)
    package(draft, "java-17-amazon-corretto-headless", "17.0.15+6")
    draft.user("api", 991, "/opt/api", "/sbin/nologin")
    draft.add("groups", gid=991, gid_signed=991, groupname="api")
    lay_operators_agents(draft, "api", list(place.peers))
    java = "/usr/lib/jvm/java-17-amazon-corretto.x86_64/bin/java"
    cmdline = (
        f"{java} -Xms3g -Xmx3g -XX:+UseG1GC -XX:HeapDumpPath=/var/log/api/{draft.identity.instance_id} -Dserver.address={draft.ip} "
        f"-Dcom.sun.management.jmxremote.port=9010 -Djava.rmi.server.hostname={draft.ip} -jar /opt/api/lib/api-service-{release}.jar"
    )
    app = service(draft, "api", java, cmdline, user="api", binary="17.0.15", cwd="/opt/api", threads=78)
    draft.file(f"/opt/api/lib/api-service-{release}.jar", f"api {release}")
    for port, address in ((8080, draft.ip), (8081, "127.0.0.1"), (9010, "::"), (draft.ephemeral(), "::")):
        draft.listen(app, port, address)
    for _ in range(rng.randrange(6, 14)):
        draft.connect(app, DATABASE, 5432)
    for _ in range(rng.randrange(1, 4)):
        draft.connect(app, f"10.20.42.{rng.choice((31, 32, 33))}", 9092)
    balancer = int(draft.ip.split(".")[2]) // 16 * 16
    for _ in range(rng.randrange(2, 9)):
        draft.connect(
            app, f"10.20.{balancer + 1}.{rng.choice((20, 144))}", draft.ephemeral(), local_port=8080
        )
    draft.env(
        app,
        JAVA_HOME=java.removesuffix("/bin/java"),
        SPRING_PROFILES_ACTIVE="prod",
        HOSTNAME=draft.identity.hostname,
    )
    draft.file(f"/tmp/hsperfdata_api/{app}", f"perf {app}", mode="0600", uid=991)
    draft.file(
        f"/tmp/libnetty_tcnative_linux_x86_64{rng.getrandbits(63)}.so",
        "netty tcnative 2.0.65",
        mode="0755",
        uid=991,
    )
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "systemd-logind", "systemd-resolved"))


def _database(draft: Draft, place: Place) -> None:
    rng = draft.rng
    _update(draft, "debian", place)
    package(draft, "postgresql-15", "15.14" if place.newest else "15.13", "0+deb12u1")
    package(draft, "postgresql-client-15", "15.14" if place.newest else "15.13", "0+deb12u1")
    draft.user("postgres", 117, "/var/lib/postgresql", "/bin/bash")
    draft.add("groups", gid=117, gid_signed=117, groupname="postgres")
    draft.add("user_groups", uid=117, gid=42)
    lay_operators_agents(draft, "db", list(place.peers))
    path = "/usr/lib/postgresql/15/bin/postgres"
    main = service(
        draft,
        "postgresql@15-main",
        path,
        f"{path} -D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf",
        user="postgres",
        packaged=True,
        binary="15.14" if place.newest else "15.13",
    )
    draft.listen(main, 5432)
    draft.listen(main, 5432, "::")
    for title in (
        "checkpointer",
        "background writer",
        f"startup recovering {rng.getrandbits(24):024X}",
        f"walreceiver streaming {rng.randrange(16**3):X}/{rng.getrandbits(31):X}",
    ):
        draft.spawn("postgres", path, f"postgres: 15/main: {title}", user="postgres", parent=main)
    for _ in range(rng.randrange(4, 12)):
        client = f"10.20.{rng.choice((3, 19, 34))}.{rng.randrange(5, 250)}"
        port = draft.ephemeral()
        pid = draft.spawn(
            "postgres",
            path,
            f"postgres: 15/main: webapp web {client}({port}) idle",
            user="postgres",
            parent=main,
        )
        draft.connect(pid, client, port, local_port=5432)
    draft.connect(main, DATABASE, 5432)
    draft.add(
        "mounts",
        device="/dev/nvme1n1",
        device_alias="/dev/nvme1n1",
        path="/var/lib/postgresql",
        type="xfs",
        flags="rw,noatime,attr2,inode64,logbufs=8,noquota",
    )
    for name in ("postgresql.conf", "pg_hba.conf"):
        draft.file(f"/etc/postgresql/15/main/{name}", uid=117, mode="0640")
    draft.cron("/var/spool/cron/crontabs/postgres", "40 1 * * *", "/usr/local/bin/pg_basebackup_to_s3.sh")
    draft.file("/var/spool/cron/crontabs/postgres", "postgres crontab", mode="0600", uid=117)
    draft.file("/dev/shm/PostgreSQL.%d" % rng.getrandbits(31), "shared memory", mode="0600", uid=117)
    lay_temporary_files(draft, ("chrony", "systemd-logind"))


def _container(draft: Draft, place: Place) -> None:
    rng = draft.rng
    _update(draft, "amazon", place)
    for name, version in (
        ("docker", "25.0.8"),
        ("containerd", "1.7.27"),
        ("runc", "1.2.6"),
        ("ecs-init", "1.94.0" if place.newest else "1.93.1"),
    ):
        package(draft, name, version, "1.amzn2023.0.1")
    draft.add("groups", gid=990, gid_signed=990, groupname="docker")
    lay_operators_agents(draft, "container", list(place.peers))
    service(draft, "containerd", "/usr/bin/containerd", "/usr/bin/containerd", packaged=True, threads=12)
    engine = service(
        draft,
        "docker",
        "/usr/bin/dockerd",
        "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --default-ulimit nofile=32768:65536",
        packaged=True,
        threads=15,
    )
    tag = "5.3.0" if place.newest else "5.2.9"
    images = [
        ("shop", f"registry.example/shop:{tag}", "/app/shop", 8080),
        ("thumbs", "registry.example/thumbs:1.9.4", "/app/thumbs --listen :9000", 9000),
        ("ecs-agent", "amazon/amazon-ecs-agent:latest", "/agent", 51678),
    ]
    for name, image, command, port in images:
        for _ in range(1 if name == "ecs-agent" else rng.randrange(1, 4)):
            identifier = f"{rng.getrandbits(256):064x}"
            shim = draft.spawn(
                "containerd-shim",
                "/usr/bin/containerd-shim-runc-v2",
                f"/usr/bin/containerd-shim-runc-v2 -namespace moby -id {identifier} -address /run/containerd/containerd.sock",
            )
            pid = draft.spawn(
                command.split()[0].rpartition("/")[2], command.split()[0], command, parent=shim, on_disk=1
            )
            title = (
                "/ecs-agent" if name == "ecs-agent" else f"/ecs-{name}-41-{name}-{rng.getrandbits(80):020x}"
            )
            draft.add(
                "docker_containers", id=identifier, name=title, image=image, image_id="sha256:" + digest(image), command=command, created=draft.booted + 90,
                state="running", status="Up 5 hours", pid=pid, path=command.split()[0], config_entrypoint=command, privileged=0, readonly_rootfs=0,
                security_options="", env_variables="", pid_namespace=rng.randrange(4026532200, 4026532999), net_namespace=4026531840,
            )  # fmt: skip
            draft.add(
                "docker_container_mounts",
                id=identifier,
                type="bind",
                source="/var/log/ecs" if name == "ecs-agent" else f"/var/lib/{name}",
                destination="/log" if name == "ecs-agent" else "/data",
                mode="",
                rw=1,
            )
            overlay = f"{rng.getrandbits(256):064x}"
            draft.add(
                "mounts",
                device="overlay",
                device_alias="overlay",
                path=f"/var/lib/docker/overlay2/{overlay}/merged",
                type="overlay",
                flags="rw,relatime",
            )
            if name != "ecs-agent":
                host_port = draft.ephemeral()
                proxy = draft.spawn(
                    "docker-proxy",
                    "/usr/bin/docker-proxy",
                    f"/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port {host_port} -container-ip 172.17.0.{rng.randrange(2, 9)} -container-port {port}",
                    parent=engine,
                )
                draft.listen(proxy, host_port)
            else:
                draft.listen(pid, port, "127.0.0.1")
    for name in ("bridge", "br_netfilter", "veth", "stp", "llc", "xt_MASQUERADE", "nf_nat", "xt_addrtype"):
        draft.add("kernel_modules", name=name, size=16384, used_by="-", status="Live", address="0x0")
    for row in draft.tables["system_controls"]:
        if row["name"] == "net.ipv4.ip_forward":
            row["current_value"] = "1"
    for chain, target, out in (("POSTROUTING", "MASQUERADE", "!docker0"), ("DOCKER", "RETURN", "all")):
        draft.add(
            "iptables",
            filter_name="nat",
            chain=chain,
            policy="ACCEPT",
            target=target,
            protocol=0,
            src_ip="172.17.0.0",
            src_mask="255.255.0.0",
            dst_ip="0.0.0.0",
            dst_mask="0.0.0.0",
            iniface="all",
            outiface=out,
            match="no",
            packets=rng.randrange(9999),
            bytes=rng.randrange(99999),
        )
    lay_temporary_files(draft, ("chronyd", "dbus-broker"))


def _batch(draft: Draft, place: Place) -> None:
    rng = draft.rng
    release = "1.12.0" if place.newest else "1.11.4"
    _update(draft, "debian", place)
    package(draft, "batch-worker", release)
    draft.user("batch", 993, "/srv/batch", "/usr/sbin/nologin")
    draft.add("groups", gid=993, gid_signed=993, groupname="batch")
    lay_operators_agents(draft, "batch", list(place.peers))
    cmdline = f"/srv/batch/venv/bin/python3 /srv/batch/venv/bin/celery -A jobs worker -n worker@{draft.identity.hostname} -l INFO"
    main = service(
        draft, "batch-worker", "/usr/bin/python3.11", cmdline, user="batch", name="celery", cwd="/srv/batch"
    )
    for _ in range(rng.randrange(2, 7)):
        pid = draft.spawn(
            "celery", "/usr/bin/python3.11", cmdline, user="batch", parent=main, cwd="/srv/batch"
        )
        draft.connect(pid, CACHE, 6379)
        if rng.random() < 0.6:
            job = f"/srv/batch/work/{rng.getrandbits(128):032x}"
            draft.spawn(
                "ffmpeg",
                "/usr/bin/ffmpeg",
                f"ffmpeg -y -i {job}/in.mp4 -vf scale=1280:-1 {job}/out.mp4",
                user="batch",
                parent=pid,
                cwd=job,
            )
    draft.file("/usr/bin/ffmpeg", mode="0755")
    for when, job in (("*/5 * * * *", "poll"), ("0 4 * * *", "report"), ("30 4 * * 0", "prune")):
        draft.cron("/var/spool/cron/crontabs/batch", when, f"/srv/batch/bin/{job} --release {release}")
    draft.file("/var/spool/cron/crontabs/batch", f"batch crontab {release}", mode="0600", uid=993)
    for _ in range(rng.randrange(2, 9)):
        draft.file(f"/tmp/celery-{rng.getrandbits(48):012x}", "job", mode="0600", uid=993)
    lay_temporary_files(draft, ("chrony", "systemd-logind"))


ROLES: Mapping[str, Role] = {
    "web": Role("debian", lay_debian, _web),
    "jvm": Role("amazon", lay_amazon, _jvm),
    "database": Role("debian", lay_debian, _database),
    "container": Role("amazon", lay_amazon, _container),
    "batch": Role("debian", lay_debian, _batch),
}
"""The five kinds of group, by name."""
