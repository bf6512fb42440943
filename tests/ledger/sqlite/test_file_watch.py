"""Tests that a ledger whose file is gone, another, shorter or locked says so, and at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import App
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite import database
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import START, new


def delete(path: Path) -> None:
    path.unlink()


def replace_by_another(path: Path) -> None:
    open_sqlite(path.with_name("other.db")).close()
    os.replace(path.with_name("other.db"), path)


def replace_by_a_copy(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    os.replace(path.with_name("copy.db"), path)


def cut_to_nothing(path: Path) -> None:
    os.truncate(path, 0)


def cut_by_one_byte(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def move_away(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def delete_its_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def cut_its_log_to_nothing(path: Path) -> None:
    os.truncate(f"{path}-wal", 0)


def cut_its_log_by_one_byte(path: Path) -> None:
    os.truncate(f"{path}-wal", os.stat(f"{path}-wal").st_size - 1)


def delete_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


DAMAGES = [
    delete,
    replace_by_another,
    replace_by_a_copy,
    cut_to_nothing,
    cut_by_one_byte,
    move_away,
    delete_its_log,
    cut_its_log_to_nothing,
    cut_its_log_by_one_byte,
    delete_its_folder,
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "ledger.db"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_ledger_takes_nothing_more_and_says_why(
    path: Path, damage: Callable[[Path], None]
) -> None:
    ledger = open_sqlite(path)
    ledger.add_deliveries([new(START)])
    assert ledger.problem() is None
    damage(path)
    problem = ledger.problem()
    assert problem is not None
    assert str(path) in problem
    assert "start the sandbox again" in problem
    with pytest.raises(LedgerUnusable) as raised:
        ledger.add_deliveries([new(START)])
    assert str(raised.value) == problem
    ledger.close()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    "forget",
    [lambda ledger: ledger.reset(), lambda ledger: ledger.begin_again([App()])],
    ids=["reset", "begin again"],
)
def test_a_damaged_ledger_is_not_emptied_either(
    path: Path, damage: Callable[[Path], None], forget: Callable[[Ledger], None]
) -> None:
    ledger = open_sqlite(path)
    ledger.add_deliveries([new(START)])
    damage(path)
    for _ in range(2):
        with pytest.raises(LedgerUnusable, match="start the sandbox again"):
            forget(ledger)
    assert "start the sandbox again" in (ledger.problem() or "")
    ledger.close()


def test_what_the_ledger_itself_gives_back_is_no_damage(path: Path) -> None:
    ledger = open_sqlite(path)
    for _ in range(3):
        ledger.add_deliveries([new(START) for _ in range(2_000)])
        ledger.reset()
        assert ledger.problem() is None
    assert len(ledger.add_deliveries([new(START)])) == 1
    ledger.close()


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_ledger_that_another_program_locks_says_so_at_once(
    path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_REAL_SECONDS", 0.05)
    ledger = open_sqlite(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(f"BEGIN {mode}")
    began = time.monotonic()
    problem = ledger.problem()
    assert time.monotonic() - began < 0.5
    assert problem is not None
    assert "locked; another program is writing to it" in problem
    with pytest.raises(LedgerUnusable, match="locked"):
        ledger.add_deliveries([new(START)])
    other.execute("ROLLBACK")
    other.close()
    assert ledger.problem() is None
    assert len(ledger.add_deliveries([new(START)])) == 1
    ledger.close()


def test_a_write_that_waits_for_another_program_does_not_hold_up_the_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(database, "_LONG_WAIT_REAL_SECONDS", 0.02)
    ledger = open_sqlite(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=ledger.add_deliveries, args=([new(START)],))
    writer.start()
    try:
        problem = waited_for_problem(ledger)
        assert "locked" in problem
    finally:
        other.execute("ROLLBACK")
        writer.join()
        other.close()
    assert ledger.problem() is None
    assert ledger.delivery(1) is not None
    ledger.close()


def waited_for_problem(ledger: Ledger) -> str:
    gives_up_at = time.monotonic() + 10
    while time.monotonic() < gives_up_at:
        began = time.monotonic()
        problem = ledger.problem()
        assert time.monotonic() - began < 0.5, "nobody may wait for this"
        if problem is not None:
            return problem
    raise AssertionError("it never said that the file is locked")
