"""Breaks endpoints in how they treat the same postback again: refused, or counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import partial
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process, on_a_port
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: How many postbacks of a user are accepted in a minute.
_MOST_A_MINUTE = 5
#: Every so many stored events, one ends in an error.
_FOURTH = 4


class _AnswersDuplicates(Shop):
    def __init__(self, store: Store, clock: ManualClock, status: int) -> None:
        super().__init__(store, clock)
        self._status = status

    def again(self, row: Row) -> ShopAnswer:
        return ShopAnswer(self._status)


class _FailsOnDuplicate(Shop):
    def again(self, row: Row) -> ShopAnswer:
        raise ValueError("duplicate key value violates unique constraint")


class _TooManyRequests(Shop):
    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._made: Counter[Hashable] = Counter()

    def check(self, row: Row) -> ShopAnswer | None:
        minute = self.clock.now().replace(second=0, microsecond=0)
        self._made[row.get("user"), minute] += 1
        if self._made[row.get("user"), minute] > _MOST_A_MINUTE:
            return ShopAnswer(429, (("Retry-After", "60"),))
        return None


class _CountsDuplicates(Shop):
    def keep(self, row: Row) -> bool:
        self.store.add_anyway(row)
        return True


class _TakesArrivalForIdentity(Shop):
    def identity(self, row: Row) -> Hashable:
        arrived_at = self.clock.now()
        # No two requests arrive at the same instant.
        self.spend(timedelta(milliseconds=2))
        return row.get("user"), row.get("device"), arrived_at


class _StoresBefore500(Shop):
    """Stores an event, and fails before it remembers that the event is stored."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._done: set[Hashable] = set()

    def keep(self, row: Row) -> bool:
        if self.identity(row) in self._done:
            return False
        self.store.add_anyway(row)
        if len(self.store.rows) % _FOURTH == 0:
            raise ConnectionError("the mail server of the campaign team does not answer")
        self._done.add(self.identity(row))
        return True


class _Identifies(Shop):
    """Takes two postbacks for one event if only some of their values are the same."""

    def __init__(
        self, store: Store, clock: ManualClock, known_by: Callable[[Row], Hashable]
    ) -> None:
        super().__init__(store, clock)
        self._known_by = known_by

    def identity(self, row: Row) -> Hashable:
        return self._known_by(row)


def _second(row: Row) -> Hashable:
    names = ("user", "device", "message", "event")
    return *(row.get(name) for name in names), str(row.get("at"))[:-3]


def _repeating(
    name: str, change: str, make: Callable[[Store, ManualClock], Any]
) -> EndpointVariant:
    return EndpointVariant(name, "repeat", change, in_process(make))


def _answering(name: str, change: str, status: int) -> EndpointVariant:
    return _repeating(name, change, partial(_AnswersDuplicates, status=status))


def _knowing(name: str, change: str, known_by: Callable[[Row], Hashable]) -> EndpointVariant:
    return _repeating(name, change, partial(_Identifies, known_by=known_by))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _answering("conflict-on-duplicate", "A duplicate is answered 409.", 409),
    _answering("not-modified-on-duplicate", "A duplicate is answered 304.", 304),
    _repeating(
        "fails-on-duplicate",
        "The database refuses a duplicate, which ends in an exception.",
        _FailsOnDuplicate,
    ),
    _repeating(
        "too-many-requests", "A sixth postback of a user in a minute gets a 429.", _TooManyRequests
    ),
    EndpointVariant(
        "counts-duplicates",
        "repeat",
        "Every postback is stored, whatever is stored already.",
        on_a_port(_CountsDuplicates),
    ),
    _repeating(
        "takes-arrival-for-identity",
        "Postbacks that arrive at different times are different events.",
        _TakesArrivalForIdentity,
    ),
    _repeating(
        "stores-before-500",
        "Every fourth event is stored, then something fails, and it is not known again.",
        _StoresBefore500,
    ),
    _knowing("one-event-a-user", "A user has one event at most.", lambda row: row.get("user")),
    _knowing(
        "one-event-a-message",
        "A user has one event at most of each message.",
        lambda row: (row.get("user"), row.get("message")),
    ),
    _knowing(
        "one-event-a-moment",
        "A user has one event at most at any time.",
        lambda row: (row.get("user"), row.get("at")),
    ),
    _knowing("dedupes-by-second", "Events of one second are taken for one.", _second),
)
