"""Writes finished attempts, and what follows each, for `SqlLedger.record`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Result
from mockserver.ledger.sql.codec import to_microseconds
from mockserver.ledger.sql.outcomes import encode_outcome
from mockserver.ledger.sql.statements import Statements

_Row = tuple[Any, ...]


class Unusual(Exception):
    """Not every result is a scheduled attempt that still has its claim; roll back."""


def record_usual(
    connection: Connection, statements: Statements, results: Sequence[Result], ticket: int
) -> int:
    """Write results in bulk, provided that each is a scheduled attempt with a valid claim.

    Args:
        connection: In a transaction, which is of no use any more if this raises.
        statements: In the connection's dialect.
        results: What to write.
        ticket: The last ticket that was drawn.

    Returns:
        The last ticket drawn now.

    Raises:
        Unusual: A result is manual, late or of a delivery that has ended.
    """
    batch = _sort(results, ticket)
    if _schedule(connection, statements, batch) != len(results):
        raise Unusual
    _write_attempts(connection, statements, batch)
    return batch.ticket


def record_one_by_one(
    connection: Connection, statements: Statements, results: Sequence[Result], ticket: int
) -> int:
    """Write results of every sort, each as its delivery stands after those before it.

    Args and result are those of `record_usual`.
    """
    for result in results:
        batch = _sort([result], ticket)
        if _is_taken(connection, statements, batch, result):
            _write_attempts(connection, statements, batch)
            ticket = batch.ticket
    return ticket


def _is_taken(
    connection: Connection, statements: Statements, batch: _Batch, result: Result
) -> bool:
    """Change the delivery of one result; return whether its attempt is to be written."""
    delivery_id, number, claim = (
        result.attempt.delivery_id,
        result.attempt.number,
        result.attempt.claim,
    )
    if number is not None:
        if _schedule(connection, statements, batch):
            return True
        # A manual success may have ended it; what was under way then still counts.
        ended = (number, delivery_id, claim)
        return connection.exec_driver_sql(statements.count_only, ended).rowcount > 0
    if result.state is DeliveryState.DELIVERED:
        connection.exec_driver_sql(statements.end_early, (result.state.value, delivery_id))
    found = connection.exec_driver_sql(statements.find, (delivery_id,))
    return found.one_or_none() is not None


def _schedule(connection: Connection, statements: Statements, batch: _Batch) -> int:
    """Write what follows scheduled attempts; return how many deliveries that has changed."""
    changed = 0
    for text, rows in ((statements.retry, batch.retries), (statements.finish, batch.endings)):
        if rows:
            changed += connection.exec_driver_sql(text, rows).rowcount
    return changed


def _write_attempts(connection: Connection, statements: Statements, batch: _Batch) -> None:
    for columns, rows in batch.attempts.items():
        connection.exec_driver_sql(statements.add_attempt(columns), rows)


class _Batch(NamedTuple):
    """Rows of parameters, sorted by the statement that takes them."""

    retries: list[_Row]
    endings: list[_Row]
    attempts: dict[tuple[str, ...], list[_Row]]
    ticket: int


def _sort(results: Sequence[Result], ticket: int) -> _Batch:
    retries: list[_Row] = []
    endings: list[_Row] = []
    attempts: dict[tuple[str, ...], list[_Row]] = {}
    # Many attempts share one object for their start or their outcome, so each object is encoded
    # once, by its id. No id is reused while `results` holds the objects.
    encoded: dict[int, tuple[_Row, list[_Row]]] = {}
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
            columns, values = _columns_of(outcome, repeated)
            known = values, attempts.setdefault(columns, [])
            if not repeated:
                encoded[id(outcome)] = known
        known[1].append((delivery_id, started, number) + known[0])
    return _Batch(retries, endings, attempts, ticket)


def _columns_of(outcome: Outcome, repeated: bool) -> tuple[tuple[str, ...], _Row]:
    """Return the columns that are filled, and the values of those after the number."""
    filled, values = encode_outcome(outcome)
    columns = ("delivery_id", "started_at", "number", *filled)
    return ((*columns, "repeated"), (*values, 1)) if repeated else (columns, values)
