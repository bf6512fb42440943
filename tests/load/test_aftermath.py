"""What follows a load: its retries hour by hour, and their echo."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from mockserver.load.aftermath import calendar_of, echo_of
from mockserver.load.capacity import Capacity
from mockserver.load.paced import PacedStream, constant
from tests.load.reported import result

STREAM = PacedStream(constant(Fraction(20), timedelta(seconds=5)))


def test_the_calendar_has_every_retry_of_what_failed() -> None:
    rows = calendar_of(result())
    assert [each["hour"] for each in rows] == [1, 3, 7, 15, 25, 35, 45, 55, 65]
    assert {each["attempts"] for each in rows} == {4}
    assert rows[0]["begins_at"] == "2026-01-01T01:00:00+00:00"


def test_without_failures_there_is_none() -> None:
    calm = result()
    for second in calm.totals.seconds.values():
        second.to_retry = 0
    assert calendar_of(calm) == []


def test_an_echo_needs_a_capacity() -> None:
    assert echo_of(STREAM, None, (), Fraction(1, 10)) is None
    assert echo_of(STREAM, Capacity((), None, True, None), (), Fraction(1, 10)) is None


def test_the_echo_says_it_without_jitter_and_with() -> None:
    outage = ((timedelta(0), timedelta(minutes=1)),)
    found = echo_of(STREAM, Capacity((), 50.0, True, 50.0), outage, Fraction(1, 10))
    assert found is not None
    assert [each["jitter"] for each in found["said"]] == ["without jitter", "with jitter of ±10%"]
    assert found["said"][0]["sentences"][0] == "100 of 100 postbacks fail at first (100.0%)."
    assert "Nothing is lost." in found["said"][0]["sentences"]
    assert found["plan"]["endpoint"]["capacity_per_second"] == 50.0
