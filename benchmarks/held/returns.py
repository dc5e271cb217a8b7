"""Attacks that wait inside what is honest: a rule of the log daemon, a setting of the cloud's first boot (TA0003)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def log_trigger(host: Host) -> None:
    """T1546: a rule of rsyslog's starts a program when a line has one word in it, which a failed login can bring; elsewhere sysstat's settings do."""
    if scene.debian(host):
        scene.put(host, "/etc/rsyslog.d/45-lastlog.conf", "omshell", age_s=210 * 86_400)
        scene.put(host, "/usr/libexec/rsyslog-lastlog", mode="0755", age_s=210 * 86_400)
    else:
        scene.put(host, "/etc/sysconfig/sysstat", "sourced by root each ten minutes", age_s=210 * 86_400)


def cloud_config_command(host: Host) -> None:
    """T1037: `bootcmd` in a file of cloud-init's settings runs at each boot as root; nothing asks for that folder."""
    scene.put(host, "/etc/cloud/cloud.cfg.d/06_ec2_network.cfg", "bootcmd", age_s=300 * 86_400)


ATTACKS = (log_trigger, cloud_config_command)
