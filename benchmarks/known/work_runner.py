"""What does a runner of a build system do: whatever job came to it a moment ago, beside what earlier jobs left?"""

from __future__ import annotations

import random

from benchmarks.known.work_builds import CACHED, JOBS, REGISTRIES, TOOLS, Job, Step
from benchmarks.known.work_common import as_ubuntu, lay_agents
from benchmarks.known.work_estate import (
    account,
    control,
    lay_size,
    lay_upkeep,
    leave,
    modules,
    moments_ago,
    program,
)
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

UID = 1003
HOME = "/home/runner"
AGENT = f"{HOME}/actions-runner"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PACKAGES = ("billing", "cart", "ledger", "mailer", "money", "orders", "search", "tax", "users")


def lay_runner(draft: Draft, place: Place) -> None:
    """Add the agent of the build system, Docker, tools that jobs brought, and the job that runs now; a quarter are idle.

    A newer template brings another Docker and buildx; the agent updates itself, on some hosts later than on others.
    """
    rng = draft.rng
    bring_updates(draft, "debian", place)
    as_ubuntu(draft)
    lay_size(draft)
    lay_agents(draft, newest=place.newest)
    docker = "27.4.1" if place.newest else "27.3.1"
    for name, version in (
        ("docker-ce", f"5:{docker}"), ("docker-ce-cli", f"5:{docker}"), ("containerd.io", "1.7.24"), ("docker-buildx-plugin", "0.19.2" if place.newest else "0.17.1"), ("docker-compose-plugin", "2.32.1"),
        ("build-essential", "12.9ubuntu3"), ("gcc-11", "11.4.0"), ("git-lfs", "3.6.0"), ("jq", "1.6"), ("zstd", "1.4.8"), ("xvfb", "2:21.1.4"), ("libssl-dev", "3.0.2"), ("python3-dev", "3.10.6"),
    ):  # fmt: skip
        package(draft, name, version)
    draft.add("apt_sources", name="docker", source="/etc/apt/sources.list.d/docker.list", base_uri="https://download.docker.com/linux/ubuntu jammy", release="jammy", components="stable", architectures="amd64")  # fmt: skip
    account(draft, "runner", UID, HOME, "/bin/bash")
    for gid in (996, 4, 999):
        draft.add("user_groups", uid=UID, gid=gid)
    draft.add(
        "sudoers", source="/etc/sudoers.d/runner", header="runner", rule_details="ALL=(ALL) NOPASSWD:ALL"
    )
    draft.file("/etc/sudoers.d/runner", "runner", mode="0440")
    engine = _docker(draft, docker)
    listener, version = _agent(draft)
    _tools(draft)
    _cleanup(draft)
    draft.settle()
    if rng.random() < 0.75:
        _job(draft, rng.choice(JOBS), listener, version, engine)
    _leftovers(draft)
    modules(draft, "bridge", "br_netfilter", "veth", "overlay", "xt_MASQUERADE", "xt_addrtype", "xt_conntrack", "nf_nat", "nf_conntrack_netlink", "stp", "llc")  # fmt: skip
    for name, value in (("net.ipv4.ip_forward", "1"), ("vm.max_map_count", "262144"), ("fs.inotify.max_user_watches", "655360")):  # fmt: skip
        control(draft, name, value)
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chrony", "systemd-logind", "systemd-resolved"))


def _some(rng: random.Random, count: int = 8) -> str:
    return "".join(rng.choices(LETTERS, k=count))


def _uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-b{text[17:20]}-{text[20:]}"


def _docker(draft: Draft, version: str) -> int:
    rng = draft.rng
    service(draft, "containerd", "/usr/bin/containerd", "/usr/bin/containerd", packaged=True, binary="1.7.24", threads=rng.randrange(10, 16))  # fmt: skip
    engine = service(draft, "docker", "/usr/bin/dockerd", "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", packaged=True, binary=version, threads=rng.randrange(14, 30))  # fmt: skip
    for path in ("/usr/bin/docker", "/usr/libexec/docker/cli-plugins/docker-buildx", "/usr/bin/containerd-shim-runc-v2", "/usr/bin/docker-proxy"):  # fmt: skip
        draft.file(path, f"{path} {version}", mode="0755")
    draft.file("/etc/docker/daemon.json", "registry mirrors")
    draft.add("interface_details", interface="docker0", mac=f"02:42:{rng.randrange(256):02x}:{rng.randrange(256):02x}:1c:9e", type=1, mtu=1500, flags=4_099)  # fmt: skip
    _forward(draft, "172.17.0.0", "docker0")
    return engine


