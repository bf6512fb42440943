"""Turns rows of the SQL ledger's tables into rules, deliveries and attempts again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, Select, select

from mockserver.core.catalog import PostbackType
from mockserver.core.models import Attempt, Delivery, DueAttempt, PostbackRule
from mockserver.core.retry import DeliveryState
from mockserver.ledger.sql.codec import decode_channels, decode_event, from_microseconds
from mockserver.ledger.sql.outcomes import OUTCOME_COLUMNS, decode_outcome
from mockserver.ledger.sql.schema import attempts, deliveries, progress


def rule_of(row: Row[Any]) -> PostbackRule:
    """Return the rule that a row of `rules` holds."""
    return PostbackRule(
        row.postback_id,
        row.app_id,
        PostbackType(row.type),
        decode_channels(row.channels),
        row.url,
        from_microseconds(row.created_at),
    )


def select_deliveries() -> Select[Any]:
    """Return the query whose rows `delivery_of` takes, without filter or order."""
    return select(
        deliveries.c.id,
        deliveries.c.app_id,
        deliveries.c.postback_id,
        deliveries.c.url,
        deliveries.c.event,
        deliveries.c.created_at,
        progress.c.state,
        progress.c.attempts_made,
        progress.c.due_at,
    ).join_from(deliveries, progress, deliveries.c.id == progress.c.delivery_id)


def delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery that a row of `select_deliveries` holds."""
    return Delivery(
        row.id,
        row.app_id,
        row.postback_id,
        row.url,
        decode_event(row.event),
        from_microseconds(row.created_at),
        DeliveryState(row.state),
        row.attempts_made,
        None if row.due_at is None else from_microseconds(row.due_at),
    )


def select_attempts() -> Select[Any]:
    """Return the query whose rows `attempt_of` takes, without filter or order."""
    outcome = (attempts.c[name] for name in OUTCOME_COLUMNS)
    return select(
        attempts.c.delivery_id,
        attempts.c.number,
        attempts.c.started_at,
        attempts.c.repeated,
        *outcome,
    )


def attempt_of(row: Row[Any]) -> Attempt:
    """Return the attempt that a row of `select_attempts` holds."""
    delivery_id, number, started, repeated, *outcome = tuple(row)
    return Attempt(
        delivery_id,
        number,
        from_microseconds(started),
        decode_outcome(*outcome),
        bool(repeated),
    )


def due_attempts_of(rows: Iterable[Any], claim: int) -> list[DueAttempt]:
    """Return the attempts that rows of `Statements.select_due` hold, claimed by `claim`."""
    claimed = []
    last_due = None
    for delivery_id, app_id, url, attempts_made, due, interrupted, _ in rows:
        # Many fall due at one instant; they share its object.
        if due != last_due:
            last_due, due_at = due, from_microseconds(due)
        claimed.append(
            DueAttempt(delivery_id, app_id, url, attempts_made + 1, due_at, interrupted == 1, claim)
        )
    return claimed
