"""Is everything set up as Diffy needs it, and if not, which command mends it?

Each check looks at one thing through a port and says one sentence. What cannot be looked at is unknown, never fine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.collection.document import Pinned
from bot.errors import DiffyError
from bot.model import Asker, Group, Missed, Pack, Snapshot, Target
from bot.model.checkup import (
    BucketFacts,
    Check,
    DocumentFacts,
    Identity,
    Outcome,
    Right,
    TokenFacts,
)
from bot.ports import Collector, Errand, Inventory
from bot.workflows import mending

SCOPES = frozenset({"commands", "chat:write", "files:write", "users:read", "channels:read", "groups:read"})
"""What manifest.yml asks for; a test compares both."""

HOST_TAG = ("diffy", "enabled")  # deploy/template.yaml: which hosts may be asked
NAMED = 10  # hosts named in a sentence
ASKED = 20  # hosts asked for their osquery's version
ASK_DEADLINE_S = 120.0
FOLLOWING = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeWarmPool",
    "cloudformation:ListStackResources",
    "cloudformation:ListStacks",
    "ec2:DescribeInstances",
    "ec2:DescribeTags",
    "eks:DescribeNodegroup",
    "eks:ListClusters",
    "eks:ListNodegroups",
    "ssm:CancelCommand",
    "ssm:DescribeInstanceInformation",
    "ssm:GetCommandInvocation",
    "ssm:ListCommandInvocations",
)


class Account(Protocol):
    """What the doctor asks of an AWS account. Each raises DiffyError when AWS does not answer."""

    def identity(self) -> Identity: ...

    def document(self, name: str, version: str) -> DocumentFacts | None: ...

    def denied(self, who: Identity, rights: tuple[Right, ...]) -> tuple[Right, ...]: ...

    def bucket(self, name: str) -> BucketFacts | None: ...

    def untagged(self, hosts: tuple[str, ...], tag: tuple[str, str]) -> tuple[str, ...]: ...


class Workspace(Protocol):
    """What the doctor asks of Slack. Each raises DiffyError when Slack does not answer."""

    def token(self) -> TokenFacts: ...

    def channel(self, channel: str) -> tuple[str, bool]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this Diffy is set up to use.

    Attributes:
        pack: Asked of hosts, and what the document is built from.
        target: Whose hosts are looked at; None leaves hosts out.
        channels: Ids; ``*`` is none in particular.
    """

    pack: Pack
    pinned: Pinned | None
    bucket: str
    target: Target | None
    asker: Asker
    ask_hosts: bool = True
    channels: tuple[str, ...] = ()


def check_aws(
    wanted: Wanted, account: Account, inventory: Inventory, collector: Collector
) -> Iterator[Check]:
    """Walk AWS. Without an identity nothing further is asked."""
    try:
        who = account.identity()
    except DiffyError as error:
        yield Check("identity", Outcome.WRONG, error.message, error.hint or "aws sts get-caller-identity")
        for name in ("document", "permissions", "bucket", "hosts", "osquery"):
            yield Check(name, Outcome.UNKNOWN, "Not looked at: AWS does not know us.")
        return
    yield Check("identity", Outcome.OK, f"{who.arn} in {who.region or 'no region'}.")
    document = list(_document(wanted, account, who))
    yield from document
    yield _permissions(wanted, account, who)
    yield from _bucket(wanted.bucket, account, who)
    group, hosts = _hosts(wanted, inventory)
    yield hosts
    if group is None or not group.hosts:
        return
    yield _tags(group, account)
    if not wanted.ask_hosts:
        yield Check("osquery", Outcome.UNKNOWN, "Not looked at: --no-ask.")
    elif any(check.outcome is Outcome.WRONG for check in document):
        yield Check("osquery", Outcome.UNKNOWN, "Not looked at: the document is wrong.")
    else:
        yield _osquery(wanted, group, collector)


def check_slack(wanted: Wanted, workspace: Workspace) -> Iterator[Check]:
    """Walk Slack: the token, its scopes, the channels."""
    try:
        token = workspace.token()
    except DiffyError as error:
        yield Check("slack token", Outcome.WRONG, error.message, error.hint or mending.INSTALL_PAGE)
        return
    yield Check("slack token", Outcome.OK, f"{token.user} in the workspace {token.team}.")
    if token.scopes is None:
        yield Check("slack scopes", Outcome.UNKNOWN, "Slack did not say which scopes the token has.")
    elif missing := sorted(SCOPES - token.scopes):
        yield Check(
            "slack scopes", Outcome.WRONG, f"The app lacks {_listed(missing)}.", mending.MANIFEST_PAGE
        )
    else:
        yield Check("slack scopes", Outcome.OK, f"All {len(SCOPES)} that the manifest asks for.")
    for channel in wanted.channels:
        yield _channel(channel, workspace)


