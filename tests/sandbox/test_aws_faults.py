"""What goes wrong on purpose: hosts of every manner, throttling, expired credentials, hosts that change or vanish."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws_stage import Stage


class TestHosts:
    """How a host can fail to answer."""

    @pytest.mark.parametrize(
        ("manner", "status", "details", "code"),
        [
            ({"manner": "hang"}, "TimedOut", "ExecutionTimedOut", 137),
            ({"manner": "die"}, "TimedOut", "DeliveryTimedOut", -1),
            ({"manner": "fail"}, "Failed", "Failed", 1),
            ({"manner": "access_denied"}, "Failed", "AccessDenied", -1),
            ({"manner": "undeliverable"}, "Failed", "Undeliverable", -1),
            ({"platform": "Windows"}, "Failed", "InvalidPlatform", -1),
            ({"ping": "ConnectionLost"}, "TimedOut", "DeliveryTimedOut", -1),
        ],
    )
    def test_a_host_ends_as_the_service_would_say(
        self, stage: Stage, manner: dict[str, str], status: str, details: str, code: int
    ) -> None:
        """Its neighbours are not touched by it."""
        stage.aws.set_host(stage.ids[0], **manner)
        command_id = stage.send(
            "echo fine", stage.ids[:2], TimeoutSeconds=30, parameters={"executionTimeout": ["10"]}
        )

        stage.wait(command_id, ids=stage.ids[:2])

        bad, good = (stage.result(command_id, instance_id) for instance_id in stage.ids[:2])
        assert (bad["Status"], bad["StatusDetails"], bad["ResponseCode"]) == (status, details, code)
        assert bad["StandardOutputContent"] == ""
        assert (good["Status"], good["StandardOutputContent"]) == ("Success", "fine\n")

    @pytest.mark.parametrize(
        ("manner", "out"), [("empty", ""), ("cut", "12345"), ("lost_output", "1234567890")]
    )
    def test_success_can_say_nothing_of_the_output(self, stage: Stage, manner: str, out: str) -> None:
        """Empty, broken off in the middle, or never uploaded: the status is Success all the same."""
        stage.aws.set_host(stage.ids[0], manner=manner)

        result = stage.run(
            "printf 1234567890", stage.ids[0], OutputS3BucketName="diffy-output", OutputS3KeyPrefix=manner
        )

        listed = stage.client("s3").list_objects_v2(Bucket="diffy-output", Prefix=manner)
        assert (result["Status"], result["StandardOutputContent"]) == ("Success", out)
        assert listed["KeyCount"] == (1 if manner == "cut" else 0)

    def test_garbage_is_text_by_the_time_it_arrives(self, stage: Stage) -> None:
        """Bytes that are not UTF-8 become replacement characters in the API."""
        stage.aws.set_host(stage.ids[0], manner="garbage")

        result = stage.run("echo fine", stage.ids[0])

        assert result["Status"] == "Success"
        assert "\ufffd" in result["StandardOutputContent"]
        assert "fine" not in result["StandardOutputContent"]

    def test_osquery_can_be_missing(self, stage: Stage) -> None:
        """The shell does not find it: 127."""
        stage.aws.set_host(stage.ids[0], manner="no_osquery")

        result = stage.run("osqueryi --json 'SELECT 1'", stage.ids[0])

        assert (result["Status"], result["ResponseCode"]) == ("Failed", 127)

    def test_osquery_itself_can_fail(self, stage: Stage) -> None:
        """Its faults reach the script, and go away again."""
        stage.aws.set_host(stage.ids[0], osquery={"crash_on": "users"})
        crashed = stage.run("osqueryi --json 'SELECT * FROM users'", stage.ids[0])

        stage.aws.set_host(stage.ids[0], osquery={})
        mended = stage.run("osqueryi --json 'SELECT * FROM users'", stage.ids[0])

        assert crashed["ResponseCode"] == 139
        assert mended["ResponseCode"] == 0

    def test_a_slow_host_ends_after_the_others(self, stage: Stage) -> None:
        """It waits without holding up anybody."""
        stage.aws.set_host(stage.ids[0], delay_s=3600)
        command_id = stage.send("true")

        stage.wait(command_id, ids=stage.ids[1:])
        slow = stage.details(command_id)[stage.ids[0]]
        stage.aws.set_host(stage.ids[0], delay_s=0)
        stage.wait(command_id)

        assert slow == "InProgress"
        assert stage.details(command_id)[stage.ids[0]] == "Success"

    def test_a_host_that_comes_back_in_time_answers(self, stage: Stage) -> None:
        """Delivery is tried again until its timeout."""
        stage.aws.set_host(stage.ids[0], ping="ConnectionLost")
        command_id = stage.send("true", stage.ids[:1])
        stage.wait(command_id, "Delayed", stage.ids[:1])

        stage.aws.set_host(stage.ids[0], ping="Online")
        stage.wait(command_id, ids=stage.ids[:1])

        assert stage.details(command_id)[stage.ids[0]] == "Success"

    def test_a_dead_agent_stays_cancelling(self, stage: Stage) -> None:
        """Cancelling is best effort: what nobody hears ends with the command's own timeouts."""
        stage.aws.set_host(stage.ids[0], manner="die")
        command_id = stage.send(
            "true", stage.ids[:1], TimeoutSeconds=60, parameters={"executionTimeout": ["10"]}
        )
        stage.wait(command_id, "InProgress", stage.ids[:1])

        stage.ssm.cancel_command(CommandId=command_id, InstanceIds=stage.ids[:1])
        at_once = stage.details(command_id)[stage.ids[0]]
        stage.wait(command_id, ids=stage.ids[:1])

        assert at_once == "Cancelling"
        assert stage.details(command_id)[stage.ids[0]] == "DeliveryTimedOut"

    def test_rows_change_while_it_runs(self, stage: Stage) -> None:
        """A group that changed between two analyses."""
        ask = "osqueryi --json 'SELECT name FROM kernel_modules'"
        stage.aws.add_rows(stage.ids[0], "kernel_modules", [{"name": "rootkit"}])
        changed = stage.run(ask, stage.ids[0])

        removed = stage.aws.remove_rows(stage.ids[0], "kernel_modules", {"name": "rootkit"})

        assert json.loads(changed["StandardOutputContent"]) == [{"name": "rootkit"}]
        assert removed == 1
        assert json.loads(stage.run(ask, stage.ids[0])["StandardOutputContent"]) == []


