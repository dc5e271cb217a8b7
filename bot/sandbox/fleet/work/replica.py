"""What does a replica of a PostgreSQL database do?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import DATABASE, Place, bring_updates


def lay_work(draft: Draft, place: Place) -> None:
    """Add the work to a host that has its system."""
    rng = draft.rng
    bring_updates(draft, "debian", place)
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
    draft.file(f"/dev/shm/PostgreSQL.{rng.getrandbits(31)}", "shared memory", mode="0600", uid=117)
    lay_temporary_files(draft, ("chrony", "systemd-logind"))
