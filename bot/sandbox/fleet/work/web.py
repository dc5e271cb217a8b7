"""What does a web host do: nginx before a Python application?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import CACHE, DATABASE, Place, bring_updates


def lay_work(draft: Draft, place: Place) -> None:
    """Add the work to a host that has its system."""
    rng = draft.rng
    release = "4.18.0" if place.newest else "4.17.2"
    bring_updates(draft, "debian", place)
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
