"""Reads rows for the SQL ledger, each query in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mockserver.ledger.sql import statements
from mockserver.ledger.sql.database import Database, Row

#: How many ids one query asks for at most; also, those of a shorter list are filled up to it.
_IDS = 500


class Reading:
    """The queries of one ledger.

    Args:
        database: Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, text: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._database.reading() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall()

    def rows_of(self, text: Callable[[int], str], delivery_ids: Sequence[int]) -> list[Row]:
        """Return the rows of a query about many deliveries, by delivery id.

        Args:
            text: Returns the query for so many ids.
            delivery_ids: In any order, also more than once.
        """
        found: list[Row] = []
        ids = sorted(set(delivery_ids))
        for begin in range(0, len(ids), _IDS):
            some = ids[begin : begin + _IDS]
            size = 1 if len(some) == 1 else _IDS
            found += self.rows(text(size), statements.filled(some, size))
        return found

    def number(self, text: str) -> int:
        """Return what a query counts."""
        ((number,),) = self.rows(text)
        assert isinstance(number, int), "it is a count"
        return number
