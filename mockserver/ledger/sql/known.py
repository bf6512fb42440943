"""Knows what the last transaction of a SQL ledger has left behind: counters, what is due next.

Both are in the tables as well. While nobody else writes to the database, they need not be read
again for every attempt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql import statements
from mockserver.ledger.sql.codec import stored
from mockserver.ledger.sql.database import Cursor, Database, Row


class Counters(NamedTuple):
    """The row of the table `counters`: numbers that never go back.

    Attributes:
        deliveries: The id of the latest delivery.
        rules: The sequence number of the latest rule.
        tickets: The last ticket that was drawn.
        latest: The latest instant of all deliveries and attempts, in microseconds since 1970 UTC;
            None if there are none.
    """

    deliveries: int
    rules: int
    tickets: int
    latest: int | None


@stored("the counters, which begin with", "`postbacks reset`")
def _counters_of(row: Row) -> Counters:
    counters = Counters(*row)
    # Of text a database makes no number, and what is beyond its own numbers it cannot write.
    if not all(type(number) is int and 0 <= number < _MOST for number in counters[:3]):
        raise ValueError
    if type(counters.latest) not in (int, type(None)):
        raise ValueError
    return counters


_MOST = 2**62


class Known:
    """What is known of a database; what a transaction changes is told within that transaction.

    Args:
        database: Whose transactions these are. If others write to it, nothing is ever known.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on = database.is_exclusive
        self._lock = threading.Lock()
        self._counters: Counters | None = None
        #: In a list, because what is known may be that nothing is due.
        self._next_due: list[int | None] = []
        self._changes = 0
        #: How many transactions are under way; one, but for moments.
        self._writers = 0

    def writing(self) -> AbstractContextManager[Cursor]:
        """Open a transaction; if it fails, nothing is known any more."""
        return _Transaction(self._database.writing(), self)

    def counters(self, cursor: Cursor) -> Counters:
        """Return the counters as they stand."""
        if self._counters is not None:
            return self._counters
        cursor.execute(statements.READ_COUNTERS)
        return _counters_of(cursor.fetchone())

    def mend_counters(self, cursor: Cursor) -> None:
        """Write the counters anew if they cannot be read; for whoever takes away what they count.

        What they were is gone then: ids begin again.
        """
        if self._counters is None:
            cursor.execute(statements.READ_COUNTERS)
            rows = cursor.fetchall()
            try:
                if len(rows) == 1:
                    _counters_of(tuple(rows[0]))
                    return
            except LedgerUnusable:
                pass
            self._counters = Counters(0, 0, 0, None)
        cursor.execute(statements.FORGET_COUNTERS)
        cursor.execute(statements.ADD_COUNTERS, self._counters)

    def write_counters(self, cursor: Cursor, counters: Counters) -> None:
        """Write the counters as they stand now."""
        cursor.execute(statements.WRITE_COUNTERS, counters)
        if self._on:
            self._counters = counters

    def next_due(self, read: Callable[[], int | None]) -> int | None:
        """Return the earliest instant at which something is due, which `read` gets if need be."""
        try:
            return self._next_due[0]
        except IndexError:
            pass
        changes = self._changes
        due = read()
        with self._lock:
            # What was read before a change must not outlive it. Who reads while a transaction is
            # under way reads what was before it.
            if self._on and changes == self._changes and not self._writers:
                self._next_due = [due]
        return due

    def is_due(self, due: int) -> None:
        """Note that something falls due at `due`, perhaps before all else."""
        with self._lock:
            self._changes += 1
            known = self._next_due
            if known and (known[0] is None or due < known[0]):
                self._next_due = [due]

    def is_next(self, due: int | None) -> None:
        """Note what is due next, if anything."""
        with self._lock:
            self._changes += 1
            self._next_due = [due] if self._on else []

    def begun(self) -> None:
        """Note that a transaction is under way."""
        with self._lock:
            self._writers += 1

    def ended(self) -> None:
        """Note that a transaction has ended."""
        with self._lock:
            self._writers -= 1
            self._changes += 1

    def forget(self) -> None:
        """Note that anything may have changed."""
        with self._lock:
            self._changes += 1
            self._counters = None
            self._next_due = []


class _Transaction:
    # Not a generator: one is begun for every attempt, and that takes a few microseconds.

    def __init__(self, transaction: AbstractContextManager[Cursor], known: Known) -> None:
        self._transaction = transaction
        self._known = known

    def __enter__(self) -> Cursor:
        cursor = self._transaction.__enter__()
        self._known.begun()
        return cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._transaction.__exit__(kind, error, traceback)
        except BaseException:
            self._known.forget()
            raise
        finally:
            self._known.ended()
        if kind is not None:
            self._known.forget()
