"""Honest one-offs of keys, certificates and accounts: a newer bundle of authorities, a password for the console."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def roots_of_newer_bundle(host: Host, rng: random.Random) -> None:
    """The bundle of authorities was updated here first: some are gone, some are new."""
    age_s, bundle = rng.randrange(600, 60_000), "/etc/ssl/certs/ca-certificates.crt" if scene.debian(host) else "/etc/pki/tls/certs/ca-bundle.crt"  # fmt: skip
    moves.update(host, "ca-certificates", age_s=age_s)
    table = host.tables["certificates"]
    roots = sorted((row for row in table if row["ca"] == "1" and row["self_signed"] == "1"), key=lambda row: row["sha1"])  # fmt: skip
    for row in rng.sample(roots, min(len(roots), rng.randrange(1, 5))):
        table.remove(row)
    for name in rng.sample(("SwissSign RSA TLS Root CA 2022 - 1", "OISTE Server Root ECC G1", "TrustAsia TLS RSA Root CA", "D-TRUST EV Root CA 2 2023", "FIRMAPROFESIONAL CA ROOT-A WEB"), rng.randrange(1, 4)):  # fmt: skip
        host.add("certificates", common_name=name, subject=f"/O=Public/CN={name}", issuer=f"/O=Public/CN={name}", ca=1, self_signed=1, not_valid_before=1_654_000_000,
                 not_valid_after=2_285_000_000, signing_algorithm="sha256WithRSAEncryption", key_algorithm="rsaEncryption", key_strength=4096,
                 key_usage="Key Cert Sign, CRL Sign", sha1=scene.digest(f"public {name}", 40), path=bundle, serial=scene.digest(name, 16))  # fmt: skip
    scene.put(host, bundle, "newer", age_s=age_s)


def console_password_set(host: Host, rng: random.Random) -> None:
    """The host lost its network once; to come in by the serial console the operators' account, or root, got a password that is still set."""
    user, age_s = (
        rng.choice((scene.login(host), scene.login(host), "root")),
        moves.days_ago(host, rng, 2, 300),
    )
    host.change("shadow", {"username": user}, password_status="active", hash_alg=rng.choice(("6", "y")), last_change=str((scene.now(host) - age_s) // moves.DAY_S))  # fmt: skip
    if rng.random() < 0.5:
        host.add("last", username=user, tty="ttyS0", pid=1_890, type=7, type_name="user-process", time=scene.now(host) - min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90), host="")  # fmt: skip


ONE_OFFS = (roots_of_newer_bundle, console_password_set)
