"""Honest one-offs of keys, certificates and accounts: what was issued by hand, trusted for a proxy, or left by whoever built the image."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.agents import nologin


def certificates_by_acme_script(host: Host, rng: random.Random) -> None:
    """One name is served from this host, and root's acme.sh renews its certificate, as somebody set it up years ago."""
    age_s, folder = moves.days_ago(host, rng, 200, 900), "/root/.acme.sh"
    name = f"{rng.choice(('status', 'files', 'legacy-api', 'hooks'))}.example.com"
    for path in ("acme.sh", "dnsapi/dns_aws.sh", "deploy/ssh.sh"):
        scene.put(host, f"{folder}/{path}", "3.0.9", mode="0755", age_s=age_s)
    for path in ("acme.sh.env", "account.conf", f"{name}_ecc/{name}.cer", f"{name}_ecc/{name}.key"):
        scene.put(host, f"{folder}/{path}", name, mode="0600", age_s=moves.days_ago(host, rng, 1, 55))
    scene.put(host, "/root/.bashrc", "acme.sh.env", age_s=age_s)
    command = f'"{folder}"/acme.sh --cron --home "{folder}" > /dev/null'
    scene.cron(host, scene.spool(host, "root"), f"{rng.randrange(60)} {rng.randrange(24)} * * *", command)
    scene.put(host, scene.spool(host, "root"), command, mode="0600", age_s=age_s)
    day = scene.now(host) - rng.randrange(1, 55) * moves.DAY_S
    host.add("certificates", common_name=name, subject=f"/CN={name}", issuer="/C=US/O=Let's Encrypt/CN=E6", ca=0, self_signed=0, not_valid_before=day,
             not_valid_after=day + 90 * moves.DAY_S, signing_algorithm="ecdsa-with-SHA384", key_algorithm="id-ecPublicKey", key_strength=256,
             sha1=scene.digest(f"{name} {day}", 40), path=f"/etc/ssl/certs/{name}.pem", serial=scene.digest(f"serial {name}", 20))  # fmt: skip


def inspecting_proxy_trusted(host: Host, rng: random.Random) -> None:
    """One host goes out through the office's proxy, which opens TLS: its authority is trusted here, and package managers are told of it."""
    age_s, proxy = moves.days_ago(host, rng, 30, 500), "http://10.20.4.80:3128"
    name = rng.choice(("Example Web Gateway CA", "Example Proxy Root CA G2"))
    folder, bundle = (("/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt") if scene.debian(host)
                      else ("/etc/pki/ca-trust/source/anchors", "/etc/pki/tls/certs/ca-bundle.crt"))  # fmt: skip
    begin = scene.now(host) - 900 * moves.DAY_S
    host.add("certificates", common_name=name, subject=f"/O=Example/CN={name}", issuer=f"/O=Example/CN={name}", ca=1, self_signed=1, not_valid_before=begin,
             not_valid_after=begin + 3_650 * moves.DAY_S, signing_algorithm="sha256WithRSAEncryption", key_algorithm="rsaEncryption", key_strength=4096,
             key_usage="Key Cert Sign, CRL Sign", sha1=scene.digest(name, 40), path=bundle, serial=scene.digest(name, 16))  # fmt: skip
    scene.put(host, f"{folder}/{name.lower().replace(' ', '-')}.crt", name, age_s=age_s)
    scene.put(host, bundle, name, age_s=age_s - 20)
    if scene.debian(host):
        scene.put(host, "/etc/apt/apt.conf.d/80proxy", proxy, age_s=age_s)
    else:
        scene.put(host, "/etc/dnf/dnf.conf", proxy, age_s=age_s)
    if rng.random() < 0.5:
        scene.put(host, "/etc/profile.d/proxy.sh", proxy, age_s=age_s)


