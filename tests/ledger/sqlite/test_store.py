"""What only a ledger in SQLite has to keep: files, versions, owners, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import App
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
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
        with ledger._database.reading() as connection:
            found = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "foreign_keys", "busy_timeout")
            ]
        assert found == [1, 1, 30_000]


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

    @pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 0])
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

    def test_what_is_refused_is_closed_at_once(self, path: Path) -> None:
        query(path, "CREATE TABLE songs (title)")
        happened: list[str] = []

        def connected(*_: object) -> None:
            happened.append("connected")

        def closed(*_: object) -> None:
            happened.append("closed")

        event.listen(Pool, "connect", connected)
        event.listen(Pool, "close", closed)
        try:
            with pytest.raises(LedgerUnusable) as refused:
                open_sqlite(path)
        finally:
            event.remove(Pool, "connect", connected)
            event.remove(Pool, "close", closed)
        # What was raised keeps all of it alive: nothing was closed for being collected.
        assert refused.tb is not None
        assert happened == ["connected", "closed"]

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnusable, match=r"there is no folder .*missing; create it"):
            open_sqlite(tmp_path / "missing" / "ledger.db")

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
        with ledger._database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM progress")
            assert ledger.pending_count() == 1
        assert ledger.pending_count() == 0

    def test_a_disk_that_is_full_says_so_and_loses_nothing(self, ledger: SqlLedger) -> None:
        add(ledger, START)
        with ledger._database.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
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


def test_queries_use_their_indexes(ledger: SqlLedger) -> None:
    """None sorts or scans what grows; with a million attempts that is the whole difference."""
    statements = ledger._statements
    with ledger._database.writing() as connection:
        for text, count in (
            (statements.select_due, 2),
            (statements.claim_up_to, 3),
            (statements.next_due, 0),
            (statements.retry, 5),
            (statements.finish, 4),
        ):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (1,) * count).all()
            said = [step[3] for step in plan]
            assert said
            assert all(step.startswith("SEARCH") for step in said), said
