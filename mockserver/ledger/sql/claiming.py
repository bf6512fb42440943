"""Claims attempts that are due in the tables of the SQL ledger."""

from __future__ import annotations

from datetime import datetime

from mockserver.core.models import DueAttempt
from mockserver.ledger.sql import statements
from mockserver.ledger.sql.codec import to_microseconds, unreadable_delivery
from mockserver.ledger.sql.database import Cursor
from mockserver.ledger.sql.known import Known
from mockserver.ledger.sql.rows import due_attempts_of


def claim_due(cursor: Cursor, known: Known, until_at: datetime, limit: int) -> list[DueAttempt]:
    """Claim up to `limit` attempts due not after `until_at`; see `Ledger.claim`.

    Args:
        cursor: In a transaction that writes.
        known: Told what is due next, and asked for the counters.
        until_at: Aware UTC.
        limit: At least 1.

    Raises:
        LedgerUnusable: One cannot be read, or is of a delivery that is not there.
    """
    cursor.execute(statements.SELECT_DUE, (to_microseconds(until_at), limit))
    rows = cursor.fetchall()
    if not rows:
        _check_none(cursor, statements.SELECT_ORPHAN, to_microseconds(until_at))
        known.is_next(next_due(cursor))
        return []
    before = known.counters(cursor)
    claim = before.tickets + 1
    *_, last_due, _, last_queued = rows[-1]
    cursor.execute(statements.CLAIM_UP_TO, (claim, last_due, last_queued))
    if cursor.rowcount != len(rows):
        _check_none(cursor, statements.SELECT_CLAIMED_ORPHAN, claim)
    known.write_counters(cursor, before._replace(tickets=claim))
    known.is_next(next_due(cursor))
    # Before the end of the transaction: what cannot be read is not claimed either.
    return due_attempts_of(rows, claim)


def next_due(cursor: Cursor) -> int | None:
    """Return when the next attempt is due, in microseconds since 1970 UTC; None if none is."""
    cursor.execute(statements.NEXT_DUE)
    row = cursor.fetchone()
    return None if row is None else row[0]


def _check_none(cursor: Cursor, orphans: str, parameter: int) -> None:
    """Go on only if nothing is there of a delivery that another program has deleted.

    Raises:
        LedgerUnusable: Something is: it would be due for ever, or claimed for ever with the others.
    """
    cursor.execute(orphans, (parameter,))
    orphan = cursor.fetchone()
    if orphan is not None:
        raise unreadable_delivery(orphan[0])