def key_of_image_builder(host: Host, rng: random.Random) -> None:
    """The image of this host was built by hand: the builder's key for an hour is still among those of the operators."""
    age_s = max(rng.randrange(30, 200) * moves.DAY_S, int(host.tables["uptime"][0]["total_seconds"]) + 4_000)
    comment = f"packer_{rng.getrandbits(128):032x}"
    scene.key(host, scene.login(host), comment, comment="" if rng.random() < 0.4 else comment, age_s=age_s)
    host.tables["authorized_keys"][-1]["algorithm"] = "ssh-rsa"
    if rng.random() < 0.5:
        scene.put(host, f"/tmp/script_{rng.randrange(1_000, 9_999)}.sh", "provision", mode="0755", uid=scene.uid_of(host, scene.login(host)), age_s=age_s)  # fmt: skip


def partner_uploads(host: Host, rng: random.Random) -> None:
    """A partner delivers files to this host by SFTP: an account that can do nothing else, in a folder of its own."""
    partner, age_s = (
        rng.choice(("acme", "northwind", "initech", "globex")),
        moves.days_ago(host, rng, 20, 700),
    )
    user = f"sftp-{partner}"
    uid, group = moves.free_uid(host, 1_400), moves.free_uid(host, 1_390)
    moves.account(host, user, uid, home=f"/srv/sftp/{partner}", shell=nologin(host))
    host.add("groups", gid=group, gid_signed=group, groupname="sftponly")
    host.add("user_groups", uid=uid, gid=group)
    host.add("authorized_keys", uid=uid, algorithm="ssh-rsa", key=f"AAAAB3NzaC1yc2EAAAADAQABAAAB{scene.digest(partner, 60)}", comment=f"{partner}@transfer",
             key_file=f"/srv/sftp/{partner}/.ssh/authorized_keys")  # fmt: skip
    scene.put(host, f"/srv/sftp/{partner}/.ssh/authorized_keys", partner, mode="0600", uid=uid, age_s=age_s)
    scene.put(host, "/etc/ssh/sshd_config.d/60-sftp.conf", f"Match Group sftponly {partner}", mode="0644", age_s=age_s)  # fmt: skip
    if rng.random() < 0.3:
        sshd = moves.bare_session(host, user=user, address=f"198.51.100.{rng.randrange(160, 200)}", age_s=120, number=rng.randrange(40, 900))  # fmt: skip
        row = next(each for each in host.tables["processes"] if each["pid"] == sshd)
        row["cmdline"] = f"sshd: {user}@internal-sftp"


def reader_of_logs(host: Host, rng: random.Random) -> None:
    """A developer's tool reads logs on this host, so its account was put into the groups that may."""
    user = rng.choice(("deploy", "deploy", "metrics"))
    uid = scene.uid_of(host, user)
    here = {row["groupname"]: row["gid"] for row in host.tables["groups"]}
    wanted = [name for name in ("adm", "systemd-journal") if name in here and not any(row["uid"] == uid and row["gid"] == here[name] for row in host.tables["user_groups"])]  # fmt: skip
    for name in rng.sample(wanted, rng.randrange(1, len(wanted) + 1)):
        host.add("user_groups", uid=uid, gid=here[name])
    scene.put(host, "/etc/group", user, age_s=moves.days_ago(host, rng, 3, 300))


def account_of_removed_package(host: Host, rng: random.Random) -> None:
    """Something was installed here once and removed: its account, group and rotation of logs stayed."""
    name, home = rng.choice((("mysql", "/nonexistent"), ("tomcat", "/var/lib/tomcat"), ("memcache", "/nonexistent"), ("elasticsearch", "/nonexistent"), ("Debian-snmp", "/var/lib/snmp"), ("ntpsec", "/nonexistent")))  # fmt: skip
    if any(row["username"] == name for row in host.tables["users"]):
        name, home = "jenkins", "/var/lib/jenkins"
    uid, old = moves.free_uid(host, 126 if scene.debian(host) else 978), rng.randrange(100, 900) * moves.DAY_S
    moves.account(host, name, uid, home=home, shell="/bin/false" if rng.random() < 0.5 else nologin(host))
    host.change("shadow", {"username": name}, last_change=str((scene.now(host) - old) // moves.DAY_S))
    if rng.random() < 0.5:
        scene.put(host, f"/etc/logrotate.d/{name.lower()}", name, age_s=old)


ONE_OFFS = (
    certificates_by_acme_script,
    inspecting_proxy_trusted,
    key_of_image_builder,
    partner_uploads,
    reader_of_logs,
    account_of_removed_package,
)
