"""What does a node of a search cluster do: one Java that is all, in a mesh with the others, with roles that differ from host to host?"""

from __future__ import annotations

from benchmarks.known.work_estate import (
    SIZES,
    account,
    control,
    lay_estate,
    lay_size,
    lay_upkeep,
    moments_ago,
    program,
    zone_net,
)
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

HOME, DATA = "/usr/share/opensearch", "/var/lib/opensearch"
CLIENTS = ("10.20.3.", "10.20.19.", "10.20.34.", "10.20.6.", "10.20.22.")
MANAGERS = 3
"""How many of the nodes may lead the cluster: those of the lowest addresses."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def lay_search(draft: Draft, place: Place) -> None:
    """Add OpenSearch with its analyser beside it; three nodes may lead, one in four holds old data, some serve dashboards.

    A newer template brings another release of it, with another Java inside.
    """
    rng = draft.rng
    release, java = ("2.19.1", "21.0.6") if place.newest else ("2.17.1", "21.0.4")
    bring_updates(draft, "debian", place)
    lay_size(draft)
    lay_estate(draft, newest=place.newest)
    for name, version in (("opensearch", release), ("opensearch-dashboards", release), ("gnupg2", "2.2.40"), ("nvme-cli", "2.4"), ("xfsprogs", "6.1.0"), ("prometheus-elasticsearch-exporter", "1.5.0")):  # fmt: skip
        package(draft, name, version)
    for name, path in (("opensearch-2.x", "opensearch"), ("opensearch-dashboards-2.x", "opensearch-dashboards")):  # fmt: skip
        draft.add("apt_sources", name=name, source=f"/etc/apt/sources.list.d/{name}.list", base_uri=f"https://artifacts.opensearch.org/releases/bundle/{path}/2.x/apt", release="stable",
                  components="main", architectures="amd64")  # fmt: skip
    draft.file("/etc/apt/trusted.gpg.d/opensearch.gpg", "key of 2022")
    account(draft, "opensearch", 120, HOME, "/usr/sbin/nologin")
    account(draft, "opensearch-dashboards", 121, "/usr/share/opensearch-dashboards")
    account(draft, "prometheus", 122, "/var/lib/prometheus")
    everybody = sorted((draft.ip, *place.peers))
    leads = draft.ip in everybody[:MANAGERS]
    warm = not leads and int(digest(draft.identity.instance_id, 4), 16) % 4 == 0
    roles = "cluster_manager,ingest" if leads and len(everybody) > 2 * MANAGERS else "data,ingest"
    node = _node(draft, release, java, roles, warm)
    _mesh(draft, place, node, everybody[:MANAGERS])
    _clients(draft, node, leads)
    _analyser(draft, node, release)
    _files(draft, release, roles, warm, everybody)
    if leads or rng.random() < 0.12:
        _dashboards(draft, release)
    exporter = service(
        draft, "prometheus-elasticsearch-exporter", "/usr/bin/prometheus-elasticsearch-exporter",
        "/usr/bin/prometheus-elasticsearch-exporter --es.uri=https://localhost:9200 --es.ssl-skip-verify --es.all=false", user="prometheus", packaged=True, threads=8,
    )  # fmt: skip
    draft.listen(exporter, 9114, "::")
    draft.connect(exporter, "127.0.0.1", 9200, local="127.0.0.1")
    draft.settle()
    _passing(draft, node, leads)
    lay_upkeep(draft, "/var/log/opensearch")
    lay_temporary_files(draft, ("chrony", "opensearch", "systemd-logind"))


def _node(draft: Draft, release: str, java: str, roles: str, warm: bool) -> int:
    """Run the node: half of the memory is its heap, and its native code is unpacked into a folder of chance."""
    memory_gib = SIZES[draft.identity.instance_type][1]
    folder = f"/tmp/opensearch-{draft.rng.getrandbits(62)}"
    line = (
        f"{HOME}/jdk/bin/java -Xshare:auto -Dopensearch.networkaddress.cache.ttl=60 -XX:+AlwaysPreTouch -Xss1m -Djava.awt.headless=true -Dfile.encoding=UTF-8 -Djna.nosys=true "
        f"-Dio.netty.noUnsafe=true -Xms{memory_gib // 2}g -Xmx{memory_gib // 2}g -XX:+UseG1GC -XX:G1ReservePercent=25 -Djava.io.tmpdir={folder} -XX:HeapDumpPath={DATA} "
        f"-Djava.security.manager=allow -Dopensearch.path.home={HOME} -Dopensearch.path.conf=/etc/opensearch -Dopensearch.distribution.type=deb "
        f"-cp {HOME}/lib/* org.opensearch.bootstrap.OpenSearch -p /var/run/opensearch/opensearch.pid --quiet"
    )
    node = service(draft, "opensearch", f"{HOME}/jdk/bin/java", line, user="opensearch", cwd=HOME, packaged=True, binary=java, threads=90 + 4 * memory_gib)  # fmt: skip
    draft.env(node, OPENSEARCH_HOME=HOME, OPENSEARCH_PATH_CONF="/etc/opensearch", NODE_ROLES=f"{roles}{',warm' if warm else ''}", LD_LIBRARY_PATH=f"{HOME}/plugins/opensearch-knn/lib")  # fmt: skip
    for name in ("libjnidispatch.so", "libzstd-jni-1.5.5-5.so"):
        draft.file(f"{folder}/{digest(f'{name} {folder}', 9)}-{name}", f"{name} of {release}", mode="0700", uid=120)  # fmt: skip
    draft.file(f"/tmp/hsperfdata_opensearch/{node}", f"perf {node}", mode="0600", uid=120)
    for library in ("libopensearchknn_faiss_avx2.so", "libopensearchknn_nmslib.so"):
        draft.file(f"{HOME}/plugins/opensearch-knn/lib/{library}", f"{library} {release}", mode="0755")
    return node


def _mesh(draft: Draft, place: Place, node: int, managers: list[str]) -> None:
    """Connect the node to the others: thirteen connections to each in truth, of which osquery's rows tell three."""
    rng = draft.rng
    for port in (9200, 9300, 9600):
        draft.listen(node, port, "::")
    for peer in place.peers:
        for _ in range(3):
            mine = rng.random() < 0.5
            draft.connect(node, peer, 9300 if mine else draft.ephemeral(), local_port=None if mine else 9300)
    for peer in managers[: 1 + (rng.random() < 0.2)]:
        if peer != draft.ip:
            draft.connect(node, peer, 9200)


