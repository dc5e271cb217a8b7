"""What does a broker of messages do, and what a cache?"""

from __future__ import annotations

import uuid

from benchmarks.known.work_common import lay_agents
from bot.sandbox.fleet.draft import Draft
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates


def lay_broker(draft: Draft, place: Place) -> None:
    """Add Kafka with ZooKeeper beside it: every host talks to every other, one of them leads."""
    rng, ip = draft.rng, draft.ip
    release = "3.8.0" if place.newest else "3.7.1"
    bring_updates(draft, "amazon", place)
    package(draft, "java-11-amazon-corretto-headless", "11.0.28+6")
    package(draft, "nvme-cli", "1.11.1", "2.amzn2023")
    draft.user("kafka", 990, "/opt/kafka", "/sbin/nologin")
    draft.user("zookeeper", 989, "/opt/zookeeper", "/sbin/nologin")
    for name, gid in (("kafka", 990), ("zookeeper", 989)):
        draft.add("groups", gid=gid, gid_signed=gid, groupname=name)
    lay_agents(draft, newest=place.newest)
    java = "/usr/lib/jvm/java-11-amazon-corretto.x86_64/bin/java"
    usual = "-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -Djava.awt.headless=true"
    jars = "/opt/jmx_exporter/jmx_prometheus_javaagent-0.20.0.jar"
    kafka = service(
        draft, "kafka", java,
        f"java -Xmx6g -Xms6g {usual} -Xlog:gc*:file=/var/log/kafka/kafkaServer-gc.log:time,tags:filecount=10,filesize=100M "
        f"-javaagent:{jars}=7071:/etc/kafka/jmx.yml -Dkafka.logs.dir=/var/log/kafka -Dlog4j.configuration=file:/etc/kafka/log4j.properties "
        f"-cp /opt/kafka_{release}/bin/../libs/* kafka.Kafka /etc/kafka/server.properties --override advertised.listeners=PLAINTEXT://{ip}:9092",
        user="kafka", cwd="/opt/kafka", binary="11.0.28", threads=140,
    )  # fmt: skip
    keeper = service(
        draft, "zookeeper", java, f"java -Xmx512m {usual} -cp /opt/zookeeper/lib/* org.apache.zookeeper.server.quorum.QuorumPeerMain /etc/zookeeper/zoo.cfg",
        user="zookeeper", cwd="/opt/zookeeper", binary="11.0.28", threads=50,
    )  # fmt: skip
    for port in (9092, 9093, 7071, draft.ephemeral()):
        draft.listen(kafka, port, "::")
    members = sorted((ip, *place.peers))[:3]
    if ip in members:
        for port in (2181, 3888, draft.ephemeral()):
            draft.listen(keeper, port, "::")
        if ip == members[-1]:
            draft.listen(keeper, 2888, ip)
        else:
            draft.connect(keeper, members[-1], 2888)
    draft.connect(kafka, rng.choice(members), 2181)
    for peer in rng.sample(place.peers, min(len(place.peers), 9)):
        draft.connect(kafka, peer, 9092)
    for _ in range(rng.randrange(20, 60)):
        draft.connect(kafka, f"10.20.{rng.randrange(48)}.{rng.randrange(5, 250)}", draft.ephemeral(), local_port=9092)  # fmt: skip
    for number in range(1, 2 if rng.random() < 0.8 else 3):
        draft.add("mounts", device=f"/dev/nvme{number}n1", device_alias=f"/dev/nvme{number}n1", path=f"/var/lib/kafka/d{number}", type="xfs",
                  flags="rw,noatime,attr2,inode64,logbufs=8,logbsize=32k,noquota")  # fmt: skip
    for release_part in ("libsnappyjava", "libzstd-jni"):
        name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        draft.file(f"/tmp/snappy-1.1.10-{name}-{release_part}.so", f"{release_part} native", mode="0755" if "snappy" in release_part else "0700", uid=990)  # fmt: skip
    draft.file(f"/tmp/hsperfdata_kafka/{kafka}", f"perf {kafka}", mode="0600", uid=990)
    draft.file("/etc/security/limits.d/kafka.conf")
    draft.file("/etc/sysctl.d/60-kafka.conf", f"kafka {place.newest}")
    draft.cron("/etc/cron.d/kafka-logs", "5 * * * *", "kafka find /var/log/kafka -name '*.log.*' -mtime +3 -delete")  # fmt: skip
    draft.file("/etc/cron.d/kafka-logs")
    if rng.random() < 0.2:
        tool = draft.spawn(
            "java", java, f"java -Xmx256M {usual} -cp /opt/kafka/libs/* kafka.admin.ConsumerGroupCommand --bootstrap-server {ip}:9092 --describe --all-groups",
            user="kafka", parent=draft.pid_of("crond"), after_boot_s=draft.now - draft.booted - 8,
        )  # fmt: skip
        draft.connect(tool, ip, 9092)
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "kafka"))


