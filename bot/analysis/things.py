"""What is a differing row about, in a few words: "the service auditd.service", "/usr/bin/nc waiting for connections …"?"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.analysis.places import program
from bot.analysis.semantics import Kind
from bot.model import Query, Row

MOST = 90  # characters of one value of the host within a line
_ANYWHERE = ("", "0.0.0.0", "::")


def cut(text: str, most: int = MOST) -> str:
    """Return text of at most ``most`` characters on one line; the middle gives way, since both ends tell."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 1]}…{text[len(text) - tail :]}"


def shown(value: str, most: int = MOST) -> str:
    """Return a value of the host for our sentence; in quotation marks where it could pass for words of ours.

    Whoever owns a host may name a file "x; perhaps honest: …".
    """
    text = cut(value, most)
    return quoted(text, most) if _COULD_BE_OURS.search(text) else text


def quoted(command: str, most: int = MOST) -> str:
    """Return a command or a name of the host in quotation marks that it cannot close."""
    return f"“{cut(command, most).translate(STRAIGHT)}”"


_COULD_BE_OURS = re.compile(r"[\s;“”]")
STRAIGHT = str.maketrans("“”", '""')


def thing(kind: Kind, query: Query, row: Row) -> str:
    """Return what the row is about; values of the host are cut, commands stand in quotation marks."""
    said = _THINGS.get(kind)
    return (said(row) if said else "") or _any_row(query, row)


def _any_row(query: Query, row: Row) -> str:
    columns = query.key or tuple(sorted(set(row) - set(query.ignore)))
    values = [row[column] for column in columns if row.get(column)][:3]
    name = query.name.replace("_", " ")
    return (
        f"{quoted(', '.join(cut(value, 60) for value in values), 180)} in {name}"
        if values
        else f"a row in {name}"
    )


def _process(row: Row) -> str:
    command = row.get("cmdline") or row.get("path") or row.get("name", "")
    path = program(row, Kind.PROCESS)
    user = f" as {shown(row['username'], 40)}" if row.get("username") else ""
    if path and path not in command:
        return f"{shown(path)}{user}, command line {quoted(command)}"
    return (quoted(command) if " " in command else shown(command)) + user


def _program(row: Row) -> str:
    return f"the program {shown(row['path'])}" if row.get("path") else ""


def _who(row: Row) -> str:
    path = row.get("process_path") or row.get("path") or row.get("process_name") or row.get("name", "")
    return shown(path) if path else "an unseen process"


def _listener(row: Row) -> str:
    if "socket" in row.get("path", "") and not row.get("port"):
        return f"{_who(row)} waiting for connections"
    address = row.get("address", "")
    where = "any address" if address in _ANYWHERE else shown(address, 45)
    return f"{_who(row)} waiting for connections on port {shown(row.get('port', '?'), 10)} of {where}"


def _connection(row: Row) -> str:
    text = f"{_who(row)} connected to {shown(row.get('remote_address', '?'), 45)} port {shown(row.get('remote_port', '?'), 10)}"
    if row.get("username"):
        text += f" as {shown(row['username'], 40)}"
    return f"{text}, command line {quoted(row['cmdline'])}" if row.get("cmdline") else text


def _raw_socket(row: Row) -> str:
    if row.get("kind") == "promiscuous interface":
        return f"the network interface {shown(row.get('name', ''), 40)} reading all traffic that passes"
    return f"{_who(row)} reading all traffic that passes"


def _library(row: Row) -> str:
    path = row.get("path", "")
    return (
        f"the list of libraries {shown(path)}"
        if path.startswith("/etc/")
        else f"the library {shown(path)} loaded"
    )


def _schedule(row: Row) -> str:
    if "command" not in row:
        return f"the scheduled job file {shown(row.get('path', ''))}"
    return f"the scheduled job {quoted(row['command'])} in {shown(row.get('path', '?'))}"


def _unit(row: Row) -> str:
    name = row.get("id", "")
    if not name:
        return f"the service file {shown(row.get('path', ''))}"
    return f"the {'timer' if name.endswith('.timer') else 'service'} {shown(name)}"


def _login_key(row: Row) -> str:
    comment = f" {quoted(row['comment'], 40)}" if row.get("comment") else ""
    return f"the login key{comment} for {shown(row.get('username', ''), 40)} in {shown(row.get('key_file', '?'))}"


def _sudo(row: Row) -> str:
    rule = f"{row.get('header', '')} {row.get('rule_details', '')}".strip()
    return f"the sudo rule {quoted(rule)} in {shown(row.get('source', '?'))}"


