"""What a script sees of the stand-in osqueryi: its output byte for byte, its refusals and its exit codes."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from bot.sandbox.aws.hosts import HostBook
from bot.sandbox.osqueryi import database
from bot.sandbox.osqueryi.shell import DATABASE, run


def _file(path: str) -> dict[str, str]:
    directory, _, name = path.rpartition("/")
    return {"path": path, "directory": directory or "/", "filename": name}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("host") / "state.db"
    database.create(
        path,
        {
            "users": [
                {"uid": "0", "username": "root", "directory": "/root"},
                {"uid": "1000", "username": "deploy", "directory": "/home/deploy"},
            ],
            "authorized_keys": [{"uid": "0", "key": "AAA"}, {"uid": "1000", "key": "BBB"}],
            "file": [
                _file(path)
                for path in (
                    "/etc/passwd",
                    "/etc/cron.d/sysstat",
                    "/etc/.hidden",
                    "/home/deploy/.ssh/id",
                    "/home/deploy/.ssh/old/id",
                    "/tmp/a_b",
                    "/tmp/axb",
                )
            ],
            "hash": [{"path": "/etc/passwd", "directory": "/etc", "sha256": "5f"}],
            "processes": [
                {"pid": "1", "name": "init", "path": "/etc/passwd", "on_disk": "1", "parent": "0"},
                {"pid": "9", "name": 'q"\\/\x01\tü\udcff', "path": "", "on_disk": "-1", "parent": ""},
                {"pid": "9", "name": "twin", "path": "", "on_disk": "-1", "parent": ""},
                {"pid": "9", "name": "twin", "path": "", "on_disk": "-1", "parent": ""},
            ],
            "listening_ports": [{"pid": "1", "port": "80"}, {"pid": "9", "port": ""}],
            "osquery_info": [{"version": "5.12.1"}],
        },
    )
    return path


def ask(host: Path, sql: str, *flags: str) -> tuple[int, bytes, str]:
    out, err = io.BytesIO(), io.BytesIO()
    code = run(["--json", *flags], io.BytesIO(sql.encode()), out, err, str(host))
    return code, out.getvalue(), err.getvalue().decode()


def column(host: Path, sql: str, *flags: str) -> list[str]:
    """The only column of the answer to one statement."""
    import json

    code, out, err = ask(host, sql + ";", *flags)
    assert (code, [line for line in err.splitlines() if line.startswith("Error")]) == (0, []), err
    return [next(iter(row.values())) for row in json.loads(out)]


class TestOutput:
    """What is printed."""

    def test_rows_are_printed_as_osquery_does(self, host: Path) -> None:
        """Two spaces, keys sorted, every value text, NULL empty, control characters escaped, other bytes raw."""
        code, out, err = ask(host, "SELECT pid, name, parent FROM processes WHERE pid < 2 OR name LIKE 'q%';")

        assert out == (
            b'[\n  {"name":"init","parent":"0","pid":"1"},\n'
            b'  {"name":"q\\"\\\\/\\u0001\\t\xc3\xbc\xff","parent":"","pid":"9"}\n]\n'
        )
        assert (code, err) == (0, "")

    def test_duplicate_rows_are_kept(self, host: Path) -> None:
        """osquery gives a multiset."""
        assert column(host, "SELECT name FROM processes WHERE name = 'twin'") == ["twin", "twin"]

    def test_numbers_become_the_text_that_sqlite_makes_of_them(self, host: Path) -> None:
        """A whole float keeps its point."""
        _, out, _ = ask(host, "SELECT 1 AS a, 2.0 AS b, 0.1 AS c, 1e20 AS d, x'41004200' AS e, 1e999 AS f;")

        assert out == b'[\n  {"a":"1","b":"2.0","c":"0.1","d":"1.0e+20","e":"A","f":"inf"}\n]\n'

    def test_an_empty_and_a_failed_answer_look_alike(self, host: Path) -> None:
        """Only the error line and the exit code tell them apart."""
        empty = ask(host, "SELECT pid FROM processes WHERE pid = 77;")
        failed = ask(host, "SELECT pid FROM process;")

        assert empty == (0, b"[\n\n]\n", "")
        assert failed == (1, b"[\n\n]\n", "Error: near line 1: no such table: process\n")

    def test_a_stream_gives_an_array_for_each_statement(self, host: Path) -> None:
        """An error names the line that its statement began on, and does not stop the rest."""
        code, out, err = ask(host, "SELECT 1 AS a;\n\nSELECT\n nothing_such;\n-- words\nSELECT 2 AS a;\n")

        assert out == b'[\n  {"a":"1"}\n]\n[\n\n]\n[\n  {"a":"2"}\n]\n'
        assert err == "Error: near line 3: no such column: nothing_such\n"
        assert code == 1

    def test_statements_on_one_line_share_an_array(self, host: Path) -> None:
        """They are one call to the real shell too."""
        assert ask(host, "SELECT 1 AS a; SELECT ';' AS a;")[1] == b'[\n  {"a":"1"},\n  {"a":";"}\n]\n'

    def test_a_statement_without_its_end_is_not_run(self, host: Path) -> None:
        """The shell says so and answers nothing."""
        assert ask(host, "SELECT 1") == (0, b"", "Error: incomplete SQL: SELECT 1\n")

    def test_dot_commands_are_no_sql(self, host: Path) -> None:
        """.mode is passed over; .exit ends the input."""
        assert ask(host, ".mode line\nSELECT 1 AS a;\n.exit\nSELECT 2 AS a;\n")[1] == b'[\n  {"a":"1"}\n]\n'

    def test_arguments_merge_and_stop_at_the_first_error(self, host: Path) -> None:
        """All statements of the command line make one array; the code is SQLite's."""
        code, out, err = ask(host, "", "SELECT 1 AS a; SELECT * FROM hash; SELECT 3 AS a")

        assert (code, out) == (19, b'[\n  {"a":"1"}\n]\n')
        assert err.endswith("Error: constraint failed\n")

    def test_without_json_a_frame_is_drawn(self, host: Path) -> None:
        """As the shell does by default."""
        out = io.BytesIO()

        run(["SELECT 1 AS a, 'xyz' AS bc"], io.BytesIO(), out, io.BytesIO(), str(host))
        run(["SELECT 1 WHERE 0"], io.BytesIO(), out, io.BytesIO(), str(host))

        assert out.getvalue().decode().splitlines() == [
            "+---+-----+",
            "| a | bc  |",
            "+---+-----+",
            "| 1 | xyz |",
            "+---+-----+",
        ]


