"""Which fleets can the embedded AWS hold, and what is in the smallest?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.sandbox.fleet import GroupPlan, HostPlan, Identity, SimHost, build, plan

Builder = Callable[[str, Sequence[Identity], int], Sequence[SimHost]]


TINY = (
    GroupPlan(
        "tiny-asg",
        "web",
        tuple(
            HostPlan(version, f"ami-0000000000000000{version[-1]}", f"us-east-1{zone}", "t3.micro", age)
            for version, zone, age in (("1", "a", 90_000), ("1", "b", 89_000), ("2", "a", 4_000))
        ),
    ),
)
"""Three hosts, half-way from version 1 to 2."""


def build_tiny(_group: str, identities: Sequence[Identity], _seed: int) -> list[SimHost]:
    """A few rows for each host; the last one has a process more, started from /tmp."""
    built = []
    for at, identity in enumerate(identities):
        processes = [
            _process(1, "systemd", "/usr/lib/systemd/systemd"),
            _process(412, "nginx", "/usr/sbin/nginx"),
        ]
        if at == len(identities) - 1:
            processes.append(_process(6661, "kworkerd", "/tmp/.x/kworkerd"))
        tables = {
            "processes": processes,
            "users": [
                {"uid": "0", "gid": "0", "username": "root", "directory": "/root", "shell": "/bin/bash"},
                {
                    "uid": "33",
                    "gid": "33",
                    "username": "www-data",
                    "directory": "/var/www",
                    "shell": "/bin/false",
                },
            ],
            "file": [
                {
                    "path": "/etc/passwd",
                    "directory": "/etc",
                    "filename": "passwd",
                    "mode": "0644",
                    "size": "1210",
                }
            ],
            "osquery_info": [{"version": "5.12.1"}],
            "system_info": [{"hostname": identity.hostname}],
        }
        built.append(SimHost(identity, tables))
    return built


def _process(pid: int, name: str, path: str) -> dict[str, str]:
    return {
        "pid": str(pid),
        "name": name,
        "path": path,
        "cmdline": path,
        "uid": "0",
        "on_disk": "1",
        "parent": "1",
    }


MOST_HOSTS = 2_000  # of ``many``: moto keeps them all in memory
PLANTED_EVERY = 100


def many(size: int) -> GroupPlan:
    """One group of so many hosts in three zones, all of one template version."""
    hosts = tuple(
        HostPlan("1", "ami-00000000000000001", f"us-east-1{'abc'[at % 3]}", "t3.micro", 90_000)
        for at in range(size)
    )
    return GroupPlan("many-asg", "web", hosts)


def is_planted(at: int) -> bool:
    """Whether the host at this place of ``many`` carries the process from /tmp: every hundredth does, from the eighth on."""
    return at % PLANTED_EVERY == 7


def build_many(group: str, identities: Sequence[Identity], seed: int) -> list[SimHost]:
    """Two kinds of hosts, sound and planted; hosts of a kind hold the same tables, as one object."""
    planted, sound = build_tiny(group, identities[:2], seed)[::-1]
    return [
        SimHost(identity, planted.tables if is_planted(at) else sound.tables)
        for at, identity in enumerate(identities)
    ]


_FLEETS: dict[str, tuple[Sequence[GroupPlan], Builder]] = {
    "demo": (plan(), build),
    "tiny": (TINY, build_tiny),
}


def fleet(name: str) -> tuple[Sequence[GroupPlan], Builder]:
    """The groups of a fleet and what builds their hosts: ``demo``, ``tiny`` or ``many:N``.

    Raises:
        ValueError: There is no such fleet.
    """
    kind, _, size = name.partition(":")
    if kind == "many" and size.isdigit() and 2 <= int(size) <= MOST_HOSTS:
        return (many(int(size)),), build_many
    if name not in _FLEETS:
        raise ValueError(f"no such fleet: {name}; there are demo, tiny and many:N, N from 2 to {MOST_HOSTS}")
    return _FLEETS[name]
