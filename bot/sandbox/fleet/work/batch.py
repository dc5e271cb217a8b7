"""What does a batch worker do?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import CACHE, Place, bring_updates


def lay_work(draft: Draft, place: Place) -> None:
    """Add the work to a host that has its system."""
    rng = draft.rng
    release = "1.12.0" if place.newest else "1.11.4"
    bring_updates(draft, "debian", place)
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
