from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mockserver.core.errors import InvalidEvent, InvalidValue
from mockserver.core.models import AbTestEvent
from mockserver.load.paced import Paced, PacedStream, Stretch, constant, ramp, steps
from mockserver.load.people import People
from tests.load.streams import check_parts, check_same_anywhere

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)

rates = st.fractions(0, 300, max_denominator=9)
stretches = st.lists(
    st.builds(
        Stretch, st.integers(1, 2_000_000).map(lambda number: number * MICROSECOND), rates, rates
    ),
    min_size=1,
    max_size=4,
).map(tuple)


def events_before(pieces: tuple[Stretch, ...], at: int) -> Fraction:
    """Return how many events are due before an instant in microseconds, by the definition."""
    events, begins = Fraction(0), 0
    for piece in pieces:
        lasts = piece.lasts // MICROSECOND
        within = min(max(0, at - begins), lasts)
        rise = (piece.to_rate - piece.from_rate) * within / lasts
        events += (piece.from_rate + rise / 2) * within / 1_000_000
        begins += lasts
    return events


@settings(deadline=None)
@given(pieces=stretches, every=st.integers(1000, 700_000))
def test_every_event_is_due_at_its_exact_microsecond(
    pieces: tuple[Stretch, ...], every: int
) -> None:
    assume(any(piece.from_rate or piece.to_rate for piece in pieces))
    stream = PacedStream(Paced("steps", pieces))
    instants = [arrival.after // MICROSECOND for arrival in stream.part(0, 1)]
    whole = sum(piece.lasts // MICROSECOND for piece in pieces)
    assert len(instants) == stream.total == -int(-events_before(pieces, whole) // 1)
    for number, at in enumerate(instants):
        assert events_before(pieces, at) <= number < events_before(pieces, at + 1)
    assert stream.lasts == instants[-1] * MICROSECOND
    assert stream.counts(every * MICROSECOND) == Counter(at // every for at in instants)


@settings(deadline=None, max_examples=30)
@given(pieces=stretches, audience=st.none() | st.integers(1, 20), parts=st.integers(1, 5))
def test_parts_are_the_whole_and_made_anywhere(
    pieces: tuple[Stretch, ...], audience: int | None, parts: int
) -> None:
    assume(sum((p.from_rate + p.to_rate) * (p.lasts // MICROSECOND) for p in pieces) > 0)
    stream = PacedStream(Paced("ramp", pieces, People(3), "push.open", audience))
    check_parts(stream, parts)
    check_same_anywhere(stream)


def test_shapes_have_the_rates_they_are_asked_for() -> None:
    stream = PacedStream(constant(Fraction(500), 10 * SECOND))
    assert stream.total == 5000
    assert set(stream.counts(SECOND).values()) == {500}
    rising = PacedStream(ramp(Fraction(0), Fraction(100), 10 * SECOND)).counts(SECOND)
    assert [rising[second] for second in range(10)] == list(range(5, 100, 10))
    stairs = PacedStream(steps(Fraction(100), Fraction(300), 3, 2 * SECOND)).counts(SECOND)
    assert [stairs[second] for second in range(6)] == [100, 100, 200, 200, 300, 300]
    falling = PacedStream(ramp(Fraction(100), Fraction(0), 10 * SECOND)).counts(SECOND)
    assert [falling[second] for second in range(10)] == list(range(95, 0, -10))
    assert PacedStream(steps(Fraction(7), Fraction(9), 1, SECOND)).total == 7


def test_users_take_turns_if_there_is_an_audience() -> None:
    own = PacedStream(constant(Fraction(10), SECOND)).part(0, 1)
    assert len({arrival.event.user_id for arrival in own}) == 10
    three = PacedStream(constant(Fraction(10), SECOND, audience=3)).part(0, 1)
    assert Counter(Counter(a.event.user_id for a in three).values()) == {3: 2, 4: 1}


def test_any_event_can_happen() -> None:
    (first,) = PacedStream(constant(Fraction(1), SECOND, event="ab-test.enter")).part(0, 1)
    assert isinstance(first.event, AbTestEvent)
    with pytest.raises(InvalidEvent, match=r"email\.clik"):
        constant(Fraction(1), SECOND, event="email.clik")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: constant(Fraction(0), SECOND), "has no event"),
        (lambda: constant(Fraction(1), 0 * SECOND), "must last some time"),
        (lambda: ramp(Fraction(-1), Fraction(5), SECOND), "cannot be negative"),
        (lambda: constant(Fraction(10**9), 2 * SECOND), "are allowed"),
        (
            lambda: steps(Fraction(1), Fraction(2), 2, timedelta(days=184)),
            "longer than 366 days",
        ),
        (lambda: steps(Fraction(1), Fraction(2), 0, SECOND), "one step at least"),
        (lambda: constant(Fraction(1), SECOND, audience=0), "one user at least"),
    ],
)
def test_what_cannot_be_is_refused(make: object, reason: str) -> None:
    assert callable(make)
    with pytest.raises(InvalidValue, match=reason):
        make()
