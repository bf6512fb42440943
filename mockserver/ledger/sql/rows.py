"""Turns new deliveries into rows of the SQL ledger's tables, and rows into what they hold again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mockserver.core.catalog import PostbackType
from mockserver.core.models import App, Attempt, Delivery, DueAttempt, NewDelivery, PostbackRule
from mockserver.core.retry import DeliveryState
from mockserver.ledger.sql.codec import (
    decode_app,
    decode_channels,
    decode_event,
    encode_event,
    from_microseconds,
    stored,
    to_microseconds,
    unreadable_delivery,
)
from mockserver.ledger.sql.database import Row
from mockserver.ledger.sql.outcomes import decode_outcome


@stored("app", "`postbacks reset --everything`")
def app_of(row: Row) -> App:
    """Return the app that a row of `ALL_APPS` holds."""
    _, document = row
    return decode_app(document)


@stored("rule", "`postbacks reset`")
def rule_of(row: Row) -> PostbackRule:
    """Return the rule that a row of `ALL_RULES` holds."""
    postback_id, app_id, type, channels, url, created = row
    return PostbackRule(
        postback_id,
        app_id,
        PostbackType(type),
        decode_channels(channels),
        url,
        from_microseconds(created),
    )


@stored("delivery", "`postbacks reset`")
def delivery_of(row: Row) -> Delivery:
    """Return the delivery that a row of `select_page` or `select_deliveries` holds."""
    delivery_id, app_id, postback_id, url, event, created, state, attempts_made, due = row
    return Delivery(
        delivery_id,
        app_id,
        postback_id,
        url,
        decode_event(event),
        from_microseconds(created),
        _STATES[state],
        attempts_made,
        None if due is None else from_microseconds(due),
    )


_STATES = {state.value: state for state in DeliveryState}


@stored("an attempt of delivery", "`postbacks reset`")
def attempt_of(row: Row) -> Attempt:
    """Return the attempt that a row of `select_attempts` holds."""
    delivery_id, number, started, repeated, *outcome = row
    return Attempt(
        delivery_id,
        number,
        from_microseconds(started),
        decode_outcome(*outcome),
        bool(repeated),
    )


def due_attempts_of(rows: Iterable[Row], claim: int) -> list[DueAttempt]:
    """Return the attempts that rows of `SELECT_DUE` hold, claimed by `claim`."""
    claimed = []
    last_due = None
    for delivery_id, app_id, url, attempts_made, due, interrupted, _ in rows:
        # Another program may have changed them; the sender would fail at what it does not know.
        if type(url) is not str or type(app_id) is not str or type(attempts_made) is not int:
            raise unreadable_delivery(delivery_id)
        # Many fall due at one instant; they share its object.
        if due != last_due:
            last_due, due_at = due, from_microseconds(due)
        claimed.append(
            DueAttempt(delivery_id, app_id, url, attempts_made + 1, due_at, interrupted == 1, claim)
        )
    return claimed


def rows_of_new(
    new: Sequence[NewDelivery], first_id: int, first_ticket: int
) -> tuple[list[Row], list[Row], int]:
    """Return the rows of `deliveries`, those of `progress`, and the latest instant among them."""
    # One event may fire several rules; it is written out once.
    documents: dict[int, str] = {}
    written: list[Row] = []
    progress: list[Row] = []
    last_due_at: datetime | None = None
    due, latest = 0, None
    for offset, (app_id, postback_id, url, event, due_at) in enumerate(new):
        document = documents.get(id(event))
        if document is None:
            document = documents[id(event)] = encode_event(event)
        # Many fall due at one instant; they share its object.
        if due_at is not last_due_at:
            last_due_at, due = due_at, to_microseconds(due_at)
            latest = due if latest is None else max(latest, due)
        written.append((first_id + offset, app_id, postback_id, url, document, due))
        progress.append((first_id + offset, due, first_ticket + offset))
    assert latest is not None, "there is at least one"
    return written, progress, latest