def _clients(draft: Draft, node: int, leads: bool) -> None:
    rng, zone = draft.rng, zone_net(draft)
    for _ in range(rng.randrange(3) if leads else rng.randrange(8, 40)):
        draft.connect(node, f"{rng.choice(CLIENTS)}{rng.randrange(5, 140)}", draft.ephemeral(), local_port=9200)  # fmt: skip
    for _ in range(rng.randrange(3)):
        draft.connect(node, f"10.20.{zone + 8}.{rng.choice((50, 51, 52))}", draft.ephemeral(), local_port=9200)  # fmt: skip
    draft.connect(node, "127.0.0.1", draft.ephemeral(), local_port=9200, local="127.0.0.1")
    if rng.random() < 0.3:  # a shard goes to the repository of snapshots
        draft.connect(node, f"10.20.{zone + 9}.{rng.choice((12, 77))}", 443)
    if rng.random() < 0.15:  # a leader of another cluster is followed
        draft.connect(node, f"10.20.49.{rng.choice((11, 12, 13))}", 9300)


def _analyser(draft: Draft, node: int, release: str) -> None:
    """Run what watches the node from beside it, as a child of a script of the package."""
    line = (
        f"{HOME}/jdk/bin/java -Xms64M -Xmx64M -XX:+UseSerialGC -XX:CICompilerCount=4 -XX:-DontCompileHugeMethods -XX:+UseTLAB -cp {HOME}/performance-analyzer-rca/lib/* "
        f"-Dlog4j.configurationFile=/etc/opensearch/opensearch-performance-analyzer/log4j2.xml org.opensearch.performanceanalyzer.PerformanceAnalyzerApp"
    )
    script = f"{HOME}/bin/opensearch-performance-analyzer/performance-analyzer-agent-cli"
    draft.unit("opensearch-performance-analyzer.service", "OpenSearch Performance Analyzer", fragment="/usr/lib/systemd/system/opensearch-performance-analyzer.service")  # fmt: skip
    draft.add("hash", path="/usr/lib/systemd/system/opensearch-performance-analyzer.service", directory="/usr/lib/systemd/system", sha256=digest(f"analyser unit {release}"))  # fmt: skip
    unit = "opensearch-performance-analyzer.service"
    pid = draft.spawn("java", f"{HOME}/jdk/bin/java", line, user="opensearch", parent=1, cwd=HOME, unit=unit, threads=27)  # fmt: skip
    draft.file(script, f"analyser {release}", mode="0755")
    draft.listen(pid, 9650, "::")
    for name in range(draft.rng.randrange(1, 6)):
        when = draft.now - draft.rng.randrange(400)
        draft.file(f"/dev/shm/performanceanalyzer/{when}{name:03}", f"metrics {when}", uid=120, changed=when)


