"""What only a ledger in PostgreSQL has to keep: its owner, its connections, its schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import App
from mockserver.ledger.opening import described, open_ledger
from mockserver.ledger.postgresql import ownership
from mockserver.ledger.postgresql.store import open_postgresql
from mockserver.ledger.sql.ledger import SqlLedger
from mockserver.ledger.sql.schema import SCHEMA_VERSION
from tests.ledger.postgresql_server import connected, schema_of_its_own
from tests.ledger.samples import START, add


@pytest.fixture
def url() -> Iterator[str]:
    with schema_of_its_own() as lent:
        yield lent


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_GONE_REAL_SECONDS", 0.0)


def end_connections(url: str) -> None:
    """End the connections of the ledger, as a server does that is started again."""
    with connected(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid IN "
            "(SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
            "AND objid = hashtext(current_schema())::bigint & 4294967295)"
        )


def test_what_is_in_it_is_there_the_next_time(url: str) -> None:
    with closing(open_ledger(url)) as ledger:
        assert isinstance(ledger, SqlLedger)
        ledger.put_app(App("mine"))
        add(ledger, START)
        ledger.save_setting("a", "b")
    with closing(open_ledger(url)) as ledger:
        assert [app.app_id for app in ledger.apps()] == ["mine"]
        assert [delivery.created_at for delivery in ledger.deliveries()] == [START]
        assert ledger.load_setting("a") == "b"


def test_one_at_a_time_has_it(url: str, no_patience: None) -> None:
    with (
        closing(open_postgresql(url)),
        pytest.raises(LedgerUnusable, match=r"in use by another postbacks, .*stop that one"),
    ):
        open_postgresql(url)
    open_postgresql(url).close()


def test_two_schemas_are_two_ledgers(url: str) -> None:
    with (
        schema_of_its_own() as other,
        closing(open_postgresql(url)) as mine,
        closing(open_postgresql(other)) as theirs,
    ):
        mine.put_app(App("mine"))
        assert theirs.app_ids() == []


def test_a_connection_that_ends_is_replaced(url: str) -> None:
    with closing(open_postgresql(url)) as ledger:
        ledger.put_app(App("before"))
        end_connections(url)
        ledger.put_app(App("after"))
        assert ledger.app_ids() == ["after", "before"]
        end_connections(url)
        assert ledger.problem() is None
        assert ledger.app_ids() == ["after", "before"]


def test_a_connection_that_ends_amid_a_transaction_takes_all_of_it_back(
    url: str,
) -> None:
    with closing(open_postgresql(url)) as ledger:
        add(ledger, START)

        def write_and_fail() -> None:
            with ledger._known.writing() as cursor:
                cursor.execute("DELETE FROM progress")
                end_connections(url)
                cursor.execute("DELETE FROM deliveries")

        with pytest.raises(LedgerUnusable, match="used again as soon as the server answers"):
            write_and_fail()
        assert len(ledger.deliveries()) == 1
        add(ledger, START)
        assert [each.id for each in ledger.deliveries()] == [1, 2]


def test_who_lost_it_to_another_writes_nothing_any_more(url: str) -> None:
    with closing(open_postgresql(url)) as late:
        end_connections(url)
        with closing(open_postgresql(url)) as ledger:
            ledger.put_app(App("theirs"))
        for _ in range(2):
            with pytest.raises(LedgerUnusable, match="another process has used "):
                late.put_app(App("late"))
        assert "another process has used" in str(late.problem())
    with closing(open_postgresql(url)) as ledger:
        assert ledger.app_ids() == ["theirs"]


def test_reset_of_everything_does_not_lose_the_owner(url: str) -> None:
    with closing(open_postgresql(url)) as ledger:
        ledger.put_app(App("mine"))
        add(ledger, START)
        ledger.begin_again([App("fresh")])
        end_connections(url)
        ledger.put_app(App("again"))
        assert ledger.app_ids() == ["again", "fresh"]


def test_who_is_locked_out_says_so_at_once(url: str) -> None:
    with closing(open_postgresql(url)) as ledger, connected(url) as other:
        assert ledger.problem() is None
        other.execute("BEGIN; LOCK TABLE apps IN ACCESS EXCLUSIVE MODE")
        ledger._database._writer.execute("SET lock_timeout = '50ms'")  # type: ignore[attr-defined]
        with pytest.raises(LedgerUnusable, match="lock timeout"):
            ledger.put_app(App("mine"))
        other.execute("ROLLBACK")
        ledger.put_app(App("mine"))
        assert ledger.problem() is None


def test_tables_of_another_program_are_left_alone(url: str) -> None:
    with connected(url) as other:
        other.execute("CREATE TABLE users (id INTEGER)")
        with pytest.raises(
            LedgerUnusable,
            match="database of another program; choose another database, or a schema of its own",
        ):
            open_postgresql(url)
        assert other.execute("SELECT to_regclass('apps')").fetchone() == (None,)


def test_a_newer_layout_is_refused(url: str) -> None:
    open_postgresql(url).close()
    with connected(url) as other:
        other.execute(f"UPDATE schema_version SET version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LedgerUnusable, match=r"schema version \d+.*upgrade postbacks, or choose"):
        open_postgresql(url)


def test_a_schema_that_is_not_there_is_said(url: str) -> None:
    with pytest.raises(LedgerUnusable, match="no schema that its search_path names; create one"):
        open_postgresql(url.replace("ledger_", "nowhere_"))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:1/x", "refused; start the server, or correct"),
        ("postgresql:///x?host=/nowhere", "start the server, or correct the host"),
        ("postgresql://127.0.0.1:x/x", "write postgresql://user@host/database"),
        ("postgresql://h/x?unknown=1", "write postgresql://user@host/database"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_line(place: str, said: str) -> None:
    with pytest.raises(LedgerUnusable, match=said) as caught:
        open_ledger(place)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_said(url: str) -> None:
    scheme, _, rest = url.partition("://")
    authority, _, query = rest.partition("?")
    place = f"{scheme}://{authority.rpartition('/')[0]}/nobodys?{query}"
    with pytest.raises(LedgerUnusable, match="does not exist; create it, or correct the URL"):
        open_ledger(place)


def test_without_the_driver_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerUnusable, match=r"python -m pip install 'postbacks\[postgres\]'"):
        open_ledger("postgresql://localhost/x")


def test_it_is_described_without_its_password() -> None:
    assert described("postgresql://me:secret@db/x") == "postgresql://me:***@db/x"


def test_a_process_in_between_does_not_change_what_this_one_remembers(url: str) -> None:
    """A connection of somebody else who only reads is nothing."""
    with closing(open_postgresql(url)) as ledger:
        ledger.put_app(App("mine"))
        with connected(url) as other:
            seen: Any = other.execute("SELECT count(*) FROM apps").fetchone()
        assert seen == (1,)
        assert ledger.problem() is None
