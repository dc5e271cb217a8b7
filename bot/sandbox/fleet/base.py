"""What does every Linux host of EC2 have, whatever its distribution and its work?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.schema import OSQUERY_VERSION, data


def lay_kernel(
    draft: Draft, *, version: str, arguments: str, extra_modules: Iterable[str], controls: Mapping[str, str]
) -> None:
    """Add the kernel: its facts, threads, modules and controls (``controls`` beside or instead of the usual ones)."""
    has = data("kernel")
    draft.add("kernel_info", version=version, arguments=arguments, path=f"/boot/vmlinuz-{version}", device="")
    draft.kernel_thread("kthreadd", 2)
    pid = 3
    for name in has["threads"]:
        draft.kernel_thread(name, pid)
        pid += draft.rng.choice((1, 1, 1, 2, 4))
    for _ in range(draft.rng.randrange(7, 19)):
        pid += draft.rng.randrange(1, 8)
        worker = f"{draft.rng.choice(('0', '1', 'u4', 'u5'))}:{draft.rng.randrange(6)}{draft.rng.choice(('', '', 'H'))}"
        draft.kernel_thread(f"kworker/{worker}-{draft.rng.choice(has['workers'])}", pid)
    modules = [*has["modules"], *extra_modules]
    draft.rng.shuffle(modules)
    for name in modules:
        draft.add(
            "kernel_modules",
            name=name,
            size=int(digest(name, 4), 16) * 8,
            used_by="-",
            status="Live",
            address=f"0xffffffffc{draft.rng.randrange(16**6):06x}0",
        )
    for name, value in {**has["controls"], **controls}.items():
        draft.add(
            "system_controls", name=name, subsystem=name.split(".")[0], current_value=value, type="string"
        )


def lay_machine(draft: Draft) -> None:
    """Add what differs on each machine by nature: names, addresses, ids, clocks, disks and the network around it."""
    rng, ip, identity = draft.rng, draft.ip, draft.identity
    short = identity.hostname.split(".")[0]
    machine_id = digest(f"machine {identity.instance_id}", 32)
    draft.add(
        "system_info",
        hostname=short,
        computer_name=short,
        local_hostname=short,
        uuid=f"ec2{machine_id[:5]}-{machine_id[5:9]}-{machine_id[9:13]}-{machine_id[13:17]}-{machine_id[17:29]}",
        cpu_type="x86_64",
        cpu_brand="Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"
        if rng.random() < 0.8
        else "Intel(R) Xeon(R) Platinum 8488C",
        cpu_logical_cores=2,
        physical_memory=8_133_398_528 - rng.randrange(9) * 4096,
        hardware_vendor="Amazon EC2",
        hardware_model=identity.instance_type,
    )
    up = draft.now - draft.booted
    draft.add(
        "uptime",
        days=up // 86400,
        hours=up // 3600 % 24,
        minutes=up // 60 % 60,
        seconds=up % 60,
        total_seconds=up,
    )
    at = datetime.fromtimestamp(draft.now, UTC)
    draft.add(
        "time",
        unix_time=draft.now,
        timezone="UTC",
        local_timezone="UTC",
        iso_8601=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    draft.add(
        "osquery_info",
        pid=-1,
        version=OSQUERY_VERSION,
        build_platform="linux",
        config_valid=0,
        extensions="inactive",
    )
    mac = ":".join(f"{byte:02x}" for byte in (0x0A, *(rng.randrange(256) for _ in range(5))))
    subnet = int(ip.split(".")[2]) // 16 * 16
    draft.add("interface_addresses", interface="lo", address="127.0.0.1", mask="255.0.0.0")
    draft.add(
        "interface_addresses",
        interface="ens5",
        address=ip,
        mask="255.255.240.0",
        broadcast=f"10.20.{subnet + 15}.255",
        type="dhcp",
    )
    draft.add("interface_details", interface="lo", mac="00:00:00:00:00:00", type=4, mtu=65536, flags=65609)
    draft.add(
        "interface_details",
        interface="ens5",
        mac=mac,
        type=6,
        mtu=9001,
        flags=69699,
        ipackets=rng.randrange(10**9),
        opackets=rng.randrange(10**9),
    )
    draft.add(
        "routes",
        destination="0.0.0.0",
        netmask=0,
        gateway=f"10.20.{subnet}.1",
        source=ip,
        interface="ens5",
        metric=512,
        type="gateway",
    )
    draft.add(
        "routes",
        destination=f"10.20.{subnet}.0",
        netmask=20,
        source=ip,
        interface="ens5",
        metric=512,
        type="local",
    )
    draft.add(
        "arp_cache",
        address=f"10.20.{subnet}.1",
        mac=f"0a:{digest(str(subnet), 2)}:00:00:00:01",
        interface="ens5",
        permanent=0,
    )
    draft.add("dns_resolvers", id=0, type="nameserver", address=f"10.20.{subnet}.2", netmask="", options=705)
    draft.add("dns_resolvers", id=0, type="search", address="eu-west-1.compute.internal", options=705)
    for address, names in (
        ("127.0.1.1", f"{identity.hostname} {short}"),
        ("127.0.0.1", "localhost"),
        ("::1", "localhost ip6-localhost ip6-loopback"),
        ("ff02::1", "ip6-allnodes"),
        ("ff02::2", "ip6-allrouters"),
    ):
        draft.add("etc_hosts", address=address, hostnames=names)
    for path in ("/etc/hostname", "/etc/hosts", "/etc/machine-id", "/etc/resolv.conf"):
        draft.file(path, f"{path} of {identity.instance_id}", changed=draft.booted)
    for kind in ("ecdsa", "ed25519", "rsa"):
        draft.file(
            f"/etc/ssh/ssh_host_{kind}_key",
            f"{kind} key of {identity.instance_id}",
            mode="0600",
            changed=draft.booted,
        )
        draft.file(
            f"/etc/ssh/ssh_host_{kind}_key.pub",
            f"{kind} public key of {identity.instance_id}",
            changed=draft.booted,
        )
    for device, path, kind in data("kernel")["mounts"]:
        draft.add(
            "mounts",
            device=device,
            device_alias=device,
            path=path,
            type=kind,
            flags="rw,nosuid,nodev,noexec,relatime",
        )


def lay_certificates(draft: Draft, bundle: str) -> None:
    """Add the public certificate authorities that a distribution trusts, from the bundle at that path."""
    for name, subject, sha1, before, after, serial in data("root_certificates"):
        draft.add(
            "certificates",
            common_name=name,
            subject="/" + subject.replace(",", "/"),
            issuer="/" + subject.replace(",", "/"),
            ca=1,
            self_signed=1,
            not_valid_before=before,
            not_valid_after=after,
            signing_algorithm="sha256WithRSAEncryption",
            key_algorithm="rsaEncryption",
            key_strength=4096,
            key_usage="Key Cert Sign, CRL Sign",
            sha1=sha1,
            path=bundle,
            serial=serial,
        )


def lay_ssm_agent(draft: Draft) -> None:
    """Add the SSM agent with its connections to the interface endpoints of its zone."""
    unit = "amazon-ssm-agent.service"
    path, worker_path = "/usr/bin/amazon-ssm-agent", "/usr/bin/ssm-agent-worker"
    agent = draft.spawn("amazon-ssm-agen", path, path, unit=unit, threads=11)
    worker = draft.spawn("ssm-agent-worke", worker_path, worker_path, parent=agent, unit=unit, threads=12)
    subnet = int(draft.ip.split(".")[2]) // 16 * 16
    draft.connect(worker, f"10.20.{subnet + 9}.{draft.rng.choice((41, 67))}", 443)
    draft.connect(worker, f"10.20.{subnet + 9}.88", 443)


def lay_collection(draft: Draft) -> None:
    """Add what the collection itself leaves among the processes: SSM's document worker, its shell, osquery."""
    unit, recent = "amazon-ssm-agent.service", draft.now - draft.booted - 3
    command = digest(f"command at {draft.now}", 32)
    command = f"{command[:8]}-{command[8:12]}-{command[12:16]}-{command[16:20]}-{command[20:]}"
    worker = draft.pid_of("ssm-agent-worke")
    path = "/usr/bin/ssm-document-worker"
    document = draft.spawn(
        "ssm-document-wo", path, f"{path} {command}", parent=worker, unit=unit, after_boot_s=recent
    )
    folder = (
        f"/var/lib/amazon/ssm/{draft.identity.instance_id}/document/orchestration/{command}/awsrunShellScript"
    )
    shell = draft.spawn(
        "sh", draft.shell, f"sh -c {folder}/0.awsrunShellScript/_script.sh", parent=document, cwd="/usr/bin", unit=unit, after_boot_s=recent,
    )  # fmt: skip
    osquery = draft.spawn(
        "osqueryi", "/opt/osquery/bin/osqueryd", "osqueryi --json --disable_database --ephemeral --config_path=/dev/null",
        parent=shell, unit=unit, after_boot_s=recent + 1,
    )  # fmt: skip
    draft.tables["osquery_info"][0]["pid"] = str(osquery)
