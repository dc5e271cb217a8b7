"""What do the hosts of another company have in common: other agents, and Ubuntu where the sandbox has Debian?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import service


def lay_agents(draft: Draft, *, newest: bool) -> None:
    """Add agents for metrics, logs, configuration and protection, with the ways in which they differ from host to host."""
    rng, ip, identity = draft.rng, draft.ip, draft.identity
    node = service(
        draft, "node_exporter", "/usr/local/bin/node_exporter", "/usr/local/bin/node_exporter --web.listen-address=:9100",
        user="metrics", binary="1.8.1" if newest else "1.7.0", threads=5,
    )  # fmt: skip
    draft.listen(node, 9100, "::")
    for _ in range(rng.randrange(3)):
        draft.connect(node, f"10.20.54.{rng.choice((7, 8, 9))}", draft.ephemeral(), local_port=9100)
    vector = service(
        draft,
        "vector",
        "/usr/bin/vector",
        "/usr/bin/vector --config-dir /etc/vector",
        binary="0.39",
        packaged=True,
        threads=7,
    )
    draft.listen(vector, 8686, "127.0.0.1")
    draft.connect(vector, f"10.20.{16 * rng.randrange(3) + 5}.{rng.randrange(20, 200)}", 9200)
    sensor = service(
        draft,
        "falcon-sensor",
        "/opt/CrowdStrike/falcond",
        "/opt/CrowdStrike/falcond",
        packaged=True,
        binary="7.18",
    )
    worker = draft.spawn("falcon-sensor-b", "/opt/CrowdStrike/falcon-sensor-bpf", "falcon-sensor-bpf", parent=sensor, threads=9)  # fmt: skip
    draft.file(
        "/opt/CrowdStrike/falcon-sensor-bpf",
        f"sensor {'7.19' if rng.random() < 0.15 else '7.18'}",
        mode="0755",
    )
    draft.connect(worker, f"198.51.100.{rng.choice((12, 13, 14, 15))}", 443)
    if rng.random() < 0.25:
        puppet = draft.spawn(
            "ruby", "/opt/puppetlabs/puppet/bin/ruby", "/opt/puppetlabs/puppet/bin/ruby /opt/puppetlabs/puppet/bin/puppet agent --onetime --no-daemonize",
            unit="puppet.service", after_boot_s=draft.now - draft.booted - 50,
        )  # fmt: skip
        draft.connect(puppet, "10.20.55.10", 8140)
    draft.unit("puppet.service", "Puppet agent", active="inactive", sub="dead", state="static")
    draft.unit("puppet.timer", "Puppet agent, twice an hour", sub="waiting")
    draft.file("/opt/puppetlabs/puppet/bin/ruby", "ruby 2.7", mode="0755")
    draft.file("/etc/sysctl.d/10-node.conf", f"node of {ip}" if rng.random() < 0.05 else "node")
    draft.file("/etc/profile.d/company.sh", f"company {newest}")
    draft.file(f"/tmp/vector-{identity.instance_id}", "buffer", mode="0600")
    draft.add("python_packages", name="ec2-metadata", version="2.13.0", path="/usr/local/lib/x", directory="/usr/local/lib")  # fmt: skip


def as_ubuntu(draft: Draft) -> None:
    """Turn a Debian that was laid into an Ubuntu 22.04: names, versions, kernel, first user, snaps."""
    tables, rng = draft.tables, draft.rng
    tables["os_version"][0].update(
        name="Ubuntu",
        version="22.04.5 LTS (Jammy Jellyfish)",
        major="22",
        minor="4",
        platform="ubuntu",
        codename="jammy",
    )
    kernel = "6.8.0-1031-aws"
    root = digest(draft.image, 8)
    tables["kernel_info"][0].update(
        version=kernel,
        path=f"/boot/vmlinuz-{kernel}",
        arguments=f"BOOT_IMAGE=/boot/vmlinuz-{kernel} root=PARTUUID={root}-01 ro console=tty1 console=ttyS0 nvme_core.io_timeout=4294967295 panic=-1",
    )
    for row in tables["deb_packages"]:
        row["version"] = row["version"].replace("+deb12u", "ubuntu0.22.04.").replace("~deb12u", "~22.04.")
    for row in tables["apt_sources"]:
        row.update(base_uri="http://eu-west-1.ec2.archive.ubuntu.com/ubuntu", release=row["release"].replace("bookworm", "jammy"))  # fmt: skip
    draft._uids["ubuntu"] = draft._uids["admin"]
    for table in ("users", "shadow", "authorized_keys", "sudoers", "file", "hash", "groups", "last"):
        for row in tables[table]:
            for column in ("username", "header", "groupname", "directory", "path", "key_file"):
                if column in row:
                    row[column] = "ubuntu" if row[column] == "admin" else row[column].replace("/home/admin", "/home/ubuntu")  # fmt: skip
    for name, revisions in (("core20", (2434, 2496)), ("snapd", (23545, 23771)), ("lxd", (29351,))):
        kept = revisions if rng.random() < 0.7 else revisions[-1:]
        for revision in kept:
            unit = f"snap-{name}-{revision}.mount"
            draft.add("mounts", device=f"/dev/loop{revision % 9}", device_alias=f"/dev/loop{revision % 9}", path=f"/snap/{name}/{revision}",
                      type="squashfs", flags="ro,nodev,relatime,errors=continue,threads=single")  # fmt: skip
            draft.file(f"/etc/systemd/system/{unit}", f"{name} {revision}")
    snapd = service(draft, "snapd", "/usr/lib/snapd/snapd", "/usr/lib/snapd/snapd", packaged=True, threads=8)
    if rng.random() < 0.3:
        draft.connect(snapd, "198.51.100.120", 443)
    service(draft, "multipathd", "/usr/sbin/multipathd", "/sbin/multipathd -d -s", packaged=True, threads=7)
    service(draft, "ModemManager", "/usr/sbin/ModemManager", "/usr/sbin/ModemManager", packaged=True)
    draft.unit("ubuntu-advantage.service", "Ubuntu Pro Background Auto Attach", active="inactive", sub="dead")
    draft.unit("fwupd-refresh.timer", "Refresh fwupd metadata regularly", sub="waiting")
    draft.file("/etc/update-motd.d/50-landscape-sysinfo", mode="0755")
    for name in ("drm", "input_leds", "bridge", "dm_multipath", "scsi_dh_rdac", "btrfs", "raid6_pq"):
        draft.add("kernel_modules", name=name, size=32_768, used_by="-", status="Live", address="0x0")