class TestRefusals:
    """What plain SQLite would answer and osquery does not."""

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM hash",
            "SELECT COUNT(*) FROM file",
            "SELECT max(path) FROM file",
            "SELECT path FROM file ORDER BY path",
            "SELECT path FROM file WHERE filename = 'passwd'",
            "SELECT path FROM file WHERE path NOT LIKE '/etc/%'",
            "SELECT path FROM file WHERE path LIKE '/etc/%' OR size > 1",
            "SELECT h.sha256 FROM hash h LEFT JOIN processes p ON p.path = h.path",
            "SELECT * FROM (SELECT * FROM hash) WHERE sha256 = '5f'",
            "SELECT 1 FROM processes UNION ALL SELECT 1 FROM magic",
        ],
    )
    def test_a_table_without_its_required_column_is_refused(self, host: Path, sql: str) -> None:
        """Code 1 on a stream, the log line, and SQLite's words for it."""
        code, out, err = ask(host, sql + ";")

        assert (code, out) == (1, b"[\n\n]\n")
        warning, error = err.splitlines()
        assert warning.endswith("was queried without a required column in the WHERE clause")
        assert warning.startswith("W")
        assert "virtual_table.cpp" in warning
        assert error == "Error: near line 1: constraint failed"

    @pytest.mark.parametrize(
        ("sql", "rows"),
        [
            ("SELECT path FROM hash WHERE path = '/etc/passwd'", ["/etc/passwd"]),
            ("SELECT sha256 FROM processes p JOIN hash h ON h.path = p.path", ["5f"]),
            ("SELECT sha256 FROM processes JOIN hash USING (path)", ["5f"]),
            ("SELECT path FROM file WHERE path IN (SELECT path FROM processes)", ["/etc/passwd"]),
            ("SELECT path FROM file WHERE directory = '/etc' AND path NOT LIKE '%wd'", ["/etc/.hidden"]),
            ("SELECT path FROM file WHERE path LIKE '/etc/%'", ["/etc/passwd"]),
            ("SELECT f.path FROM file AS f WHERE (f.path LIKE '/etc/.%')", ["/etc/.hidden"]),
            ('SELECT path FROM "file" WHERE "file"."path" LIKE \'/ETC/%\'', []),
            ("SELECT path FROM file WHERE path LIKE '/etc/%%'", ["/etc/cron.d/sysstat", "/etc/passwd"]),
            ("SELECT path FROM file WHERE path LIKE '/home/%/.ssh/%'", ["/home/deploy/.ssh/id"]),
            ("SELECT path FROM file WHERE path LIKE '/tmp/a_%'", ["/tmp/a_b"]),
            ("SELECT path FROM file WHERE path LIKE NULL", []),
            (
                "SELECT path FROM users u CROSS JOIN file f ON f.path LIKE u.directory || '/.ssh/%%'",
                ["/home/deploy/.ssh/id", "/home/deploy/.ssh/old/id"],
            ),
            (
                "SELECT path FROM file WHERE path LIKE '/etc/%' OR path LIKE '/tmp/%b'",
                ["/etc/passwd", "/tmp/a_b", "/tmp/axb"],
            ),
            ("SELECT path FROM file WHERE " + " OR ".join(f"path LIKE '/e{n}/%'" for n in range(60)), []),
        ],
    )
    def test_a_constrained_table_answers(self, host: Path, sql: str, rows: list[str]) -> None:
        """Joins, IN, OR and patterns are constraints; % is one level, a trailing %% any depth, dots only by name."""
        assert sorted(column(host, sql)) == rows

    def test_like_elsewhere_is_sqlites_own(self, host: Path) -> None:
        """Only required columns of such tables are looked up on disk."""
        sql = "SELECT DISTINCT f.filename FROM processes p JOIN file f USING (path) WHERE p.path LIKE '/%WD'"

        assert column(host, sql) == ["passwd"]

    def test_an_escaped_like_is_no_constraint(self, host: Path) -> None:
        """A three-part LIKE is not handed to the table."""
        assert ask(host, "SELECT path FROM file WHERE path LIKE '/etc/%' ESCAPE '!';")[0] == 1

    def test_a_user_table_answers_for_the_current_user_unless_joined(self, host: Path) -> None:
        """Root's own rows with a warning; with users, everybody's without."""
        alone = ask(host, "SELECT key FROM authorized_keys;")
        joined = ask(host, "SELECT key FROM users CROSS JOIN authorized_keys USING (uid);")

        assert alone[:2] == (0, b'[\n  {"key":"AAA"}\n]\n')
        assert "consider JOINing against the users table" in alone[2]
        assert joined == (0, b'[\n  {"key":"AAA"},\n  {"key":"BBB"}\n]\n', "")

    def test_hidden_columns_can_be_named_and_are_not_shown(self, host: Path) -> None:
        """SELECT * leaves them out."""
        assert column(host, "SELECT pid_with_namespace FROM users WHERE uid = 0") == [""]
        assert b"pid_with_namespace" not in ask(host, "SELECT * FROM users;")[1]

    def test_an_empty_number_is_not_greater_than_zero(self, host: Path) -> None:
        """It is NULL, as to osquery, not text that sorts above every number."""
        assert column(host, "SELECT port FROM listening_ports WHERE port > 0") == ["80"]

    @pytest.mark.parametrize("sql", ["DELETE FROM users", "ATTACH 'x' AS y", "CREATE TABLE t (a)"])
    def test_writing_is_not_authorized(self, host: Path, sql: str) -> None:
        """The shell reads only."""
        assert ask(host, sql + ";")[2] == "Error: near line 1: not authorized\n"

    def test_a_syntax_error_is_named(self, host: Path) -> None:
        """In SQLite's words, even over a table that asks for care."""
        assert ask(host, "SELEC path FROM file;")[2] == 'Error: near line 1: near "SELEC": syntax error\n'
        assert ask(host, "SELECT path FRM file;")[2] == 'Error: near line 1: near "file": syntax error\n'


