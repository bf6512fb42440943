"""Says where a delivery must stand after its attempts, so that cases can compare with it.

It is the retry policy once more, written apart from the fake's own, so that it can be wrong. What
came of each attempt is taken as it was; when it was made, and what follows from it, is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.conformance.schedule import PROMISED
from mockserver.web.shapes import AttemptJson, DeliveryJson

#: How long an attempt takes that is not answered.
TIMEOUT = timedelta(seconds=30)

#: Outcomes without an answer, all of which are retried.
NO_ANSWER = frozenset({"timeout", "reset", "refused", "dns", "tls"})


class Standing(NamedTuple):
    """Where a delivery stands.

    Attributes:
        started_at: When each attempt was made; None for one that must not have been.
    """

    state: str
    attempts_made: int
    due_at: datetime | None
    started_at: tuple[datetime | None, ...]


def actual(delivery: DeliveryJson) -> Standing:
    """Return where a delivery stands, as the server says."""
    started_at = tuple(attempt.started_at for attempt in delivery.attempts)
    return Standing(delivery.state, delivery.attempts_made, delivery.due_at, started_at)


def expected(
    delivery: DeliveryJson, now_at: datetime, pauses: Sequence[timedelta] = PROMISED
) -> Standing:
    """Return where it must stand now, after what came of the attempts that were made.

    Args:
        delivery: With all its attempts.
        now_at: The present instant.
        pauses: The schedule; several obey what is documented.
    """
    state, made = "pending", 0
    due_at: datetime | None = delivery.created_at
    started_at: list[datetime | None] = []
    for attempt in delivery.attempts:
        if attempt.manual:
            # It is made whenever somebody asks, and only a success changes anything.
            started_at.append(attempt.started_at)
            if state == "pending" and is_success(attempt):
                state, due_at = "delivered", None
            continue
        started_at.append(due_at)
        if due_at is None:
            continue
        made += 1
        state, due_at = _followed(attempt, made, due_at, pauses)
    if due_at is not None and due_at <= now_at:
        # It is overdue: one more attempt must have been made.
        started_at.append(due_at)
    return Standing(state, made, due_at, tuple(started_at))


def is_success(attempt: AttemptJson) -> bool:
    """Return whether an attempt ended its delivery well."""
    return attempt.outcome == "response" and (attempt.status or 0) // 100 == 2


def is_retried(attempt: AttemptJson) -> bool:
    """Return whether an attempt is followed by another one, while some are left."""
    if attempt.outcome == "response":
        return (attempt.status or 0) // 100 == 5
    return attempt.outcome in NO_ANSWER


def first_difference(
    deliveries: Iterable[DeliveryJson], now_at: datetime, pauses: Sequence[timedelta] = PROMISED
) -> str:
    """Return in words what is wrong with the first delivery that stands elsewhere; empty if none.

    Attempts are given as hours after the first one, with what came of each.
    """
    for delivery in deliveries:
        wanted, seen = expected(delivery, now_at, pauses), actual(delivery)
        if wanted != seen:
            outcomes = ", ".join(_shown(attempt) for attempt in delivery.attempts)
            return (
                f"delivery {delivery.id} after {outcomes or 'no attempt'}: "
                f"expected {_in_short(wanted, delivery)}, got {_in_short(seen, delivery)}"
            )
    return ""


def _followed(
    attempt: AttemptJson, made: int, due_at: datetime, pauses: Sequence[timedelta]
) -> tuple[str, datetime | None]:
    if is_success(attempt):
        return "delivered", None
    if not is_retried(attempt):
        return "rejected", None
    if made > len(pauses):
        return "lost", None
    took = TIMEOUT if attempt.outcome == "timeout" else attempt.ended_at - attempt.started_at
    return "pending", due_at + took + pauses[made - 1]


def _shown(attempt: AttemptJson) -> str:
    outcome = str(attempt.status) if attempt.outcome == "response" else attempt.outcome
    return f"a resend answered {outcome}" if attempt.manual else outcome


def _in_short(standing: Standing, delivery: DeliveryJson) -> str:
    at = [_after(instant, delivery) for instant in standing.started_at]
    due = "nothing due" if standing.due_at is None else f"due {_after(standing.due_at, delivery)}"
    return f"{standing.state}, attempts at {', '.join(at)}, {due}"


def _after(instant: datetime | None, delivery: DeliveryJson) -> str:
    if instant is None:
        return "no time at all"
    hours = (instant - delivery.created_at) / timedelta(hours=1)
    return f"{hours:.4f}".rstrip("0").rstrip(".") + "h"
