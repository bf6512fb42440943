"""Looks through the SQLite file of a ledger for damage, whoever has it open; changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.damage import Damage, LookedThrough, Settings
from mockserver.ledger.sql.cells import TABLES
from mockserver.ledger.sql.damage import (
    RELATIONS,
    broken_relation,
    count_rows,
    damaged_cells,
    missing_counters,
)
from mockserver.ledger.sql.database import check_tables

#: How many faults of a file SQLite lists at most.
_MOST_FAULTS = 1_000
_RESTORE = (
    "restore the file from a copy, or save what can be read: "
    "`sqlite3 FILE .recover | sqlite3 NEW_FILE`"
)


def look_through(path: Path, settings: Settings) -> LookedThrough:
    """Look through all tables of a ledger, as they were at one moment.

    Args:
        path: Of its file.
        settings: What settings must be, by their names.

    Raises:
        LedgerUnusable: There is no ledger, it is of a version that is not known, or it cannot be
            read.
    """
    with _reading(path) as connection:
        cursor = connection.cursor()
        version = check_tables(cursor, _tables(cursor), str(path))
        if version is None:
            raise LedgerUnusable(f"{path} is an empty database; choose the file of a ledger")
        rows: dict[str, int] = {}
        damages = list(_faults_of_file(cursor))

        def look(table: str, found: Callable[[], Iterator[Damage]]) -> None:
            try:
                damages.extend(found())
            except sqlite3.Error as error:
                what = f"cannot be read any further: {error}"
                if all(known.what != what or known.table != table for known in damages):
                    damages.append(Damage(table, what, None, "", _RESTORE))

        for name in TABLES:
            look(name, partial(_of_table, cursor, name, version, settings, rows))
        look("counters", partial(missing_counters, rows))
        for relation in RELATIONS:
            look(relation.table, partial(broken_relation, cursor, relation))
    return LookedThrough(version, rows, tuple(damages))


def _of_table(
    cursor: sqlite3.Cursor, name: str, version: int, settings: Settings, rows: dict[str, int]
) -> Iterator[Damage]:
    rows[name] = count_rows(cursor, name)
    yield from damaged_cells(cursor, name, version, settings)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection that sees one state of the database."""
    try:
        if not path.is_file():
            raise LedgerUnusable(f"cannot look at {path}: there is no such file")
        with closing(sqlite3.connect(_address(path), uri=True, isolation_level=None)) as connection:
            # Any text can be read, and is then said to be none.
            connection.text_factory = lambda read: read.decode("utf-8", "surrogateescape")
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master")
            yield connection
    except OSError as error:
        raise LedgerUnusable(f"cannot look at {path}: {error.strerror}") from None
    except sqlite3.Error as error:
        what_to_do = "it must be the database of a ledger that may be read"
        if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error):
            what_to_do = _RESTORE
        raise LedgerUnusable(f"cannot look at {path}: {error}; {what_to_do}") from None


def _address(path: Path) -> str:
    """Return how the file is opened without leaving a trace of that, not even beside it."""
    log = path.with_name(f"{path.name}-wal")
    # As long as it is in use there is a log; without one nobody can be writing.
    how = "mode=ro&readonly_shm=1" if log.exists() else "immutable=1"
    return f"{path.resolve().as_uri()}?{how}"


def _tables(cursor: sqlite3.Cursor) -> set[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    return {name for (name,) in cursor.fetchall()}


def _faults_of_file(cursor: sqlite3.Cursor) -> Iterator[Damage]:
    """Yield what SQLite itself finds wrong with the file."""
    try:
        cursor.execute(f"PRAGMA integrity_check({_MOST_FAULTS})")
        faults = [fault for (fault,) in cursor.fetchall() if fault != "ok"]
    except sqlite3.Error as error:
        faults = [str(error)]
    if faults:
        yield Damage("file", "found by SQLite", len(faults), " ".join(faults[0].split()), _RESTORE)
