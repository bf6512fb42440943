"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.durations import duration_of, format_duration, parse_duration
from mockserver.core.errors import InvalidValue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10h", timedelta(hours=10)),
        ("1h30m", timedelta(minutes=90)),
        ("90s", timedelta(seconds=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("29.9s", timedelta(seconds=29, milliseconds=900)),
        ("2d", timedelta(days=2)),
        ("0s", timedelta(0)),
        (" 1H ", timedelta(hours=1)),
        ("PT10H", timedelta(hours=10)),
        ("P1DT2H30M", timedelta(days=1, hours=2, minutes=30)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("p1w", timedelta(weeks=1)),
    ],
)
def test_every_spelling(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


def test_one_that_is_told_in_units() -> None:
    assert duration_of(None, {"hours": 1, "minutes": 30}, "advance") == timedelta(minutes=90)
    assert duration_of(timedelta(hours=1), {}, "advance") == timedelta(hours=1)
    assert duration_of("1h30m", {}, "advance") == timedelta(minutes=90)
    with pytest.raises(InvalidValue, match="spend has no 'second'; its units are"):
        duration_of(None, {"second": 45}, "spend")


@pytest.mark.parametrize(
    "text", ["", "10", "h", "-1h", "1x", "1h x", "P", "PT", "ten hours", "1.h"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidValue, match="write it like 10h"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["999999999999d", "P99999999999D"])
def test_what_no_calendar_holds(text: str) -> None:
    with pytest.raises(InvalidValue, match="longer than any clock"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10_000)))
def test_what_is_written_reads_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "0s"),
        (timedelta(microseconds=1), "1us"),
        (timedelta(microseconds=999), "999us"),
        (timedelta(milliseconds=1), "1ms"),
        (timedelta(microseconds=1_001), "1001us"),
        (timedelta(milliseconds=500), "500ms"),
        (timedelta(microseconds=999_999), "999999us"),
        (timedelta(seconds=1), "1s"),
        (timedelta(seconds=29.9), "29.9s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(hours=10), "10h"),
        (timedelta(days=1), "1d"),
        (timedelta(days=2, hours=3, minutes=4, seconds=5.25), "2d3h4m5.25s"),
        (timedelta(hours=-1), "-1h"),
        (timedelta(milliseconds=-5), "-5ms"),
        (timedelta(seconds=-90), "-1m30s"),
    ],
)
def test_how_a_duration_is_written(duration: timedelta, expected: str) -> None:
    assert format_duration(duration) == expected


@pytest.mark.parametrize(("text", "microseconds"), [("1us", 1), ("3ms", 3_000), ("1.5us", 1)])
def test_the_smallest_units(text: str, microseconds: int) -> None:
    assert parse_duration(text) == timedelta(microseconds=microseconds)