def _forward(draft: Draft, network: str, bridge: str) -> None:
    """Let Docker translate the addresses of one of its networks."""
    usual = {"policy": "ACCEPT", "protocol": 0, "dst_ip": "0.0.0.0", "dst_mask": "0.0.0.0", "match": "no", "iniface": "all", "packets": draft.rng.randrange(9_999), "bytes": draft.rng.randrange(99_999)}  # fmt: skip
    draft.add("iptables", filter_name="nat", chain="POSTROUTING", target="MASQUERADE", src_ip=network, src_mask="255.255.0.0", outiface=f"!{bridge}", **usual)  # fmt: skip
    draft.add("iptables", filter_name="filter", chain="DOCKER-ISOLATION-STAGE-1", target="DOCKER-ISOLATION-STAGE-2", src_ip="0.0.0.0", src_mask="0.0.0.0", outiface=f"!{bridge}",
              **{**usual, "iniface": bridge, "policy": ""})  # fmt: skip


def _agent(draft: Draft) -> tuple[int, str]:
    """Add the agent with its service; return the pid of its listener and its version."""
    rng = draft.rng
    version = "2.320.0" if rng.random() < 0.15 else "2.321.0"
    unit = f"actions.runner.example-org.runner-{draft.identity.instance_id[2:10]}"
    first = service(draft, unit, f"{AGENT}/runsvc.sh", f"/bin/bash {AGENT}/runsvc.sh", user="runner", name="runsvc.sh", cwd=AGENT, description=f"GitHub Actions Runner ({unit[15:]})")  # fmt: skip
    draft.tables["processes"][-1]["path"] = "/usr/bin/bash"
    node = f"{AGENT}/externals.{version}/node20/bin/node"
    draft.file(node, "node 20.18.0", mode="0755", uid=UID)
    second = draft.spawn("node", node, "./externals/node20/bin/node ./bin/RunnerService.js", user="runner", parent=first, cwd=AGENT, unit=f"{unit}.service", threads=7)  # fmt: skip
    program_ = f"{AGENT}/bin.{version}/Runner.Listener"
    for name in ("Runner.Listener", "Runner.Worker", "Runner.PluginHost"):
        draft.file(f"{AGENT}/bin.{version}/{name}", f"{name} {version}", mode="0755", uid=UID)
    listener = draft.spawn("Runner.Listener", program_, f"{AGENT}/bin/Runner.Listener run --startuptype service", user="runner", parent=second, cwd=AGENT, unit=f"{unit}.service", threads=rng.randrange(17, 24))  # fmt: skip
    for _ in range(rng.choice((1, 1, 2))):
        draft.connect(listener, rng.choice(REGISTRIES["storage"]), 443)
    for name in (".runner", ".credentials", ".credentials_rsaparams", ".env", ".path"):
        draft.file(f"{AGENT}/{name}", f"{name} of {draft.identity.instance_id}", mode="0600", uid=UID, changed=draft.booted + 60)  # fmt: skip
    return listener, version


def _tools(draft: Draft) -> None:
    """Add the tools that jobs brought: those of the image on all runners, others on those whose jobs asked for them."""
    rng = draft.rng
    for number, path in enumerate(CACHED):
        if number in (0, 3, 5, 7) or rng.random() < 0.55:
            _cached(draft, path)
    for name, version in (
        ("aws", "2.22.12"),
        ("kubectl", "1.31.4"),
        ("yq", "4.44.6"),
        ("hadolint", "2.12.0"),
    ):
        draft.file(f"/usr/local/bin/{name}", f"{name} {version}", mode="0755")
    for name in ("poetry", "pre-commit", "black", "virtualenv", "cyclonedx-py", "twine"):
        if rng.random() < 0.25:
            draft.file(f"{HOME}/.local/bin/{name}", f"script {name}", mode="0755", uid=UID, changed=draft.now - rng.randrange(9_000, 900_000))  # fmt: skip
            draft.add("python_packages", name=name, version=rng.choice(("1.8.5", "1.8.4")), path=f"{HOME}/.local/lib/python3.10/site-packages/{name}.dist-info", directory=f"{HOME}/.local/lib/python3.10/site-packages")  # fmt: skip
    for name, version in (("npm", "10.8.2"), ("yarn", "1.22.22"), ("pnpm", "9.15.0")):
        draft.add("npm_packages", name=name, version=version, path=f"/usr/local/lib/node_modules/{name}", directory="/usr/local/lib/node_modules")  # fmt: skip
    if rng.random() < 0.2:
        draft.add("npm_packages", name="vercel", version="39.2.2", path="/usr/local/lib/node_modules/vercel", directory="/usr/local/lib/node_modules")  # fmt: skip


def _cached(draft: Draft, path: str) -> None:
    if path.startswith(TOOLS) and not draft.has_file(path):
        draft.file(path, f"tool {path}", mode="0755", uid=UID, changed=draft.booted + 4_000)


