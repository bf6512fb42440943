"""Reads how many, how fast and what share, as people write it: `5M`, `800/s`, `2.5%`."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction

from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue

#: No load has more events; what is beyond would take weeks to send.
MOST_EVENTS = 1_000_000_000
#: No load is faster, in events a second.
HIGHEST_RATE = 10_000_000
#: No load, outage or pause is longer.
LONGEST = timedelta(days=366)

_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "b": 1_000_000_000}
_NUMBER = r"(\d{1,15}(?:\.\d{1,15})?|\d{1,3}(?:[_,]\d{3})+)"
_COUNT = re.compile(rf"{_NUMBER}\s*([kKmMgGbB]?)", re.ASCII)
_RATE = re.compile(rf"{_NUMBER}\s*([kKmMgGbB]?)\s*/\s*(s|sec|second|m|min|minute|h|hour)", re.ASCII)
_SHARE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*(%?)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse_count(text: str, what: str = "it") -> int:
    """Return a number of things, at least one: `250`, `100k`, `1.5M`, `5,000,000`.

    Args:
        text: As it was written.
        what: What it is the number of, for the message.

    Raises:
        InvalidValue: It is no whole number, nothing, or more than `MOST_EVENTS`.
    """
    found = _COUNT.fullmatch(text.strip())
    if found is None:
        raise InvalidValue(f"{text[:60]!r} is no number; write it like 250, 100k or 5M")
    number = _number(found[1]) * _THOUSANDS[found[2].lower()]
    if number.denominator != 1:
        raise InvalidValue(f"{what} must be a whole number, {text[:60]!r} is not")
    if not 1 <= number <= MOST_EVENTS:
        raise InvalidValue(f"{what} must be from 1 to {MOST_EVENTS:,}, got {text[:60]!r}")
    return int(number)


def parse_places(text: str, what: str = "it") -> int:
    """Return a number of places, which may be none: `0`, `250`, `10k`.

    Raises:
        InvalidValue: It is no whole number, or more than `MOST_EVENTS`.
    """
    return 0 if text.strip() == "0" else parse_count(text, what)


def parse_rate(text: str, what: str = "the rate") -> Fraction:
    """Return a rate in events a second, exact: `800/s`, `48k/m`, `1.5M/h`.

    Raises:
        InvalidValue: It is no rate, nothing, or more than `HIGHEST_RATE`.
    """
    found = _RATE.fullmatch(text.strip())
    if found is None:
        hint = ""
        if _COUNT.fullmatch(text.strip()):
            hint = f"; did you mean {text.strip()}/s?"
        raise InvalidValue(f"{text[:60]!r} is no rate; write it like 800/s, 48k/m or 2M/h{hint}")
    rate = _number(found[1]) * _THOUSANDS[found[2].lower()] / _SECONDS[found[3][0]]
    if rate <= 0:
        raise InvalidValue(f"{what} must be more than nothing, got {text[:60]!r}")
    if rate > HIGHEST_RATE:
        raise InvalidValue(f"{what} can be {HIGHEST_RATE:,}/s at most, got {text[:60]!r}")
    return rate


def parse_share(text: str, what: str = "the share") -> Fraction:
    """Return a share from 0 to 1, exact: `8%`, `0.08`.

    Raises:
        InvalidValue: It is no share, or more than the whole.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None:
        raise InvalidValue(f"{text[:60]!r} is no share; write it like 8% or 0.08")
    share = Fraction(found[1]) / (100 if found[2] else 1)
    if share > 1:
        hint = f"; did you mean {text.strip()}%?" if not found[2] and share <= 100 else ""
        raise InvalidValue(f"{what} can be 100% at most, got {text[:60]!r}{hint}")
    return share


def parse_span(text: str, what: str = "it") -> timedelta:
    """Return a duration of at most a year: `2h`, `90s`.

    Raises:
        InvalidValue: It is no duration, or longer than `LONGEST`.
    """
    span = parse_duration(text)
    if span > LONGEST:
        raise InvalidValue(f"{what} can be {LONGEST.days} days at most, got {text[:60]!r}")
    return span


def parse_window(text: str, what: str = "the outage") -> tuple[timedelta, timedelta]:
    """Return beginning and end of a window: `10m..2h10m`; `2h` begins at once.

    Raises:
        InvalidValue: It is neither, or ends before it begins.
    """
    first, separator, last = text.partition("..")
    try:
        begins = parse_span(first, what) if separator else timedelta(0)
        ends = parse_span(last if separator else first, what)
    except InvalidValue as error:
        raise InvalidValue(
            f"{what} is a duration like 2h, or a window like 10m..2h: {error}"
        ) from None
    if ends <= begins:
        raise InvalidValue(f"{what} must end after it begins, got {text[:60]!r}")
    return begins, ends


def format_rate(rate: Fraction | float) -> str:
    """Return a rate in events a second for people.

    Examples:
        >>> format_rate(Fraction(800)), format_rate(0.5), format_rate(1234.5)
        ('800/s', '0.5/s', '1,234/s')
    """
    number = float(rate)
    if number >= 100 or number == int(number):
        return f"{int(number):,}/s"
    return f"{number:.3g}/s"


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace("_", ""))
