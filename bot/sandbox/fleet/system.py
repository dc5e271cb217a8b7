"""What does a host of EC2 hold before it is given any work: Debian 12 or Amazon Linux 2023, from data/?"""

from __future__ import annotations

from typing import Any

from bot.sandbox.fleet.base import lay_certificates, lay_kernel, lay_machine, lay_ssm_agent
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.schema import data
from bot.sandbox.fleet.services import WRITTEN_DOWN

_RUNS = (
    "/init.d/",
    "/update-motd.d/",
    "/cron.daily/",
    "/cron.hourly/",
    "/cron.weekly/",
    "rc.local",
    "-generator",
)


def lay_system(draft: Draft, name: str) -> None:
    """Add the system of that name: accounts, packages, daemons, units, schedules, files.

    Files hold what the image holds; two hosts of one distribution have equal ones whatever their template version.
    """
    has = data(name)
    draft.shell = has["shell"]
    draft.add("os_version", **has["os_version"])
    root = digest(draft.image, 32)
    arguments = has["kernel_arguments"].format(
        kernel=has["kernel"], root=f"{root[:8]}-{root[8:12]}-4{root[13:16]}-{root[16:20]}-{root[20:]}"
    )
    lay_kernel(
        draft,
        version=has["kernel"],
        arguments=arguments,
        extra_modules=has["modules"],
        controls=has["sysctls"],
    )
    _accounts(draft, has)
    lay_machine(draft)
    _units(draft, has, name)
    _files(draft, has, name)
    _sources(draft, has)
    lay_certificates(draft, has["certificates"])
    _packages(draft, name)
    _daemons(draft, has, name)
    lay_ssm_agent(draft)


def _accounts(draft: Draft, has: dict[str, Any]) -> None:
    for name, uid, home, shell, gid in has["users"]:
        draft.user(name, uid, home, shell, gid=gid)
    for entry in has["groups"]:
        name, gid = entry.split(":")
        draft.add("groups", gid=gid, gid_signed=gid, groupname=name)
    for member, gids in has["members"].items():
        for gid in gids:
            draft.add("user_groups", uid=draft.uid(member), gid=gid)
    for user, home, comment, options in has["keys"]:
        where = f"{home}/.ssh/authorized_keys"
        key = f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(comment, 43)}"
        draft.add(
            "authorized_keys", uid=draft.uid(user), algorithm="ssh-ed25519", key=key, options=options, comment=comment, key_file=where,
        )  # fmt: skip
        draft.file(where, f"key {comment} {options}", mode="0600", uid=draft.uid(user))
    for source, header, rule in has["sudoers"]:
        draft.add("sudoers", source=source, header=header, rule_details=rule)
    for source in sorted({source for source, _, _ in has["sudoers"]}):
        draft.file(source, mode="0440")
    for user, host in has["operators"]:
        for days in range(draft.rng.randrange(3)):
            draft.login(user, host, max(draft.booted, draft.now - days * 86400 - 40000))


def _units(draft: Draft, has: dict[str, Any], system: str) -> None:
    folder = has["unit_folder"]
    hashed: set[str] = set()

    def unit(name: str, kind: str, **how: str) -> None:
        template = f"{name.split('@')[0]}@" if "@" in name else name
        fragment = f"{folder}/{template}.{kind}"
        draft.unit(f"{name}.{kind}", name.replace("-", " ").capitalize(), fragment=fragment, **how)
        if fragment not in hashed:
            hashed.add(fragment)
            draft.add("hash", path=fragment, directory=folder, sha256=digest(f"{system}:{fragment}"))

    for name in has["running"]:
        unit(name, "service")
    for entry in has["units"]:
        name, _, state = entry.partition(":")
        if state:
            unit(name, "service", active="inactive", sub="dead", state=state)
        else:
            unit(name, "service", sub="exited")
    for entry in has["timers"]:
        name, _, state = entry.partition(":")
        if state:
            unit(name, "timer", active="inactive", sub="dead", state=state)
        else:
            unit(name, "timer", sub="waiting")
    for name in has["sockets"]:
        unit(name, "socket", state="static")
    for name in has["paths"]:
        unit(name, "path", sub="waiting", state="static")
    for name in (
        "basic",
        "local-fs",
        "multi-user",
        "network",
        "network-online",
        "remote-fs",
        "sockets",
        "sysinit",
        "timers",
    ):
        unit(name, "target", sub="active", state="static")
    for name in has["enabled_links"]:
        draft.file(f"/etc/systemd/system/{name}", target=f"{folder}/{name.rpartition('/')[2]}")


