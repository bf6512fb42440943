from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.errors import InvalidValue
from mockserver.load.quantities import (
    HIGHEST_RATE,
    MOST_EVENTS,
    format_rate,
    parse_count,
    parse_places,
    parse_rate,
    parse_share,
    parse_span,
    parse_window,
)

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("250", 250),
        ("100k", 100_000),
        ("5M", 5_000_000),
        ("1.5m", 1_500_000),
        ("0.001k", 1),
        ("5,000,000", 5_000_000),
        ("5_000", 5_000),
        (" 2 K ", 2_000),
        ("1G", MOST_EVENTS),
        ("1b", MOST_EVENTS),
    ],
)
def test_a_count_is_read(text: str, number: int) -> None:
    assert parse_count(text) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no number"),
        ("0", "from 1 to"),
        ("-1", "is no number"),
        ("1.5", "whole number"),
        ("0.0001k", "whole number"),
        ("5T", "is no number"),
        ("1_0", "is no number"),
        ("1.0001G", "from 1 to"),
        ("1000000001", "from 1 to"),
        ("inf", "is no number"),
        ("nan", "is no number"),
        ("5٣", "is no number"),
        ("9" * 400, "is no number"),
    ],
)
def test_what_is_no_count_is_refused_in_a_line(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason) as caught:
        parse_count(text, "the audience")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_places_may_be_none() -> None:
    assert parse_places("0") == 0
    assert parse_places("10k") == 10_000
    with pytest.raises(InvalidValue):
        parse_places("-1")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("800/s", Fraction(800)),
        ("0.5/s", Fraction(1, 2)),
        ("48k/m", Fraction(800)),
        ("1/min", Fraction(1, 60)),
        ("1/minute", Fraction(1, 60)),
        ("36 / hour", Fraction(1, 100)),
        ("1M/h", Fraction(1_000_000, 3600)),
        ("1/second", Fraction(1)),
        ("10M/s", Fraction(HIGHEST_RATE)),
    ],
)
def test_a_rate_is_exact(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("800", "did you mean 800/s"),
        ("0/s", "more than nothing"),
        ("-1/s", "is no rate"),
        ("/s", "is no rate"),
        ("1/d", "is no rate"),
        ("10000001/s", "at most"),
        ("11M/s", "at most"),
        ("1e3/s", "is no rate"),
        ("1/s/s", "is no rate"),
    ],
)
def test_what_is_no_rate_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("8%", "2/25"), ("0.08", "2/25"), ("0", "0"), ("0%", "0"), ("100%", "1"), ("1", "1")],
)
def test_a_share_is_exact(text: str, share: str) -> None:
    assert parse_share(text) == Fraction(share)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("101%", "100% at most"),
        ("1.01", "100% at most"),
        ("8", "did you mean 8%"),
        ("-1%", "no share"),
    ],
)
def test_what_is_no_share_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        parse_share(text)


def test_a_span_of_a_year_is_the_longest() -> None:
    assert parse_span("366d") == timedelta(days=366)
    with pytest.raises(InvalidValue, match="366 days at most"):
        parse_span("367d")
    with pytest.raises(InvalidValue, match="no duration"):
        parse_span("2x")


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("2h", (0 * HOUR, 2 * HOUR)),
        ("10m..2h10m", (HOUR / 6, 2 * HOUR + HOUR / 6)),
        ("0s..1s", (0 * HOUR, timedelta(seconds=1))),
    ],
)
def test_a_window_is_read(text: str, window: tuple[timedelta, timedelta]) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize("text", ["", "..", "2h..1h", "1h..1h", "0s", "1h..", "..1h", "1h..2h..3h"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="the outage"):
        parse_window(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_count, parse_places, parse_rate, parse_share, parse_span, parse_window):
        with suppress(InvalidValue):
            parse(text)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(Fraction(800), "800/s"), (Fraction(1, 3), "0.333/s"), (1234.5, "1,234/s"), (12.5, "12.5/s")],
)
def test_a_rate_is_written(rate: Fraction | float, text: str) -> None:
    assert format_rate(rate) == text