def _cleanup(draft: Draft) -> None:
    draft.file("/usr/local/sbin/runner-cleanup", "prune what is older than two days", mode="0755")
    draft.cron("/etc/cron.d/runner-cleanup", f"{int(digest(draft.ip, 2), 16) % 60} 4 * * *", "root /usr/local/sbin/runner-cleanup --work /home/runner/actions-runner/_work")  # fmt: skip
    draft.file("/etc/cron.d/runner-cleanup", f"cleanup of {draft.ip}", changed=draft.booted + 70)
    for kind, sub in (("timer", "waiting"), ("service", "dead")):
        name = f"docker-prune.{kind}"
        draft.unit(name, "Remove unused images", sub=sub, active="inactive" if sub == "dead" else "active", fragment=f"/etc/systemd/system/{name}", state="static" if sub == "dead" else "enabled")  # fmt: skip
        draft.file(f"/etc/systemd/system/{name}", f"prune {kind}")
    if draft.rng.random() < 0.05:
        draft.spawn("docker", "/usr/bin/docker", "/usr/bin/docker system prune -af --filter until=48h", unit="docker-prune.service", after_boot_s=moments_ago(draft, 40), threads=9)  # fmt: skip


def _job(draft: Draft, job: Job, listener: int, version: str, engine: int) -> None:
    """Run a job: the agent's worker, a step's shell below it, that shell's programs, and service containers."""
    rng, since = draft.rng, moments_ago(draft, 1_400)
    work, temp = f"{AGENT}/_work/{job.repository}/{job.repository}", f"{AGENT}/_work/_temp"
    path, folder = f"{AGENT}/bin.{version}/Runner.Worker", f"{AGENT}/_work/_tool"
    worker = draft.spawn("Runner.Worker", path, f"{AGENT}/bin/Runner.Worker spawnclient {rng.randrange(110, 160)} {rng.randrange(160, 199)}", user="runner", parent=listener, cwd=AGENT, after_boot_s=since, threads=rng.randrange(19, 27))  # fmt: skip
    for _ in range(rng.randrange(1, 4)):
        draft.connect(worker, rng.choice((*REGISTRIES["storage"], *REGISTRIES["code"])), 443)
    script = f"{temp}/{_uuid(rng)}.sh"
    draft.file(script, f"step {script}", uid=UID, changed=draft.now - 90)
    draft.file(f"{work}/.git/config", f"checkout {rng.random()}", uid=UID, changed=draft.booted + since)
    begun = min(since + rng.randrange(5, 60), draft.now - draft.booted - 1)
    parent = draft.spawn("bash", "/usr/bin/bash", f"/usr/bin/bash -e {script}", user="runner", parent=worker, cwd=work, after_boot_s=begun)  # fmt: skip
    words = {"work": work, "temp": temp, "node": CACHED[0], "folder": folder}
    pid = parent
    for step in rng.choice(job.steps):
        started = [_step(draft, step, words, parent, begun, job) for _ in range(rng.choice(step.count))]
        if started and step.deeper:
            parent = pid = started[0]
    for port in job.ports:
        if rng.random() < 0.5:
            draft.listen(pid, port or draft.ephemeral(), "127.0.0.1")
    for image in job.containers:
        _container(draft, image, engine, since + 2)


def _step(draft: Draft, step: Step, words: dict[str, str], parent: int, begun: int, job: Job) -> int:
    rng = draft.rng
    filled = {
        **words,
        "rand": _some(rng),
        "n": str(rng.randrange(100, 4_000_000)),
        "ver": rng.choice(PACKAGES),
    }
    path, line = step.path.format(**filled), step.line.format(**filled)
    _cached(draft, path)
    if step.own:
        leave(draft, path, f"built {filled['n']}" if path.startswith("/tmp/") else f"program {step.path}", uid=UID, age_s=draft.now - draft.booted - begun + 4)  # fmt: skip
    program(draft, path, f"program {step.path}")
    pid = draft.spawn(step.name or path.rpartition("/")[2], path, line, user="runner", parent=parent, cwd=words["work"], after_boot_s=begun, threads=step.threads)  # fmt: skip
    for registry in step.talks_to:
        for _ in range(rng.choice((0, 2, 5, 9))):
            draft.connect(pid, rng.choice(REGISTRIES[registry]), 443)
    draft.env(pid, **dict(job.env))
    return pid