class TestFlags:
    """How it is called."""

    @pytest.mark.parametrize(
        "flags",
        [
            ["--disable_database", "--ephemeral", "--config_path=/dev/null", "--disable_extensions"],
            ["-disable_events", "--nodisable_events", "--config_path", "/dev/null", "--logger_stderr=false"],
        ],
    )
    def test_a_careful_callers_flags_are_taken(self, host: Path, flags: list[str]) -> None:
        """With one dash or two, negated, with the value joined or apart."""
        assert column(host, "SELECT 1", *flags) == ["1"]

    @pytest.mark.parametrize("flag", ["--jsn", "--nojsn", "--jsn=1"])
    def test_an_unknown_flag_is_refused(self, host: Path, flag: str) -> None:
        """In gflags' words."""
        name = flag.lstrip("-").split("=")[0]

        assert ask(host, "SELECT 1;", flag) == (1, b"", f"ERROR: unknown command line flag '{name}'\n")

    def test_a_flag_without_its_value_is_refused(self, host: Path) -> None:
        """At the end of the line there is none."""
        assert ask(host, "", "--config_path")[2] == "ERROR: flag '--config_path' is missing its argument\n"

    @pytest.mark.parametrize("flag", ["--logger_min_stderr=2", "--logger_stderr=false", "--nologger_stderr"])
    def test_log_lines_can_be_lowered(self, host: Path, flag: str) -> None:
        """Errors are still said."""
        assert ask(host, "SELECT * FROM hash;", flag)[2] == "Error: near line 1: constraint failed\n"

    def test_after_two_dashes_all_is_sql(self, host: Path) -> None:
        """The usual end of flags."""
        assert ask(host, "", "--", "SELECT 1 AS a")[1] == b'[\n  {"a":"1"}\n]\n'

    def test_the_version_is_the_hosts_own(self, host: Path, tmp_path: Path) -> None:
        """From its osquery_info; a host without rows there has the schema's."""
        database.create(tmp_path / "bare.db", {})
        bare = ask(tmp_path / "bare.db", "", "--version")

        assert ask(host, "", "--version")[1] == b"osqueryi version 5.12.1\n"
        assert bare[1] == b"osqueryi version 5.23.1\n"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sha256('a')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("sha1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("md5(NULL)", ""),
        ("split('a,b,c', ',', 1)", "b"),
        ("split('a,b', ',', 7)", ""),
        ("split(NULL, ',', 7)", ""),
        ("regex_match('id=42', 'id=([0-9]+)', 1)", "42"),
        ("regex_match('id', '[0-9]', 0)", ""),
        ("regex_match(NULL, '[0-9]', 0)", ""),
        ("regex_split('a1b2c', '[0-9]', 2)", "c"),
        ("regex_split(NULL, 'a', 0)", ""),
        ("concat('a', NULL, 'b')", "ab"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("to_base64('hi')", "aGk="),
        ("from_base64('aGk=')", "hi"),
        ("from_base64('!')", ""),
        ("inet_aton('10.0.0.1')", "167772161"),
        ("inet_aton('x')", ""),
        ("in_cidr_block('10.0.0.0/8', '10.1.1.1')", "1"),
        ("in_cidr_block('10.0.0.0/8', 'x')", ""),
    ],
)
def test_osquerys_own_functions_answer(host: Path, expression: str, value: str) -> None:
    """They are there beside SQLite's."""
    assert column(host, f"SELECT {expression}") == [value]


