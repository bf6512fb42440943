"""Writes finished attempts, and what follows each, for `SqlLedger.record`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Result
from mockserver.ledger.sql import statements
from mockserver.ledger.sql.codec import to_microseconds
from mockserver.ledger.sql.database import Cursor, Row
from mockserver.ledger.sql.known import Counters
from mockserver.ledger.sql.outcomes import encode_outcome


class Unusual(Exception):
    """Not every result is a scheduled attempt that still has its claim; roll back."""


class Recorded(NamedTuple):
    """What has come of writing results.

    Attributes:
        counters: As they stand now; they are not written.
        next_due: The earliest instant, in microseconds, at which a retry was scheduled, if one was.
    """

    counters: Counters
    next_due: int | None


def record_usual(cursor: Cursor, results: Sequence[Result], counters: Counters) -> Recorded:
    """Write results in bulk, provided that each is a scheduled attempt with a valid claim.

    Args:
        cursor: In a transaction, which is of no use any more if this raises.
        results: What to write.
        counters: As they stand.

    Raises:
        Unusual: A result is manual, late or of a delivery that has ended.
    """
    batch = _sort(results, counters)
    if _schedule(cursor, batch) != len(results):
        raise Unusual
    _write_attempts(cursor, batch)
    return Recorded(batch.counters, min((due for _, due, *_ in batch.retries), default=None))


def record_one_by_one(cursor: Cursor, results: Sequence[Result], counters: Counters) -> Recorded:
    """Write results of every sort, each as its delivery stands after those before it.

    Args and result are those of `record_usual`, but nothing is said of what is due next.
    """
    for result in results:
        batch = _sort([result], counters)
        if _is_taken(cursor, batch, result):
            _write_attempts(cursor, batch)
            counters = batch.counters
    return Recorded(counters, None)


def _is_taken(cursor: Cursor, batch: _Batch, result: Result) -> bool:
    """Change the delivery of one result; return whether its attempt is to be written."""
    delivery_id, number, claim = (
        result.attempt.delivery_id,
        result.attempt.number,
        result.attempt.claim,
    )
    if number is not None:
        if _schedule(cursor, batch):
            return True
        # A manual success may have ended it; what was under way then still counts.
        cursor.execute(statements.COUNT_ONLY, (number, delivery_id, claim))
        return cursor.rowcount > 0
    if result.state is DeliveryState.DELIVERED:
        cursor.execute(statements.END_EARLY, (result.state.value, delivery_id))
    cursor.execute(statements.GET_URL, (delivery_id,))
    return cursor.fetchone() is not None


def _schedule(cursor: Cursor, batch: _Batch) -> int:
    """Write what follows scheduled attempts; return how many deliveries that has changed."""
    changed = 0
    for text, rows in (
        (statements.RETRY, batch.retries),
        (statements.FINISH, batch.endings),
    ):
        if rows:
            cursor.executemany(text, rows)
            changed += cursor.rowcount
    return changed


def _write_attempts(cursor: Cursor, batch: _Batch) -> None:
    for columns, rows in batch.attempts.items():
        cursor.executemany(statements.add_attempt(columns), rows)


@dataclass(slots=True)
class _Batch:
    """Rows of parameters, sorted by the statement that takes them, and the counters after it."""

    counters: Counters
    retries: list[Row] = field(default_factory=list)
    endings: list[Row] = field(default_factory=list)
    attempts: dict[tuple[str, ...], list[Row]] = field(default_factory=dict)


def _sort(results: Sequence[Result], counters: Counters) -> _Batch:
    batch = _Batch(counters)
    retries, endings, attempts = batch.retries, batch.endings, batch.attempts
    ticket, latest = counters.tickets, counters.latest
    # Many attempts share one object for their start or their outcome, so each object is encoded
    # once, by its id. No id is reused while `results` holds the objects.
    encoded: dict[int, _Encoded] = {}
    last_started_at = last_due_at = None
    started = due = 0
    for attempt, started_at, outcome, state, due_at in results:
        delivery_id, _, _, number, _, repeated, claim = attempt
        if number is None:
            # Of a manual attempt nothing follows by schedule.
            pass
        elif due_at is None:
            endings.append((state.value, number, delivery_id, claim))
        else:
            if due_at is not last_due_at:
                last_due_at, due = due_at, to_microseconds(due_at)
            ticket += 1
            retries.append((number, due, ticket, delivery_id, claim))
        if started_at is not last_started_at:
            last_started_at, started = started_at, to_microseconds(started_at)
        known = None if repeated else encoded.get(id(outcome))
        if known is None:
            columns, values, elapsed = _columns_of(outcome, repeated)
            known = values, elapsed, attempts.setdefault(columns, [])
            if not repeated:
                encoded[id(outcome)] = known
        values, elapsed, rows = known
        rows.append((delivery_id, started, number, *values))
        if latest is None or started + elapsed > latest:
            latest = started + elapsed
    batch.counters = counters._replace(tickets=ticket, latest=latest)
    return batch


#: Of an outcome: the values of the columns it fills, how long it took, and where its rows go.
_Encoded = tuple[Row, int, list[Row]]


def _columns_of(outcome: Outcome, repeated: bool) -> tuple[tuple[str, ...], Row, int]:
    """Return the columns that are filled, the values of those after the number, and the time."""
    filled, values, elapsed = encode_outcome(outcome)
    columns = ("delivery_id", "started_at", "number", *filled)
    if repeated:
        return (*columns, "repeated"), (*values, 1), elapsed
    return columns, values, elapsed
