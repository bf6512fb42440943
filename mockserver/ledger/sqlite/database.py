"""Opens a SQLite database for the SQL ledger, and runs its transactions.

One connection writes, behind a lock: SQLite has one writer at a time anyway, and waiting at
a lock is fair and wakes up at once where SQLite would poll. Readers of a file have
connections of their own and see the last commit, however long a writer takes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql.database import prepare_tables
from mockserver.ledger.sqlite.owner_lock import OwnerLock

_SQLITE_MAGIC = b"SQLite format 3\0"

#: Another process may be writing; how long to wait for it.
_BUSY_REAL_SECONDS = 30.0

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # With a write-ahead log a commit survives the end of the process, kill -9 included, without
    # waiting for the disk. A power cut may cost the last commits, never the file.
    "PRAGMA synchronous = NORMAL",
    # At most 64 MiB of pages in memory: the default 2 MiB is less than one large claim touches.
    "PRAGMA cache_size = -65536",
    # Move the log into the file every 64 MiB: each move waits for the disk.
    "PRAGMA wal_autocheckpoint = 16384",
)


class SqliteDatabase:
    """An open database with the ledger's tables in it.

    Args:
        url: A SQLAlchemy URL; `sqlite://` lives in memory.
        exclusive: Whether to refuse a file that another ledger has open.

    Raises:
        LedgerUnusable: It cannot be opened, or is not one this version can use.
    """

    def __init__(self, url: str | URL, *, exclusive: bool) -> None:
        parsed = _parse(url)
        self._path = _path_of(parsed)
        self.name = "the ledger in memory" if self._path is None else str(self._path)
        self._lock = threading.Lock()
        self._owner: OwnerLock | None = None
        if self._path is not None:
            _check_file(self._path)
            if exclusive:
                self._owner = OwnerLock(self._path)
        self._engine = _create_engine(self._path)
        try:
            with self._explained():
                self._writer = self._engine.connect().execution_options(writes=True)
        except BaseException:
            self._release()
            raise
        try:
            with self.writing() as connection:
                prepare_tables(connection, self.name)
            self._keep_a_log()
        except BaseException:
            # Disposing of the engine does not close a connection that is in use.
            self.close()
            raise

    @property
    def dialect(self) -> Any:
        """Return what SQLAlchemy compiles statements for."""
        return self._engine.dialect

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that no other writer's can overlap; commit it at the end.

        An exception takes everything back.
        """
        with self._lock, self._explained(), self._writer.begin():
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection for one statement that reads."""
        if self._path is None:
            # Memory has one connection only, so its readers take turns with its writers.
            with self.writing() as connection:
                yield connection
            return
        with self._explained(), self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections, then let another process have the file."""
        with self._lock:
            self._writer.close()
            self._release()

    def _release(self) -> None:
        self._engine.dispose()
        if self._owner is not None:
            self._owner.release()

    def _keep_a_log(self) -> None:
        # Kept in the file's head, so it is set after the check that the file is ours; not in
        # a transaction, so past SQLAlchemy.
        connection = self._writer.connection.driver_connection
        assert connection is not None, "an open connection has a driver's connection"
        gives_up_at = time.monotonic() + _BUSY_REAL_SECONDS
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                # Another process is opening the new file as well. SQLite refuses at once here,
                # where it would wait elsewhere.
                if time.monotonic() > gives_up_at:
                    raise LedgerUnusable(f"{self.name} cannot be used: {error}") from error
                time.sleep(0.01)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise LedgerUnusable(f"{self.name} cannot be used: {_advice(error)}") from error


def _parse(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerUnusable(
            f"{url!r} is not a database URL; write sqlite:///path/to/file, or sqlite:// for memory"
        ) from None
    if parsed.query or parsed.host:
        raise LedgerUnusable(
            f"{url!r} has more than a path; write sqlite:///path/to/file, with no options"
        )
    return parsed


def _path_of(url: URL) -> Path | None:
    if not url.database or url.database == ":memory:":
        return None
    # The file stays the same when the working directory changes or a link is followed.
    return Path(url.database).resolve()


def _check_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise LedgerUnusable(f"cannot open {path}: there is no folder {path.parent}; create it")
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except FileNotFoundError:
        return
    except OSError as error:
        raise LedgerUnusable(
            f"cannot open {path}: {error.strerror}; choose a file that may be read and written"
        ) from error
    if head and head != _SQLITE_MAGIC:
        raise LedgerUnusable(
            f"{path} is not a SQLite database; choose another file, or move this one away"
        )


def _create_engine(path: Path | None) -> Engine:
    options: dict[str, Any] = {"poolclass": StaticPool}
    if path is not None:
        # Every reading thread gets a connection; five are kept.
        options = {"poolclass": QueuePool, "max_overflow": -1}
    engine = create_engine(
        URL.create("sqlite", database=None if path is None else str(path)),
        connect_args={
            "check_same_thread": False,
            # The driver would begin transactions on its own, and too late.
            "isolation_level": None,
            "timeout": _BUSY_REAL_SECONDS,
        },
        **options,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A transaction that reads first and asks for the right to write later can be refused; one
    # that asks at once only waits.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _advice(error: DBAPIError) -> str:
    reason = str(error.orig)
    if "locked" in reason:
        return f"{reason}; another program is writing to it, stop that one"
    if "full" in reason:
        return f"{reason}; free some space"
    if "readonly" in reason or "unable to open" in reason:
        return f"{reason}; it must be possible to write to the file and its folder"
    return f"{reason}; choose another file, or restore this one"