class TestApi:
    """How the API can refuse."""

    @pytest.mark.parametrize(
        ("service", "method", "throttled", "expired"),
        [
            ("ssm", "list_commands", "ThrottlingException", "ExpiredTokenException"),
            ("autoscaling", "describe_auto_scaling_groups", "Throttling", "ExpiredToken"),
            ("ec2", "describe_instances", "RequestLimitExceeded", "RequestExpired"),
            ("s3", "list_buckets", "SlowDown", "ExpiredToken"),
            ("sts", "get_caller_identity", "Throttling", "ExpiredToken"),
        ],
    )
    def test_each_service_refuses_in_its_own_words(
        self, stage: Stage, service: str, method: str, throttled: str, expired: str
    ) -> None:
        """Throttled and expired; afterwards all is well again."""
        call = getattr(stage.client(service), method)
        codes = []
        for faults in ({"throttle": {"*": 1}}, {"expired_credentials": True}):
            stage.aws.set_api(**faults)
            with pytest.raises(ClientError) as caught:
                call()
            codes.append(caught.value.response["Error"]["Code"])
            stage.restore()

        assert codes == [throttled, expired]
        assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_the_next_calls_of_one_action_are_throttled(self, stage: Stage) -> None:
        """So many, then no more; other actions go on; refused calls count."""
        before = stage.aws.calls()
        stage.aws.set_api(throttle={"ListCommands": 2})
        refused = []
        for _ in range(3):
            try:
                stage.ssm.list_commands()
                refused.append("")
            except ClientError as error:
                refused.append(error.response["Error"]["Message"])

        stage.ssm.describe_instance_information()
        after = stage.aws.calls()

        assert refused == ["Rate exceeded", "Rate exceeded", ""]
        assert after["ListCommands"] - before.get("ListCommands", 0) == 3

    def test_a_share_of_calls_is_throttled(self, stage: Stage) -> None:
        """By chance, the same each time."""
        stage.aws.set_api(throttle={"*": 0.5})
        refused = 0
        for _ in range(40):
            try:
                stage.ssm.list_commands()
            except ClientError:
                refused += 1

        assert 5 < refused < 35

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("PUT", "/_sandbox/api", {"throttel": {}}, 400),
            ("PUT", "/_sandbox/api", {"throttle": 3}, 400),
            ("PUT", "/_sandbox/hosts/i-none", {}, 404),
            ("PUT", "/_sandbox/hosts/ID", {"manner": "sulk"}, 400),
            ("PUT", "/_sandbox/hosts/ID", {"ping": "Maybe"}, 400),
            ("PUT", "/_sandbox/hosts/ID", {"mood": "x"}, 400),
            ("PUT", "/_sandbox/hosts/ID", {"osquery": {"mood": "x"}}, 400),
            ("POST", "/_sandbox/hosts/ID/rows", {"table": "none", "add": [{}]}, 400),
            ("GET", "/_sandbox/else", None, 404),
        ],
    )
    def test_wrong_controls_are_refused(
        self, stage: Stage, method: str, path: str, body: object, status: int
    ) -> None:
        """With what is wrong, so that a test does not pass by a slip of the pen."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(stage.aws.url + path.replace("ID", stage.ids[0]), data=data, method=method)

        with pytest.raises(HTTPError) as caught:
            build_opener(ProxyHandler({})).open(request)

        with caught.value as answer:
            assert answer.code == status
            assert json.load(answer)["error"]

    def test_a_slip_raises_in_the_caller(self, stage: Stage) -> None:
        """The object refuses with the same words."""
        with pytest.raises(ValueError, match="sulk"):
            stage.aws.set_host(stage.ids[0], manner="sulk")

    @pytest.mark.parametrize("header", [("Origin", "https://evil.example"), ("Host", "evil.example")])
    def test_a_web_page_may_not_ask(self, stage: Stage, header: tuple[str, str]) -> None:
        """It runs scripts: neither another site's page nor a name that points here reaches it."""
        request = Request(stage.aws.url + "/_sandbox/state", headers=dict([header]))

        with pytest.raises(HTTPError) as caught:
            build_opener(ProxyHandler({})).open(request)

        with caught.value as answer:
            assert answer.code == 403


