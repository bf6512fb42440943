"""Streams events at a rate that is given: constant, rising or falling evenly, or in steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from math import isqrt, lcm
from typing import Any

from mockserver.core.catalog import event_kind
from mockserver.core.errors import InvalidValue
from mockserver.load.arrival import Arrival
from mockserver.load.people import People
from mockserver.load.quantities import LONGEST, MOST_EVENTS

_SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time in which the rate is constant or changes evenly.

    Attributes:
        lasts: How long.
        from_rate: In events a second, at the beginning.
        to_rate: At the end.
    """

    lasts: timedelta
    from_rate: Fraction
    to_rate: Fraction


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch with its place in the stream; instants in microseconds, rates per microsecond."""

    begins: int
    lasts: int
    before: Fraction
    from_rate: Fraction
    to_rate: Fraction

    def events_until(self, at: int) -> Fraction:
        """Return how many events of the whole stream there are before an instant in the piece."""
        within = at - self.begins
        change = (self.to_rate - self.from_rate) * within * within / (2 * self.lasts)
        return self.before + self.from_rate * within + change

    def instants(self, first: int, until: int) -> Iterator[int]:
        """Yield when each event of these numbers is due, rounded down; they lie in this piece.

        That is the instant t after the beginning at which `from * t + change * t * t / 2 / lasts`
        events have come; all of it is multiplied by one number, so that it is whole.
        """
        whole = lcm(self.before.denominator, self.from_rate.denominator, self.to_rate.denominator)
        slope = int((self.to_rate - self.from_rate) * whole)
        rate = int(self.from_rate * whole)
        step, before = 2 * self.lasts * whole, int(2 * self.lasts * self.before * whole)
        needed = range(first * step - before, until * step - before, step)
        begins, rising = self.begins, rate * self.lasts
        if not slope:
            for each in needed:
                yield begins + each // (2 * rising)
        elif slope > 0:
            for each in needed:
                yield begins + (isqrt(rising * rising + slope * each) - rising) // slope
        else:
            for each in needed:
                root = rising * rising + slope * each
                # Rounded up, because it is taken away.
                up = isqrt(root - 1) + 1 if root > 0 else 0
                yield begins + (rising - up) // -slope


@dataclass(frozen=True, slots=True)
class Paced:
    """Events at a given rate.

    Attributes:
        shape: What people call it: `constant`, `ramp` or `steps`.
        stretches: One after the other.
        people: Who they happen to.
        event: What happens, as `trigger` calls it.
        audience: How many users there are, who take turns; None for a user each event.

    Raises:
        InvalidValue: There are no events, or too many, or no users.
    """

    shape: str
    stretches: tuple[Stretch, ...]
    people: People = field(default_factory=People)
    event: str = "email.click"
    audience: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be sent."""
        event_kind(self.event)
        if self.audience is not None and self.audience < 1:
            raise InvalidValue(f"an audience has one user at least, got {self.audience}")
        for stretch in self.stretches:
            if stretch.lasts <= timedelta(0):
                raise InvalidValue(f"the shape {self.shape} must last some time")
            if min(stretch.from_rate, stretch.to_rate) < 0:
                raise InvalidValue("a rate cannot be negative")
        if sum((stretch.lasts for stretch in self.stretches), timedelta(0)) > LONGEST:
            raise InvalidValue(f"the shape {self.shape} lasts longer than {LONGEST.days} days")
        events = sum(_area(stretch) for stretch in self.stretches)
        if not events:
            raise InvalidValue(f"the shape {self.shape} has no event: its rates are nothing")
        if events > MOST_EVENTS:
            raise InvalidValue(
                f"the shape {self.shape} has {int(events):,} events; {MOST_EVENTS:,} are allowed"
            )


def constant(rate: Fraction, lasts: timedelta, **options: Any) -> Paced:
    """Return events at one rate; `options` are the other fields of `Paced`."""
    return Paced("constant", (Stretch(lasts, rate, rate),), **options)


def ramp(from_rate: Fraction, to_rate: Fraction, lasts: timedelta, **options: Any) -> Paced:
    """Return events whose rate changes evenly from one to another."""
    return Paced("ramp", (Stretch(lasts, from_rate, to_rate),), **options)


