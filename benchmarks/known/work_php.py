"""What does a host with several PHP sites do: pools that breathe with the traffic, releases, a queue, one host for the bills?"""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.known.work_common import as_ubuntu
from benchmarks.known.work_estate import (
    account,
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

EXTENSIONS = ("fpm", "cli", "common", "curl", "gd", "intl", "mbstring", "mysql", "opcache", "redis", "xml", "zip", "bcmath")  # fmt: skip
RELEASES_H = (5, 29, 54, 101, 150, 198, 272, 341)
"""For how many hours each release of the shop has been out, newest first; four are kept."""
SHOP = ("artisan", "public/index.php", "bootstrap/app.php", "vendor/autoload.php", "config/app.php", "config/queue.php", "routes/web.php", "app/Http/Kernel.php",
        "app/Jobs/SendInvoice.php", "app/Models/Order.php", "bootstrap/cache/config.php", "bootstrap/cache/routes-v7.php")  # fmt: skip
BLOG = ("index.php", "wp-login.php", "wp-config.php", "wp-settings.php", "wp-cron.php", "wp-content/plugins/seo/seo.php", "wp-content/themes/shop/functions.php")  # fmt: skip
VIEWS = 40
"""Templates of the shop; each is compiled on a host when somebody first asks for it there."""


def lay_php(draft: Draft, place: Place) -> None:
    """Add nginx, php-fpm with three pools, the queue's workers, and what they talk to.

    A newer template brings PHP 8.3 of another archive instead of the 8.1 of Ubuntu.
    """
    rng = draft.rng
    php = "8.3" if place.newest else "8.1"
    built = ("8.3.15", "1+ubuntu22.04.1+deb.sury.org+1") if place.newest else ("8.1.2", "1ubuntu2.20")
    bring_updates(draft, "debian", place)
    as_ubuntu(draft)
    cores = lay_size(draft)
    lay_estate(draft, newest=place.newest)
    for name in EXTENSIONS:
        package(draft, f"php{php}-{name}", *built)
    for name, version in (("nginx", "1.18.0"), ("memcached", "1.6.14"), ("supervisor", "4.2.1"), ("proxysql", "2.7.1"), ("newrelic-daemon", "11.3.0"),
                          ("msmtp-mta", "1.8.16"), ("imagemagick", "6.9.11.60"), ("wkhtmltopdf", "0.12.6"), ("nfs-common", "2.6.1")):  # fmt: skip
        package(draft, name, version)
    if place.newest:
        draft.add("apt_sources", name="ondrej", source="/etc/apt/sources.list.d/ondrej-php.list", base_uri="https://ppa.launchpadcontent.net/ondrej/php/ubuntu",
                  release="jammy", components="main", architectures="amd64")  # fmt: skip
    for name, uid, home in (("shop", 2001, "/var/www/shop"), ("blog", 2002, "/var/www/blog"), ("memcache", 121, "/nonexistent"), ("proxysql", 122, "/var/lib/proxysql")):  # fmt: skip
        account(draft, name, uid, home)
    current = _release(draft, php)
    _front(draft, cores)
    _beside(draft)
    draft.settle()
    _pools(draft, php, cores)
    _queue(draft, php, cores, current)
    if draft.ip == min((draft.ip, *place.peers)):
        _bills(draft)
    lay_upkeep(draft, "/var/log/nginx")
    lay_temporary_files(draft, ("chrony", "memcached", f"php{php}-fpm", "systemd-logind", "systemd-resolved"))
    private = next(
        row["path"]
        for row in draft.tables["file"]
        if row["path"].startswith("/tmp/") and f"php{php}-fpm" in row["path"]
    )
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        kind = rng.choice(("php", "php", "magick-", "wktemp-"))
        draft.file(
            f"{private}/tmp/{kind}{digest(str(rng.random()), 6)}",
            str(rng.random()),
            mode="0600",
            uid=2001,
            changed=draft.now - rng.randrange(300),
        )


def _release(draft: Draft, php: str) -> str:
    """Lay the sites: the blog lies on the shared disk, of the shop each host keeps the releases that it lived to see."""
    rng, up_h = draft.rng, (draft.now - draft.booted) / 3_600
    first = next((place for place, hours in enumerate(RELEASES_H) if hours > up_h), len(RELEASES_H) - 1)
    kept = RELEASES_H[: min(first, 3) + 1]
    stamps = [
        datetime.fromtimestamp(draft.now - hours * 3_600, UTC).strftime("%Y%m%d%H%M%S") for hours in kept
    ]
    for stamp, hours in zip(stamps, kept, strict=True):
        deployed = max(draft.now - hours * 3_600 + rng.randrange(20, 240), draft.booted + 70)
        for place, name in enumerate(SHOP):
            changed = place % 4 == 1 or "cache/" in name  # of most releases most files are as before
            draft.file(
                f"/var/www/shop/releases/{stamp}/{name}",
                f"shop {name} {stamp if changed else ''}",
                uid=1001,
                changed=deployed,
            )
    for place in range(VIEWS):
        for stamp in stamps:
            if rng.random() < (0.9 if place < 15 else 0.35):
                path = f"/var/www/shop/shared/storage/framework/views/{digest(f'{stamp} {place}', 40)}.php"
                draft.file(
                    path,
                    f"view {place} {place % 9 and stamp}",
                    uid=2001,
                    changed=draft.now - rng.randrange(60, 18_000),
                )
    draft.file("/var/www/shop/shared/.env", f"environment {php}", mode="0640", uid=1001)
    for name in BLOG:
        draft.file(f"/var/www/blog/{name}", f"blog {name}", uid=2002, changed=1_770_000_000)
    draft.file("/var/www/html/index.nginx-debian.html", "welcome")
    target = f"10.20.{zone_net(draft) + 7}.21:/"
    draft.add("mounts", device=target, device_alias=target, path="/var/www/blog", type="nfs4",
              flags=f"rw,relatime,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr={draft.ip},addr={target[:-2]}")  # fmt: skip
    draft.connect(-1, target[:-2], 2049, local_port=draft.ephemeral())
    modules(draft, "nfsv4", "nfs", "lockd", "grace", "netfs", "fscache")
    return stamps[0]


def _front(draft: Draft, cores: int) -> None:
    rng, zone, path = draft.rng, zone_net(draft), "/usr/sbin/nginx"
    master = service(
        draft,
        "nginx",
        path,
        "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        packaged=True,
    )
    for port in (80, 8081):
        draft.listen(master, port, "0.0.0.0" if port == 80 else "127.0.0.1")
    titles = ["worker process"] * cores + (
        ["worker process is shutting down"] * rng.randrange(1, cores + 1) if rng.random() < 0.08 else []
    )
    for title in titles:
        worker = draft.spawn(
            "nginx", path, f"nginx: {title}", user="www-data", parent=master, unit="nginx.service"
        )
        if title == "worker process":
            draft.listen(worker, 80)
            draft.listen(worker, 8081, "127.0.0.1")
        for _ in range(rng.randrange(1, 7)):
            draft.connect(
                worker, f"10.20.{zone + 2}.{rng.choice((14, 93, 171))}", draft.ephemeral(), local_port=80
            )
    for name in ("shop", "blog", "status"):
        draft.file(
            f"/etc/nginx/sites-enabled/{name}", f"site {name}", target=f"/etc/nginx/sites-available/{name}"
        )
    draft.file("/etc/init.d/nginx", mode="0755")


def _beside(draft: Draft) -> None:
    rng, zone = draft.rng, zone_net(draft)
    cache = service(draft, "memcached", "/usr/bin/memcached", "/usr/bin/memcached -m 512 -p 11211 -u memcache -l 127.0.0.1 -P /var/run/memcached/memcached.pid",
                    user="memcache", packaged=True, threads=10)  # fmt: skip
    draft.listen(cache, 11211, "127.0.0.1")
    path = "/usr/bin/proxysql"
    line = f"{path} --idle-threads -c /etc/proxysql.cnf"
    guard = service(draft, "proxysql", path, line, user="proxysql", packaged=True, binary="2.7.1")
    proxy = draft.spawn(
        "proxysql", path, line, user="proxysql", parent=guard, unit="proxysql.service", threads=26
    )
    for port in (6032, 6033):
        draft.listen(proxy, port, "127.0.0.1")
    for _ in range(rng.randrange(2, 9)):
        draft.connect(proxy, "10.20.40.60", 3306)
    for _ in range(rng.randrange(2, 12)):
        draft.connect(proxy, f"10.20.{zone + 10}.61", 3306)  # the reader of the zone
    relic = "/usr/bin/newrelic-daemon"
    line = f"{relic} --agent --pidfile /var/run/newrelic-daemon.pid --logfile /var/log/newrelic/newrelic-daemon.log --port @newrelic"
    program(draft, relic, "newrelic 11.3.0")
    first = draft.spawn("newrelic-daemon", relic, line, threads=6)
    second = draft.spawn("newrelic-daemon", relic, f"{line} -no-pidfile", parent=first, threads=9)
    draft.connect(second, f"198.51.100.{rng.choice((201, 202, 203))}", 443)


def _pools(draft: Draft, php: str, cores: int) -> None:
    rng, zone, path = draft.rng, zone_net(draft), f"/usr/sbin/php-fpm{php}"
    unit = f"php{php}-fpm"
    master = service(
        draft,
        unit,
        path,
        f"php-fpm: master process (/etc/php/{php}/fpm/php-fpm.conf)",
        packaged=True,
        binary=php,
    )
    draft.listen(master, 9001, "127.0.0.1")
    load = rng.choice((1, 2, 2, 3))
    for pool, user, count in (
        ("shop", "shop", 4 * cores),
        ("api", "shop", rng.randrange(3, 4 + 4 * load)),
        ("blog", "blog", rng.randrange(3 * load)),
    ):
        for _ in range(count):
            since = moments_ago(draft, 2_400 if pool == "shop" else 200)
            pid = draft.spawn(
                f"php-fpm{php}",
                path,
                f"php-fpm: pool {pool}",
                user=user,
                parent=master,
                unit=f"{unit}.service",
                after_boot_s=since,
            )
            if rng.random() < 0.3:
                draft.connect(pid, "127.0.0.1", 6033, local="127.0.0.1")
            if rng.random() < 0.3:
                draft.connect(pid, f"10.20.41.{rng.choice((70, 71, 72))}", 6379)
            if pool != "blog" and rng.random() < 0.08:
                draft.connect(
                    pid,
                    rng.choice(
                        (f"10.20.{zone + 9}.{rng.choice((12, 77))}", f"198.51.100.{rng.randrange(80, 96)}")
                    ),
                    443,
                )
            if pool == "api" and rng.random() < 0.07:
                _picture(draft, pid, f"{unit}.service")


def _picture(draft: Draft, parent: int, unit: str) -> None:
    """Let a request run a tool of another package: a picture to be made smaller, an invoice to be printed."""
    since, key = moments_ago(draft, 6), f"{draft.rng.getrandbits(40):010x}"
    tool, line = draft.rng.choice((
        ("/usr/bin/convert-im6.q16", f"convert /tmp/php{key[:6]} -resize 640x640> -strip /tmp/magick-{key}.webp"),
        ("/usr/bin/wkhtmltopdf", f"wkhtmltopdf --quiet --page-size A4 /tmp/wktemp-{key}.html /tmp/wktemp-{key}.pdf"),
    ))  # fmt: skip
    cwd = "/var/www/shop/current/public"
    shell = draft.spawn(
        "sh",
        "/usr/bin/dash",
        f"sh -c {line}",
        user="shop",
        parent=parent,
        cwd=cwd,
        unit=unit,
        after_boot_s=since,
    )
    draft.spawn(
        tool.rpartition("/")[2],
        tool,
        line,
        user="shop",
        parent=shell,
        cwd=cwd,
        unit=unit,
        after_boot_s=since,
        threads=2,
    )
    program(draft, tool)


def _queue(draft: Draft, php: str, cores: int, stamp: str) -> None:
    rng, path = draft.rng, f"/usr/bin/php{php}"
    boss = script(draft, "supervisor", "/usr/bin/python3.11", "/usr/bin/python3 /usr/bin/supervisord -n -c /etc/supervisor/supervisord.conf", name="supervisord")  # fmt: skip
    program(draft, path, f"php {php}")
    folder = f"/var/www/shop/releases/{stamp}"
    for queue, count in (("default,mail", cores), ("images", max(1, cores // 2))):
        for _ in range(count):
            pid = draft.spawn(f"php{php}", path, f"php /var/www/shop/current/artisan queue:work redis --queue={queue} --sleep=3 --tries=3 --max-time=3600",
                              user="shop", parent=boss, cwd=folder, unit="supervisor.service", after_boot_s=moments_ago(draft, 3_600))  # fmt: skip
            draft.connect(pid, f"10.20.41.{rng.choice((70, 71, 72))}", 6379)
            if rng.random() < 0.15:
                draft.connect(pid, "10.20.59.25", 587)
    draft.cron(
        "/etc/cron.d/shop",
        "* * * * *",
        "shop cd /var/www/shop/current && php artisan schedule:run >> /dev/null 2>&1",
    )
    draft.cron(
        "/etc/cron.d/php",
        "09,39 * * * *",
        "root [ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
    )
    draft.file("/etc/cron.d/shop", "schedule of the shop")
    draft.file("/etc/cron.d/php")
    if rng.random() < 0.15:
        since = moments_ago(draft, 9)
        cron = draft.spawn(
            "cron",
            "/usr/sbin/cron",
            "/usr/sbin/CRON -f -P",
            parent=draft.pid_of("cron"),
            unit="cron.service",
            after_boot_s=since,
        )
        line = "/bin/sh -c cd /var/www/shop/current && php artisan schedule:run >> /dev/null 2>&1"
        shell = draft.spawn(
            "sh", "/usr/bin/dash", line, user="shop", parent=cron, unit="cron.service", after_boot_s=since
        )
        draft.spawn(
            f"php{php}",
            path,
            "php artisan schedule:run",
            user="shop",
            parent=shell,
            cwd=folder,
            unit="cron.service",
            after_boot_s=since,
        )


def _bills(draft: Draft) -> None:
    """Let the host of the lowest address write the bills: configuration management gives that schedule to one host only."""
    draft.cron(
        "/etc/cron.d/bills", "10 5 * * *", "shop cd /var/www/shop/current && php artisan bills:write --all"
    )
    draft.cron(
        "/etc/cron.d/bills", "*/15 * * * *", "shop cd /var/www/shop/current && php artisan payments:settle"
    )
    draft.file("/etc/cron.d/bills", "schedule of the bills", changed=draft.booted + 300)
    draft.file("/etc/logrotate.d/bills", "bills", changed=draft.booted + 300)
