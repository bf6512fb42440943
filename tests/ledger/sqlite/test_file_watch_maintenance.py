"""Tests that what other programs do to a ledger's file by way of SQLite is no damage to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.core.models import App
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import START, new


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    ledger = open_sqlite(path)
    yield ledger
    ledger.close()


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement).fetchall()


def backup(path: Path) -> None:
    copy = path.with_name("backup.db")
    with closing(sqlite3.connect(path)) as other, closing(sqlite3.connect(copy)) as target:
        other.backup(target)


def copy_the_files(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(f"{path}{suffix}", f"{path}.copy{suffix}")


def lock_it_for_a_moment(path: Path) -> None:
    run(path, "BEGIN EXCLUSIVE", "ROLLBACK")


def begin_a_change_and_end_in_the_middle(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    # More than its cache holds, so that parts of it are in the log.
    other.execute("PRAGMA cache_size = 5")
    other.execute("BEGIN")
    other.execute("INSERT INTO settings (name, value) VALUES ('x', hex(zeroblob(900000)))")
    other.close()


def refuse_to_take_the_log_away(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        run(path, "PRAGMA busy_timeout = 0", "PRAGMA journal_mode = DELETE")


def statements(*texts: str) -> Callable[[Path], None]:
    return lambda path: run(path, *texts)


HARMLESS: dict[str, Callable[[Path], None]] = {
    **{
        f"checkpoint {mode}": statements(f"PRAGMA wal_checkpoint({mode})")
        for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
    },
    "VACUUM": statements("VACUUM"),
    "VACUUM and checkpoint": statements("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "VACUUM, checkpoint and a change": statements(
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "INSERT OR REPLACE INTO settings (name, value) VALUES ('theirs', 'x')",
    ),
    "ANALYZE": statements("ANALYZE"),
    "REINDEX": statements("REINDEX"),
    "PRAGMA optimize": statements("PRAGMA optimize"),
    "integrity_check": statements("PRAGMA integrity_check", "PRAGMA foreign_key_check"),
    "journal_size_limit": statements("PRAGMA journal_size_limit = 0", "VACUUM"),
    "backup": backup,
    "copy": copy_the_files,
    "lock": lock_it_for_a_moment,
    "change in part": begin_a_change_and_end_in_the_middle,
    "journal_mode": refuse_to_take_the_log_away,
}


@pytest.mark.parametrize("before", [0, 1, 3_000], ids="{} deliveries".format)
@pytest.mark.parametrize("name", HARMLESS)
def test_maintenance_by_another_program_is_no_damage(
    path: Path, ledger: Ledger, name: str, before: int
) -> None:
    if before:
        ledger.add_deliveries([new(START)] * before)
        # There is something to take out of the file.
        ledger.begin_again([App()])
        ledger.add_deliveries([new(START)] * before)
        run(path, "CREATE TABLE theirs AS SELECT * FROM deliveries", "DROP TABLE theirs")
    for round in range(3):
        HARMLESS[name](path)
        assert ledger.problem() is None
        assert len(ledger.add_deliveries([new(START)])) == 1
        assert ledger.delivery_count() == before + round + 1
    ledger.reset()
    assert ledger.problem() is None
    assert len(ledger.add_deliveries([new(START)])) == 1


@pytest.mark.parametrize("name", HARMLESS)
def test_nothing_is_lost_by_maintenance(path: Path, ledger: Ledger, name: str) -> None:
    ledger.add_deliveries([new(START)] * 5)
    HARMLESS[name](path)
    ledger.add_deliveries([new(START)] * 5)
    HARMLESS[name](path)
    ledger.close()
    with closing(open_sqlite(path)) as again:
        assert [delivery.id for delivery in again.deliveries()] == list(range(1, 11))
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def cut_the_log(path: Path) -> None:
    os.truncate(f"{path}-wal", os.stat(f"{path}-wal").st_size - 1)


def empty_the_log(path: Path) -> None:
    os.truncate(f"{path}-wal", 0)


def overwrite_the_log(path: Path) -> None:
    size = os.stat(f"{path}-wal").st_size
    with open(f"{path}-wal", "r+b") as log:
        log.write(b"\0" * size)


def replace_the_log(path: Path) -> None:
    shutil.copy(f"{path}-wal", f"{path}.other")
    os.replace(f"{path}.other", f"{path}-wal")


def cut_the_database(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


REAL_DAMAGE = [
    cut_the_log,
    empty_the_log,
    overwrite_the_log,
    replace_the_log,
    cut_the_database,
]


@pytest.mark.parametrize("name", [None, *HARMLESS])
@pytest.mark.parametrize("damage", REAL_DAMAGE, ids=lambda damage: damage.__name__)
def test_real_damage_is_noticed_whatever_was_done_before(
    path: Path, ledger: Ledger, name: str | None, damage: Callable[[Path], None]
) -> None:
    ledger.add_deliveries([new(START)] * 100)
    if name is not None:
        HARMLESS[name](path)
    # A log that is longer than what counts of it may be cut behind that.
    run(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.add_deliveries([new(START)] * 100)
    damage(path)
    with pytest.raises(LedgerUnusable, match="start the sandbox again"):
        ledger.add_deliveries([new(START)])
    assert "start the sandbox again" in (ledger.problem() or "")


def test_a_replaced_index_is_noticed_and_one_that_was_only_deleted_is_not(
    path: Path, ledger: Ledger
) -> None:
    ledger.add_deliveries([new(START)])
    index = Path(f"{path}-shm")
    copy = index.with_name("copy")
    shutil.copy(index, copy)
    index.unlink()
    assert ledger.problem() is None
    copy.rename(index)
    assert "-shm was replaced by another file" in (ledger.problem() or "")


def test_a_lock_of_another_program_is_waited_for(path: Path, ledger: Ledger) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    waiting = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    waiting.start()
    # What reads does not wait at all.
    assert ledger.delivery_count() == 0
    assert len(ledger.add_deliveries([new(START)])) == 1
    waiting.join()
    other.close()
    assert ledger.problem() is None


def test_two_ledgers_of_a_process_keep_sqlites_locks(path: Path) -> None:
    """To close any descriptor of the shared file would give up the locks of all others."""
    first, second = open_sqlite(path, exclusive=False), open_sqlite(path, exclusive=False)
    second.add_deliveries([new(START)])
    second.close()
    first.add_deliveries([new(START)])
    # Another process must see that somebody is connected.
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0)\n"
        "try: c.execute('PRAGMA journal_mode = DELETE').fetchall(); print('taken')\n"
        "except sqlite3.OperationalError: print('locked')"
    )
    import subprocess
    import sys

    said = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "locked"
    first.close()


def test_a_checkpoint_while_the_ledger_writes_is_no_damage(path: Path, ledger: Ledger) -> None:
    stop = threading.Event()
    failed: list[Exception] = []

    def maintain() -> None:
        try:
            while not stop.is_set():
                run(path, "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM")
        except Exception as error:
            failed.append(error)

    other = threading.Thread(target=maintain)
    other.start()
    try:
        for _ in range(40):
            ledger.add_deliveries([new(START)])
            assert "cut" not in (ledger.problem() or "")
    finally:
        stop.set()
        other.join()
    assert not failed
    assert ledger.delivery_count() == 40