def _channel(channel: str, workspace: Workspace) -> Check:
    name = f"slack {channel}"
    try:
        shown, member = workspace.channel(channel)
    except DiffyError as error:
        return Check(name, Outcome.UNKNOWN, f"Could not be checked: {error.message}", error.hint)
    if member:
        return Check(name, Outcome.OK, f"Diffy is in {shown}.")
    return Check(name, Outcome.WRONG, f"Diffy is not in {shown}.", f"In {shown}: /invite @diffy")


def _document(wanted: Wanted, account: Account, who: Identity) -> Iterator[Check]:
    pinned, pack = wanted.pinned, wanted.pack
    if pinned is None:
        said = "None is set: Diffy sends its script through AWS-RunShellScript, and its role is root on the hosts it may reach. deploy/README.md says how to do better."
        yield Check("document", Outcome.OK, said)
        return
    name = pinned.named(pack.name)
    try:
        expected = pinned.expected(pack)
        found = account.document(name, pinned.version)
    except (DiffyError, ValueError) as error:
        yield Check("document", Outcome.UNKNOWN, f"Could not be checked: {_words(error)}")
        return
    if found is None:
        said = f"There is no document {name} in {who.region}."
        yield Check("document", Outcome.WRONG, said, mending.create_document(name, pack.name))
        return
    yield Check("document", Outcome.OK, f"{name} is there.")
    if not found.version:
        said = f"{name} has no version {pinned.version}; the newest is {found.newest}."
        yield Check("document version", Outcome.WRONG, said, mending.use_version(found.newest))
        return
    yield Check("document version", Outcome.OK, f"Version {found.version} of {found.newest}.")
    if found.digest != expected:
        said = f"Version {found.version} of {name} is not the text that is wanted: its sha256 is {found.digest[:12]}…, not {expected[:12]}…"
        yield Check("document hash", Outcome.WRONG, said, mending.update_document(name, pack.name))
        return
    yield Check("document hash", Outcome.OK, f"sha256 {expected[:12]}…, as this Diffy builds it.")


def _permissions(wanted: Wanted, account: Account, who: Identity) -> Check:
    partition = who.arn.split(":")[1]
    name = wanted.pinned.named(wanted.pack.name) if wanted.pinned else ""
    document = f":{who.account}:document/{name}" if name else "::document/AWS-RunShellScript"
    rights = [Right(action) for action in FOLLOWING]
    rights.append(Right("ssm:SendCommand", f"arn:{partition}:ssm:{who.region}{document}"))
    host = f"arn:{partition}:ec2:{who.region}:{who.account}:instance/i-0123456789abcdef0"
    rights.append(Right("ssm:SendCommand", host, {"diffy": HOST_TAG[1]}))
    if wanted.bucket:
        rights.append(Right("s3:GetObject", f"arn:{partition}:s3:::{wanted.bucket}/diffy/run/answer"))
    try:
        denied = account.denied(who, tuple(rights))
    except DiffyError as error:
        said = f"Could not be checked: {error.message} What the other checks could do is allowed."
        return Check("permissions", Outcome.UNKNOWN, said, mending.MAY_SIMULATE)
    if denied:
        said = f"Not allowed: {_listed([f'{r.action} on {r.resource}' for r in denied])}."
        return Check("permissions", Outcome.WRONG, said, mending.attach_policy(who.principal))
    return Check("permissions", Outcome.OK, "All that a run needs is allowed, says IAM's simulator.")