def _files(draft: Draft, release: str, roles: str, warm: bool, everybody: list[str]) -> None:
    rng, ip = draft.rng, draft.ip
    for number in range(1, 3 if warm else 2):
        path = DATA if number == 1 else f"{DATA}-warm"
        draft.add("mounts", device=f"/dev/nvme{number}n1", device_alias=f"/dev/nvme{number}n1", path=path, type="xfs", flags="rw,noatime,attr2,inode64,logbufs=8,logbsize=32k,noquota")  # fmt: skip
    draft.file("/etc/opensearch/opensearch.yml", f"{ip} {roles} {warm} {' '.join(everybody[:MANAGERS])}", mode="0660", uid=120, changed=draft.booted + 100)  # fmt: skip
    draft.file("/etc/opensearch/jvm.options.d/heap.options", draft.identity.instance_type, uid=120)
    draft.file("/etc/opensearch/opensearch.keystore", f"keystore of {ip}", mode="0660", uid=120, changed=draft.booted + 90)  # fmt: skip
    name, issued = draft.identity.hostname, draft.booted + 80
    for kind in ("node.pem", "node-key.pem", "root-ca.pem"):
        draft.file(f"/etc/opensearch/certs/{kind}", kind if kind.startswith("root") else f"{kind} of {name}", mode="0640", uid=120, changed=issued)  # fmt: skip
    draft.add("certificates", common_name=name, subject=f"/O=Example/CN={name}", issuer="/O=Example/CN=Example Search CA", ca=0, self_signed=0, not_valid_before=issued, not_valid_after=issued + 34_128_000,
              signing_algorithm="sha256WithRSAEncryption", key_algorithm="rsaEncryption", key_strength=2048, sha1=digest(f"search {name}", 40), path="/etc/ssl/certs/search-node.pem", serial=digest(f"serial {name}", 16))  # fmt: skip
    draft.file("/etc/sysctl.d/70-search.conf", "vm.max_map_count")
    draft.file("/usr/lib/sysctl.d/opensearch.conf", "vm.max_map_count")
    for control_name, value in (("vm.max_map_count", "262144"), ("vm.swappiness", "1"), ("net.ipv4.tcp_retries2", "5")):  # fmt: skip
        control(draft, control_name, value)
    draft.file("/etc/systemd/system/opensearch.service.d/limits.conf", "LimitMEMLOCK=infinity")
    draft.file("/etc/init.d/opensearch", f"init {release}", mode="0750")
    draft.file("/etc/security/limits.d/opensearch.conf")
    for tool in ("search-allocation", "search-drain", "snapshot-now"):
        draft.file(f"/usr/local/bin/{tool}", f"{tool} 3", mode="0755")
    minute = int(digest(draft.identity.instance_id, 4), 16) % 60
    draft.cron("/etc/cron.d/search", f"{minute} * * * *", "opensearch /usr/local/bin/search-allocation --report /var/lib/node_exporter/search.prom")  # fmt: skip
    if ip == everybody[0]:  # one node asks for the snapshots of all
        draft.cron("/etc/cron.d/search", "30 1 * * *", "opensearch /usr/local/bin/snapshot-now nightly")
    draft.file("/etc/cron.d/search", f"{minute} {ip == everybody[0]}", changed=draft.booted + 110)
    if rng.random() < 0.08:
        draft.file(f"{DATA}/java_pid{rng.randrange(900, 9_000)}.hprof", f"heap {rng.random()}", mode="0600", uid=120, changed=draft.now - rng.randrange(90_000))  # fmt: skip


