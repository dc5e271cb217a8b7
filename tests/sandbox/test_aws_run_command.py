"""Run Command over real boto3: what is sent, run, listed, fetched, cut, uploaded, refused and cancelled."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws_stage import Stage


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class TestScripts:
    """What a script meets on a host."""

    def test_the_hosts_own_osquery_answers(self, stage: Stage) -> None:
        """SQL reaches the host's tables; streams are kept apart; the end is Success with code 0."""
        script = "osqueryi --json \"SELECT name FROM processes WHERE path LIKE '/tmp/%'\"\necho note >&2"

        command_id = stage.send(script)
        stage.wait(command_id)
        results = [stage.result(command_id, instance_id) for instance_id in stage.ids]

        assert [json.loads(result["StandardOutputContent"]) for result in results] == [
            [],
            [],
            [{"name": "kworkerd"}],
        ]
        assert {(r["Status"], r["StatusDetails"], r["ResponseCode"]) for r in results} == {
            ("Success", "Success", 0)
        }
        assert {r["StandardErrorContent"] for r in results} == {"note\n"}

    def test_the_environment_is_the_agents(self, stage: Stage) -> None:
        """Id and region are told, HOME and TMPDIR are the host's own, nothing of the server's environment leaks."""
        out = stage.run('env; pwd; touch "$TMPDIR/x" ~/y && echo ok', stage.ids[0])["StandardOutputContent"]

        told = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        assert told["AWS_SSM_INSTANCE_ID"] == stage.ids[0]
        assert told["AWS_SSM_REGION_NAME"] == "us-east-1"
        assert all(stage.ids[0] in told[name] for name in ("HOME", "TMPDIR", "DIFFY_SIM_DATABASE"))
        assert {"AWS_SECRET_ACCESS_KEY", "MOTO_AMIS_PATH", "VIRTUAL_ENV"}.isdisjoint(told)
        assert out.endswith("ok\n")

    def test_it_is_sh_and_its_code_is_the_last_lines(self, stage: Stage) -> None:
        """A code other than 0 is Failed, with the agent's own words after what the script wrote."""
        result = stage.run("false\necho out\necho err >&2\nexit 3", stage.ids[0])

        assert (result["Status"], result["StatusDetails"], result["ResponseCode"]) == ("Failed", "Failed", 3)
        assert result["StandardOutputContent"] == "out\n"
        assert result["StandardErrorContent"] == "err\nfailed to run commands: exit status 3"

    def test_times_are_text_and_empty_before_the_start(self, stage: Stage) -> None:
        """As GetCommandInvocation gives them; -1 is the code of what never ran."""
        stage.aws.set_host(stage.ids[0], ping="ConnectionLost")
        command_id = stage.send("true", stage.ids[:2])
        stage.wait(command_id, "Delayed", stage.ids[:1])
        stage.wait(command_id, ids=stage.ids[1:2])

        waiting, done = (stage.result(command_id, instance_id) for instance_id in stage.ids[:2])

        assert (waiting["ExecutionStartDateTime"], waiting["ExecutionEndDateTime"]) == ("", "")
        assert (waiting["ResponseCode"], waiting["Status"]) == (-1, "Delayed")
        assert done["ExecutionStartDateTime"].endswith("Z")
        assert done["ExecutionElapsedTime"].startswith("PT")

    def test_a_long_script_is_killed_with_all_it_started(self, stage: Stage) -> None:
        """ExecutionTimedOut, code 137; a child in the background is gone too."""
        marker = "sleep 300.0731"

        result = stage.run(
            f"echo begun\n{marker} &\nwait", stage.ids[0], parameters={"executionTimeout": ["5"]}
        )

        assert (result["Status"], result["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
        assert (result["ResponseCode"], result["StandardOutputContent"]) == (137, "begun\n")
        assert gone(marker)

    def test_what_a_finished_script_left_running_is_gone(self, stage: Stage) -> None:
        """Nothing stays behind on the machine that plays the host."""
        result = stage.run("sleep 300.0732 > /dev/null 2>&1 &\necho done", stage.ids[0])

        assert result["StandardOutputContent"] == "done\n"
        assert gone("sleep 300.0732")


def gone(words: str) -> bool:
    """Whether no process of this machine has such a command line, or soon none: one that was killed takes its time."""
    give_up = time.monotonic() + 30
    while running_commands(words):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def running_commands(words: str) -> list[str]:
    """Processes of this machine with such a command line."""
    from pathlib import Path

    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        if line == words:
            found.append(line)
    return found


class TestOutput:
    """Where the output goes and how it is cut."""

    def test_output_is_cut_as_the_agent_cuts_it(self, stage: Stage) -> None:
        """24,000 and 8,000 characters with the mark at the end, and 2,500 in the list."""
        script = "head -c 30000 /dev/zero | tr '\\0' a\nhead -c 9000 /dev/zero | tr '\\0' b >&2"
        command_id = stage.send(script, stage.ids[:1])
        stage.wait(command_id, ids=stage.ids[:1])

        result = stage.result(command_id, stage.ids[0])
        listed = stage.listed(command_id, Details=True)[stage.ids[0]]["CommandPlugins"][0]

        assert result["StandardOutputContent"] == "a" * 23_980 + "--output truncated--"
        assert result["StandardErrorContent"] == "b" * 7_980 + "--output truncated--"
        assert (len(listed["Output"]), listed["Output"][-24:]) == (2500, "a\n---Output truncated---")
        assert (listed["Name"], listed["ResponseCode"]) == ("aws:runShellScript", 0)

    def test_all_of_it_is_in_the_bucket(self, stage: Stage) -> None:
        """Under PREFIX/COMMAND/INSTANCE/PLUGIN/STEP/, whole, and the addresses are told; an empty stream is not uploaded."""
        script = "head -c 30000 /dev/zero | tr '\\0' a"
        command_id = stage.send(
            script, stage.ids[:1], OutputS3BucketName="diffy-output", OutputS3KeyPrefix="runs/r1"
        )
        stage.wait(command_id, ids=stage.ids[:1])

        result = stage.result(command_id, stage.ids[0])
        s3 = stage.client("s3")
        prefix = f"runs/r1/{command_id}/{stage.ids[0]}/awsrunShellScript/0.awsrunShellScript/"
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="diffy-output", Prefix="runs/r1/")["Contents"]]

        assert keys == [prefix + "stdout"]
        assert s3.get_object(Bucket="diffy-output", Key=keys[0])["Body"].read() == b"a" * 30_000
        assert (
            result["StandardOutputUrl"] == f"https://s3.us-east-1.amazonaws.com/diffy-output/{prefix}stdout"
        )

    def test_a_missing_bucket_is_silent(self, stage: Stage) -> None:
        """The agent's upload fails and the status stays Success."""
        result = stage.run("echo hi", stage.ids[0], OutputS3BucketName="no-such-bucket")

        assert (result["Status"], result["StandardOutputContent"]) == ("Success", "hi\n")

    def test_without_a_bucket_there_is_no_address(self, stage: Stage) -> None:
        """Both are empty."""
        result = stage.run("echo hi", stage.ids[0])

        assert (result["StandardOutputUrl"], result["StandardErrorUrl"]) == ("", "")


