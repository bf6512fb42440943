"""Opens a SQLite database for the SQL ledger, and runs its transactions.

One connection writes, behind a lock: SQLite has one writer at a time anyway, and waiting at
a lock is fair and wakes up at once where SQLite would poll. Readers of a file have
connections of their own and see the last commit, however long a writer takes.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql.database import Cursor, check_tables, prepare_tables
from mockserver.ledger.sql.schema import ColumnTypes
from mockserver.ledger.sqlite.advice import advice
from mockserver.ledger.sqlite.database_file import DatabaseFile, size_of
from mockserver.ledger.sqlite.file_watch import FileWatch
from mockserver.net.monotonic import real_seconds

#: Another process may be writing; how long to wait for it.
_BUSY_REAL_SECONDS = 30.0

#: SQLite makes a column its row id only if it is called INTEGER.
_TYPES = ColumnTypes(key="INTEGER", counted_key="INTEGER", bytes="BLOB")

#: Who waits so long for another program says that the ledger cannot be used.
_LONG_WAIT_REAL_SECONDS = 0.5

#: What is written, after a failure, to see whether there is room again; and taken away.
_NEEDS_ROOM = (
    "DELETE FROM settings WHERE name = 'room'",
    "INSERT INTO settings (name, value) VALUES ('room', hex(zeroblob(65536)))",
)
_GIVES_ROOM = _NEEDS_ROOM[:1]

#: So much is kept when a ledger is emptied: to give space back waits for the disk, several times.
_KEPT_BYTES = 1 << 20

#: Every reading thread gets a connection; so many are kept.
_KEPT_READERS = 5

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # With a write-ahead log a commit survives the end of the process, kill -9 included, without
    # waiting for the disk. A power cut may cost the last commits, never the file.
    "PRAGMA synchronous = NORMAL",
    # At most 64 MiB of pages in memory: the default 2 MiB is less than one large claim touches.
    "PRAGMA cache_size = -65536",
    # Move the log into the file every 64 MiB: each move waits for the disk.
    "PRAGMA wal_autocheckpoint = 16384",
    # Some systems build SQLite so that it writes zeros over what is deleted. That makes emptying
    # a large ledger take ten times as long, and what is left is cut off the file anyway.
    "PRAGMA secure_delete = OFF",
)

_log = logging.getLogger("mockserver.ledger.sqlite")


class SqliteDatabase:
    """An open database with the ledger's tables in it.

    Args:
        path: Of the file; None for a database in memory.
        exclusive: Whether to refuse a file that another ledger has open.

    Attributes:
        name: What messages call it.
        is_exclusive: Whether nobody else can write to it while it is open.
        watch: Notices that the file is not the one any more; None for a database in memory.
        failure: What the last try to write has failed with, in words.
        waits_since: Since when a transaction waits for another program, as `real_seconds` counts.

    Raises:
        LedgerUnusable: It cannot be opened, or is not one this version can use.
    """

    def __init__(self, path: Path | None, *, exclusive: bool) -> None:
        self._path = None if path is None else _resolved(path)
        self.name = "the ledger in memory" if self._path is None else str(self._path)
        self.is_exclusive = exclusive or self._path is None
        self._lock = threading.Lock()
        self.watch: FileWatch | None = None
        self.failure: str | None = None
        self.waits_since: float | None = None
        self._readers: list[sqlite3.Connection] = []
        self._file: DatabaseFile | None = None
        if self._path is not None:
            self._file = DatabaseFile(self._path, exclusive=exclusive)
        try:
            with self._explained():
                self._writer = self._connect() if self._file is None else self._taken(self._file)
                self._transaction = _Transaction(self, self._writer, self._lock)
        except BaseException:
            self._release()
            raise
        try:
            with self.writing() as cursor:
                prepare_tables(cursor, _tables(cursor), _TYPES, self.name)
            self._keep_a_log()
            if self._path is not None:
                # The first transaction of a new connection makes the log. Another ledger may be
                # opened on the file at this moment, and is waited for.
                with self.writing() as cursor:
                    for statement in _GIVES_ROOM:
                        cursor.execute(statement)
                assert self._file is not None, "there is one wherever there is a path"
                self.watch = FileWatch(self._path, self._file.open_beside)
        except BaseException:
            self.close()
            raise

    def writing(self) -> AbstractContextManager[Cursor]:
        """Open a transaction that no other writer's can overlap; commit it at the end.

        An exception takes everything back.
        """
        return self._transaction

    def reading(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor for one statement that reads."""
        # Memory has one connection only, so its readers take turns with its writers.
        return self._transaction if self._path is None else _Reading(self)

    def empty(self, tables: Sequence[str], and_then: Callable[[Cursor], None]) -> None:
        """Delete all rows of some tables, and give the space back, unless that is little.

        It has happened or it has not. Whatever is referred to comes after what refers to it.
        `and_then` is called within the transaction, at its end.
        """
        # As long as nobody may refer to its rows, a table is emptied without a look at each.
        self._outside("PRAGMA foreign_keys = OFF")
        try:
            with self.writing() as cursor:
                for table in tables:
                    cursor.execute(f"DELETE FROM {table}")
                and_then(cursor)
        finally:
            self._outside("PRAGMA foreign_keys = ON")
        if self._path is None or size_of(self._path) <= _KEPT_BYTES:
            return
        try:
            # What is left is little, and is written anew; the log then cuts the file.
            self._outside("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        except LedgerUnusable as error:
            _log.warning("the ledger is empty, but its file stays as large as it was: %s", error)

    def problem(self) -> str | None:
        """Return at once why nothing can be written now, in words; None if it can."""
        if not self._lock.acquire(blocking=False):
            waits_since = self.waits_since
            if waits_since is None or real_seconds() - waits_since < _LONG_WAIT_REAL_SECONDS:
                return self.failure
            return str(self.unusable("database is locked"))
        try:
            if self.watch is not None:
                self.watch.check()
                self.watch.check_index()
            if self._path is not None:
                with self._explained():
                    if self.failure:
                        self._at_once(*_NEEDS_ROOM)
                    self._at_once(*_GIVES_ROOM if self.failure else ())
            self.failure = None
        except LedgerUnusable as error:
            self.failure = str(error)
        finally:
            self._lock.release()
        return self.failure

    def close(self) -> None:
        """Close the connections, then let another process have the file."""
        with self._lock:
            self._writer.close()
            self._release()

    def _at_once(self, *statements: str) -> None:
        """Run a transaction, which may be empty, without waiting for another program."""
        self._writer.execute("PRAGMA busy_timeout = 0")
        try:
            for statement in ("BEGIN IMMEDIATE", *statements, "COMMIT"):
                self._writer.execute(statement)
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            self._writer.execute(f"PRAGMA busy_timeout = {int(_BUSY_REAL_SECONDS * 1000)}")

    def _release(self) -> None:
        while self._readers:
            self._readers.pop().close()
        if self._file is not None:
            self._file.release()

    def _taken(self, file: DatabaseFile) -> sqlite3.Connection:
        if not file.is_there:
            file.take()
            return self._connect()
        connection = self._connect()
        try:
            # Beside a database of another program nothing is put, not even a lock file.
            with closing(connection.cursor()) as cursor:
                check_tables(cursor, _tables(cursor), self.name)
            file.take()
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            ":memory:" if self._path is None else self._path,
            # Whoever has it uses it alone, one thread after the other.
            check_same_thread=False,
            # The driver would begin transactions on its own, and too late.
            isolation_level=None,
            timeout=_BUSY_REAL_SECONDS,
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    def borrow(self) -> sqlite3.Connection:
        """Return a connection that reads."""
        try:
            return self._readers.pop()
        except IndexError:
            return self._connect()

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Take back a connection that was borrowed."""
        if len(self._readers) < _KEPT_READERS:
            self._readers.append(connection)
        else:
            connection.close()

    def unusable(self, error: sqlite3.Error | str) -> LedgerUnusable:
        """Return what is raised in place of an error of the driver."""
        return LedgerUnusable(f"{self.name} cannot be used: {advice(str(error), self._path)}")

    def _outside(self, *statements: str) -> None:
        """Run what a transaction does not allow."""
        with self._lock, self._explained():
            for statement in statements:
                self._writer.execute(statement).fetchall()

    def _keep_a_log(self) -> None:
        # Kept in the file's head, so it is set after the check that the file is ours.
        gives_up_at = real_seconds() + _BUSY_REAL_SECONDS
        while True:
            try:
                self._writer.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                # Another process is opening the new file as well. SQLite refuses at once here,
                # where it would wait elsewhere.
                if "locked" not in str(error) or real_seconds() > gives_up_at:
                    raise self.unusable(error) from error
                time.sleep(0.01)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.unusable(error) from error


# Neither is a generator: several are begun for every attempt, and that takes a few microseconds.


class _Transaction:
    """Writes, one thread at a time; used over and over."""

    def __init__(
        self, database: SqliteDatabase, connection: sqlite3.Connection, lock: threading.Lock
    ) -> None:
        self._database = database
        self._connection = connection
        self._cursor = connection.cursor()
        self._lock = lock

    def __enter__(self) -> Cursor:
        database = self._database
        if not self._lock.acquire(timeout=_BUSY_REAL_SECONDS):
            raise database.unusable("database is locked")
        try:
            database.waits_since = real_seconds()
            # One that reads first and asks for the right to write later can be refused; one that
            # asks at once only waits.
            self._cursor.execute("BEGIN IMMEDIATE")
            database.waits_since = None
            if database.watch is not None:
                database.watch.check()
        except sqlite3.Error as error:
            self._end()
            raise self._failed(error) from error
        except BaseException:
            self._end()
            raise
        return self._cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        database = self._database
        try:
            if error is None:
                self._cursor.execute("COMMIT")
                database.failure = None
                if database.watch is not None:
                    database.watch.has_written()
            elif isinstance(error, sqlite3.Error):
                raise self._failed(error) from error
        except sqlite3.Error as failure:
            raise self._failed(failure) from failure
        finally:
            self._end()

    def _failed(self, error: sqlite3.Error) -> LedgerUnusable:
        unusable = self._database.unusable(error)
        self._database.failure = str(unusable)
        return unusable

    def _end(self) -> None:
        # SQLite ends some transactions by itself when they fail.
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        self._database.waits_since = None
        self._lock.release()


class _Reading:
    """Reads what was committed last, while others write."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def __enter__(self) -> Cursor:
        try:
            self._connection = self._database.borrow()
            self._cursor = self._connection.cursor()
        except sqlite3.Error as error:
            raise self._database.unusable(error) from error
        return self._cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A query that was not read to its end would go on showing the past.
        self._cursor.close()
        self._database.give_back(self._connection)
        if isinstance(error, sqlite3.Error):
            raise self._database.unusable(error) from error


def _tables(cursor: Cursor) -> set[str]:
    # Views, too: another program may have nothing else.
    cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    return {name for (name,) in cursor.fetchall()}


def _resolved(path: Path) -> Path:
    # The file stays the same when the working directory changes or a link is followed.
    try:
        resolved = path.resolve()
        if not resolved.name:
            raise ValueError("it is the root of all folders")
        return resolved
    except (OSError, RuntimeError, ValueError) as error:
        # Links in a circle, or a NUL.
        raise LedgerUnusable(
            f"{str(path)!r} is no path of a file: {error}; choose another file"
        ) from None
