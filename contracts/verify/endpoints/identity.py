"""Breaks endpoints in which postbacks they take for the same event."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant
from contracts.verify.endpoints.outage import RestartingShop, restarted_behind_a_proxy
from contracts.verify.endpoints.shop import VALUES, Row, Shop, Store
from contracts.verify.endpoints.steps import changed, identifying
from mockserver.core.clock import ManualClock

#: How many events are remembered, where that is limited.
_REMEMBERED = 50


class _Forgets(Shop):
    """Knows the last events only."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._last: list[Hashable] = []

    def keep(self, row: Row) -> bool:
        identity = self.identity(row)
        if identity in self._last:
            return False
        self._last = [*self._last, identity][-_REMEMBERED:]
        self.store.add_anyway(row)
        return True


class _NullsDiffer(Shop):
    """Stores an empty value as null, and to its database nulls are never equal."""

    empty = ("device",)

    def keep(self, row: Row) -> bool:
        if any(not row.get(name) for name in self.empty):
            self.store.add_anyway(row)
            return True
        return super().keep(row)


class _NullUsersDiffer(_NullsDiffer):
    empty = ("user",)


class _CountsTheThird(Shop):
    """Recognises a duplicate once, and forgets the event then."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._times: Counter[Hashable] = Counter()

    def keep(self, row: Row) -> bool:
        self._times[self.identity(row)] += 1
        if self._times[self.identity(row)] == 2:
            return False
        self.store.add_anyway(row)
        return True


class _ForgetsAtRestart(RestartingShop):
    """Has its events on disk, and in memory which ones it knows."""

    def come_up(self) -> None:
        super().come_up()
        self.store.forget()


def _all_but(name: str) -> Callable[[Row], Hashable]:
    return lambda row: tuple(str(row.get(each)) for each in VALUES if each != name)


def _compared(name: str, compare: Callable[[str], object]) -> Callable[[Row], Hashable]:
    def identity(row: Row) -> Hashable:
        values: list[Any] = [str(row.get(each)) for each in VALUES if each != name]
        return (*values, compare(str(row.get(name))))

    return identity


def _without_accents(text: str) -> str:
    return "".join(
        each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each)
    )


def _number(text: str) -> object:
    return int(text) if text.isdigit() else text


def _forgetting(name: str, value: str, what: str) -> EndpointVariant:
    return identifying(
        name, f"Two events that differ only in {what} are taken for one.", _all_but(value)
    )


def _comparing(
    name: str, value: str, how: str, compare: Callable[[str], object]
) -> EndpointVariant:
    return identifying(
        name, f"The {value}s of two events are compared {how}.", _compared(value, compare)
    )


#: Events that are lost, because another one is taken for them.
APART = (
    _forgetting("forgets-the-user", "user", "the user"),
    _forgetting("forgets-the-device", "device", "the device"),
    _forgetting("forgets-the-message", "message", "the message"),
    _forgetting("forgets-the-event", "event", "what happened"),
    _forgetting("forgets-the-time", "at", "the time"),
    _forgetting("forgets-parameters", "parameters", "Parameters"),
    _forgetting("forgets-the-channel", "channel", "the channel"),
    identifying(
        "dedupes-by-minute",
        "Events of one minute are taken for one.",
        _compared("at", lambda text: text[:-5]),
    ),
    identifying(
        "dedupes-by-index",
        "Of Parameters only the index tells two events apart.",
        _compared("parameters", lambda text: text.partition(",")[0]),
    ),
)
#: Ids that are taken for the same.
NEAR = (
    _comparing("compares-without-case", "user", "without case", str.lower),
    _comparing("compares-devices-without-case", "device", "without case", str.casefold),
    _comparing("compares-without-accents", "user", "without accents", _without_accents),
    _comparing("compares-devices-without-accents", "device", "without accents", _without_accents),
    _comparing("compares-without-blanks", "user", "without blanks at the end", str.rstrip),
    _comparing("compares-devices-without-blanks", "device", "without blanks around", str.strip),
    _comparing("compares-as-numbers", "user", "as numbers", _number),
    _comparing(
        "compares-composed", "user", "composed", lambda text: unicodedata.normalize("NFC", text)
    ),
)
#: Keys that are one text, in which nobody sees where a value ends.
JOINED = (
    identifying(
        "joins-values",
        "Events are known by their values, one behind the other.",
        lambda row: "".join(str(row.get(name)) for name in VALUES),
    ),
    identifying(
        "joins-values-with-a-bar",
        "Events are known by their values, joined by bars.",
        lambda row: "|".join(str(row.get(name)) for name in VALUES),
    ),
    identifying(
        "joins-ids-with-a-dash",
        "Events are known by user and device, joined by a dash, and by the time.",
        lambda row: (f"{row.get('user')}-{row.get('device')}", row.get("at"), row.get("event")),
    ),
)
#: Duplicates that are counted.
AGAIN = (
    changed("forgets-what-it-knew", "repeat", "Only the last 50 events are known again.", _Forgets),
    changed(
        "nulls-are-never-equal", "repeat", "An event without a device is always new.", _NullsDiffer
    ),
    changed(
        "null-users-are-never-equal",
        "repeat",
        "An event without a user is always new.",
        _NullUsersDiffer,
    ),
    changed(
        "counts-the-third",
        "repeat",
        "Of a postback every time but the second counts.",
        _CountsTheThird,
    ),
    EndpointVariant(
        "knows-nothing-after-a-restart",
        "repeat",
        "After a restart it knows no event again.",
        restarted_behind_a_proxy(_ForgetsAtRestart),
    ),
)

DEVIANTS = (*APART, *NEAR, *JOINED, *AGAIN)