def steps(
    from_rate: Fraction, to_rate: Fraction, number: int, each: timedelta, **options: Any
) -> Paced:
    """Return events at `number` rates, equally far apart, the first and the last as given.

    Raises:
        InvalidValue: There is no step.
    """
    if number < 1:
        raise InvalidValue(f"there must be one step at least, got {number}")
    rise = (to_rate - from_rate) / (number - 1) if number > 1 else Fraction(0)
    rates = [from_rate + rise * step for step in range(number)]
    return Paced("steps", tuple(Stretch(each, rate, rate) for rate in rates), **options)


class PacedStream:
    """The arrivals of a `Paced`, each at the earliest microsecond.

    Args:
        paced: What happens at which rate.
    """

    def __init__(self, paced: Paced) -> None:
        self.paced = paced
        self._pieces = _pieces(paced.stretches)
        last = self._pieces[-1]
        #: How many arrivals there are.
        self.total = _up(last.events_until(last.begins + last.lasts))

    @property
    def lasts(self) -> timedelta:
        """Return the planned instant of the last arrival."""
        return next(self._instants(self.total - 1)) * _MICROSECOND

    def part(self, index: int, parts: int) -> Iterator[Arrival]:
        """Return the arrivals of one worker, in the order of their planned instants."""
        kind, people = event_kind(self.paced.event), self.paced.people
        audience = self.paced.audience or self.total
        for number, at in enumerate(self._instants()):
            user = number % audience
            if user % parts == index:
                after = timedelta(microseconds=at)
                yield Arrival(number, after, people.event(kind, user, after))

    def counts(self, every: timedelta) -> Mapping[int, int]:
        """Return how many arrivals there are in each slice of time that has any."""
        slice_ = every // _MICROSECOND
        last = self._pieces[-1]
        counted, before = {}, 0
        pieces = iter(self._pieces)
        piece = next(pieces)
        for number in range(-(-(last.begins + last.lasts) // slice_)):
            end = min((number + 1) * slice_, last.begins + last.lasts)
            while end > piece.begins + piece.lasts:
                piece = next(pieces)
            until = _up(piece.events_until(end))
            if until > before:
                counted[number] = until - before
            before = until
        return counted

    def as_json(self) -> Mapping[str, Any]:
        """Return what `streams.stream_from` makes an equal stream of."""
        return {
            "shape": self.paced.shape,
            "stretches": [
                [stretch.lasts // _MICROSECOND, str(stretch.from_rate), str(stretch.to_rate)]
                for stretch in self.paced.stretches
            ],
            "people": self.paced.people.as_json(),
            "event": self.paced.event,
            "audience": self.paced.audience,
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> PacedStream:
        """Return the stream that `as_json` was asked of."""
        stretches = tuple(
            Stretch(lasts * _MICROSECOND, Fraction(from_rate), Fraction(to_rate))
            for lasts, from_rate, to_rate in document["stretches"]
        )
        people = People.from_json(document["people"])
        return PacedStream(
            Paced(document["shape"], stretches, people, document["event"], document["audience"])
        )

    def _instants(self, first: int = 0) -> Iterator[int]:
        """Yield when each arrival is planned, in microseconds, from number `first` on."""
        for piece in self._pieces:
            until = _up(piece.events_until(piece.begins + piece.lasts))
            yield from piece.instants(max(first, _up(piece.before)), until)


def _pieces(stretches: tuple[Stretch, ...]) -> tuple[_Piece, ...]:
    pieces, begins, before = [], 0, Fraction(0)
    for stretch in stretches:
        lasts = stretch.lasts // _MICROSECOND
        piece = _Piece(
            begins, lasts, before, stretch.from_rate / _SECOND, stretch.to_rate / _SECOND
        )
        pieces.append(piece)
        begins, before = begins + lasts, before + _area(stretch)
    return tuple(pieces)


def _area(stretch: Stretch) -> Fraction:
    seconds = Fraction(stretch.lasts // _MICROSECOND, _SECOND)
    return (stretch.from_rate + stretch.to_rate) / 2 * seconds


def _up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