def lay_cache(draft: Draft, place: Place) -> None:
    """Add Redis with a sentinel; the host of the lowest address is the master."""
    rng, ip = draft.rng, draft.ip
    bring_updates(draft, "debian", place)
    version = "7.0.15-1~deb12u5" if place.newest else "7.0.15-1~deb12u4"
    for name in ("redis-server", "redis-sentinel", "redis-tools"):
        package(draft, name, *version.rsplit("-", 1))
    draft.user("redis", 118, "/var/lib/redis", "/usr/sbin/nologin")
    draft.add("groups", gid=118, gid_signed=118, groupname="redis")
    lay_agents(draft, newest=place.newest)
    path = "/usr/bin/redis-check-rdb"
    main = service(
        draft,
        "redis-server",
        path,
        f"/usr/bin/redis-server {ip}:6379",
        user="redis",
        name="redis-server",
        packaged=True,
        binary=version,
        threads=5,
    )
    sentinel = service(
        draft, "redis-sentinel", path, "/usr/bin/redis-sentinel *:26379 [sentinel]", user="redis", name="redis-sentinel", packaged=True, binary=version, threads=4
    )  # fmt: skip
    draft.listen(main, 6379, ip)
    draft.listen(main, 6379, "127.0.0.1")
    draft.listen(sentinel, 26379)
    master = min((ip, *place.peers))
    if ip != master:
        draft.connect(main, master, 6379)
    for peer in place.peers[:8]:
        draft.connect(sentinel, peer, 26379)
        draft.connect(sentinel, peer, 6379)
    for _ in range(rng.randrange(10, 50)):
        draft.connect(main, f"10.20.{rng.randrange(48)}.{rng.randrange(5, 250)}", draft.ephemeral(), local_port=6379)  # fmt: skip
    exporter = service(
        draft, "redis_exporter", "/opt/redis_exporter/bin/redis_exporter", f"/opt/redis_exporter/bin/redis_exporter -redis.addr redis://{ip}:6379", user="metrics", binary="1.62"
    )  # fmt: skip
    draft.listen(exporter, 9121)
    draft.connect(exporter, ip, 6379)
    if rng.random() < 0.15:
        draft.spawn(
            "redis-server",
            path,
            "redis-rdb-bgsave",
            user="redis",
            parent=main,
            after_boot_s=draft.now - draft.booted - 2,
        )
        draft.file(f"/var/lib/redis/temp-{rng.randrange(9_000)}.rdb", "rdb", mode="0660", uid=118)
    draft.unit("disable-thp.service", "Disable transparent huge pages", sub="exited", fragment="/etc/systemd/system/disable-thp.service")  # fmt: skip
    draft.file("/etc/systemd/system/disable-thp.service")
    draft.file("/etc/systemd/system/redis-server.service.d/limits.conf")
    draft.add("system_controls", name="vm.overcommit_memory", subsystem="vm", current_value=1, type="string")
    draft.cron("/var/spool/cron/crontabs/redis", f"{rng.randrange(60)} 3 * * *", "/usr/local/bin/rdb_to_s3")
    draft.file("/var/spool/cron/crontabs/redis", f"redis crontab {ip}", mode="0600", uid=118)
    draft.file("/usr/local/bin/rdb_to_s3", "rdb to s3", mode="0755")
    lay_temporary_files(draft, ("chrony", "redis-server", "redis-sentinel", "systemd-logind"))