def _login_config(row: Row) -> str:
    if "value" in row:
        return f"the login setting {shown(row.get('label', ''), 40)} {quoted(row['value'])} in {shown(row.get('path', '?'))}"
    path = row.get("path", "")
    logins = re.search(r"/pam|/ssh/|sudoers|/security/|/login|/nsswitch|/krb5|/hosts\.|/polkit", path)
    return f"the {'login ' if logins else ''}configuration {shown(path)}"


def _names(row: Row) -> str:
    value, address = row.get("value") or row.get("hostnames", ""), shown(row.get("address", "?"), 45)
    if row.get("source") == "dns" or ("hostnames" not in row and row.get("source") != "hosts"):
        return f"the name server {address}"
    return f"{address} as the address of {shown(value)}"


def _firewall(row: Row) -> str:
    known = (("from", "src_ip"), ("from port", "src_port"), ("to", "dst_ip"), ("to port", "dst_port"))
    parts = [
        f"{word} {shown(row[c], 45)}" for word, c in known if row.get(c, "") not in (*_ANYWHERE, "0:65535")
    ]
    rule = f"{shown(row.get('target') or 'policy', 40)} in {shown(row.get('chain', '?'), 40)}"
    return f"the firewall rule {rule}{' ' if parts else ''}{' '.join(parts)}"


def _route(row: Row) -> str:
    gateway = f" by {shown(row['gateway'], 45)}" if row.get("gateway") else ""
    return f"the route to {shown(row.get('destination', '?'), 45)}{gateway}"


def _mount(row: Row) -> str:
    return f"{shown(row.get('device') or 'something', 60)} mounted on {shown(row.get('path', ''))}"


def _certificate(row: Row) -> str:
    return f"the trusted certificate {quoted(row.get('common_name') or row.get('path', ''), 60)}"


def _container(row: Row) -> str:
    name = row.get("name") or row.get("container", "")
    text = f"the container {shown(name, 40)} of image {shown(row.get('image', ''), 60)}"
    if row.get("source"):
        return f"{text} with {shown(row['source'], 60)} of the host inside"
    return f"{text}, command {quoted(row['command'])}" if row.get("command") else text


def _environment(row: Row) -> str:
    return f"{shown(row.get('path', ''))} with {shown(row.get('key', ''), 40)}={shown(row.get('value', ''))}"


def _source(row: Row) -> str:
    where = row.get("uri") or row.get("base_uri") or row.get("baseurl") or row.get("name", "")
    return f"the package source {shown(where)} in {shown(row.get('source', '?'))}"


_THINGS: dict[Kind, Callable[[Row], str]] = {
    Kind.PROCESS: _process,
    Kind.PROGRAM: _program,
    Kind.LISTENER: _listener,
    Kind.CONNECTION: _connection,
    Kind.RAW_SOCKET: _raw_socket,
    Kind.CRON: _schedule,
    Kind.UNIT: _unit,
    Kind.MODULE: lambda row: f"the kernel module {shown(row.get('name', ''))}",
    Kind.SYSCTL: lambda row: (
        f"the kernel setting {shown(row.get('name', ''))} = {shown(row.get('current_value', ''))}"
    ),
    Kind.USER: lambda row: (
        f"the account {shown(row.get('username', ''), 40)} (uid {shown(row.get('uid', '?'), 20)})"
    ),
    Kind.MEMBERSHIP: lambda row: (
        f"the account {shown(row.get('username', ''), 40)} in the group {shown(row.get('groupname', ''), 40)}"
    ),
    Kind.LOGIN_KEY: _login_key,
    Kind.SUDO: _sudo,
    Kind.PACKAGE: lambda row: (
        f"the package {shown(row.get('name', ''), 60)} {shown(row.get('version', ''), 40)}"
    ),
    Kind.LIBRARY: lambda row: (
        f"the {row['language'] + ' ' if row.get('language') in ('python', 'node') else ''}library "
        f"{shown(row.get('name', ''), 60)} {shown(row.get('version', ''), 40)}"
    ),
    Kind.PACKAGE_SOURCE: _source,
    Kind.PRIVILEGED_FILE: lambda row: f"the privileged program {shown(row.get('path', ''))}",
    Kind.AUTOSTART: lambda row: f"the startup file {shown(row.get('path', ''))}",
    Kind.LOGIN_CONFIG: _login_config,
    Kind.LOADER: _library,
    Kind.CERTIFICATE: _certificate,
    Kind.NAMES: _names,
    Kind.ROUTE: _route,
    Kind.MOUNT: _mount,
    Kind.FIREWALL: _firewall,
    Kind.INTERFACE: lambda row: f"the network interface {shown(row.get('interface', ''), 40)}",
    Kind.CONTAINER: _container,
    Kind.ENVIRONMENT: _environment,
    Kind.FILE: lambda row: f"the file {shown(row.get('path', ''))}",
}
