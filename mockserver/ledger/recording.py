"""Writing finished attempts, and what follows them, into the SQL ledger's tables.

Decides: how the promises of `Ledger.record` are kept, fast when nothing unusual is among the
results. Place in the flow: called by `ledger.sql` inside a transaction. Must not import:
anything but `core` and its neighbours in `ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from mockserver.core.models import DeliveryState
from mockserver.core.outcome import Outcome
from mockserver.ledger.codec import to_microseconds
from mockserver.ledger.outcomes import encode_outcome
from mockserver.ledger.protocol import Result
from mockserver.ledger.statements import Statements

_PENDING = DeliveryState.PENDING.value


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
    batch = _Batch(statements)
    for result in results:
        if result.attempt.number is None:
            raise Unusual
        ticket = batch.add(result, ticket)
    changed = 0
    for text, rows in ((statements.retry, batch.retries), (statements.finish, batch.endings)):
        if rows:
            changed += connection.exec_driver_sql(text, rows).rowcount
    if changed != len(results):
        raise Unusual
    for columns, rows in batch.attempts.items():
        connection.exec_driver_sql(statements.add_attempt(columns), rows)
    return ticket


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


def _write_attempt(connection: Connection, statements: Statements, result: Result) -> None:
    attempt, started_at, outcome, _, _ = result
    encoded = encode_outcome(outcome)
    columns: tuple[str, ...] = ("delivery_id", "started_at")
    values: tuple[Any, ...] = (attempt.delivery_id, to_microseconds(started_at))
    if attempt.number is not None:
        columns += ("number",)
        values += (attempt.number,)
    columns += encoded.columns
    values += encoded.values
    if attempt.repeated:
        columns += ("repeated",)
        values += (1,)
    connection.exec_driver_sql(statements.add_attempt(columns), values)
