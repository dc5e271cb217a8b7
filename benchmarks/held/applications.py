"""Attacks through what the host serves or builds upon: shells in memory, pages of appliances, a worm of packages (TA0001)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def application_calls_out(host: Host) -> None:
    """T1190, T1620: code in the application's own memory keeps one connection to an outsider; no child, no file."""
    scene.connect(host, scene.work(host)["pid"], "203.0.113.236", 443)


def appliance_page(host: Host) -> None:
    """T1554, T1505.003: as on VPN appliances: a script of the product's own gets a few lines more; size and times are put back."""
    scene.put(host, "/opt/webapp/lib/perl5/DSLog.pm", "a few lines", age_s=400 * 86_400)
    scene.put(host, "/opt/webapp/htdocs/setcookie.thtml", "a few lines", age_s=400 * 86_400)


def package_worm(host: Host) -> None:
    """T1195.002, T1528: Shai-Hulud: an install script of npm made the host a build runner of a public account; a search for secrets runs."""
    home = next(row["directory"] for row in host.tables["users"] if row["username"] == "deploy")
    uid, folder = scene.uid_of(host, "deploy"), f"{home}/.dev-env"
    modules = f"{home}/.npm-global/lib/node_modules"
    host.add("npm_packages", name="@example/posthog-kit", version="4.2.2", path=f"{modules}/@example/posthog-kit/package.json", directory=modules)  # fmt: skip
    for path in (f"{folder}/run.sh", f"{folder}/bin/Runner.Listener", f"{home}/.truffler-cache/trufflehog"):
        scene.put(host, path, mode="0755", uid=uid, age_s=5_100)
    first = scene.spawn(host, "/usr/bin/bash", f"/bin/bash {folder}/run.sh", name="run.sh", uid=uid, cwd=folder, age_s=5_000)  # fmt: skip
    pid = scene.spawn(host, f"{folder}/bin/Runner.Listener", f"{folder}/bin/Runner.Listener run", uid=uid, parent=first, cwd=folder, threads=18, age_s=5_000)  # fmt: skip
    scene.connect(host, pid, "198.51.100.240", 443)
    scene.spawn(host, f"{home}/.truffler-cache/trufflehog", f"{home}/.truffler-cache/trufflehog filesystem {home} --json", uid=uid, cwd=home, static=True, threads=9, age_s=200)  # fmt: skip


ATTACKS = (application_calls_out, appliance_page, package_worm)