class TestDatabase:
    """What a host's database holds."""

    def test_any_writers_database_is_completed(self, tmp_path: Path) -> None:
        """Missing tables and columns are added, empty numbers become NULL; a second time changes nothing."""
        path = tmp_path / "state.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE processes (pid BIGINT, name TEXT, parent BIGINT)")
            connection.execute("INSERT INTO processes VALUES (1, 'init', '')")

        database.complete(path)
        database.complete(path)

        assert column(path, "SELECT name FROM processes WHERE parent > 0 OR cmdline IS NOT NULL") == []
        assert column(path, "SELECT name FROM processes JOIN users") == []

    def test_rows_can_be_added_and_removed(self, tmp_path: Path) -> None:
        """Removing goes by equal text, and says how many."""
        path = tmp_path / "state.db"
        database.create(path, {"kernel_modules": [{"name": "ext4", "size": "1"}]})

        database.add_rows(
            path, "kernel_modules", [{"name": "rootkit", "size": "2"}, {"name": "x", "size": "2"}]
        )
        removed = database.remove_rows(path, "kernel_modules", {"size": "2", "name": "x"})

        assert removed == 1
        assert column(path, "SELECT name FROM kernel_modules") == ["ext4", "rootkit"]
        assert database.remove_rows(path, "kernel_modules", {}) == 2

    @pytest.mark.parametrize(
        ("table", "row"), [("kernel_module", {}), ("kernel_modules", {"nam": "x"})], ids=["table", "column"]
    )
    def test_what_osquery_lacks_cannot_be_added(self, host: Path, table: str, row: dict[str, str]) -> None:
        """Neither a table nor a column."""
        with pytest.raises(KeyError, match="no such"):
            database.add_rows(host, table, [row])