class TestLists:
    """What the lists show, and when."""

    def test_pages_hold_all_once(self, stage: Stage) -> None:
        """Tokens lead from page to page."""
        command_id = stage.send("true")
        stage.wait(command_id)
        pages = stage.ssm.get_paginator("list_command_invocations").paginate(
            CommandId=command_id, PaginationConfig={"PageSize": 2}
        )

        sizes = [[inv["InstanceId"] for inv in page["CommandInvocations"]] for page in pages]

        assert [len(page) for page in sizes] == [2, 1]
        assert sorted(instance_id for page in sizes for instance_id in page) == sorted(stage.ids)

    def test_lists_can_be_narrowed(self, stage: Stage) -> None:
        """By instance, and by status; other keys are refused."""
        command_id = stage.send("true")
        stage.wait(command_id)
        failed = [{"key": "Status", "value": "Failed"}]

        assert list(stage.listed(command_id, InstanceId=stage.ids[1])) == [stage.ids[1]]
        assert stage.listed(command_id, Filters=failed) == {}
        code, _ = refusal(
            stage.listed, command_id=command_id, Filters=[{"key": "InvokedAfter", "value": "2026"}]
        )
        assert code == "InvalidFilterKey"

    def test_a_command_counts_its_hosts(self, stage: Stage) -> None:
        """ListCommands tells targets, completed and errors, and the comment."""
        stage.aws.set_host(stage.ids[2], manner="fail")
        command_id = stage.send("true", Comment="run 7", MaxErrors="100%")
        stage.wait(command_id)

        [command] = stage.ssm.list_commands(CommandId=command_id)["Commands"]

        counts = [
            command[name] for name in ("TargetCount", "CompletedCount", "ErrorCount", "DeliveryTimedOutCount")
        ]
        assert counts == [3, 3, 1, 0]
        assert (command["Status"], command["StatusDetails"], command["Comment"]) == (
            "Failed",
            "Failed",
            "run 7",
        )
        assert stage.ssm.list_commands(InstanceId="i-0000000000000dead")["Commands"] == []

    def test_wrong_pages_are_refused(self, stage: Stage) -> None:
        """A size out of range, and a token that was never given."""
        many = refusal(stage.ssm.list_command_invocations, MaxResults=51)
        few = refusal(stage.ssm.describe_instance_information, MaxResults=5, NextToken="zzz")
        none = refusal(stage.ssm.describe_instance_information, MaxResults=51)

        assert many[0] == none[0] == "ValidationException"
        assert few[0] == "InvalidNextToken"


