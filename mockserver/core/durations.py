"""Reads and writes durations as people do: `10h`, `1h30m`, `29.9s`, `PT10H`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from mockserver.core.errors import InvalidValue

_MICROSECONDS = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_UNITS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds")
_NUMBER = r"\d+(?:\.\d+)?"
_SHORT = re.compile(rf"(?:{_NUMBER}(?:d|h|ms|us|m|s))+", re.ASCII)
_SHORT_PART = re.compile(rf"({_NUMBER})(d|h|ms|us|m|s)")
_ISO = re.compile(
    rf"P(?:({_NUMBER})W)?(?:({_NUMBER})D)?(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII,
)

#: What `parse_duration` reads, as a pattern for JSON Schema; lengths apart.
DURATION_PATTERN = (
    r"^\s*(?:(?:[0-9]+(?:\.[0-9]+)?(?:[dDhHsS]|[mMuU][sS]|[mM]))+|[pP](?=.*[0-9])"
    r"(?:[0-9]+(?:\.[0-9]+)?[wW])?(?:[0-9]+(?:\.[0-9]+)?[dD])?(?:[tT](?:[0-9]+(?:\.[0-9]+)?[hH])?"
    r"(?:[0-9]+(?:\.[0-9]+)?[mM])?(?:[0-9]+(?:\.[0-9]+)?[sS])?)?)\s*$"
)


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` names, exact to the microsecond.

    Reads `10h`, `1h30m`, `90s`, `500ms`, `2d` and ISO 8601 like `PT10H` or `P1DT2H30M`.

    Raises:
        InvalidValue: It is no duration, or too long for the calendar.
    """
    cleaned = text.strip()
    try:
        if _SHORT.fullmatch(cleaned.lower()):
            parts = _SHORT_PART.findall(cleaned.lower())
            return _sum((number, _MICROSECONDS[unit]) for number, unit in parts)
        iso = _ISO.fullmatch(cleaned.upper())
        if iso and any(iso.groups()):
            weeks, days, hours, minutes, seconds = (number or "0" for number in iso.groups())
            units = (7 * _MICROSECONDS["d"], *(_MICROSECONDS[unit] for unit in "dhms"))
            return _sum(zip((weeks, days, hours, minutes, seconds), units, strict=True))
    except (OverflowError, InvalidOperation):
        raise InvalidValue(f"{text[:60]!r} is longer than any clock can go") from None
    raise InvalidValue(
        f"{text[:60]!r} is no duration; write it like 10h, 1h30m, 90s, 500ms or PT10H"
    )


def duration_of(by: object, units: Mapping[str, float], what: str) -> timedelta:
    """Return the duration `by`, or the one that units like `hours=10` name.

    Args:
        by: A `timedelta`, or text like `10h`; None if there are units.
        units: What `timedelta` takes.
        what: The function that takes it, for the message.

    Raises:
        InvalidValue: It is no duration, or there is no such unit.
    """
    if isinstance(by, str):
        return parse_duration(by)
    unknown = [name for name in units if name not in _UNITS]
    if unknown:
        raise InvalidValue(f"{what} has no {unknown[0]!r}; its units are {', '.join(_UNITS)}")
    try:
        duration = timedelta(**units) if by is None else by
    except TypeError:
        duration = None
    except (OverflowError, ValueError):
        raise InvalidValue(f"{dict(units)} is longer than any clock can go") from None
    if not isinstance(duration, timedelta):
        got = dict(units) if by is None else by
        raise InvalidValue(
            f"{what} takes a timedelta, text like '10h', or units like hours=10; got {got!r}"
        )
    return duration


def format_duration(duration: timedelta) -> str:
    """Return `duration` in the short spelling, e.g. `10h`, `1h30m`, `29.9s`, `500ms`."""
    rest = duration // timedelta(microseconds=1)
    sign, rest = ("-", -rest) if rest < 0 else ("", rest)
    if 0 < rest < _MICROSECONDS["s"]:
        unit = "ms" if rest % 1000 == 0 else "us"
        return f"{sign}{rest // _MICROSECONDS[unit]}{unit}"
    parts = []
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, _MICROSECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    if rest or not parts:
        seconds = Decimal(rest) / _MICROSECONDS["s"]
        parts.append(f"{seconds.normalize():f}s")
    return sign + "".join(parts)


def _sum(parts: Iterable[tuple[str, int]]) -> timedelta:
    total = sum(Decimal(number) * unit for number, unit in parts)
    return timedelta(microseconds=int(total))
