"""Tests that SQLite's account of its log is read as SQLite means it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.ledger.sqlite.wal_index import WalState, read_state, salts_in_log

PAGE_SIZES = [512, 1024, 4096, 32_768, 65_536]


class Log:
    """A database with a log, and descriptors of both of SQLite's other files."""

    def __init__(self, path: Path, page_size: int) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.run(f"PRAGMA page_size = {page_size}", "PRAGMA journal_mode = WAL")
        self.run("PRAGMA wal_autocheckpoint = 0", "CREATE TABLE t (x)")
        self.index = os.open(f"{path}-shm", os.O_RDONLY)
        self.log = os.open(f"{path}-wal", os.O_RDONLY)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement).fetchall()

    @property
    def state(self) -> WalState:
        state = read_state(self.index)
        assert state is not None
        return state

    def close(self) -> None:
        self.connection.close()
        os.close(self.index)
        os.close(self.log)


@pytest.fixture(params=PAGE_SIZES)
def log(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Log]:
    with closing(Log(tmp_path / "some.db", request.param)) as log:
        yield log


def test_a_new_log_is_exactly_as_long_as_what_counts_of_it(log: Log) -> None:
    for _ in range(3):
        log.run("INSERT INTO t VALUES (zeroblob(100000))")
        assert log.state.frames > 0
        assert log.state.least_log_size == os.fstat(log.log).st_size
        assert log.state.salts == salts_in_log(log.log)


def test_what_was_moved_gives_the_database_its_length(log: Log) -> None:
    log.run("INSERT INTO t VALUES (zeroblob(100000))")
    before = log.state
    assert before.least_size <= log.path.stat().st_size
    log.run("PRAGMA wal_checkpoint(PASSIVE)")
    assert log.state.checkpoint != before.checkpoint
    assert log.state.least_size == log.path.stat().st_size
    log.run("DELETE FROM t", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
    assert log.state.frames == log.state.least_log_size == os.fstat(log.log).st_size == 0
    assert log.state.least_size == log.path.stat().st_size


def test_a_change_alone_moves_nothing(log: Log) -> None:
    log.run("INSERT INTO t VALUES (1)")
    before = log.state.checkpoint
    log.run("INSERT INTO t VALUES (2)")
    assert log.state.checkpoint == before


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 32_768, b"\xff" * 32_768])
def test_what_is_no_account_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index").write_bytes(content)
    descriptor = os.open(tmp_path / "index", os.O_RDONLY)
    assert read_state(descriptor) is None
    os.close(descriptor)
