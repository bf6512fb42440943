"""What only a ledger in SQLite has to keep: files, versions, owners, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import App, MessageEvent
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.sql import statements
from mockserver.ledger.sql.ledger import SqlLedger
from mockserver.ledger.sql.schema import SCHEMA_VERSION
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import (
    BROKEN,
    FAR,
    HOUR,
    OK,
    START,
    add,
    add_rule,
    claim_one,
    ended,
    ids,
    retried,
    state_of,
)
from tests.ledger.test_concurrency import at_once


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqlLedger]:
    opened = open_sqlite(path)
    yield opened
    opened.close()


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(text).fetchall()


class TestPlaces:
    @pytest.mark.parametrize("name", ["plain.db", "with space.db", "a?b#c%20d&e.db", "ä.db"])
    def test_a_path_of_any_name_will_do(self, tmp_path: Path, name: str) -> None:
        open_sqlite(tmp_path / name).close()
        assert (tmp_path / name).is_file()
        open_sqlite(str(tmp_path / name)).close()

    def test_a_url_will_do(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            ledger.save_setting("a", "b")
        with closing(open_sqlite(f"sqlite:///{path}")) as ledger:
            assert ledger.load_setting("a") == "b"

    @pytest.mark.parametrize("place", ["sqlite://", "sqlite:///:memory:", ":memory:"])
    def test_memory_is_gone_with_the_ledger(self, place: str) -> None:
        with closing(open_sqlite(place)) as ledger, closing(open_sqlite(place)) as other:
            add(ledger, START)
            assert other.deliveries() == []

    def test_the_file_stays_the_same_when_the_working_directory_changes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with closing(open_sqlite("ledger.db")) as ledger:
            (tmp_path / "elsewhere").mkdir()
            monkeypatch.chdir(tmp_path / "elsewhere")
            add(ledger, START)
            assert len(ledger.deliveries()) == 1
        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_closing_leaves_one_file_and_its_lock(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            add(ledger, START)
        assert sorted(each.name for each in path.parent.iterdir()) == [
            "ledger.db",
            "ledger.db.lock",
        ]

    def test_sqlite_is_set_up_for_speed_and_safety(self, ledger: SqlLedger, path: Path) -> None:
        assert query(path, "PRAGMA journal_mode") == [("wal",)]
        for opened in (ledger._database.reading, ledger._database.writing):
            with opened() as cursor:
                found = []
                for name in ("synchronous", "foreign_keys", "busy_timeout", "secure_delete"):
                    cursor.execute(f"PRAGMA {name}")
                    found += cursor.fetchone()
            assert found == [1, 1, 30_000, 0]


class TestChangedByAnotherProgram:
    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ("UPDATE apps SET document = '{}'", "app YOUR_APP_ID"),
            ("UPDATE apps SET document = '['", "app YOUR_APP_ID"),
            ("UPDATE rules SET channels = '?'", "rule [0-9]+"),
            ("UPDATE rules SET type = '?'", "rule [0-9]+"),
            ("UPDATE deliveries SET event = '[]'", "delivery 1"),
            ("UPDATE deliveries SET event = '{}'", "delivery 1"),
            ("UPDATE progress SET state = '?'", "delivery 1"),
            ("UPDATE attempts SET kind = '?'", "an attempt of delivery 1"),
            ("UPDATE attempts SET headers = '{'", "an attempt of delivery 1"),
            ("UPDATE progress SET due_at = '?'", "an instant"),
            ("UPDATE counters SET tickets = '?'", "the counters, .*"),
            ("UPDATE counters SET deliveries = 9223372036854775807", "the counters, .*"),
            ("DELETE FROM counters", "the counters, .*"),
        ],
    )
    def test_it_is_said_of_what(self, path: Path, change: str, what: str) -> None:
        with closing(open_sqlite(path)) as ledger:
            ledger.put_app(App())
            add_rule(ledger)
            add(ledger, START)
            broken = replace(BROKEN, headers=(("A", "b"),))
            ledger.record([retried(claim_one(ledger), FAR, broken)])
        query(path, change)
        with closing(open_sqlite(path)) as ledger:
            with pytest.raises(LedgerUnusable, match=rf"^{what} cannot be read.*restore the"):
                use(ledger)
            assert ledger.problem() is None

    @pytest.mark.parametrize("state", ["delivered", "rejected", "lost", "?"])
    def test_what_is_not_pending_is_not_tried_for_ever(self, path: Path, state: str) -> None:
        with closing(open_sqlite(path)) as ledger:
            add(ledger, START)
        query(path, f"UPDATE progress SET state = '{state}'")
        with closing(open_sqlite(path)) as ledger:
            ledger.record([retried(claim_one(ledger), START + HOUR)])
            assert ledger.next_due_at() is None
            assert ledger.claim(FAR, 1) == []


def use(ledger: SqlLedger) -> None:
    ledger.apps()
    ledger.rules()
    ledger.next_due_at()
    ledger.claim(FAR, 1)
    ledger.deliveries()
    ledger.attempts(1)


class TestRefusals:
    def test_a_file_that_is_no_database(self, path: Path) -> None:
        path.write_text("appId: a\n" * 100)
        with pytest.raises(LedgerUnusable, match=r"ledger\.db is not a SQLite database; choose"):
            open_sqlite(path)
        assert path.read_text() == "appId: a\n" * 100
        assert list(path.parent.iterdir()) == [path]

    def test_a_file_that_only_begins_like_one(self, path: Path) -> None:
        path.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
        with pytest.raises(LedgerUnusable, match=r"ledger\.db cannot be used: .* choose another"):
            open_sqlite(path)

    def test_a_database_of_another_program(self, path: Path) -> None:
        query(path, "CREATE TABLE songs (title)")
        with pytest.raises(LedgerUnusable, match="database of another program; choose another"):
            open_sqlite(path)
        assert query(path, "SELECT name FROM sqlite_master") == [("songs",)]
        assert query(path, "PRAGMA journal_mode") == [("delete",)]

    @pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 0, -1])
    def test_a_schema_of_another_version(self, path: Path, version: int) -> None:
        open_sqlite(path).close()
        query(path, f"UPDATE schema_version SET version = {version}")
        with pytest.raises(
            LedgerUnusable,
            match=f"has schema version {version}, .* knows {SCHEMA_VERSION}; upgrade postbacks",
        ):
            open_sqlite(path)
        query(path, f"UPDATE schema_version SET version = {SCHEMA_VERSION}")
        open_sqlite(path).close()

    @pytest.mark.parametrize(
        "of_another",
        [
            "CREATE TABLE songs (title)",
            "CREATE VIEW songs AS SELECT 1",
            "PRAGMA journal_mode = WAL; CREATE TABLE songs (title)",
            "CREATE TABLE schema_version (version); CREATE TABLE progress (id)",
            "CREATE TABLE schema_version (v); CREATE TABLE progress (id)",
            f"""
            CREATE TABLE schema_version (version); CREATE TABLE progress (id);
            INSERT INTO schema_version VALUES ({SCHEMA_VERSION + 1})
            """,
            """
            CREATE TABLE schema_version (version); CREATE TABLE progress (id);
            INSERT INTO schema_version VALUES ('1.0')
            """,
        ],
    )
    @pytest.mark.parametrize("exclusive", [True, False])
    def test_what_is_refused_is_left_as_it_was(
        self, path: Path, of_another: str, exclusive: bool
    ) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(of_another)
        path.chmod(0o644)
        before = path.read_bytes()
        with pytest.raises(LedgerUnusable, match="choose another file"):
            open_sqlite(path, exclusive=exclusive)
        assert list(path.parent.iterdir()) == [path]
        assert path.read_bytes() == before
        assert path.stat().st_mode & 0o777 == 0o644

    def test_what_is_refused_is_closed_at_once(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        query(path, "CREATE TABLE songs (title)")
        opened: list[sqlite3.Connection] = []
        connect = sqlite3.connect

        def remember(*place: Any, **options: Any) -> sqlite3.Connection:
            opened.append(connect(*place, **options))
            return opened[-1]

        monkeypatch.setattr(sqlite3, "connect", remember)
        with pytest.raises(LedgerUnusable):
            open_sqlite(path)
        assert len(opened) == 1
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[0].execute("SELECT 1")

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnusable, match=r"there is no folder .*missing; create it"):
            open_sqlite(tmp_path / "missing" / "ledger.db")

    @pytest.mark.parametrize("place", ["/", "//", "/tmp/..", "sqlite:////"])
    def test_the_root_of_all_folders(self, place: str) -> None:
        with pytest.raises(LedgerUnusable, match=r"is no path of a file.*; choose another file"):
            open_sqlite(place)

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that cannot be read")
    def test_a_file_that_is_no_file(self) -> None:
        with pytest.raises(LedgerUnusable, match=r"cannot open /proc/.*/mem: .*; choose a file"):
            open_sqlite("/proc/self/mem")

    def test_a_folder_instead_of_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnusable, match="choose a file"):
            open_sqlite(tmp_path)

    def test_an_empty_file_becomes_a_ledger(self, path: Path) -> None:
        path.touch()
        with closing(open_sqlite(path)) as ledger:
            assert add(ledger, START) == [1]


class TestReopening:
    def test_everything_is_still_there(self, path: Path) -> None:
        app = App("a", rule_limit=9)
        with closing(open_sqlite(path)) as ledger:
            ledger.put_app(app)
            rules = [add_rule(ledger) for _ in range(3)]
            ledger.delete_rule("app", rules[0].postback_id)
            add(ledger, START, START, START, START + HOUR)
            first, second, third = ledger.claim(START, 3)
            ledger.record([retried(second, START + HOUR), ended(third)])
            ledger.save_setting("clock", "x")
            before = ledger.deliveries(), [ledger.attempts(number) for number in range(1, 5)]
        with closing(open_sqlite(path)) as ledger:
            assert (
                ledger.deliveries(),
                [ledger.attempts(number) for number in range(1, 5)],
            ) == before
            assert ledger.apps() == [app]
            assert ledger.rules() == rules[1:]
            assert ledger.load_setting("clock") == "x"
            assert ledger.pending_count() == 3
            assert ledger.next_due_at() == START + HOUR
            assert add_rule(ledger).postback_id not in {rule.postback_id for rule in rules}
            assert add(ledger, START + HOUR) == [5]
            assert ledger.recover() == 1
            again = ledger.claim(FAR, 10)
            assert ids(again) == [1, 4, 2, 5]
            assert again[0].repeated
            assert again[0].claim != first.claim
            ledger.record([ended(first)])
            assert ledger.attempts(1) == []

    def test_a_claim_not_recovered_stays_taken(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            add(ledger, START)
            attempt = claim_one(ledger)
        with closing(open_sqlite(path)) as ledger:
            assert ledger.claim(FAR, 1) == []
            ledger.record([ended(attempt)])
            assert state_of(ledger, 1) == (DeliveryState.DELIVERED, 1, None)

    def test_rules_forgotten_by_a_reset_do_not_come_back_as_ids(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            first = add_rule(ledger)
            ledger.reset()
        with closing(open_sqlite(path)) as ledger:
            assert add_rule(ledger).postback_id != first.postback_id


class TestUpgrade:
    """A file that the first version of this package wrote (`version_1.sql` is its dump)."""

    @pytest.fixture
    def old(self, path: Path) -> Path:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(Path(__file__).with_name("version_1.sql").read_text())
        return path

    def test_nothing_is_lost(self, old: Path) -> None:
        with closing(open_sqlite(old)) as ledger:
            assert [app.rule_limit for app in ledger.apps()] == [9]
            assert [rule.url for rule in ledger.rules("a")] == [
                "http://127.0.0.1/?u={{User ID}}"
            ] * 2
            assert ledger.load_setting("clock") == "x"
            assert [(each.state, each.attempts_made) for each in ledger.deliveries()] == [
                (DeliveryState.PENDING, 0),
                (DeliveryState.PENDING, 1),
                (DeliveryState.DELIVERED, 1),
                (DeliveryState.PENDING, 0),
                (DeliveryState.PENDING, 0),
            ]
            event = ledger.deliveries()[0].event
            assert isinstance(event, MessageEvent)
            assert event.parameters == {"index": 1, "url": "https://example.com/ä"}
            (attempt,) = ledger.attempts(2)
            full = replace(BROKEN, headers=(("A", "b"),), body=b"c\0", error="d", request_id=5)
            assert attempt.outcome == full
            assert ledger.next_due_at() == START + HOUR
            assert ledger.recover() == 1
            assert ids(ledger.claim(FAR, 10)) == [1, 4, 5, 2]

    def test_it_knows_its_latest_instant(self, old: Path) -> None:
        with closing(open_sqlite(old)) as ledger:
            assert ledger.latest_at() == START + 2 * HOUR
        query(old, "UPDATE schema_version SET version = 1")
        query(old, "ALTER TABLE counters DROP COLUMN latest")
        query(old, f"UPDATE attempts SET elapsed = {10**12} WHERE id = 1")
        with closing(open_sqlite(old)) as ledger:
            assert ledger.latest_at() == START + timedelta(seconds=10**6)

    def test_an_empty_one_knows_of_none(self, old: Path) -> None:
        for table in ("attempts", "progress", "deliveries"):
            query(old, f"DELETE FROM {table}")
        with closing(open_sqlite(old)) as ledger:
            assert ledger.latest_at() is None
            assert add(ledger, START) == [6]

    def test_it_has_the_tables_of_a_new_one(self, old: Path, tmp_path: Path) -> None:
        open_sqlite(old).close()
        open_sqlite(tmp_path / "new.db").close()
        assert _layout(old) == _layout(tmp_path / "new.db")

    def test_it_happens_once(self, old: Path) -> None:
        for _ in range(2):
            open_sqlite(old).close()
            assert query(old, "SELECT version FROM schema_version") == [(SCHEMA_VERSION,)]


def _layout(path: Path) -> dict[str, object]:
    """Return the columns of each table, and what its indexes index."""
    names = [name for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = 'name, "notnull", dflt_value IS NOT NULL, pk > 0'
    layout: dict[str, object] = {}
    for name in names:
        layout[f"{name}"] = query(path, f"SELECT {columns} FROM pragma_table_info('{name}')")
        indexes = query(path, f"SELECT name, partial FROM pragma_index_list('{name}')")
        for index, partial in indexes:
            indexed = query(path, f"SELECT name FROM pragma_index_info('{index}')")
            layout[f"{index}"] = (partial, indexed)
    return layout


class TestTransactions:
    def test_a_batch_that_cannot_be_written_leaves_nothing(self, ledger: SqlLedger) -> None:
        add(ledger, START, START)
        first, second = ledger.claim(FAR, 2)
        too_large = Outcome(OutcomeKind.RESPONSE, status=2**80)
        with pytest.raises(OverflowError):
            ledger.record([ended(first), ended(second, outcome=too_large)])
        assert ledger.attempts(1) == []
        assert ledger.pending_count() == 2
        ledger.record([ended(first), ended(second)])
        assert ledger.pending_count() == 0

    def test_a_reader_does_not_wait_for_a_writer(self, ledger: SqlLedger) -> None:
        add(ledger, START)
        with ledger._database.writing() as cursor:
            cursor.execute("DELETE FROM progress")
            assert ledger.pending_count() == 1
        assert ledger.pending_count() == 0

    def test_a_disk_that_is_full_says_so_and_loses_nothing(self, ledger: SqlLedger) -> None:
        add(ledger, START)
        with ledger._database.writing() as cursor:
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerUnusable, match=r"ledger\.db cannot be used: .*full; free some"):
            add(ledger, *[START] * 1000)
        assert ledger.pending_count() == 1
        ledger.record([ended(claim_one(ledger))])
        assert ledger.pending_count() == 0

    def test_more_readers_than_connections_are_kept(self, ledger: SqlLedger) -> None:
        add(ledger, START)
        assert at_once(40, lambda _: len(ledger.deliveries())) == [1] * 40


class TestSize:
    def test_nothing_is_stored_of_an_answer_without_headers_and_body(
        self, ledger: SqlLedger, path: Path
    ) -> None:
        add(ledger, START, START)
        first, second = ledger.claim(FAR, 2)
        full = replace(BROKEN, headers=(("A", "b"),), body=b"c", error="d", request_id=5)
        ledger.record([ended(first), ended(second, outcome=full)])
        columns = "headers, body, error, request_id, repeated, status"
        assert query(path, f"SELECT {columns} FROM attempts ORDER BY id") == [
            (None, None, None, None, 0, 200),
            ('[["A","b"]]', b"c", "d", 5, 0, 503),
        ]

    def test_an_attempt_takes_about_a_hundred_bytes(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            add(ledger, *[START] * 1000)
            ledger.record([retried(attempt, START + HOUR) for attempt in ledger.claim(FAR, 1000)])
        one_attempt_each = path.stat().st_size
        with closing(open_sqlite(path)) as ledger:
            for hour in range(2, 11):
                claimed = ledger.claim(FAR, 1000)
                ledger.record([retried(each, START + hour * HOUR, OK) for each in claimed])
        assert (path.stat().st_size - one_attempt_each) / 9_000 < 110


class TestSpace:
    @pytest.fixture
    def statements(self, ledger: SqlLedger) -> Iterator[list[str]]:
        ran: list[str] = []
        writer = ledger._database._writer  # type: ignore[attr-defined]
        writer.set_trace_callback(ran.append)
        yield ran
        writer.set_trace_callback(None)

    @staticmethod
    def size(path: Path) -> int:
        return path.stat().st_size + Path(f"{path}-wal").stat().st_size

    def empty(self, ledger: SqlLedger, way: str) -> None:
        if way == "reset":
            ledger.reset()
        else:
            ledger.begin_again([App()])

    @pytest.mark.parametrize("way", ["reset", "begin again"])
    def test_a_large_ledger_gives_its_space_back_when_it_is_emptied(
        self, ledger: SqlLedger, path: Path, statements: list[str], way: str
    ) -> None:
        add(ledger, *[START] * 10_000)
        assert self.size(path) > 1 << 20
        self.empty(ledger, way)
        assert self.size(path) < 200_000
        assert "VACUUM" in statements

    @pytest.mark.parametrize("way", ["reset", "begin again"])
    def test_a_small_one_does_not_wait_for_the_disk(
        self, ledger: SqlLedger, statements: list[str], way: str
    ) -> None:
        add(ledger, START)
        self.empty(ledger, way)
        assert ledger.delivery_count() == 0
        assert not [text for text in statements if "VACUUM" in text or "checkpoint" in text]

    def test_it_stays_small_however_often_it_is_emptied(
        self, ledger: SqlLedger, path: Path, statements: list[str]
    ) -> None:
        for _ in range(100):
            add(ledger, *[START] * 50)
            ledger.reset()
            assert self.size(path) <= 1 << 20
        assert 0 < statements.count("VACUUM") < 20


def test_queries_use_their_indexes(ledger: SqlLedger) -> None:
    """None sorts or scans what grows; with a million attempts that is the whole difference."""
    with ledger._database.writing() as cursor:
        for text in (
            statements.SELECT_DUE,
            statements.CLAIM_UP_TO,
            statements.NEXT_DUE,
            statements.RETRY,
            statements.FINISH,
            statements.RELEASE,
            statements.RECOVER,
            statements.COUNT_PENDING,
            statements.select_page(("state",)),
            statements.select_page(("postback_id",)),
            statements.select_page(("app_id",)),
            statements.select_page(()),
            statements.select_deliveries(3),
            statements.select_attempts(3),
        ):
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", (1,) * text.count("?"))
            said = [step[3] for step in cursor.fetchall()]
            assert said
            # Of many deliveries each has few attempts, which are sorted by themselves.
            assert all(
                step.startswith("SEARCH") or ("ORDER BY" in step and step.split()[4] != "ORDER")
                for step in said
            ), (text, said)


class TestTheLogCannotBeMade:
    """Only another program that opens the file at the same time is waited for."""

    @pytest.mark.parametrize("words", ["database or disk is full", "disk I/O error"])
    def test_what_does_not_pass_is_said_at_once(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, words: str
    ) -> None:
        tried = self.refusing(monkeypatch, words, times=1000)
        with pytest.raises(LedgerUnusable, match=words):
            open_sqlite(path)
        assert len(tried) == 1

    def test_another_program_is_waited_for(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried = self.refusing(monkeypatch, "database is locked", times=3)
        open_sqlite(path).close()
        assert len(tried) == 4

    def refusing(self, patch: pytest.MonkeyPatch, words: str, times: int) -> list[str]:
        """Let SQLite refuse so often to keep a log; return how often it was asked."""
        tried: list[str] = []
        connect = sqlite3.connect

        class Refusing(sqlite3.Connection):
            def execute(self, text: str, *values: Any) -> Any:
                if "journal_mode = WAL" in text:
                    tried.append(text)
                    if len(tried) <= times:
                        raise sqlite3.OperationalError(words)
                return super().execute(text, *values)

        patch.setattr(
            sqlite3, "connect", lambda *a, **named: connect(*a, **named, factory=Refusing)
        )
        return tried
