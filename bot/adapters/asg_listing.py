"""Which hosts does an asg.json describe, and which of those in a folder does a target mean?

``{"group", "instances": [{"instance_id", "image_id", "launch_template_version", "launch_time", "availability_zone",
"private_ip", "hostname", "instance_type"}]}``: what the cloud knows of hosts whose answers are read from files.
"""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bot.collection.hostbytes import as_json
from bot.errors import InventoryError, UnknownTarget
from bot.model import Group, Host, Missed, MissReason, Target, TargetKind

NEAR_SHOWN = 3


class _Instance(msgspec.Struct):
    instance_id: str
    image_id: str | None = None
    launch_template_version: str | int | None = None
    launch_time: datetime | None = None
    availability_zone: str | None = None
    private_ip: str | None = None
    hostname: str | None = None
    instance_type: str | None = None


class _Listing(msgspec.Struct):
    instances: list[_Instance]
    group: str | None = None


def read(path: Path) -> tuple[str, dict[str, Host]]:
    """Return the group's name and its hosts by id; nothing where there is no such file.

    Raises:
        InventoryError: It cannot be used; the collection does not start on half a group.
    """
    try:
        listing = msgspec.json.decode(as_json(path.read_bytes()), type=_Listing)
    except (FileNotFoundError, NotADirectoryError):
        return "", {}
    except OSError as error:
        raise InventoryError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise InventoryError(
            f"{path} is not a group: {error}.", 'It holds {"group": name, "instances": [{"instance_id": …}]}.'
        ) from error
    group = listing.group or ""
    return group, {item.instance_id: _host(item, group) for item in listing.instances}


def choose(target: Target, hosts: dict[str, Host], group: str, *, place: Path) -> Group:
    """Return the group that a target means among ``hosts``, all of them still to be asked.

    The files say what is there: a target that is a group need not bear the group's name. One that names a host is
    that host among all the others; several hosts are a group of their own, and a stranger among them stays in it.

    Raises:
        UnknownTarget: No host of that name or address; the hint carries near names.
    """
    focus = ""
    if target.kind is TargetKind.HOSTS:
        found = {name: _find(name, hosts) for name in target.names}
        if not any(found.values()):
            raise _unknown(target.names[0], hosts, place)
        hosts = {id_ or name: hosts.get(id_, Host(name)) for name, id_ in found.items()}
        group = target.label
    else:
        focus = _find(target.names[0], hosts)
        if target.kind is TargetKind.HOST and not focus:
            raise _unknown(target.names[0], hosts, place)
    known = tuple(hosts[id_] for id_ in sorted(hosts))
    return Group(group or target.label, known, (), known, focus)


def without(group: Group, missed: dict[str, str]) -> Group:
    """Return the group with the hosts of ``missed`` (why, by id) set apart as not recorded."""
    return Group(
        group.name,
        tuple(host for host in group.hosts if host.id not in missed),
        tuple(
            Missed(host.id, MissReason.NOT_RECORDED, missed[host.id])
            for host in group.known
            if host.id in missed
        ),
        group.known,
        group.focus,
    )


def _unknown(name: str, hosts: dict[str, Host], place: Path) -> UnknownTarget:
    near = difflib.get_close_matches(name, hosts, n=NEAR_SHOWN)
    hint = f"Did you mean {', '.join(near)}?" if near else f"It holds {len(hosts)} hosts."
    return UnknownTarget(f"{place} holds no host {name}.", hint)


def _find(name: str, hosts: dict[str, Host]) -> str:
    """Return the id of the host with that id or private IP; empty when there is none."""
    if name in hosts:
        return name
    return next((host.id for host in hosts.values() if host.private_ip == name), "")


def _host(item: _Instance, group: str) -> Host:
    launched = item.launch_time
    if launched is not None:
        launched = launched.replace(tzinfo=launched.tzinfo or UTC).astimezone(UTC)
    version = item.launch_template_version
    return Host(
        id=item.instance_id,
        group=group,
        private_ip=item.private_ip or "",
        hostname=item.hostname or "",
        zone=item.availability_zone or "",
        image_id=item.image_id or "",
        template_version="" if version is None else str(version),
        instance_type=item.instance_type or "",
        launch_time=launched,
    )