def _bucket(name: str, account: Account, who: Identity) -> Iterator[Check]:
    if not name:
        yield Check("bucket", Outcome.OK, "None is set: answers come back in pieces, up to 4 MiB a host.")
        return
    try:
        found = account.bucket(name)
    except DiffyError as error:
        yield Check("bucket", Outcome.UNKNOWN, f"Could not be checked: {error.message}", error.hint)
        return
    if found is None:
        said = f"There is no bucket {name}: no answer larger than 24,000 characters can be whole."
        yield Check("bucket", Outcome.WRONG, said, mending.create_bucket(name, who.region))
        return
    if found.readable is False:
        said = f"{name} cannot be read: {found.unseen.get('readable', 'AWS refused')}"
        yield Check("bucket", Outcome.WRONG, said, mending.attach_policy(who.principal))
    else:
        yield Check("bucket", Outcome.OK, f"{name} is there and can be read.")
    parts = (
        ("encryption", found.encryption, f"encrypts with {found.encryption}", "does not encrypt by default"),
        (
            "versioned",
            found.versioned,
            "keeps versions",
            "keeps no versions: an answer can be overwritten unseen",
        ),
        ("closed", found.closed, "blocks public access", "does not block all public access"),
        ("forgets", found.forgets, "deletes answers after some days", "keeps answers for ever"),
    )
    for part, value, good, bad in parts:
        label = f"bucket {mending.BUCKET_PARTS[part]}"
        if value is None:
            why = found.unseen.get(part, "AWS did not say.")
            yield Check(label, Outcome.UNKNOWN, f"Could not be checked: {why}")
        elif value:
            yield Check(label, Outcome.OK, f"{name} {good}.")
        else:
            yield Check(label, Outcome.WRONG, f"{name} {bad}.", mending.bucket(part, name))


def _hosts(wanted: Wanted, inventory: Inventory) -> tuple[Group | None, Check]:
    if wanted.target is None:
        said = "Not looked at: name a target, such as diffy doctor web-asg."
        return None, Check("hosts", Outcome.UNKNOWN, said)
    try:
        group = inventory.resolve(wanted.target, wanted.asker)
    except DiffyError as error:
        return None, Check("hosts", Outcome.WRONG, error.message, error.hint)
    total = len(group.hosts) + len(group.missed)
    if not group.missed:
        return group, Check("hosts", Outcome.OK, f"All {total} hosts of {group.name} are online in SSM.")
    said = f"{len(group.missed)} of {total} hosts of {group.name} cannot be asked: {_missed(group.missed)}."
    return group, Check("hosts", Outcome.WRONG, said, mending.register([miss.host for miss in group.missed]))


def _tags(group: Group, account: Account) -> Check:
    ids, tag = tuple(host.id for host in group.hosts), "=".join(HOST_TAG)
    try:
        untagged = account.untagged(ids, HOST_TAG)
    except DiffyError as error:
        return Check("host tags", Outcome.UNKNOWN, f"Could not be checked: {error.message}", error.hint)
    if not untagged:
        return Check("host tags", Outcome.OK, f"All {len(ids)} that are online have the tag {tag}.")
    said = (
        f"{len(untagged)} of {len(ids)} hosts lack the tag {tag}, without which the policy lets nobody ask them: "
        f"{_listed(list(untagged))}."
    )
    return Check("host tags", Outcome.WRONG, said, mending.tag(untagged, HOST_TAG))


def _osquery(wanted: Wanted, group: Group, collector: Collector) -> Check:
    """Ask hosts over the way that a run takes: the document whole, or without one only the version's query."""
    outcomes: list[Snapshot | Missed] = []
    pack = wanted.pack if wanted.pinned else Pack(wanted.pack.name, "The version alone.", ())
    few = replace(group, hosts=group.hosts[:ASKED], missed=())
    try:
        collector.collect(few, pack, Errand(wanted.asker, ASK_DEADLINE_S), deliver=outcomes.append)
    except DiffyError as error:
        return Check("osquery", Outcome.WRONG, f"Hosts could not be asked: {error.message}", error.hint)
    missed = [outcome for outcome in outcomes if isinstance(outcome, Missed)]
    if missed:
        said = f"{len(missed)} of {len(outcomes)} hosts did not answer: {_missed(missed)}."
        return Check("osquery", Outcome.WRONG, said, mending.look_at(missed[0].host))
    versions = Counter(o.osquery_version or "no version" for o in outcomes if isinstance(o, Snapshot))
    told = _listed([f"{version} on {count}" for version, count in sorted(versions.items())])
    return Check("osquery", Outcome.OK, f"{len(outcomes)} hosts were asked and answered: osquery {told}.")


def _missed(missed: Sequence[Missed]) -> str:
    return _listed([f"{miss.host} ({miss.reason.value.replace('_', ' ')})" for miss in missed])


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more


def _words(error: Exception) -> str:
    return error.message if isinstance(error, DiffyError) else f"{error}."