class TestInstances:
    """Which instances SSM manages."""

    def test_managed_instances_are_described(self, stage: Stage) -> None:
        """In pages of at least 5, with ping, platform and address."""
        stage.aws.set_host(stage.ids[0], ping="ConnectionLost")
        stage.aws.set_host(stage.ids[1], ping="absent")

        listed = stage.ssm.describe_instance_information(MaxResults=5)["InstanceInformationList"]

        shown = {info["InstanceId"]: (info["PingStatus"], info["PlatformType"]) for info in listed}
        assert shown == {stage.ids[0]: ("ConnectionLost", "Linux"), stage.ids[2]: ("Online", "Linux")}
        assert {info["IPAddress"] for info in listed} < {
            h["private_ip"] for h in stage.aws.groups["tiny-asg"]
        }

    @pytest.mark.parametrize(
        ("filters", "count"),
        [
            ([{"Key": "PingStatus", "Values": ["Online"]}], 3),
            ([{"Key": "PlatformTypes", "Values": ["Windows"]}], 0),
            ([{"Key": "tag:aws:autoscaling:groupName", "Values": ["tiny-asg"]}], 3),
            ([{"Key": "tag:aws:autoscaling:groupName", "Values": ["other"]}], 0),
        ],
    )
    def test_filters_narrow(self, stage: Stage, filters: list[dict[str, Any]], count: int) -> None:
        """By ping, platform and tag."""
        listed = stage.ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]

        assert len(listed) == count

    def test_ids_filter_and_unknown_keys(self, stage: Stage) -> None:
        """In both spellings of the filter; an unknown key is refused."""
        new = [{"Key": "InstanceIds", "Values": stage.ids[:1]}]
        old = [{"key": "InstanceIds", "valueSet": stage.ids[:2]}]

        assert len(stage.ssm.describe_instance_information(Filters=new)["InstanceInformationList"]) == 1
        describe = stage.ssm.describe_instance_information
        assert len(describe(InstanceInformationFilterList=old)["InstanceInformationList"]) == 2
        assert refusal(describe, Filters=[{"Key": "Colour", "Values": ["x"]}])[0] == "InvalidFilterKey"


