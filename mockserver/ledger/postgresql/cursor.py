"""Runs the ledger's statements on psycopg, which writes parameters in another way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg


class PostgresCursor:
    """A cursor that takes `?` for a parameter, where psycopg takes `%s`.

    Args:
        cursor: Of psycopg.
    """

    __slots__ = ("_cursor",)

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """Return how many rows the last statement, run once or many times, has changed."""
        return int(self._cursor.rowcount)

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> object:
        """Run a statement."""
        return self._cursor.execute(_of_psycopg(statement), parameters)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of parameters."""
        return self._cursor.executemany(_of_psycopg(statement), rows)

    def fetchone(self) -> Any:
        """Return the next row of the last query, or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return the rows of the last query."""
        return list(self._cursor.fetchall())


@contextmanager
def transaction_of(connection: psycopg.Connection[Any]) -> Iterator[PostgresCursor]:
    """Open a transaction, and commit it at the end; an exception takes everything back."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield PostgresCursor(cursor)
            cursor.execute("COMMIT")
        except BaseException:
            # A connection that is broken has taken it back already.
            with suppress(Exception):
                connection.rollback()
            raise


@lru_cache(maxsize=1024)
def _of_psycopg(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")
