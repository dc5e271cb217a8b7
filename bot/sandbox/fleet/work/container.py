"""What does a container node do?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_operators_agents, lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates


def lay_work(draft: Draft, place: Place) -> None:
    """Add the work to a host that has its system."""
    rng = draft.rng
    bring_updates(draft, "amazon", place)
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
            program = command.split()[0]  # of the container's own file system: the host has no such file
            scope = f"docker-{identifier}.scope"
            pid = draft.spawn(
                program.rpartition("/")[2], program, command, parent=shim, unit=scope, on_disk=0
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
