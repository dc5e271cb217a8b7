"""Small ways to come back or to become root that leave one or two rows: formats, plug-ins, authorities (TA0003, TA0004)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def binary_format(host: Host) -> None:
    """T1546, T1548.001: a format of binfmt_misc with the C flag lends a setuid program's rights to an interpreter of the intruder's."""
    scene.put(host, "/usr/lib/binfmt.d/llvm-16-runtime.conf", age_s=250 * 86_400)
    scene.put(host, "/usr/lib/llvm-16/bin/lli-run", mode="0755", age_s=250 * 86_400)


def sudo_plugin(host: Host) -> None:
    """T1556, T1548.003: a line in sudo.conf loads a plug-in that keeps passwords; it is mapped only while sudo runs."""
    scene.put(host, "/etc/sudo.conf", "Plugin sudo_io", age_s=100 * 86_400)
    scene.put(host, "/usr/libexec/sudo/sudo_audit_json.so", age_s=100 * 86_400)


def trusted_authority(host: Host) -> None:
    """T1556, T1098.004: sshd trusts an authority for users' keys; any user comes in with a certificate and no key is added."""
    path = "/etc/ssh/sshd_config"
    scene.put(host, path, "TrustedUserCAKeys", mode="0600", age_s=110 * 86_400)
    scene.put(host, "/etc/ssh/ssh_user_ca.pub", age_s=110 * 86_400)
    host.add("augeas", node=f"/files{path}/TrustedUserCAKeys", path=path, label="TrustedUserCAKeys", value="/etc/ssh/ssh_user_ca.pub")  # fmt: skip


def manager_environment(host: Host) -> None:
    """T1574.006: DefaultEnvironment in system.conf.d gives each service that starts from now on a library first."""
    library = f"{scene.libraries(host)}/libmemusage_stat.so"
    scene.put(host, "/etc/systemd/system.conf.d/10-accounting.conf", age_s=75 * 86_400)
    scene.put(host, library, age_s=75 * 86_400)
    row = scene.work(host)
    scene.variable(host, row["pid"], LD_PRELOAD=library)
    scene.load(host, row["pid"], library)


ATTACKS = (binary_format, sudo_plugin, trusted_authority, manager_environment)
