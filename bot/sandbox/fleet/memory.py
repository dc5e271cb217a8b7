"""Which libraries has each process of a host mapped?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest

_BASE = ("ld-linux-x86-64.so.2", "libc.so.6")
_USUAL = ["libm.so.6", "libz.so.1.2.13", "libcap.so.2.66", "libselinux.so.1", "libpcre2-8.so.0.11.2", "libcrypto.so.3", "libssl.so.3", "libaudit.so.1.0.0", "liblzma.so.5.4.1", "libzstd.so.1.5.4", "liblz4.so.1.9.4", "libgcrypt.so.20.4.1", "libgpg-error.so.0.33.1", "libpam.so.0.85.1", "libsystemd.so.0.35.0", "libexpat.so.1.8.10", "libcrypt.so.1.1.0", "libnss_systemd.so.2", "libmount.so.1.1.0", "libblkid.so.1.1.0", "libgssapi_krb5.so.2.2", "libkrb5.so.3.3"]  # fmt: skip
_OWN = {
    "java": ("server/libjvm.so", "libjava.so", "libnio.so", "libnet.so", "libzip.so", "libjimage.so"),
    "python3.11": ("libsqlite3.so.0.8.6", "libffi.so.8.1.2", "libuuid.so.1.3.0"),
    "postgres": ("libxml2.so.2.9.14", "libicuuc.so.72.1", "libldap-2.5.so.0.1.11"),
}


def lay_memory(draft: Draft) -> None:
    """Add the executable mappings of every process that has a program: what its program always loads.

    A library that /etc/ld.so.preload would bring in is the business of whoever wrote that file.
    """
    folder = "/usr/lib/x86_64-linux-gnu" if draft.tables["deb_packages"] else "/usr/lib64"
    for process in draft.tables["processes"]:
        path = process["path"]
        if not path or path.startswith(("/app", "/agent")):
            continue
        name = path.rpartition("/")[2]
        libraries = [f"{folder}/{library}" for library in (*_BASE, *_usual(path))]
        home = f"{path.rpartition('/bin/')[0]}/lib" if name == "java" else folder
        libraries += [f"{home}/{library}" for library in _OWN.get(name, ())]
        if name == "java":
            libraries += [
                row["path"] for row in draft.tables["file"] if row["path"].startswith("/tmp/libnetty")
            ]
        at = 0x7F0000000000 + draft.rng.getrandbits(32) * 4096
        for library in (path, *libraries):
            at += draft.rng.randrange(16, 4000) * 4096
            draft.add(
                "process_memory_map", pid=process["pid"], start=f"0x{at:012x}", end=f"0x{at + 0x18000:012x}", permissions="r-xp",
                offset=4096, device="103:01", inode=int(digest(library, 5), 16), path=library, pseudo=0,
            )  # fmt: skip


def _usual(path: str) -> list[str]:
    return [library for library in _USUAL if int(digest(path + library, 2), 16) < 90]
