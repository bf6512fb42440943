"""Reads deliveries back with their attempts, filtered and in order, for users of a sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, overload

from mockserver.core.catalog import event_kind
from mockserver.core.clock import as_hours, as_utc
from mockserver.core.errors import InvalidValue, UnknownDelivery
from mockserver.core.finding import DeliveryFilter
from mockserver.core.matching import Mismatch
from mockserver.core.models import Attempt, Delivery, Event, is_id
from mockserver.core.retry import DeliveryState
from mockserver.delivery.intake import Taken, find_app
from mockserver.ledger.protocol import Backwards, Ledger

if TYPE_CHECKING:
    from mockserver.core.names import EventName, StateName


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
        state: DeliveryState | StateName | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        user_id: str | None = None,
        event: EventName | None = None,
        since_at: datetime | None = None,
        until_at: datetime | None = None,
        text: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[DeliveryHistory]:
        """Return the deliveries that pass all filters, oldest first.

        Args:
            state: Only those in this state now.
            postback_id: Only those of this rule.
            app_id: Only those of this app.
            user_id: Only those of an event of this user.
            event: Only those of this event, by its name, e.g. `email.click`.
            since_at: Only those whose event happened then or later, aware. What counts is when the
                sandbox took it in, not its trigger time, which may lie in the past.
            until_at: Only those whose event happened before, aware.
            text: Only those with this in their URL or in a word of their event, e.g. the user id.
            after: Only those with a larger id.
            limit: How many at most.

        Raises:
            InvalidEvent: There is no such event.
            InvalidValue: There is no such state, an instant has no time zone, or no delivery can
                have such a `user_id` or `postback_id`.
            UnknownApp: There is no such app.
        """
        wanted = self.wanted(
            state=state,
            postback_id=postback_id,
            app_id=app_id,
            user_id=user_id,
            event=event,
            since_at=since_at,
            until_at=until_at,
            text=text,
        )
        return self.page(wanted, after, limit)

    def page(
        self, wanted: DeliveryFilter, after: int = 0, limit: int | None = None
    ) -> list[DeliveryHistory]:
        """Return the deliveries that pass a filter, oldest first, after an id; see `wanted`."""
        found = self._ledger.find_deliveries(wanted, after=after, limit=limit)
        return _with_attempts(self._ledger, found)

    def wanted(
        self,
        *,
        state: DeliveryState | StateName | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        user_id: str | None = None,
        event: EventName | None = None,
        since_at: datetime | None = None,
        until_at: datetime | None = None,
        text: str | None = None,
    ) -> DeliveryFilter:
        """Return the filter that a call with these values applies; raises as that does."""
        _check_types(user_id, postback_id)
        return DeliveryFilter(
            None if state is None else _state(state),
            postback_id,
            None if app_id is None else find_app(self._ledger, app_id).app_id,
            user_id,
            None if event is None else event_kind(event),
            None if since_at is None else as_utc(since_at, "since_at"),
            None if until_at is None else as_utc(until_at, "until_at"),
            text,
        )

    def latest(
        self, wanted: DeliveryFilter, limit: int, before: int | None = None
    ) -> tuple[list[DeliveryHistory], int | None]:
        """Return deliveries that pass a filter, the newest first, and where to go on.

        It does not look through all of very many at once: it may return few or none, and an id to
        ask with as `before` for more. Without such an id there are no more.

        Args:
            wanted: See `wanted`.
            limit: How many at most.
            before: Only those with a smaller id.
        """
        page = self._ledger.find_latest(wanted, Backwards(limit, before))
        return _with_attempts(self._ledger, page.deliveries), page.before

    def soonest(self, limit: int) -> list[DeliveryHistory]:
        """Return the pending deliveries whose next attempt is due first, in that order.

        Those of which an attempt is under way are not among them.
        """
        return _with_attempts(self._ledger, self._ledger.soonest(limit))

    @overload
    def __getitem__(self, index: int) -> DeliveryHistory: ...
    @overload
    def __getitem__(self, index: slice) -> list[DeliveryHistory]: ...
    def __getitem__(self, index: int | slice) -> DeliveryHistory | list[DeliveryHistory]:
        return self()[index]

    def __iter__(self) -> Iterator[DeliveryHistory]:
        return iter(self())

    def __len__(self) -> int:
        return self._ledger.delivery_count()

    def __eq__(self, other: object) -> bool:
        return self() == other if isinstance(other, list) else NotImplemented

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self())


def _check_types(user_id: object, postback_id: object) -> None:
    """Refuse what no delivery is equal to: whoever expects none would find none."""
    if user_id is not None and not isinstance(user_id, str):
        raise InvalidValue(f"user_id is text, so no delivery has user_id={user_id!r}")
    if postback_id is not None and not isinstance(postback_id, int):
        raise InvalidValue(f"postback_id is a number, so no delivery has {postback_id!r}")


def _state(name: str) -> DeliveryState:
    try:
        return DeliveryState(name)
    except ValueError:
        raise InvalidValue(
            f"unknown state {name!r}; deliveries are {', '.join(DeliveryState)}"
        ) from None


def history(ledger: Ledger, delivery_id: int) -> DeliveryHistory:
    """Return one delivery with its attempts.

    Raises:
        UnknownDelivery: No delivery has this id.
    """
    delivery = ledger.delivery(delivery_id) if is_id(delivery_id) else None
    if delivery is None:
        raise UnknownDelivery(f"no delivery has the id {delivery_id}")
    return _history(delivery, ledger.attempts(delivery_id))


def as_taken(taken: Sequence[Taken]) -> list[Triggered]:
    """Return what each of these events has fired, without the attempts that may have been made."""
    return [
        Triggered(
            event, [_history(delivery, ()) for delivery in deliveries], list(matches.mismatched)
        )
        for event, matches, deliveries in taken
    ]


def what_came_of(ledger: Ledger, taken: Sequence[Taken]) -> list[Triggered]:
    """Return what each of these events has led to, with the attempts made meanwhile.

    Raises:
        UnknownDelivery: A reset has removed a delivery meanwhile.
    """
    ids = [delivery.id for _, _, deliveries in taken for delivery in deliveries]
    found = {each.id: each for each in _with_attempts(ledger, ledger.deliveries_of(ids))}
    for delivery_id in ids:
        if delivery_id not in found:
            raise UnknownDelivery(f"no delivery has the id {delivery_id}")
    return [
        Triggered(event, [found[delivery.id] for delivery in deliveries], list(matches.mismatched))
        for event, matches, deliveries in taken
    ]


def _with_attempts(ledger: Ledger, deliveries: Sequence[Delivery]) -> list[DeliveryHistory]:
    attempts = ledger.attempts_of([delivery.id for delivery in deliveries])
    return [_history(delivery, attempts[delivery.id]) for delivery in deliveries]


def _history(delivery: Delivery, attempts: Sequence[Attempt]) -> DeliveryHistory:
    return DeliveryHistory(
        delivery.id,
        delivery.app_id,
        delivery.postback_id,
        delivery.url,
        delivery.event,
        delivery.created_at,
        delivery.state,
        delivery.attempts_made,
        delivery.due_at,
        tuple(attempts),
    )
