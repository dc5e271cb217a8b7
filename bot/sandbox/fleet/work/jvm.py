"""What does a host with a Java service do?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import DATABASE, Place, bring_updates


def lay_work(draft: Draft, place: Place) -> None:
    """Add the work to a host that has its system."""
    rng = draft.rng
    release = "2.41.0" if place.newest else "2.40.3"
    bring_updates(draft, "amazon", place)
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
