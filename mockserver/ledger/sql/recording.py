"""Writing finished attempts, and what follows them, into the SQL ledger's tables.

Decides: how the promises of `Ledger.record` are kept, fast when nothing unusual is among the
results. Place in the flow: called by `ledger.sql` inside a transaction. Must not import:
anything but `core` and its neighbours in `ledger`.
"""

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

_PENDING = DeliveryState.PENDING.value

_Row = tuple[Any, ...]


class Unusual(Exception):
    """Not every result is a scheduled attempt that still has its claim; nothing is valid."""


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
    changed = 0
    for text, rows in ((statements.retry, batch.retries), (statements.finish, batch.endings)):
        if rows:
            changed += connection.exec_driver_sql(text, rows).rowcount
    if changed != len(results):
        raise Unusual
    for columns, rows in batch.attempts.items():
        connection.exec_driver_sql(statements.add_attempt(columns), rows)
    return batch.ticket


def record_one_by_one(
    connection: Connection, statements: Statements, results: Sequence[Result], ticket: int
) -> int:
    """Write results of every sort, looking at each delivery first.

    Args and result are those of `record_usual`.
    """
    for result in results:
        attempt, _, _, state, due_at = result
        delivery_id, number, claim = attempt.delivery_id, attempt.number, attempt.claim
        found = connection.exec_driver_sql(statements.select_claim, (delivery_id,)).one_or_none()
        if found is None or (number is not None and found.claim != claim):
            continue
        _write_attempt(connection, statements, result)
        is_pending = found.state == _PENDING
        if number is None:
            if is_pending and state is DeliveryState.DELIVERED:
                connection.exec_driver_sql(statements.end_early, (state.value, delivery_id))
        elif not is_pending:
            connection.exec_driver_sql(statements.count_only, (number, delivery_id, claim))
        elif due_at is None:
            connection.exec_driver_sql(statements.finish, (state.value, number, delivery_id, claim))
        else:
            ticket += 1
            row = (number, to_microseconds(due_at), ticket, delivery_id, claim)
            connection.exec_driver_sql(statements.retry, row)
    return ticket


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
    # Attempts of one instant share their times, attempts that fared alike their outcome; what
    # has been encoded once is used again. No id is reused while `results` holds the objects.
    encoded: dict[int, tuple[_Row, list[_Row]]] = {}
    last_started_at = last_due_at = None
    started = due = 0
    for attempt, started_at, outcome, state, due_at in results:
        delivery_id, _, _, number, _, repeated, claim = attempt
        if number is None:
            raise Unusual
        if due_at is None:
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
            columns, values = _columns_of(outcome, number, repeated)
            known = values, attempts.setdefault(columns, [])
            if not repeated:
                encoded[id(outcome)] = known
        known[1].append((delivery_id, started, number) + known[0])
    return _Batch(retries, endings, attempts, ticket)


def _write_attempt(connection: Connection, statements: Statements, result: Result) -> None:
    attempt = result.attempt
    columns, values = _columns_of(result.outcome, attempt.number, attempt.repeated)
    row: _Row = (attempt.delivery_id, to_microseconds(result.started_at))
    if attempt.number is not None:
        row += (attempt.number,)
    connection.exec_driver_sql(statements.add_attempt(columns), row + values)


def _columns_of(
    outcome: Outcome, number: int | None, repeated: bool
) -> tuple[tuple[str, ...], _Row]:
    """Return the columns that are filled, and the values of those after the number."""
    columns: tuple[str, ...] = ("delivery_id", "started_at")
    if number is not None:
        columns += ("number",)
    filled, values = encode_outcome(outcome)
    columns += filled
    if repeated:
        columns += ("repeated",)
        values += (1,)
    return columns, values
