"""Events, deliveries, outcomes and results that the tests of ledgers are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.models import DueAttempt, MessageEvent, NewDelivery, PostbackRule
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Ledger, Result

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAR = START + timedelta(days=3650)

OK = Outcome(OutcomeKind.RESPONSE, timedelta(milliseconds=12), 0.0125, status=200)
BROKEN = Outcome(OutcomeKind.RESPONSE, timedelta(seconds=1), 0.5, status=503)

_names = count()


def event(app_id: str = "app", at: datetime = START) -> MessageEvent:
    return MessageEvent(app_id, Channel.EMAIL, "Click", at, f"user-{next(_names)}")


def new(at: datetime = START, app_id: str = "app", postback_id: int = 1) -> NewDelivery:
    """Return a delivery whose URL no other has."""
    fired = event(app_id, at)
    return NewDelivery(app_id, postback_id, f"http://127.0.0.1/?u={fired.user_id}", fired, at)


def add(ledger: Ledger, *at: datetime) -> list[int]:
    """Add a delivery due at each of these instants; return their ids."""
    return [delivery.id for delivery in ledger.add_deliveries([new(each) for each in at])]


def add_rule(ledger: Ledger, app_id: str = "app", limit: int = 3) -> PostbackRule:
    url = "http://127.0.0.1/?u={{User ID}}"
    return ledger.add_rule(app_id, PostbackType.MESSAGE_EVENTS, ALL_CHANNELS, url, START, limit)


def retried(attempt: DueAttempt, due_at: datetime, outcome: Outcome = BROKEN) -> Result:
    """Return the result of a failed attempt that is to be repeated at `due_at`."""
    return Result(attempt, attempt.due_at, outcome, DeliveryState.PENDING, due_at)


def ended(
    attempt: DueAttempt, state: DeliveryState = DeliveryState.DELIVERED, outcome: Outcome = OK
) -> Result:
    """Return the result of an attempt that is the last of its delivery."""
    return Result(attempt, attempt.due_at, outcome, state, None)


def ids(attempts: Iterable[DueAttempt]) -> list[int]:
    return [attempt.delivery_id for attempt in attempts]


def claim_one(ledger: Ledger, until_at: datetime = FAR) -> DueAttempt:
    (attempt,) = ledger.claim(until_at, 1)
    return attempt


def state_of(ledger: Ledger, delivery_id: int) -> tuple[DeliveryState, int, datetime | None]:
    """Return where a delivery stands: its state, attempts made, when the next is due."""
    delivery = ledger.delivery(delivery_id)
    assert delivery is not None
    return delivery.state, delivery.attempts_made, delivery.due_at
