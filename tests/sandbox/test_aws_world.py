"""What is planted, that it is the same on each start, and that nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bot.sandbox.aws import EmbeddedAws
from tests.processes import ended
from tests.sandbox.aws_stage import Stage, staged

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("demo"), fleet="demo") as stage:
        yield stage


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything takes twenty times longer than life."""
    with staged(tmp_path_factory.mktemp("slow"), fleet="tiny", speed=0.05) as stage:
        yield stage


class TestDemo:
    """The groups of the demo, as AWS shows them."""

    def test_the_group_is_in_the_middle_of_a_deploy(self, demo: Stage) -> None:
        """Every instance tells its own template version, zone and image; the group is ready for the new one."""
        [group] = demo.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])[
            "AutoScalingGroups"
        ]
        planned = {host["instance_id"]: host for host in demo.aws.groups["web-asg"]}

        versions = Counter(instance["LaunchTemplate"]["Version"] for instance in group["Instances"])
        zones = Counter(instance["AvailabilityZone"] for instance in group["Instances"])

        assert versions == {"12": 14, "13": 10}
        assert zones == {"us-east-1a": 8, "us-east-1b": 8, "us-east-1c": 8}
        assert {i["LifecycleState"] for i in group["Instances"]} == {"InService"}
        for instance in group["Instances"]:
            host = planned[instance["InstanceId"]]
            assert instance["LaunchTemplate"]["Version"] == host["launch_template_version"]
            assert instance["AvailabilityZone"] == host["availability_zone"]

    def test_ec2_tells_what_the_plan_says(self, demo: Stage) -> None:
        """Image, address, name, type and launch time of each host."""
        planned = {host["instance_id"]: host for group in demo.aws.groups.values() for host in group}

        reservations = demo.client("ec2").describe_instances()["Reservations"]
        told = {i["InstanceId"]: i for reservation in reservations for i in reservation["Instances"]}

        assert told.keys() == planned.keys()
        for instance_id, host in planned.items():
            instance = told[instance_id]
            assert instance["ImageId"] == host["image_id"]
            assert instance["PrivateIpAddress"] == host["private_ip"]
            assert instance["PrivateDnsName"] == host["hostname"]
            assert instance["InstanceType"] == host["instance_type"]
            assert instance["LaunchTime"] == datetime.fromisoformat(host["launch_time"])

    def test_what_was_planted_is_told(self, demo: Stage) -> None:
        """Two intrusions, one host offline, one slow; the second group is clean."""
        web, api = demo.aws.groups["web-asg"], demo.aws.groups["api-asg"]

        assert len([host for host in web if host["intrusion"]]) == 2
        assert [host["manner"]["ping"] for host in web if "ping" in host["manner"]] == ["ConnectionLost"]
        assert len([host for host in web if "delay_s" in host["manner"]]) == 1
        assert not any(host["intrusion"] or host["manner"] for host in api)

    def test_hosts_hold_their_fleets_rows(self, demo: Stage) -> None:
        """The host's name in its own tables is the short form of the one that EC2 gave."""
        host = demo.aws.groups["api-asg"][0]

        result = demo.run("osqueryi --json 'SELECT hostname FROM system_info'", host["instance_id"])

        assert json.loads(result["StandardOutputContent"]) == [
            {"hostname": host["hostname"].partition(".")[0]}
        ]

    def test_the_bucket_is_there_and_identity_is_known(self, demo: Stage) -> None:
        """What moto itself answers goes through."""
        buckets = demo.client("s3").list_buckets()["Buckets"]

        assert [bucket["Name"] for bucket in buckets] == [demo.aws.env["DIFFY_OUTPUT_BUCKET"]]
        assert demo.client("sts").get_caller_identity()["Account"] == "123456789012"


class TestTime:
    """The service takes its time."""

    def test_an_invocation_cannot_be_seen_at_once(self, slow: Stage) -> None:
        """For a while the list is empty and a fetch finds nothing, though the command is known."""
        command_id = slow.send("true")

        listed = slow.listed(command_id)
        with pytest.raises(ClientError, match="InvocationDoesNotExist"):
            slow.result(command_id, slow.ids[0])
        [command] = slow.ssm.list_commands(CommandId=command_id)["Commands"]

        assert listed == {}
        assert (command["TargetCount"], command["CompletedCount"]) == (3, 0)

    def test_what_was_not_sent_yet_is_cancelled_at_once(self, slow: Stage) -> None:
        """Nothing has begun, so nothing is in doubt."""
        command_id = slow.send("true")
        slow.ssm.cancel_command(CommandId=command_id)

        [command] = slow.ssm.list_commands(CommandId=command_id)["Commands"]

        assert (command["Status"], command["CompletedCount"]) == ("Cancelled", 3)


class TestProcess:
    """Start and end."""

    def test_the_same_seed_gives_the_same_hosts(self, slow: Stage, tmp_path: Path) -> None:
        """Ids, addresses and zones; another seed gives others."""
        with EmbeddedAws.start(tmp_path / "same", fleet="tiny") as same:
            again = same.groups
        with EmbeddedAws.start(tmp_path / "other", fleet="tiny", seed=8) as other:
            others = other.ids("tiny-asg")

        stable = [
            (h["instance_id"], h["private_ip"], h["availability_zone"]) for h in slow.aws.groups["tiny-asg"]
        ]
        assert [
            (h["instance_id"], h["private_ip"], h["availability_zone"]) for h in again["tiny-asg"]
        ] == stable
        assert others != slow.ids

    def test_it_listens_on_this_machine_only(self, slow: Stage) -> None:
        """It runs scripts, so no other machine may reach it."""
        port = int(slow.aws.url.rpartition(":")[2])
        tables = [Path("/proc/net/tcp").read_text(), Path("/proc/net/tcp6").read_text()]

        listening = {
            fields[1].rpartition(":")[0]
            for table in tables
            for fields in (line.split() for line in table.splitlines()[1:])
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
        }

        assert listening == {"0100007F"}

    def test_it_ends_with_its_parent_and_takes_its_scripts_along(self, tmp_path: Path) -> None:
        """When standard input closes, it kills what runs and exits 0."""
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bot.sandbox.aws",
                "--data",
                str(tmp_path),
                "--fleet",
                "tiny",
                "--speed",
                "20",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stage = Stage(EmbeddedAws(process, json.loads(process.stdout.readline()), tmp_path))
        command_id = stage.send("echo $$ > ~/pid; sleep 300")
        pids = [tmp_path / "hosts" / instance_id / "home" / "pid" for instance_id in stage.ids]
        stage.wait(command_id, "InProgress")
        while not all(pid.exists() and pid.read_text().strip() for pid in pids):
            time.sleep(0.01)

        process.stdin.close()
        code = process.wait(30)

        assert code == 0
        assert all(ended(int(pid.read_text())) for pid in pids)
        stage.aws.close()

    def test_closing_ends_it(self, tmp_path: Path) -> None:
        """The port is free again; closing twice is once."""
        aws = EmbeddedAws.start(tmp_path, fleet="tiny")
        aws.close()
        aws.close()

        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(aws.url, timeout=5)

    def test_a_start_that_fails_says_why(self, slow: Stage, tmp_path: Path) -> None:
        """A port that is taken, for example."""
        port = int(slow.aws.url.rpartition(":")[2])

        with pytest.raises(RuntimeError, match="in use"):
            EmbeddedAws.start(tmp_path, fleet="tiny", port=port)