class TestRefusals:
    """What SendCommand refuses, in AWS's words."""

    def test_one_wrong_id_refuses_the_whole_call(self, stage: Stage) -> None:
        """The message names each wrong id: unknown ones, and hosts that SSM does not know."""
        stage.aws.set_host(stage.ids[1], ping="absent")

        code, message = refusal(
            stage.send, script="true", ids=[stage.ids[0], "i-0000000000000dead", stage.ids[1]]
        )

        assert code == "InvalidInstanceId"
        assert message == (
            f"Instances [[i-0000000000000dead, {stage.ids[1]}]] not in a valid state for account 123456789012"
        )

    @pytest.mark.parametrize(
        ("request_", "code", "words"),
        [
            (
                {"InstanceIds": [f"i-{n:017x}" for n in range(51)]},
                "ValidationException",
                "less than or equal to 50",
            ),
            ({"Comment": "c" * 101}, "ValidationException", "less than or equal to 100"),
            ({"OutputS3KeyPrefix": "p" * 501}, "ValidationException", "less than or equal to 500"),
            ({"TimeoutSeconds": 2_592_001}, "ValidationException", "less than or equal to 2592000"),
            ({"MaxConcurrency": "0"}, "ValidationException", "maxConcurrency"),
            ({"MaxErrors": "101%"}, "ValidationException", "maxErrors"),
            ({"Targets": [{"Key": "tag:a", "Values": ["b"]}]}, "ValidationException", "together"),
            ({"DocumentName": "Nobodys-Document"}, "InvalidDocument", "Nobodys-Document"),
            ({"Parameters": {"command": ["true"]}}, "InvalidParameters", "command"),
            ({"Parameters": {}}, "InvalidParameters", "commands"),
        ],
    )
    def test_wrong_requests_are_refused(
        self, stage: Stage, request_: dict[str, Any], code: str, words: str
    ) -> None:
        """Each with its code and what is wrong."""
        good = {
            "InstanceIds": stage.ids,
            "DocumentName": "AWS-RunShellScript",
            "Parameters": {"commands": ["true"]},
        }

        refused = refusal(stage.ssm.send_command, **{**good, **request_})

        assert refused[0] == code
        assert words in refused[1]

    def test_nobody_meant_is_refused(self, stage: Stage) -> None:
        """Neither ids nor targets."""
        assert refusal(stage.send, script="true", ids=[])[0] == "ValidationException"

    def test_unknown_commands_and_plugins(self, stage: Stage) -> None:
        """Fetching and cancelling what is not there."""
        command_id = stage.send("true", stage.ids[:1])
        stage.wait(command_id, ids=stage.ids[:1])
        nobody = "00000000-0000-0000-0000-000000000000"
        get, cancel = stage.ssm.get_command_invocation, stage.ssm.cancel_command

        assert refusal(get, CommandId=nobody, InstanceId=stage.ids[0])[0] == "InvocationDoesNotExist"
        wrong = refusal(get, CommandId=command_id, InstanceId=stage.ids[0], PluginName="aws:other")
        assert wrong[0] == "InvalidPluginName"
        assert refusal(cancel, CommandId=nobody)[0] == "InvalidCommandId"
        assert refusal(cancel, CommandId=command_id, InstanceIds=stage.ids[1:2])[0] == "InvalidInstanceId"


class TestSpread:
    """How a command spreads over its hosts."""

    def test_max_errors_defaults_to_none(self, stage: Stage) -> None:
        """After the first failure nobody else gets the command: Terminated. With 100% everybody does."""
        stage.aws.set_host(stage.ids[0], manner="fail")

        strict = stage.send("true", MaxConcurrency="1")
        stage.wait(strict)
        lax = stage.send("true", MaxConcurrency="30%", MaxErrors="100%")
        stage.wait(lax)

        assert [stage.details(strict)[i] for i in stage.ids] == ["Failed", "Terminated", "Terminated"]
        assert [stage.details(lax)[i] for i in stage.ids] == ["Failed", "Success", "Success"]

    def test_tags_are_resolved_at_the_service(self, stage: Stage) -> None:
        """A group's tag reaches its hosts; a tag that nobody has reaches none and says so."""
        group = [{"Key": "tag:aws:autoscaling:groupName", "Values": ["tiny-asg"]}]
        command_id = stage.send("true", Targets=group)
        stage.wait(command_id)

        nobody = stage.send("true", Targets=[{"Key": "tag:x", "Values": ["y"]}])
        [command] = stage.ssm.list_commands(CommandId=nobody)["Commands"]

        assert set(stage.details(command_id)) == set(stage.ids)
        assert (command["StatusDetails"], command["TargetCount"]) == ("NoInstancesInTag", 0)

    def test_a_running_command_can_be_cancelled(self, stage: Stage) -> None:
        """What runs is killed, what waits never starts, and the command is Cancelled."""
        stage.aws.set_host(stage.ids[1], ping="ConnectionLost")
        command_id = stage.send("sleep 300.0733", stage.ids[:2])
        stage.wait(command_id, "InProgress", stage.ids[:1])
        stage.wait(command_id, "Delayed", stage.ids[1:2])

        stage.ssm.cancel_command(CommandId=command_id)
        stage.wait(command_id, ids=stage.ids[:2])

        assert set(stage.details(command_id).values()) == {"Cancelled"}
        assert stage.ssm.list_commands(CommandId=command_id)["Commands"][0]["Status"] == "Cancelled"
        assert stage.run("true", stage.ids[0])["Status"] == "Success"
        assert gone("sleep 300.0733")
