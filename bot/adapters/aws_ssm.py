"""How are hosts asked over SSM Run Command? Performs what the tracker decides, and decides nothing."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bot.adapters.aws_distributor import INSTALLER, Package, Second
from bot.adapters.aws_drive import drive
from bot.adapters.aws_requests import PREFIX, bare, sending
from bot.adapters.aws_session import Aws, AwsError, code, explain
from bot.collection import answer, document, reattach, script
from bot.collection import conversation as talk
from bot.collection.pieced import Pieced
from bot.collection.tracker import Tracker
from bot.errors import CollectionError
from bot.model import Group, Missed, MissReason, Pack, SentCommand, Snapshot
from bot.ports import Clock, Errand

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import CommandInvocationTypeDef, SendCommandRequestTypeDef

log = logging.getLogger(__name__)

PAGE = 50  # the most invocations on a page
LOOK_BACK_PAGES = 40  # of 50 commands: what a busy account sends in the minutes of a run
_HOST_ID = re.compile(r"m?i-[0-9a-f]{8,17}")
_NOT_THERE = frozenset({"NoSuchKey", "404", "InvocationDoesNotExist", "InvalidCommandId"})


class SsmCollector:
    """``ports.Collector`` over one account and region.

    Args:
        output_bucket: Where hosts put their whole output; None has larger answers fetched in pieces.
        pinned: The operator's own document; None sends the script through ``AWS-RunShellScript``.
        package: What SSM Distributor installs on hosts that say they have no osquery; they are asked once more then.
        download: From where hosts without osquery bring it, for the time of a run.
        sleep: Waits that many seconds; handed in so that tests own time.
        jitter: Numbers from 0 up to 1.
    """

    def __init__(
        self,
        aws: Aws,
        *,
        output_bucket: str | None,
        clock: Clock,
        pinned: document.Pinned | None = None,
        download: script.Download | None = None,
        package: Package | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._aws = aws
        self._bucket = output_bucket
        self._clock = clock
        self._pinned = pinned
        self._download = download
        self._package = package
        self._sleep = sleep
        self._jitter = jitter

    def collect(
        self,
        group: Group,
        pack: Pack,
        errand: Errand,
        *,
        deliver: Callable[[Snapshot | Missed], None],
    ) -> None:
        """See ``ports.Collector``."""
        run_id, deadline_s = errand.asker.run_id, errand.deadline_s
        hosts = {host.id: host for host in group.hosts}

        def read(host: str, raw: bytes) -> Snapshot | Missed | Pieced:
            return answer.read(raw, hosts[host], pack, self._clock.now(), run_id=run_id)

        try:
            values = script.values(run_id=run_id, bucket=self._bucket is not None)
            what = document.request(self._pinned, pack, values, download=self._download)
        except ValueError as error:
            raise CollectionError(f"The pack {pack.name} cannot be sent: {error}.") from error
        deadline = self._clock.monotonic() + deadline_s
        request = sending(what, self._bucket, run_id, pack.name, deadline_s)
        further = partial(self._further, pack, run_id, request)
        perform = partial(self._perform, errand=errand, request=request, further=further)
        ask = partial(self._ask, perform=perform, read=read, deadline=deadline, errand=errand)
        lacking: list[Missed] = []

        def hold(outcome: Snapshot | Missed) -> None:
            if isinstance(outcome, Missed) and outcome.reason is MissReason.NO_OSQUERY:
                lacking.append(outcome)
            else:
                deliver(outcome)

        sent = self._sent_before(errand, request["Comment"])
        ask(tuple(hosts), sent=sent, deliver=hold if self._package else deliver)
        if not lacking or errand.leave():
            return
        self._install(lacking, perform, errand, request, deadline)
        second = Second(lacking, deliver)
        try:
            ask(tuple(miss.host for miss in lacking), sent=(), deliver=second.deliver)
        except CollectionError as error:
            second.give_up(error)

    def _sent_before(self, errand: Errand, comment: str) -> tuple[SentCommand, ...]:
        """Return the commands of a former process that are to be followed, those included that it could not note."""
        if errand.since is None:
            return ()
        sent = reattach.own(errand.sent, self._commands_of(comment, errand.since), self._clock.now())
        for command in sent:
            if command not in errand.sent:
                errand.note(command)
        return sent

    def _ask(
        self,
        hosts: tuple[str, ...],
        *,
        sent: tuple[SentCommand, ...],
        perform: Callable[[talk.Action], talk.Event | None],
        read: Callable[[str, bytes], Snapshot | Missed | Pieced],
        deadline: float,
        errand: Errand,
        deliver: Callable[[Snapshot | Missed], None],
    ) -> None:
        tracker = Tracker(
            hosts, read=read, bucket=self._bucket is not None, deadline=deadline, jitter=self._jitter
        )
        drive(tracker, perform, deliver, errand, sent, self._clock, self._sleep)

    def _install(
        self,
        lacking: list[Missed],
        otherwise: Callable[[talk.Action], talk.Event | None],
        errand: Errand,
        asked: SendCommandRequestTypeDef,
        deadline: float,
    ) -> None:
        """Have SSM Distributor install osquery, and wait for its end; whether it helped, the second question shows."""
        assert self._package is not None
        request = bare(asked)
        for part in ("DocumentVersion", "DocumentHash", "DocumentHashType"):
            request.pop(part, None)  # type: ignore[misc]
        request["DocumentName"] = INSTALLER
        request["Comment"] = f"diffy {errand.asker.run_id} install"
        request["Parameters"] = self._package.parameters

        def perform(action: talk.Action) -> talk.Event | None:
            match action:
                case talk.Send():
                    return self._send(action, request, errand, "install")
                case talk.Fetch():  # whatever it says: it has ended
                    return talk.Output(action.host, b"ended", command=action.command)
                case talk.Drop():
                    return None
            return otherwise(action)

        tracker = Tracker(
            tuple(miss.host for miss in lacking),
            read=lambda host, _: Missed(host, MissReason.NO_OSQUERY),
            bucket=False,
            deadline=deadline,
            jitter=self._jitter,
        )
        try:
            drive(tracker, perform, lambda _: None, errand, (), self._clock, self._sleep)
        except CollectionError as error:
            log.warning("osquery could not be installed: %s", error)

    def _further(
        self, pack: Pack, run_id: str, request: SendCommandRequestTypeDef, act: str, number: int
    ) -> SendCommandRequestTypeDef:
        """Return the request for a further command of the run: short, and its output is read from the API.

        Its comment differs from that of the command that asks, so that a restart takes neither for the other.
        """
        values = script.values(run_id=run_id, bucket=False, act=act, number=number)
        further = bare(request)
        what = document.request(
            self._pinned, pack, values, download=self._download, timeout_s=script.FURTHER_TIMEOUT_S
        )
        further |= what  # type: ignore[typeddict-item]
        further["Comment"] = f"diffy {run_id} {act} {number}"
        return further

    def _perform(
        self,
        action: talk.Action,
        *,
        errand: Errand,
        request: SendCommandRequestTypeDef,
        further: Callable[[str, int], SendCommandRequestTypeDef],
    ) -> talk.Event | None:
        run_id = errand.asker.run_id
        match action:
            case talk.Send(piece=0):
                return self._send(action, request, errand, reattach.ASK)
            case talk.Send(piece=number):
                return self._send(action, further("piece", number), errand, f"piece {number}")
            case talk.Drop(hosts):
                self._drop(hosts, further("drop", 0), errand)
                return None
            case talk.ListPage():
                return self._list(action)
            case talk.Fetch():
                return self._fetch(action, run_id)
            case talk.Describe():
                return self._describe(action)
            case talk.Cancel():
                self._cancel(action)
                return None
            case talk.Deliver() | talk.Abort():
                raise AssertionError(f"not for AWS: {action}")

    def _commands_of(self, comment: str, since: datetime) -> tuple[SentCommand, ...] | None:
        """Return the commands that the account knows under this comment, which names the run; None if it cannot say."""
        found: list[SentCommand] = []
        pages = self._aws.ssm.get_paginator("list_commands").paginate(
            Filters=[{"key": "InvokedAfter", "value": reattach.look_back(since)}],
            PaginationConfig={"PageSize": PAGE, "MaxItems": PAGE * LOOK_BACK_PAGES},
        )
        try:
            for page in pages:
                found += [
                    SentCommand(item["CommandId"], tuple(item["InstanceIds"]), item["RequestedDateTime"])
                    for item in page["Commands"]
                    if item.get("Comment") == comment
                ]
        except AwsError as error:
            log.warning(
                "what was sent just before the restart cannot be looked up: %s", explain(error).message
            )
            return None
        return tuple(found)

    def _send(
        self, action: talk.Send, request: SendCommandRequestTypeDef, errand: Errand, purpose: str
    ) -> talk.Event:
        try:
            sent = self._aws.ssm.send_command(**request | {"InstanceIds": list(action.hosts)})
        except AwsError as error:
            if code(error) == "InvalidInstanceId":
                return talk.InvalidIds(action.batch, tuple(_HOST_ID.findall(str(error))))
            trouble = explain(error)
            reason = MissReason.ACCESS_DENIED if trouble.kind.lasting else MissReason.UNDELIVERABLE
            return talk.SendFailed(action.batch, reason, trouble.message, trouble.hint)
        command = sent["Command"].get("CommandId", "")
        errand.note(SentCommand(command, action.hosts, self._clock.now(), purpose=purpose))
        return talk.Sent(action.batch, command)

    def _drop(self, hosts: tuple[str, ...], request: SendCommandRequestTypeDef, errand: Errand) -> None:
        said = self._send(talk.Send(0, hosts), request, errand, "drop")
        if isinstance(said, talk.InvalidIds) and (rest := tuple(h for h in hosts if h not in said.named)):
            said = self._send(talk.Send(0, rest), request, errand, "drop")
        if not isinstance(said, talk.Sent):
            log.warning("hosts could not be told to remove their answers, and will by themselves")

    def _list(self, action: talk.ListPage) -> talk.Event:
        ask = partial(self._aws.ssm.list_command_invocations, CommandId=action.command, MaxResults=PAGE)
        try:
            page = ask(NextToken=action.token) if action.token else ask()
        except AwsError as error:
            if code(error) in _NOT_THERE:
                return talk.Listed(action.command, ())
            trouble = explain(error)
            return talk.ListFailed(action.command, trouble.message, trouble.kind.lasting)
        return talk.Listed(
            action.command, tuple(map(_invocation, page["CommandInvocations"])), page.get("NextToken", "")
        )

    def _fetch(self, action: talk.Fetch, run_id: str) -> talk.Event:
        try:
            if action.from_bucket:
                return talk.Output(action.host, self._from_bucket(action, run_id), command=action.command)
            kept = self._aws.ssm.get_command_invocation(CommandId=action.command, InstanceId=action.host)
        except AwsError as error:
            if code(error) in _NOT_THERE:
                return talk.Output(action.host, b"", command=action.command)
            trouble = explain(error)
            return talk.OutputFailed(action.host, trouble.message, trouble.kind.lasting, action.command)
        raw = kept.get("StandardOutputContent", "").encode("utf-8", "surrogatepass")
        return talk.Output(action.host, raw, kept.get("ResponseCode"), action.command)

    def _from_bucket(self, action: talk.Fetch, run_id: str) -> bytes:
        """Return the object that AWS named, else the one under the command's prefix; empty when there is none yet."""
        bucket = self._bucket or ""
        folder = f"{PREFIX}/{run_id}/{action.command}/{action.host}/"
        path = unquote(urlsplit(action.url).path)
        key = path[path.index(folder) :] if folder in path else ""
        if not key:
            listed = self._aws.s3.list_objects_v2(Bucket=bucket, Prefix=folder, MaxKeys=100)
            keys = [item.get("Key", "") for item in listed.get("Contents", [])]
            key = next((name for name in keys if name.endswith("/stdout")), "")
        if not key:
            return b""
        with self._aws.s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            return body.read(answer.MOST_PACKED + 1)

    def _describe(self, action: talk.Describe) -> talk.Event:
        states: dict[str, str] = {}
        pages = self._aws.ec2.get_paginator("describe_instances")
        try:
            for page in pages.paginate(Filters=[{"Name": "instance-id", "Values": list(action.hosts)}]):
                for reservation in page["Reservations"]:
                    states |= {
                        item["InstanceId"]: item.get("State", {}).get("Name", "")
                        for item in reservation["Instances"]
                    }
        except AwsError as error:
            log.warning("EC2 could not say whether silent hosts still run: %s", explain(error).message)
            return talk.Described(action.hosts, None)
        return talk.Described(action.hosts, states)

    def _cancel(self, action: talk.Cancel) -> None:
        try:
            self._aws.ssm.cancel_command(CommandId=action.command, InstanceIds=list(action.hosts))
        except AwsError as error:
            log.warning("command %s could not be cancelled: %s", action.command, explain(error).message)


def _invocation(item: CommandInvocationTypeDef) -> talk.Invocation:
    return talk.Invocation(
        item.get("InstanceId", ""),
        item.get("Status", ""),
        item.get("StatusDetails", ""),
        item.get("StandardOutputUrl", ""),
    )
