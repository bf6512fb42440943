"""Breaks endpoints on some days, at some hours, and in how they write instants."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _at(row: Row) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(row["at"]))


class _Computes(Shop):
    """Computes something with the instant, which fails on some."""

    def __init__(
        self, store: Store, clock: ManualClock, compute: Callable[[datetime], Any]
    ) -> None:
        super().__init__(store, clock)
        self._compute = compute

    def check(self, row: Row) -> ShopAnswer | None:
        with suppress(KeyError):
            try:
                self._compute(_at(row))
            except (ValueError, ArithmeticError, LookupError):
                return ShopAnswer(500)
        return None


class _Writes(Shop):
    """Stores the instant as a text."""

    def __init__(self, store: Store, clock: ManualClock, write: Callable[[datetime], str]) -> None:
        super().__init__(store, clock)
        self._write = write

    def keep(self, row: Row) -> bool:
        return self.store.add(row | {"at": self._write(_at(row))}, self.identity(row))


def _london(at: datetime) -> str:
    """Return a text in the time of London, by the rule of the last Sundays, without a zone."""
    begins, ends = (_last_sunday(at.year, month) for month in (3, 10))
    local = at + timedelta(hours=1) if begins <= at < ends else at
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1_000:03}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _without_padding(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1_000}"


def _computing(name: str, change: str, compute: Callable[[datetime], Any]) -> EndpointVariant:
    def make(store: Store, clock: ManualClock) -> Shop:
        return _Computes(store, clock, compute)

    return EndpointVariant(name, "values", change, in_process(make))


def _writing(name: str, change: str, write: Callable[[datetime], str]) -> EndpointVariant:
    def make(store: Store, clock: ManualClock) -> Shop:
        return _Writes(store, clock, write)

    return EndpointVariant(name, "values", change, in_process(make))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _computing(
        "fails-on-sundays",
        "A table of weekdays has six, and a Sunday is answered 500.",
        lambda at: "MTWTFS"[at.weekday()],
    ),
    _computing(
        "fails-at-midnight",
        "An hour is divided by, and the first of a day is answered 500.",
        lambda at: 24 / at.hour,
    ),
    _computing(
        "fails-on-whole-seconds",
        "A text is read with its fraction, which Python leaves out where it is zero.",
        lambda at: datetime.strptime(at.isoformat(), "%Y-%m-%dT%H:%M:%S.%f%z"),
    ),
    _writing(
        "drops-zeros-of-milliseconds",
        "Milliseconds are written without their zeros in front: .005 is .5.",
        _without_padding,
    ),
    _computing(
        "fails-on-leap-days",
        "The same day of the next year is computed, which 29 February has not.",
        lambda at: at.replace(year=at.year + 1),
    ),
    _computing(
        "fails-on-the-31st",
        "The same day of the next month is computed, which is not always there.",
        lambda at: at.replace(month=at.month % 12 + 1),
    ),
    _writing("london-time", "The time of London is stored, without a zone.", _london),
    _computing(
        "fails-at-new-year",
        "A day of the year is counted from 0, and the first is answered 500.",
        lambda at: 366 / (at.timetuple().tm_yday - 1),
    ),
)