def _files(draft: Draft, has: dict[str, Any], system: str) -> None:
    for path in has["config"]:
        owner = draft.uid(path.split("/")[2]) if path.startswith("/home/") else 0
        draft.file(
            path,
            f"{system}:{path}",
            mode="0755" if any(part in path for part in _RUNS) else "0644",
            uid=owner,
        )
    for path in has["programs"]:
        draft.file(path, f"{system}:{path}", mode="0755")
    for path in has["tools"]:
        folder, _, filename = path.rpartition("/")
        draft.add(
            "file", path=path, directory=folder, filename=filename, uid=0, gid=0, mode="0755", type="regular", symlink=0,
            size=int(digest(path, 4), 16), mtime=draft.booted - 40 * 86400,
        )  # fmt: skip
        draft.add("hash", path=path, directory=folder, sha256=digest(f"{system}:{path}"))
    for name in has["pam"]:
        draft.file(f"/etc/pam.d/{name}", f"{system}:/etc/pam.d/{name}")
    for name in has["pam_modules"]:
        draft.file(f"{has['pam_folder']}/pam_{name}.so", f"{system}:pam:{name}")
    for path, owner, group, permissions in has["suid"]:
        draft.add("suid_bin", path=path, username=owner, groupname=group, permissions=permissions)
        draft.file(path, f"{system}:{path}", mode="4755" if permissions == "S" else "2755")
    for path, value in has["capabilities"]:
        folder = path.rpartition("/")[0]
        draft.add(
            "extended_attributes",
            path=path,
            directory=folder,
            key="security.capability",
            value=value,
            base64=0,
        )
    for path, when, command in has["cron"]:
        draft.cron(path, when, command)
    for node, path, label, value in data("login_settings")[system]:
        draft.add("augeas", node=f"/files{path}/{node}", path=path, label=label, value=value)
    for device, path, kind, flags in has["mounts"]:
        draft.add(
            "mounts", device=device, device_alias=device, path=path, type=kind, flags=flags, blocks=5_000_000,
            blocks_free=draft.rng.randrange(1_000_000, 4_000_000),
        )  # fmt: skip


def _sources(draft: Draft, has: dict[str, Any]) -> None:
    for name, uri, release in has["apt_sources"]:
        draft.add(
            "apt_sources", name=name, source="/etc/apt/sources.list", base_uri=uri, release=release, components="main", architectures="amd64 all",
        )  # fmt: skip
    for name, mirrors in has["yum_sources"]:
        draft.add(
            "yum_sources",
            name=name,
            source="/etc/yum.repos.d/amazonlinux.repo",
            mirrorlist=mirrors,
            enabled=1,
            gpgcheck=1,
        )


def _packages(draft: Draft, system: str) -> None:
    draft.file(WRITTEN_DOWN[system], changed=draft.booted - 86400)  # with the image
    if system == "debian":
        for name, version, arch in data("debian_packages"):
            draft.add(
                "deb_packages", name=name, version=version, arch=arch, status="install ok installed", revision=version.rpartition("-")[2],
                admindir="/var/lib/dpkg", size=int(digest(name, 4), 16),
            )  # fmt: skip
            if name.startswith("python3-") and "whl" not in name:
                _library(
                    draft,
                    name.removeprefix("python3-"),
                    version.split("-")[0].partition(":")[2] or version.split("-")[0],
                )
    else:
        for name, version, release, arch in data("amazon_packages"):
            draft.add(
                "rpm_packages", name=name, version=version, release=release, arch=arch, size=int(digest(name, 4), 16) * 9,
                install_time=draft.booted - 40 * 86400, vendor="Amazon Linux", source=f"{name.split('-')[0]}-{version}-{release}.src.rpm",
            )  # fmt: skip
            if name.startswith("python3-") and "wheel" not in name:
                _library(draft, name.removeprefix("python3-"), version, "/usr/lib/python3.9/site-packages")


def _library(draft: Draft, name: str, version: str, folder: str = "/usr/lib/python3/dist-packages") -> None:
    draft.add(
        "python_packages",
        name=name,
        version=version,
        path=f"{folder}/{name}-{version}.dist-info",
        directory=folder,
    )


def _daemons(draft: Draft, has: dict[str, Any], system: str) -> None:
    draft.spawn("systemd", "/usr/lib/systemd/systemd", has["init"], parent=0, pid=1, after_boot_s=0)
    draft.file("/usr/lib/systemd/systemd", f"{system}:systemd", mode="0755")
    for name, path, cmdline, user, doors in has["daemons"]:
        pid = draft.spawn(name, path, cmdline, user=user, unit=f"{name}.service")
        if not draft.has_file(path):
            draft.file(path, f"{system}:{path}", mode="0755")
        for door in doors:
            protocol, address, port = door.split()
            draft.listen(pid, int(port), address.replace("{ip}", draft.ip), protocol)