def _dashboards(draft: Draft, release: str) -> None:
    folder = "/usr/share/opensearch-dashboards"
    node = f"{folder}/node/bin/node"
    pid = service(
        draft, "opensearch-dashboards", node, f"{node} {folder}/src/cli/dist --max-old-space-size=2048", user="opensearch-dashboards", packaged=True, binary=f"node of {release}", threads=11,
    )  # fmt: skip
    draft.env(pid, NODE_OPTIONS="--max-old-space-size=2048", NODE_ENV="production")
    draft.listen(pid, 5601)
    for _ in range(draft.rng.randrange(1, 5)):
        draft.connect(pid, draft.ip, 9200)
    for _ in range(draft.rng.randrange(4)):
        draft.connect(pid, f"10.20.{zone_net(draft) + draft.rng.randrange(2)}.{draft.rng.choice((53, 197))}", draft.ephemeral(), local_port=5601)  # fmt: skip
    draft.file("/etc/opensearch-dashboards/opensearch_dashboards.yml", f"server.name {draft.ip}", uid=121, changed=draft.booted + 100)  # fmt: skip


def _passing(draft: Draft, node: int, leads: bool) -> None:
    """Add what runs for moments: the report of each hour, somebody who asks the cluster, a plug-in's helper."""
    rng = draft.rng
    if rng.random() < 0.1:
        since, unit = moments_ago(draft, 20), "cron.service"
        cron = draft.spawn("cron", "/usr/sbin/cron", "/usr/sbin/CRON -f", parent=draft.pid_of("cron"), unit=unit, after_boot_s=since)  # fmt: skip
        shell = draft.spawn("search-allocati", "/usr/bin/bash", "/bin/bash /usr/local/bin/search-allocation --report /var/lib/node_exporter/search.prom", user="opensearch", parent=cron, unit=unit, after_boot_s=since)  # fmt: skip
        curl = draft.spawn("curl", "/usr/bin/curl", "curl -sk --cert /etc/opensearch/certs/node.pem https://localhost:9200/_cat/allocation?format=json", user="opensearch", parent=shell, unit=unit, after_boot_s=since)  # fmt: skip
        draft.connect(curl, "127.0.0.1", 9200, local="127.0.0.1")
    if rng.random() < 0.12:
        since = moments_ago(draft, 3_000)
        path = f"{HOME}/jdk/bin/jcmd" if rng.random() < 0.5 else f"{HOME}/jdk/bin/jstack"
        program(draft, path)
        draft.spawn(path.rpartition("/")[2], path, f"{path} {node} {'Thread.print' if path.endswith('jcmd') else ''}".strip(), user="opensearch", parent=draft.pid_of("cron"), after_boot_s=since)  # fmt: skip
    for _ in range(rng.randrange(3)):
        name = "".join(rng.choices(LETTERS, k=8))
        draft.file(f"/tmp/opensearch-plugin-{name}/plugin-descriptor.properties", name, uid=120, changed=draft.now - rng.randrange(400_000))  # fmt: skip
    if leads and rng.random() < 0.2:
        draft.file(f"/var/tmp/allocation-{rng.randrange(90)}.json", str(rng.random()), uid=120, changed=draft.now - rng.randrange(90_000))  # fmt: skip
