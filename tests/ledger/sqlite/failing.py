"""A SQLite that fails where a test wants it to, before a statement has happened or after."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest

#: Whether a statement fails, and whether it has happened all the same.
Failure = Literal["before", "after"] | None


class Disk:
    """Counts statements, and fails those that it is told to.

    Attributes:
        fails: Asked for each statement, by its count from 0 and its text.
    """

    def __init__(self) -> None:
        self.count = 0
        self.texts: list[str] = []
        self.fails: Callable[[int, str], Failure] = lambda number, text: None

    def run(self, text: str, statement: Callable[[], Any]) -> Any:
        number, self.count = self.count, self.count + 1
        self.texts.append(text)
        failure = self.fails(number, text)
        if failure == "before":
            raise sqlite3.OperationalError("disk I/O error")
        done = statement()
        if failure == "after":
            raise sqlite3.OperationalError("disk I/O error")
        return done

    def restart(self, fails: Callable[[int, str], Failure] | None = None) -> None:
        self.count = 0
        self.texts.clear()
        self.fails = fails or (lambda number, text: None)


@contextmanager
def failing_disk(patch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Let every connection opened within fail as the disk that is yielded says."""
    disk = Disk()

    class FailingCursor(sqlite3.Cursor):
        def execute(self, text: str, *values: Any) -> Any:
            return disk.run(text, lambda: super(FailingCursor, self).execute(text, *values))

        def executemany(self, text: str, rows: Any, /) -> Any:
            return disk.run(text, lambda: super(FailingCursor, self).executemany(text, rows))

    class FailingConnection(sqlite3.Connection):
        def cursor(self, *_: Any, **__: Any) -> Any:
            return super().cursor(FailingCursor)

        def execute(self, text: str, *values: Any) -> Any:
            # Also a disk that is broken lets go of what has not been written.
            if text == "ROLLBACK":
                return super().execute(text, *values)
            # Nothing here outlives the process, so nobody has to wait for the real disk.
            text = text.replace("synchronous = NORMAL", "synchronous = OFF")
            return disk.run(text, lambda: super(FailingConnection, self).execute(text, *values))

    connect = sqlite3.connect
    with patch.context() as within:
        within.setattr(
            sqlite3, "connect", lambda *a, **named: connect(*a, **named, factory=FailingConnection)
        )
        yield disk