class TestInstances:
    """EC2's own state reaches SSM. These come last: what is terminated stays so."""

    def test_a_stopped_instance_is_not_managed_until_it_runs(self, stage: Stage) -> None:
        """It is not described, and sending to it refuses the call."""
        ec2 = stage.client("ec2")
        ec2.stop_instances(InstanceIds=stage.ids[:1])
        described = stage.ssm.describe_instance_information()["InstanceInformationList"]
        with pytest.raises(ClientError, match="InvalidInstanceId"):
            stage.send("true", stage.ids[:1])

        ec2.start_instances(InstanceIds=stage.ids[:1])

        assert stage.ids[0] not in {info["InstanceId"] for info in described}
        assert stage.run("true", stage.ids[0])["Status"] == "Success"

    def test_a_terminated_instance_is_gone(self, stage: Stage) -> None:
        """Before delivery it is Undeliverable; in the middle nothing more is heard; afterwards it is refused."""
        waiting = stage.ids[1]
        stage.aws.set_host(waiting, ping="ConnectionLost")
        undelivered = stage.send("true", [waiting])
        stage.wait(undelivered, "Delayed", [waiting])
        stage.aws.set_host(stage.ids[2], delay_s=2000)
        lost = stage.send("true", stage.ids[2:], TimeoutSeconds=30, parameters={"executionTimeout": ["30"]})
        stage.wait(lost, "InProgress", stage.ids[2:])

        stage.client("ec2").terminate_instances(InstanceIds=stage.ids[1:])
        stage.aws.set_host(stage.ids[2], delay_s=0)
        stage.wait(undelivered, ids=[waiting])
        stage.wait(lost, ids=stage.ids[2:])

        assert stage.details(undelivered) == {waiting: "Undeliverable"}
        assert stage.details(lost) == {stage.ids[2]: "DeliveryTimedOut"}
        with pytest.raises(ClientError, match="InvalidInstanceId"):
            stage.send("true", stage.ids[2:])
