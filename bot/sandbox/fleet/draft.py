"""How is one host's state written down, row by row, as osquery would tell it?"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from posixpath import basename, dirname

from bot.sandbox.fleet.identity import Identity
from bot.sandbox.fleet.schema import TABLES

Row = dict[str, str]
Tables = dict[str, list[Row]]

TCP, UDP = "6", "17"
STATES = {TCP: "LISTEN", UDP: ""}


def digest(text: str, length: int = 64) -> str:
    """Return hex that stands for some content: equal text, equal digest."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def complete(table: str, values: Mapping[str, object]) -> Row:
    """Return the row with every column of its table, as text; KeyError names a column that osquery lacks."""
    columns = TABLES[table].columns
    unknown = values.keys() - columns.keys()
    if unknown:
        raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
    row = dict.fromkeys(columns, "")
    for column, value in values.items():
        row[column] = str(value)
    return row


class Draft:
    """A host being described. Times are seconds since 1970.

    Attributes:
        rng: This host's own chance: what differs between honest twins is drawn from it.
        image: What its files come from; files with the same ``image`` and content are twins.
        shell: Where /bin/sh leads.
    """

    def __init__(self, identity: Identity, rng: random.Random, *, booted: int, now: int, image: str) -> None:
        self.identity = identity
        self.rng = rng
        self.booted = booted
        self.now = now
        self.image = image
        self.tables: Tables = {name: [] for name in TABLES}
        self._pid = rng.randrange(380, 420)
        self._socket = rng.randrange(17000, 19000)
        self._uids: dict[str, int] = {"root": 0}
        self.shell = "/usr/bin/bash"

    @property
    def ip(self) -> str:
        """The host's private address."""
        return self.identity.private_ip

    def add(self, table: str, **values: object) -> Row:
        """Add one row and return it."""
        row = complete(table, values)
        self.tables[table].append(row)
        return row

    def uid(self, user: str) -> int:
        """Return the uid of a user added before; KeyError when there is none."""
        return self._uids[user]

    def user(
        self, name: str, uid: int, home: str, shell: str, *, gid: int | None = None, note: str = ""
    ) -> None:
        """Add an account with its primary group and a locked password."""
        group = uid if gid is None else gid
        self._uids[name] = uid
        self.add(
            "users",
            uid=uid,
            gid=group,
            uid_signed=uid,
            gid_signed=group,
            username=name,
            description=note,
            directory=home,
            shell=shell,
        )
        self.add(
            "shadow",
            username=name,
            password_status="locked",
            last_change=20240,
            min=0,
            max=99999,
            warning=7,
            flag="",
        )
        self.add("user_groups", uid=uid, gid=group)

    def spawn(
        self,
        name: str,
        path: str,
        cmdline: str,
        *,
        user: str = "root",
        parent: int = 1,
        cwd: str = "/",
        unit: str = "",
        after_boot_s: int | None = None,
        pid: int | None = None,
        on_disk: int = 1,
        threads: int = 1,
    ) -> int:
        """Start a process and return its pid."""
        if pid is None:
            self._pid += self.rng.choice((1, 1, 2, 3, 5, 9, 14, 40))
            pid = self._pid
        uid = self.uid(user)
        started = self.booted + (after_boot_s if after_boot_s is not None else 4 + pid // 90)
        self.add(
            "processes",
            pid=pid,
            name=name[:15],
            path=path,
            cmdline=cmdline,
            state="S",
            cwd=cwd,
            root="/",
            uid=uid,
            gid=uid,
            euid=uid,
            egid=uid,
            suid=uid,
            sgid=uid,
            on_disk=on_disk,
            wired_size=0,
            resident_size=self.rng.randrange(2_000, 90_000) * 1024,
            total_size=self.rng.randrange(20_000, 900_000) * 1024,
            user_time=self.rng.randrange(10, 90_000),
            system_time=self.rng.randrange(10, 40_000),
            disk_bytes_read=self.rng.randrange(90) * 4096,
            disk_bytes_written=self.rng.randrange(90) * 4096,
            start_time=started,
            parent=parent,
            pgroup=pid,
            threads=threads,
            nice=0,
            cgroup_path=f"/system.slice/{unit}" if unit else "/",
        )
        return pid

    def pid_of(self, *names: str) -> int:
        """Return the pid of the first process with one of these names; KeyError when there is none."""
        for row in self.tables["processes"]:
            if row["name"] in names:
                return int(row["pid"])
        raise KeyError(names)

    def kernel_thread(self, name: str, pid: int) -> None:
        """Add a kernel thread: no path, no command line, child of kthreadd."""
        self.spawn(name, "", "", parent=0 if pid == 2 else 2, pid=pid, on_disk=-1, after_boot_s=0)

    def settle(self) -> None:
        """Let time pass: later processes get pids far from those of the boot."""
        self._pid += self.rng.randrange(9_000, 400_000)

    def ephemeral(self) -> int:
        """Return a port of the kernel's ephemeral range."""
        return self.rng.randrange(32768, 61000)

    def listen(self, pid: int, port: int, address: str = "0.0.0.0", protocol: str = TCP) -> None:
        """Bind a socket."""
        self._socket += self.rng.randrange(1, 40)
        family = 10 if ":" in address else 2
        fd = self.rng.randrange(3, 14)
        shared = {"pid": pid, "fd": fd, "socket": self._socket, "family": family, "protocol": protocol}
        self.add("listening_ports", port=port, address=address, net_namespace="4026531840", **shared)
        self.add(
            "process_open_sockets",
            local_address=address,
            local_port=port,
            remote_address="::" if family == 10 else "0.0.0.0",
            remote_port=0,
            state=STATES[protocol],
            net_namespace="4026531840",
            **shared,
        )

    def connect(
        self, pid: int, address: str, port: int, *, local_port: int | None = None, local: str = ""
    ) -> None:
        """Open a TCP connection (``local_port`` for one that was accepted)."""
        self._socket += self.rng.randrange(1, 40)
        self.add(
            "process_open_sockets",
            pid=pid,
            fd=self.rng.randrange(5, 40),
            socket=self._socket,
            family=2,
            protocol=TCP,
            local_address=local or self.ip,
            local_port=self.ephemeral() if local_port is None else local_port,
            remote_address=address,
            remote_port=port,
            state="ESTABLISHED",
            net_namespace="4026531840",
        )

    def file(
        self,
        path: str,
        content: str = "",
        *,
        mode: str = "0644",
        uid: int = 0,
        gid: int | None = None,
        size: int | None = None,
        changed: int | None = None,
        kind: str = "regular",
        target: str = "",
    ) -> None:
        """Add a file, and its hash unless it is a directory. ``content`` defaults to what the image holds there."""
        content = content or f"{self.image}:{path}"
        when = changed if changed is not None else self.booted - 40 * 86400
        where = {"path": path, "directory": dirname(path)}
        self.add(
            "file",
            filename=basename(path),
            inode=self.rng.randrange(1_000, 900_000),
            uid=uid,
            gid=uid if gid is None else gid,
            mode=mode,
            device=0,
            size=int(digest(content, 4), 16) if size is None else size,
            block_size=4096,
            atime=self.now - self.rng.randrange(90_000),
            mtime=when,
            ctime=when,
            btime=when,
            hard_links=1,
            symlink=int(bool(target)),
            type=kind,
            symlink_target_path=target,
            **where,
        )
        if kind == "regular":
            self.add(
                "hash",
                md5=digest("md5" + content, 32),
                sha1=digest("sha1" + content, 40),
                sha256=digest(content),
                **where,
            )

    def unit(
        self,
        name: str,
        description: str,
        *,
        active: str = "active",
        sub: str = "running",
        state: str = "enabled",
        fragment: str = "",
        load: str = "loaded",
        user: str = "",
    ) -> None:
        """Add a systemd unit as systemd knows it (its file is another matter)."""
        escaped = name.replace("-", "_2d").replace(".", "_2e").replace("@", "_40")
        self.add(
            "systemd_units",
            id=name,
            description=description,
            load_state=load,
            active_state=active,
            sub_state=sub,
            unit_file_state=state,
            object_path=f"/org/freedesktop/systemd1/unit/{escaped}",
            job_id=0,
            job_path="/",
            fragment_path=fragment or f"/lib/systemd/system/{name}",
            user=user,
        )

    def env(self, pid: int, **values: object) -> None:
        """Add variables to a process's environment."""
        for key, value in values.items():
            self.add("process_envs", pid=pid, key=key, value=value)

    def has_file(self, path: str) -> bool:
        """Whether a file was added at that path."""
        return any(row["path"] == path for row in self.tables["file"])

    def login(self, user: str, host: str, time: int, *, pid: int | None = None) -> None:
        """Add a line to the history of logins."""
        self.add(
            "last",
            username=user,
            tty="pts/0",
            pid=self.rng.randrange(1000, 30000) if pid is None else pid,
            type=7,
            type_name="user-process",
            time=time,
            host=host,
        )

    def cron(self, path: str, when: str, command: str) -> None:
        """Add a crontab line; ``when`` is five fields or one @word."""
        if when.startswith("@"):
            self.add("crontab", event=when, command=command, path=path)
            return
        minute, hour, day, month, weekday = when.split()
        self.add(
            "crontab",
            minute=minute,
            hour=hour,
            day_of_month=day,
            month=month,
            day_of_week=weekday,
            command=command,
            path=path,
        )