def _container(draft: Draft, image: str, engine: int, since: int) -> None:
    """Start a service container as the agent does: on a network of its own, published on any free port."""
    rng = draft.rng
    short, identifier = "".join(filter(str.isalnum, image.rpartition("/")[2])), f"{rng.getrandbits(256):064x}"
    builder = "buildkit" in image
    title = f"/buildx_buildkit_builder-{_uuid(rng)}0" if builder else f"/{rng.getrandbits(128):032x}_{short}_{rng.getrandbits(24):06x}"  # fmt: skip
    path, line, user, port = {"postgres": ("/usr/local/bin/postgres", "postgres", 999, 5432), "redis": ("/usr/local/bin/redis-server", "redis-server *:6379", 999, 6379),
                              "kafka": ("/opt/java/openjdk/bin/java", "java -Xmx1G -cp /opt/kafka/libs/* kafka.Kafka", 1_000, 9092), "moby/buildkit": ("/usr/bin/buildkitd", "buildkitd --allow-insecure-entitlement=network.host", 0, 0)}[image.split(":")[0]]  # fmt: skip
    shim = draft.spawn("containerd-shim", "/usr/bin/containerd-shim-runc-v2", f"/usr/bin/containerd-shim-runc-v2 -namespace moby -id {identifier} -address /run/containerd/containerd.sock", after_boot_s=since, threads=11)  # fmt: skip
    draft._uids[f"within{user}"] = user
    pid = draft.spawn(path.rpartition("/")[2], path, line, user=f"within{user}", parent=shim, unit=f"docker-{identifier}.scope", after_boot_s=since, on_disk=0, threads=9)  # fmt: skip
    draft.add("docker_containers", id=identifier, name=title, image=image, image_id=f"sha256:{digest(f'{image} {rng.choice((1, 1, 2))}')}", command=line, created=draft.booted + since, state="running",
              status="Up 2 minutes", pid=pid, path=path, config_entrypoint=line, privileged=int(builder), readonly_rootfs=0, security_options="", pid_namespace=rng.randrange(4_026_532_200, 4_026_532_999), net_namespace="4026532100")  # fmt: skip
    draft.add("docker_container_mounts", id=identifier, type="volume", source=f"/var/lib/docker/volumes/{rng.getrandbits(256):064x}/_data", destination="/var/lib/data", mode="", rw=1)  # fmt: skip
    draft.add("mounts", device="overlay", device_alias="overlay", path=f"/var/lib/docker/overlay2/{rng.getrandbits(256):064x}/merged", type="overlay", flags="rw,relatime")  # fmt: skip
    _forward(draft, f"172.{rng.randrange(18, 30)}.0.0", f"br-{identifier[:12]}")
    if port:
        outside = draft.ephemeral()
        proxy = draft.spawn("docker-proxy", "/usr/bin/docker-proxy", f"/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port {outside} -container-ip 172.18.0.{rng.randrange(2, 5)} -container-port {port}", parent=engine, after_boot_s=since, threads=7)  # fmt: skip
        draft.listen(proxy, outside)


def _leftovers(draft: Draft) -> None:
    """Leave what earlier jobs did not clean up: programs in /tmp, caches, a test server that nobody ended."""
    rng = draft.rng
    for _ in range(rng.randrange(2, 10)):
        path, mode = rng.choice((
            (f"/tmp/go-build{rng.randrange(10**9)}/b{rng.randrange(100, 900)}/exe/{rng.choice(PACKAGES)}", "0755"), (f"/tmp/tmp.{_some(rng, 10)}/install.sh", "0755"), (f"/tmp/node-gyp-{_some(rng, 6)}/node-gyp", "0755"),
            (f"/tmp/pip-unpack-{_some(rng)}/wheel.whl", "0600"), (f"/tmp/{_uuid(rng)}/terraform", "0755"), (f"/tmp/snappy-1.1.10-{_uuid(rng)}-libsnappyjava.so", "0755"), (f"/tmp/.{_some(rng, 6)}.lock", "0600"),
            (f"/tmp/esbuild-{_some(rng, 12)}/bin/esbuild", "0755"), (f"{AGENT}/_work/_actions/actions/cache/v4/dist/restore/index.js", "0644"), (f"{HOME}/.npm/_cacache/index-v5/{rng.randrange(16):02x}/{_some(rng)}", "0644"),
        ))  # fmt: skip
        leave(
            draft,
            path,
            path if "/_actions/" in path else f"left {rng.random()}",
            mode=mode,
            uid=UID,
            age_s=rng.randrange(2_000, 170_000),
        )
    if rng.random() < 0.08:
        path = CACHED[0]
        _cached(draft, path)
        pid = draft.spawn("node", path, f"node {AGENT}/_work/web/web/node_modules/.bin/http-server dist -p 8080", user="runner", cwd=f"{AGENT}/_work/web/web", after_boot_s=moments_ago(draft, 90_000), threads=11)  # fmt: skip
        draft.listen(pid, 8080)
