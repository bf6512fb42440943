"""Holds one delivery and its attempts for the ledger in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mockserver.core.finding import DeliveryFilter
from mockserver.core.models import Attempt, Delivery, NewDelivery
from mockserver.core.retry import DeliveryState

_PENDING = DeliveryState.PENDING

#: The claim of a delivery that nobody is sending.
NO_CLAIM = 0


class Row:
    """A delivery's place in memory: what it is, and how far it has come."""

    __slots__ = (
        "attempts_made",
        "claim",
        "due_at",
        "history",
        "id",
        "new",
        "order",
        "repeated",
        "state",
    )

    def __init__(self, delivery_id: int, new: NewDelivery) -> None:
        self.id = delivery_id
        self.new = new
        self.state = _PENDING
        self.attempts_made = 0
        self.due_at: datetime | None = new.due_at
        self.order = 0
        self.claim = NO_CLAIM
        self.repeated = False
        # Number, start, outcome and repetition of each attempt, one after the other: a
        # million attempts take a third of what a tuple for each would.
        self.history: list[Any] = []

    def passes(self, wanted: DeliveryFilter) -> bool:
        """Return whether it is one of those that are wanted."""
        new = self.new
        return wanted.accepts_values(
            self.state, new.postback_id, new.app_id, new.due_at, new.event, new.url
        )

    def as_delivery(self) -> Delivery:
        """Return the delivery as it stands."""
        new = self.new
        return Delivery(
            self.id,
            new.app_id,
            new.postback_id,
            new.url,
            new.event,
            new.due_at,
            self.state,
            self.attempts_made,
            self.due_at,
        )

    def as_attempts(self) -> list[Attempt]:
        """Return its attempts in the order in which they were recorded."""
        fields = iter(self.history)
        made = zip(fields, fields, fields, fields, strict=True)
        return [Attempt(self.id, *attempt) for attempt in made]


def instants_of(rows: Iterable[Row]) -> list[datetime]:
    """Return when these were created, and when their attempts ended."""
    rows = list(rows)
    ends = [attempt.ended_at for row in rows for attempt in row.as_attempts()]
    return [row.new.due_at for row in rows] + ends