class TestFaults:
    """How a host's osquery misbehaves when told to."""

    @pytest.fixture
    def bad(self, host: Path, tmp_path: Path) -> Path:
        return Path(shutil.copy(host, tmp_path / "state.db"))

    @staticmethod
    def tell(database: Path, **faults: object) -> Path:
        Path(f"{database}.faults.json").write_text(json.dumps(faults))
        return database

    def test_bytes_that_are_not_utf8_are_printed_raw(self, bad: Path) -> None:
        """As osquery prints them; an empty answer has none."""
        self.tell(bad, not_utf8=True, delay_s=0.01)

        _, out, _ = ask(bad, "SELECT name, pid FROM processes WHERE pid = 1;\nSELECT 1 WHERE 0;\n")

        assert out == b'[\n  {"name":"init\xff\xfe","pid":"1"}\n]\n[\n\n]\n'

    def test_garbage_succeeds(self, bad: Path) -> None:
        """Exit code 0 and no JSON."""
        self.tell(bad, garbage=True)
        out = io.BytesIO()

        with pytest.raises(SystemExit) as ended:
            run(["--json"], io.BytesIO(b"SELECT 1;\n"), out, io.BytesIO(), str(bad))

        assert ended.value.code == 0
        with pytest.raises(ValueError, match=r"codec|Expecting|control"):
            json.loads(out.getvalue())

    def test_a_giant_answer_is_as_large_as_asked(self, bad: Path) -> None:
        """In front of the real one."""
        self.tell(bad, giant_bytes=1_000_000)
        before = signal.getsignal(signal.SIGXFSZ)

        _, out, _ = ask(bad, "SELECT 1 AS a;\n")

        assert 900_000 < len(out) < 1_200_000
        assert signal.getsignal(signal.SIGXFSZ) == before
        assert out.endswith(b']\n[\n  {"a":"1"}\n]\n')


class TestCommand:
    """The command on a host's PATH, in a process of its own."""

    @staticmethod
    def start(folder: Path, faults: dict[str, object]) -> subprocess.Popen[bytes]:
        book = HostBook(folder / "a host's folder")
        host = book.make("i-1", "ip", "10.0.0.1", "ami-1")
        database.create(host.database, {"processes": [{"pid": "1", "name": "init"}]})
        book.change("i-1", {"osquery": faults})
        return subprocess.Popen(
            [host.folder / "bin" / "osqueryi", "--json"],
            env={"PATH": os.environ["PATH"], DATABASE: str(host.database)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def test_it_runs_from_a_folder_with_blanks_and_quotes(self, tmp_path: Path) -> None:
        """No path breaks the wrapper."""
        out, err = self.start(tmp_path, {}).communicate(b"SELECT name FROM processes;\n")

        assert (out, err) == (b'[\n  {"name":"init"}\n]\n', b"")

    def test_a_crash_ends_in_the_middle(self, tmp_path: Path) -> None:
        """What was answered before is there."""
        process = self.start(tmp_path, {"crash_on": "processes"})
        out, _ = process.communicate(b"SELECT 1 AS a;\nSELECT * FROM processes;\nSELECT 2 AS a;\n")

        assert process.returncode == -11
        assert out == b'[\n  {"a":"1"}\n]\n'

    def test_a_hanging_query_never_ends(self, tmp_path: Path) -> None:
        """It waits for a signal; the answers before it are out."""
        process = self.start(tmp_path, {"hang_on": "processes"})
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"SELECT 1 AS a;\nSELECT * FROM processes;\n")
        process.stdin.close()

        before = process.stdout.read(len(b'[\n  {"a":"1"}\n]\n'))
        running = process.poll() is None
        process.kill()
        process.stdin = None
        process.communicate()

        assert running
        assert before == b'[\n  {"a":"1"}\n]\n'
