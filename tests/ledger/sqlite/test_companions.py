"""What lies beside a database under one of SQLite's names, and is not SQLite's, is left alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sqlite.companions import COMPANIONS
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import START, add

FOREIGN = [b"SQLite format 3\0" + bytes(100), b"notes", b"x", b"\xff\xd8\xff\xe0", b"\0\0\0\1"]


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
@pytest.mark.parametrize("suffix", COMPANIONS)
@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_of_somebody_else_is_refused_and_left(
    tmp_path: Path, suffix: str, content: bytes, there: bool
) -> None:
    path = tmp_path / "ledger.db"
    if there:
        open_sqlite(path).close()
    companion = tmp_path / f"ledger.db{suffix}"
    companion.write_bytes(content)
    before = contents(tmp_path)
    with pytest.raises(LedgerUnusable, match=rf"ledger.db{suffix} is not SQLite's.*move it away"):
        open_sqlite(path)
    after = contents(tmp_path)
    after.pop("ledger.db.lock", None)
    before.pop("ledger.db.lock", None)
    assert after == before
    companion.unlink()
    open_sqlite(path).close()


@pytest.mark.parametrize("suffix", COMPANIONS)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, suffix: str) -> None:
    for make in (os.mkfifo, os.mkdir):
        companion = tmp_path / f"ledger.db{suffix}"
        make(companion)
        with pytest.raises(LedgerUnusable, match="no plain file"):
            open_sqlite(tmp_path / "ledger.db")
        companion.rmdir() if companion.is_dir() else companion.unlink()


@pytest.mark.parametrize("suffix", COMPANIONS)
@pytest.mark.parametrize("content", [b"", bytes(3), bytes(4096)])
def test_what_a_crash_of_the_machine_may_leave_is_sqlites(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_sqlite(path)) as ledger:
        add(ledger, START)
    (tmp_path / f"ledger.db{suffix}").write_bytes(content)
    with closing(open_sqlite(path)) as ledger:
        assert len(ledger.deliveries()) == 1


def test_what_sqlite_itself_leaves_is_taken_up(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    with closing(open_sqlite(tmp_path / "ledger.db")) as ledger:
        add(ledger, START)
        for each in tmp_path.glob("ledger.db*"):
            shutil.copy(each, killed)
    assert {"ledger.db-wal", "ledger.db-shm"} <= set(contents(killed))
    with closing(open_sqlite(killed / "ledger.db")) as ledger:
        assert len(ledger.deliveries()) == 1


def test_a_journal_of_another_mode_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_sqlite(path)) as ledger:
        add(ledger, START)
    killed = tmp_path / "killed"
    killed.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN")
        other.execute("UPDATE deliveries SET url = 'changed'")
        other.execute("CREATE TABLE filler AS SELECT hex(zeroblob(100000)) AS a")
        for each in tmp_path.glob("ledger.db*"):
            shutil.copy(each, killed)
        other.execute("ROLLBACK")
    assert "ledger.db-journal" in contents(killed)
    with closing(open_sqlite(killed / "ledger.db")) as ledger:
        assert [each.url for each in ledger.deliveries()] != ["changed"]


@pytest.mark.parametrize("ending", [*COMPANIONS, ".lock"])
def test_no_ledger_has_the_name_of_what_is_beside_another(tmp_path: Path, ending: str) -> None:
    with pytest.raises(LedgerUnusable, match="choose one that does not end in"):
        open_sqlite(tmp_path / f"ledger.db{ending}")
    assert list(tmp_path.iterdir()) == []
