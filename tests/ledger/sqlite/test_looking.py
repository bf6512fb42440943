"""Whatever another program makes of a row, a look through the file names it and changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver import App, Sandbox
from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.damage import Damage
from mockserver.ledger.opening import look_through, open_ledger
from mockserver.ledger.sql.cells import TABLES
from mockserver.time.saved_clock import SETTING, is_saved_clock, save_clock

APPS = [App(), App(app_id="other")]
SETTINGS = {SETTING: is_saved_clock}
#: What a cell becomes. Where text is allowed, SQLite makes text of the numbers.
NONSENSE = [None, "nonsense", 3.5, -1, 2**63 - 1, b"\xff\x00"]
#: Where any text will do, and where a number may be missing.
ANY_TEXT = {
    ("apps", "app_id"),
    ("settings", "name"),
    ("rules", "app_id"),
    ("deliveries", "app_id"),
    ("deliveries", "url"),
    ("attempts", "error"),
}
MAY_BE_MISSING = {
    ("counters", "latest"),
    ("progress", "due_at"),
    ("progress", "claim"),
    ("attempts", "number"),
    ("attempts", "status"),
    ("attempts", "error"),
    ("attempts", "request_id"),
    ("attempts", "headers"),
    ("attempts", "body"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("looked") / "ledger.db"
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        fill(sandbox)
    return path


def fill(sandbox: Sandbox) -> None:
    """Leave a delivery in every state, with attempts of several kinds, and a clock."""
    for name, script in [("a", "503*3,200"), ("b", "404"), ("c", "hang"), ("d", "503")]:
        sandbox.inbox(name).behave(script)
    sandbox.add_postback(f"{sandbox.inbox('a').url}?u={{{{User ID}}}}&p={{{{Parameters}}}}")
    for name in "bc":
        sandbox.add_postback(sandbox.inbox(name).url)
    sandbox.add_postback(sandbox.inbox("b").url, "abTestEvents", app_id="other")
    sandbox.trigger("email.click", user_id="ü", parameters={"a": "x", "b": 1})
    sandbox.trigger("ab-test.enter", app_id="other")
    sandbox.run_until_idle()
    for postback in sandbox.postbacks():
        sandbox.delete_postback(postback.postback_id)
    sandbox.add_postback(sandbox.inbox("d").url)
    sandbox.trigger("push.open")
    sandbox.advance(timedelta(hours=1))
    sandbox.resend(1)
    save_clock(sandbox.ledger, sandbox.clock)


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "ledger.db"))


def found(path: Path) -> list[Damage]:
    return list(look_through(str(path), SETTINGS).damages)


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(statement, values)


def columns_of(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return [row[1] for row in other.execute(f"PRAGMA table_info({table})")]


def contents(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


class TestSound:
    def test_nothing_is_found_and_nothing_is_changed(self, path: Path) -> None:
        before = contents(path)
        looked = look_through(str(path), SETTINGS)
        assert looked.damages == ()
        assert looked.version == 2
        assert looked.rows == {
            "counters": 1,
            "apps": 2,
            "settings": 1,
            "rules": 2,
            "deliveries": 5,
            "progress": 5,
            "attempts": looked.rows["attempts"],
        }
        assert looked.rows["attempts"] > 15
        assert contents(path) == before

    def test_while_a_sandbox_has_it_open_and_writes(self, path: Path) -> None:
        with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
            for number in range(5):
                # The postback to `d` is pending in between.
                sandbox.trigger("push.open")
                before = contents(path)
                assert found(path) == []
                assert contents(path) == before
                assert look_through(str(path), SETTINGS).rows["deliveries"] == 6 + number
            assert sandbox.ledger.problem() is None
            sandbox.advance(timedelta(hours=1))

    def test_after_its_process_was_killed(self, path: Path, tmp_path: Path) -> None:
        killed = tmp_path / "killed"
        with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
            sandbox.trigger("push.open")
            killed.mkdir()
            for each in path.parent.glob("ledger.db*"):
                shutil.copy(each, killed)
        before = contents(killed / "ledger.db")
        assert set(before) >= {"ledger.db-wal", "ledger.db-shm"}
        looked = look_through(str(killed / "ledger.db"), SETTINGS)
        assert (looked.damages, looked.rows["deliveries"]) == ((), 6)
        assert contents(killed / "ledger.db") == before

    def test_one_of_the_first_version(self, tmp_path: Path) -> None:
        path = tmp_path / "old.db"
        statements = Path(__file__).with_name("version_1.sql").read_text()
        with closing(sqlite3.connect(path)) as other:
            other.executescript(statements)
        looked = look_through(str(path), SETTINGS)
        assert looked.version == 1
        # Its clock is none of ours, and is all that is named.
        assert [damage.table for damage in looked.damages] == ["settings"]

    @pytest.mark.parametrize("name", ["with space.db", "a?b#c%20d&e.db", "ä.db"])
    def test_a_path_of_any_name_or_a_url_will_do(self, path: Path, name: str) -> None:
        moved = path.rename(path.with_name(name))
        assert found(moved) == []
        if "?" not in name:
            assert look_through(f"sqlite:///{moved}", SETTINGS).damages == ()

    @pytest.mark.parametrize("table", TABLES)
    def test_every_column_is_looked_at(self, path: Path, table: str) -> None:
        assert list(TABLES[table].cells) == columns_of(path, table)


def is_allowed(table: str, column: str, value: object) -> bool:
    """Return whether the ledger could have written this value into this column of a row."""
    if value is None:
        return (table, column) in MAY_BE_MISSING
    return (table, column) in ANY_TEXT and type(value) is not bytes


@pytest.mark.parametrize("table", TABLES)
def test_whatever_a_cell_becomes_is_named(path: Path, table: str) -> None:
    tried = 0
    where = f"rowid = (SELECT min(rowid) FROM {table})"
    for column in columns_of(path, table):
        for value in NONSENSE:
            copy = Path(shutil.copy(path, path.with_name("copy.db")))
            try:
                change(copy, f"UPDATE {table} SET {column} = ? WHERE {where}", value)
            except (sqlite3.IntegrityError, OverflowError):
                continue
            named = [each for each in found(copy) if f"whose {column} is not" in each.what]
            sound = {"body": bytes, "elapsed_real_seconds": float}.get(column)
            if is_allowed(table, column, value) or (sound and type(value) is sound):
                assert named == [], (column, value)
                continue
            if column == "elapsed_real_seconds" and type(value) is int:
                continue
            if _is_a_number_that_fits(copy, table, column):
                continue
            tried += 1
            assert [(each.table, each.count) for each in named] == [(table, 1)], (column, value)
            assert named[0].put_right
            if TABLES[table].key:
                assert named[0].first.startswith(f"{TABLES[table].key} ")
    assert tried >= 1


def _is_a_number_that_fits(path: Path, table: str, column: str) -> bool:
    """Return whether the cell has a number that is an instant or a text for all that is known."""
    with closing(sqlite3.connect(path)) as other:
        (value,) = other.execute(
            f"SELECT {column} FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})"
        ).fetchone()
    # A minus one is an instant of 1969.
    return value == -1 and column in {"latest", "created_at", "due_at", "started_at"}


TEXTS = [
    (table, column)
    for table, columns in {
        "apps": ["app_id", "document"],
        "settings": ["name", "value"],
        "rules": ["app_id", "type", "channels", "url"],
        "deliveries": ["app_id", "url", "event"],
        "progress": ["state"],
        "attempts": ["kind", "error", "headers"],
    }.items()
    for column in columns
]


@pytest.mark.parametrize(("table", "column"), TEXTS)
def test_text_that_is_not_utf_8_is_named(path: Path, table: str, column: str) -> None:
    change(
        path,
        f"UPDATE {table} SET {column} = CAST(x'68ff00' AS TEXT) "
        f"WHERE rowid = (SELECT min(rowid) FROM {table})",
    )
    named = [each for each in found(path) if f"whose {column} is not" in each.what]
    assert [(each.table, each.count) for each in named] == [(table, 1)]
    assert named[0].first.isascii()


@pytest.mark.parametrize(
    ("table", "statement", "words"),
    [
        ("deliveries", "DELETE FROM progress WHERE delivery_id = 2", "without their progress"),
        ("progress", "DELETE FROM deliveries WHERE id = 2", "of a delivery that is not there"),
        ("progress", "UPDATE progress SET due_at = NULL", "pending with nothing due"),
        ("progress", "UPDATE progress SET due_at = 0", "finished with an attempt due"),
        ("progress", "UPDATE progress SET attempts_made = 0", "with another number of attempts"),
        ("progress", "DELETE FROM attempts WHERE number = 1", "with another number of attempts"),
        ("progress", "DELETE FROM attempts", "with another number of attempts"),
        ("attempts", "DELETE FROM progress", "of a delivery that is not there"),
        ("rules", "UPDATE rules SET app_id = 'x'", "of an app that is not there"),
        ("rules", "DELETE FROM apps WHERE app_id = 'other'", "of an app that is not there"),
        ("counters", "UPDATE counters SET deliveries = 4", "behind the deliveries"),
        ("counters", "UPDATE counters SET rules = 0", "behind the rules"),
        ("counters", "UPDATE counters SET tickets = 1", "behind the tickets"),
        ("counters", "DELETE FROM counters", "where there is always one"),
        ("counters", "INSERT INTO counters SELECT * FROM counters", "where there is always one"),
        ("settings", "UPDATE settings SET value = '{}'", "whose value is not"),
        ("deliveries", "UPDATE deliveries SET event = replace(event, '\"u', '5,\"u')", "whose ev"),
    ],
)
def test_what_cannot_be_true_of_both_is_named(
    path: Path, table: str, statement: str, words: str
) -> None:
    change(path, statement)
    named = [each for each in found(path) if words in each.what]
    assert [each.table for each in named] == [table]
    # What is said to put it right does.
    assert "`postbacks reset" in named[0].put_right
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        sandbox.reset(everything="--everything" in named[0].put_right)
    assert found(path) == []


def test_a_kind_of_damage_is_one_line_with_its_count_and_its_first_row(path: Path) -> None:
    change(path, "UPDATE deliveries SET event = '[]' WHERE id IN (2, 3, 5)")
    (damage,) = found(path)
    assert (damage.table, damage.count, damage.first) == ("deliveries", 3, "id 2")
    assert damage.what == "whose event is not an event that can be read"
    assert "`postbacks reset`" in damage.put_right


def test_every_kind_is_named_beside_the_others(path: Path) -> None:
    change(path, "UPDATE deliveries SET event = '[]', url = x'00' WHERE id = 2")
    change(path, "UPDATE attempts SET kind = '?'")
    change(path, "DELETE FROM counters")
    assert [(each.table, each.what.split()[1]) for each in found(path)] == [
        ("deliveries", "url"),
        ("deliveries", "event"),
        ("attempts", "kind"),
        ("counters", "there"),
    ]


@pytest.mark.parametrize("table", ["counters", "apps", "settings", "rules", "attempts"])
def test_a_table_that_is_gone_is_named_and_the_others_are_looked_at(path: Path, table: str) -> None:
    change(path, f"DROP TABLE {table}")
    change(path, "UPDATE progress SET state = '?'")
    named = found(path)
    assert any(each.table == table and "cannot be read" in each.what for each in named)
    assert any(each.table == "progress" and "whose state" in each.what for each in named)


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_pages_that_were_overwritten_are_said(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    # A whole page; the first one holds what makes it a database.
    page = max(1, int(len(content) * at) // 4096)
    content[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    assert found(path)[0].table == "file"
    assert "found by SQLite" in found(path)[0].what


def test_a_file_that_was_cut_is_said(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 5])
    with pytest.raises(LedgerUnusable, match="malformed; restore the file from a copy"):
        found(path)


def others(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    yield tmp_path / "missing.db", "there is no such file"
    yield tmp_path, "there is no such file"
    empty = tmp_path / "empty.db"
    empty.touch()
    yield empty, "empty database"
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough for a head of one " * 10)
    yield text, "not a database"
    foreign = tmp_path / "foreign.db"
    change(foreign, "CREATE TABLE other (a)")
    yield foreign, "of another program"
    later = tmp_path / "later.db"
    open_ledger(later).close()
    change(later, "UPDATE schema_version SET version = 99")
    yield later, "schema version 99"


def test_what_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    for path, words in others(tmp_path):
        before = sorted(tmp_path.iterdir())
        with pytest.raises(LedgerUnusable, match=words) as raised:
            look_through(str(path), SETTINGS)
        assert "\n" not in str(raised.value)
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", ["memory://", "sqlite://", ":memory:", "sqlite:///:memory:"])
def test_what_is_in_memory_cannot_be_looked_at(place: str) -> None:
    with pytest.raises(LedgerUnusable, match="is in memory"):
        look_through(place, SETTINGS)
