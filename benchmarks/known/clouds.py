"""Attacks by way of the cloud's agent, its metadata and the container engine (TA0001, TA0006)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def second_agent(host: Host) -> None:
    """T1219, T1078.004: a second SSM agent, registered with another account by a hybrid activation and sent through a proxy."""
    agent = next(iter(scene.named(host, "amazon-ssm-agen")), {"path": "/usr/bin/amazon-ssm-agent"})["path"]
    first = scene.spawn(host, agent, agent, name="amazon-ssm-agen", threads=12, age_s=20_000)
    worker = scene.spawn(host, "/usr/bin/ssm-agent-worker", "/usr/bin/ssm-agent-worker", parent=first, threads=17, age_s=20_000)  # fmt: skip
    for pid in (first, worker):
        scene.variable(host, pid, http_proxy="http://198.51.100.61:3128", SSM_HOME="/var/lib/amazon/ssm2")
    scene.connect(host, worker, "198.51.100.61", 3128)
    scene.put(host, "/var/lib/amazon/ssm2/registration", mode="0600", age_s=20_100)


def metadata_through_application(host: Host) -> None:
    """T1552.005, T1190: a request forged on the server's side: the application itself asks for the instance's credentials."""
    scene.connect(host, scene.work(host)["pid"], "169.254.169.254", 80)


def engine_opened(host: Host) -> None:
    """T1133, T1610: the container engine answers the network on 2375 without asking who it is; where none was, it is installed."""
    more, daemons = " -H tcp://0.0.0.0:2375", scene.named(host, "dockerd")
    scene.put(host, "/etc/systemd/system/docker.service.d/override.conf", more, age_s=3_000)
    for row in daemons:
        row["cmdline"] += more
    if not daemons:
        folder = scene.unit_folder(host)
        scene.package(host, "docker.io" if scene.debian(host) else "docker", "25.0.8")
        scene.package(host, "containerd", "1.7.27")
        for name, description in (("containerd", "containerd container runtime"), ("docker", "Docker Application Container Engine")):  # fmt: skip
            scene.unit(host, f"{name}.service", description, folder=folder)
        scene.spawn(host, "/usr/bin/containerd", "/usr/bin/containerd", unit="containerd.service", threads=9)
        command = "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
        scene.spawn(host, "/usr/bin/dockerd", command + more, unit="docker.service", threads=11)
    scene.listen(host, scene.named(host, "dockerd")[0]["pid"], 2375)


def host_settings_mounted(host: Host) -> None:
    """T1611: a plain container of the company's registry that may write the host's /etc: as good as root, though not privileged."""
    scene.container(
        host, "config-sync", "registry.example/platform/config-sync:1.4.0", "/config-sync --once=false", mounts=(("/etc", "/host/etc"),)
    )  # fmt: skip


ATTACKS = (second_agent, metadata_through_application, engine_opened, host_settings_mounted)
