"""Rows that somebody has edited to nonsense: said which, and thrown away by a reset."""

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
from mockserver.delivery.apps import readable_apps
from mockserver.ledger.opening import open_ledger
from mockserver.ledger.protocol import Ledger

APPS = [App(), App(app_id="other")]
#: What a cell becomes.
NONSENSE = [None, "nonsense", 3.5, b"\xff\x00"]
TABLES = ["counters", "apps", "settings", "rules", "deliveries", "progress", "attempts"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("damaged") / "ledger.db"
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        inbox = sandbox.inbox("a")
        inbox.behave("503*2,200")
        sandbox.add_postback(f"{inbox.url}?u={{{{User ID}}}}")
        for _ in range(3):
            sandbox.trigger("email.click")
        sandbox.ledger.save_setting("clock", "x")
    return path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "ledger.db"))


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return [row[1] for row in other.execute(f"PRAGMA table_info({table})")]


def damage(path: Path, table: str, column: str, value: object) -> bool:
    """Change one cell of the first row; return whether the database allows that."""
    statement = f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT min(rowid) FROM {table})"
    with closing(sqlite3.connect(path)) as other:
        try:
            other.execute(statement, (value,))
        except sqlite3.IntegrityError:
            return False
        other.commit()
    return True


def damages(path: Path, table: str) -> Iterator[tuple[str, object]]:
    for column in columns(path, table):
        for value in NONSENSE:
            yield column, value


@pytest.mark.parametrize("everything", [False, True], ids=["reset", "everything"])
@pytest.mark.parametrize("when", ["before", "running"])
@pytest.mark.parametrize("table", TABLES)
def test_a_reset_throws_away_whatever_was_made_of_a_row(
    path: Path, table: str, when: str, everything: bool
) -> None:
    tried = 0
    for column, value in damages(path, table):
        copy = Path(shutil.copy(path, path.with_name("copy.db")))
        if when == "before" and not damage(copy, table, column, value):
            continue
        with Sandbox(ledger=open_ledger(copy), apps=APPS) as sandbox:
            if when == "running" and not damage(copy, table, column, value):
                continue
            tried += 1
            sandbox.reset(everything=everything)
            if table == "apps" and not everything:
                continue
            sandbox.add_postback("http://127.0.0.1:9/x")
            sandbox.trigger("email.click")
            sandbox.advance(timedelta(hours=1))
            assert [app.app_id for app in sandbox.ledger.apps()] == sorted(
                app.app_id for app in APPS
            )
            assert len(sandbox.attempts) == 2, (column, value)
    assert tried >= len(NONSENSE)


@pytest.mark.parametrize(
    ("table", "column", "named", "taken_away_by"),
    [
        ("apps", "document", "app YOUR_APP_ID cannot be read", "`postbacks reset --everything`"),
        ("rules", "channels", "rule ", "`postbacks reset`"),
        ("rules", "created_at", "rule ", "`postbacks reset`"),
        ("deliveries", "event", "delivery 1 cannot be read", "`postbacks reset`"),
        ("deliveries", "created_at", "delivery 1 cannot be read", "`postbacks reset`"),
        ("progress", "state", "delivery 1 cannot be read", "`postbacks reset`"),
        ("attempts", "kind", "an attempt of delivery 1 cannot be read", "`postbacks reset`"),
        ("attempts", "headers", "an attempt of delivery 1 cannot be read", "`postbacks reset`"),
    ],
)
def test_an_error_names_the_row_and_says_what_to_do(
    path: Path, table: str, column: str, named: str, taken_away_by: str
) -> None:
    assert damage(path, table, column, "nonsense")
    with closing(open_ledger(path)) as ledger:
        message = said(ledger)
    assert message.startswith(named)
    assert message.endswith(f"give it up with {taken_away_by}")
    assert "\n" not in message


def said(ledger: Ledger) -> str:
    for read in (ledger.apps, ledger.rules, ledger.deliveries, lambda: ledger.attempts(1)):
        try:
            read()
        except LedgerUnusable as error:
            return str(error)
    raise AssertionError("all could be read")


def test_one_damaged_app_keeps_no_other_from_its_work(path: Path) -> None:
    assert damage(path, "apps", "document", "nonsense")
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        assert [app.app_id for app in readable_apps(sandbox.ledger).apps] == ["other"]
        (problem,) = readable_apps(sandbox.ledger).problems
        assert problem.startswith("app YOUR_APP_ID cannot be read")
        sandbox.add_postback("http://127.0.0.1:9/x", app_id="other")
        assert sandbox.trigger("email.click", app_id="other").deliveries
        with pytest.raises(LedgerUnusable, match="app YOUR_APP_ID cannot be read"):
            sandbox.trigger("email.click")
        # To put the app is to put it right.
        sandbox.put_app(App())
        assert sandbox.trigger("email.click").deliveries
        assert not readable_apps(sandbox.ledger).problems


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE deliveries SET url = x'ff00'",
        "UPDATE deliveries SET app_id = x'ff00'",
        "UPDATE progress SET attempts_made = 'many'",
        "DELETE FROM deliveries",
    ],
)
def test_what_is_due_and_damaged_ends_an_advance_at_once_and_is_named(
    tmp_path: Path, change: str
) -> None:
    path = tmp_path / "ledger.db"
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        inbox = sandbox.inbox("a")
        inbox.behave("503")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.click")
        with closing(sqlite3.connect(path)) as other:
            other.execute(change)
            other.commit()
        for _ in range(2):
            with pytest.raises(LedgerUnusable, match=r"^delivery 1 cannot be read, because"):
                sandbox.advance(timedelta(hours=2))
        sandbox.reset()
        sandbox.advance(timedelta(hours=2))
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.click")
        assert len(sandbox.attempts) == 1


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_what_is_due_of_no_delivery_is_not_claimed_with_the_others(
    tmp_path: Path, gone: int
) -> None:
    path = tmp_path / "ledger.db"
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        inbox = sandbox.inbox("a")
        inbox.behave("503")
        sandbox.add_postback(inbox.url)
        for _ in range(3):
            sandbox.trigger("email.click")
        with closing(sqlite3.connect(path)) as other:
            other.execute("DELETE FROM deliveries WHERE id = ?", (gone,))
            other.commit()
        for _ in range(2):
            with pytest.raises(LedgerUnusable, match=rf"^delivery {gone} cannot be read"):
                sandbox.advance(timedelta(hours=2))
        assert sandbox.ledger.recover() == 0, "nothing stays claimed that nobody makes"


def test_ids_go_on_after_a_reset_of_sound_counters(path: Path) -> None:
    with Sandbox(ledger=open_ledger(path), apps=APPS) as sandbox:
        sandbox.reset()
        sandbox.add_postback("http://127.0.0.1:9/x")
        assert sandbox.trigger("email.click").deliveries[0].id == 4
