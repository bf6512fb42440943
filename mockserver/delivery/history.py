"""Reads deliveries back with their attempts, filtered and in order, for users of a sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import overload

from mockserver.core.clock import as_hours
from mockserver.core.errors import InvalidValue
from mockserver.core.matching import Mismatch
from mockserver.core.models import Attempt, Delivery, Event
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Ledger


@dataclass(frozen=True, slots=True)
class DeliveryHistory(Delivery):
    """A delivery with every attempt made so far, oldest first."""

    attempts: tuple[Attempt, ...] = ()

    def offset_of(self, attempt: Attempt) -> timedelta:
        """Return how long after the first attempt of the delivery this one started."""
        return attempt.started_at - self.attempts[0].started_at

    @property
    def offsets_in_hours(self) -> list[float]:
        """Return the offsets of all attempts in hours, e.g. `[0.0, 1.0, 3.0]`."""
        return [as_hours(self.offset_of(attempt)) for attempt in self.attempts]


@dataclass(frozen=True, slots=True)
class Triggered:
    """What an event led to.

    Attributes:
        event: The event as it happened.
        deliveries: One for each rule it fired, with the attempts made so far.
        mismatches: The rules it did not fire, each with the reason.
    """

    event: Event
    deliveries: list[DeliveryHistory]
    mismatches: list[Mismatch]


class Deliveries(Sequence[DeliveryHistory]):
    """The deliveries of a ledger as they stand now; call it to filter them.

    Behaves as a list that is read afresh at every use: `deliveries[0]`, `len(deliveries)`,
    `deliveries(state="lost")`.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __call__(
        self,
        *,
        state: DeliveryState | str | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[DeliveryHistory]:
        """Return the deliveries that pass all filters, oldest first.

        Args:
            state: Only those in this state now.
            postback_id: Only those of this rule.
            app_id: Only those of this app.
            after: Only those with a larger id.
            limit: How many at most.

        Raises:
            InvalidValue: There is no such state.
        """
        found = self._ledger.deliveries(
            state=None if state is None else _state(state),
            postback_id=postback_id,
            app_id=app_id,
            after=after,
            limit=limit,
        )
        return [with_attempts(self._ledger, delivery) for delivery in found]

    @overload
    def __getitem__(self, index: int) -> DeliveryHistory: ...
    @overload
    def __getitem__(self, index: slice) -> list[DeliveryHistory]: ...
    def __getitem__(self, index: int | slice) -> DeliveryHistory | list[DeliveryHistory]:
        return self()[index]

    def __iter__(self) -> Iterator[DeliveryHistory]:
        return iter(self())

    def __len__(self) -> int:
        return len(self._ledger.deliveries())

    def __eq__(self, other: object) -> bool:
        return self() == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self())


def _state(name: str) -> DeliveryState:
    try:
        return DeliveryState(name)
    except ValueError:
        raise InvalidValue(
            f"unknown state {name!r}; deliveries are {', '.join(DeliveryState)}"
        ) from None


def with_attempts(ledger: Ledger, delivery: Delivery) -> DeliveryHistory:
    """Return `delivery` with its attempts."""
    values = {field.name: getattr(delivery, field.name) for field in fields(delivery)}
    return DeliveryHistory(**values, attempts=tuple(ledger.attempts(delivery.id)))
