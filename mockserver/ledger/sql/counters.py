"""Reads and writes the numbers of the SQL ledger that never go back, within a transaction."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.ledger.sql import statements
from mockserver.ledger.sql.database import Cursor


class Counters(NamedTuple):
    """The row of the table `counters`.

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


def read_counters(cursor: Cursor) -> Counters:
    """Return the counters as they stand."""
    cursor.execute(statements.READ_COUNTERS)
    return Counters(*cursor.fetchone())


def write_counters(cursor: Cursor, counters: Counters) -> None:
    """Write the counters as they stand now."""
    cursor.execute(statements.WRITE_COUNTERS, counters)
