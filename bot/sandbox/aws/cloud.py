"""What does moto say about instances, and how does an agent's output reach its S3?"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from moto.ec2.models import ec2_backends
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

ACCOUNT = "123456789012"  # moto's own
_UPLOADING = threading.Lock()
_INSTANCES: dict[tuple[str, str], Any] = {}


def instance_state(region: str, instance_id: str) -> str:
    """EC2's state of an instance (``running``, ``stopped``, ``terminated``, …); empty when it knows none."""
    instance = _INSTANCES.get((region, instance_id))
    if instance is None:
        instance = ec2_backends[ACCOUNT][region].get_instance_by_id(instance_id)  # reads all of them
        if instance is None:
            return ""
        _INSTANCES[(region, instance_id)] = instance
    return str(instance.state)


def targeted(region: str, targets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of the running instances that every target matches: ``InstanceIds`` or ``tag:KEY`` with any of its values."""
    found = []
    for instance in ec2_backends[ACCOUNT][region].all_running_instances():
        tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
        if all(_matches(instance.id, tags, target) for target in targets):
            found.append(str(instance.id))
    return sorted(found)


def upload(bucket: str, key: str, content: bytes) -> None:
    """Put an object; where there is no such bucket nothing happens, silently, as with the real agent."""
    try:
        with _UPLOADING:
            s3_backends[ACCOUNT]["aws"].put_object(bucket, key, content)
    except MissingBucket:
        return


def _matches(instance_id: str, tags: Mapping[str, str], target: Mapping[str, Any]) -> bool:
    key, values = target["Key"], target.get("Values", [])
    if key == "InstanceIds":
        return instance_id in values
    return key.startswith("tag:") and tags.get(key.removeprefix("tag:")) in values
