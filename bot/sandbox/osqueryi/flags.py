"""Which command-line flags does osqueryi take, and in which spellings?"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, which takes long to import: the shell must start quickly
if TYPE_CHECKING:
    from collections.abc import Sequence

SWITCHES = frozenset(
    {
        "json",
        "csv",
        "line",
        "list",
        "pretty",
        "header",
        "S",
        "help",
        "version",
        "disable_database",
        "ephemeral",
        "disable_extensions",
        "disable_events",
        "disable_audit",
        "disable_caching",
        "disable_logging",
        "disable_watchdog",
        "disable_memory",
        "disable_distributed",
        "disable_carver",
        "disable_tables_help",
        "disable_enrollment",
        "allow_unsafe",
        "force",
        "verbose",
        "logger_stderr",
        "logtostderr",
        "alsologtostderr",
        "enable_foreign",
        "events_optimize",
        "utc",
        "config_dump",
        "database_dump",
        "planner",
        "host_identifier_refresh",
    }
)
VALUED = frozenset(
    {
        "config_path",
        "config_plugin",
        "database_path",
        "logger_min_stderr",
        "logger_min_status",
        "logger_path",
        "logger_plugin",
        "logger_mode",
        "stderrthreshold",
        "minloglevel",
        "extensions_socket",
        "extensions_autoload",
        "extensions_timeout",
        "flagfile",
        "nullvalue",
        "separator",
        "pack",
        "query",
        "query_file",
        "A",
        "watchdog_level",
        "pidfile",
        "host_identifier",
        "disable_tables",
        "enable_tables",
        "table_delay",
        "hash_delay",
        "hash_cache_max",
        "read_max",
        "tls_hostname",
        "v",
    }
)


class UnknownFlag(Exception):
    """gflags refuses a flag; the text is what it prints."""


class CommandLine:
    """Parsed arguments. ``values`` holds every flag given: "true" or "false" for a switch."""

    __slots__ = ("values", "words")

    def __init__(self, values: dict[str, str], words: tuple[str, ...]) -> None:
        self.values = values
        self.words = words

    def on(self, name: str, default: bool = False) -> bool:
        """Whether a switch is on."""
        return self.values.get(name, str(default).lower()) in ("true", "1", "yes", "t", "y")

    def level(self, name: str, default: int) -> int:
        """A number's value; the default where none, or no number, was given."""
        text = self.values.get(name, "")
        return int(text) if text.isdigit() else default


def parse(arguments: Sequence[str]) -> CommandLine:
    """Read ``-name``, ``--name``, ``--name=value``, ``--name value`` and ``--noname``.

    Raises:
        UnknownFlag: A flag that osqueryi does not have, or one that lacks its value.
    """
    values: dict[str, str] = {}
    words: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            words.extend(waiting)
            break
        if not argument.startswith("-") or argument == "-":
            words.append(argument)
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        if name in SWITCHES:
            values[name] = value if equals else "true"
        elif name.startswith("no") and name[2:] in SWITCHES:
            values[name[2:]] = "false"
        elif name not in VALUED:
            raise UnknownFlag(f"ERROR: unknown command line flag '{name}'")
        elif equals:
            values[name] = value
        elif waiting:
            values[name] = waiting.pop(0)
        else:
            raise UnknownFlag(f"ERROR: flag '--{name}' is missing its argument")
    return CommandLine(values, tuple(words))
