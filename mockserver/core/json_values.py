"""Finds what keeps a value from being kept as JSON, sent in a URL and read back, and says where.

JSON as Python reads it has more than that: numbers that are not finite, half of a surrogate pair,
any depth. Whoever takes in foreign values asks here before anything else is done with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

#: How deep lists and objects may stand in each other (assumed).
DEEPEST = 100

#: How many digits a whole number may have; Python itself writes no more than 4,300.
MOST_DIGITS = 1000

_TOO_LARGE = 10**MOST_DIGITS


def fault_in(value: Any) -> str | None:
    """Return where in `value` something stands that cannot be kept, and why; None if nothing does.

    Examples:
        >>> fault_in({"price": [1, float("nan")]})
        '.price[1] is nan, no finite number'
        >>> fault_in({"price": [1, 2.5]}) is None
        True
    """
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting:
        place, found = waiting.pop()
        if len(place) >= DEEPEST:
            return f"{_written(place[:1])} stands in itself more than {DEEPEST} levels deep"
        if isinstance(found, Mapping):
            for key in found:
                reason = _fault_of_key(key)
                if reason is not None:
                    return f"{_written(place)} {reason}"
        for key, item in _parts(found):
            if isinstance(item, Mapping | list | tuple):
                waiting.append(((*place, key), item))
            elif (reason := _fault_of(item)) is not None:
                return f"{_written((*place, key))} {reason}"
        if not place and not isinstance(found, Mapping | list | tuple):
            return _fault_of(found)
    return None


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _fault_of(value: Any) -> str | None:
    if isinstance(value, str):
        return None if is_text(value) else "holds half of a surrogate pair, which is no text"
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        if -_TOO_LARGE < value < _TOO_LARGE:
            return None
        return f"is a number of more than {MOST_DIGITS} digits; send it as text"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"is {value}, no finite number"
    return f"is a {type(value).__name__}, no JSON value"


def _fault_of_key(key: Any) -> str | None:
    if not isinstance(key, str):
        return f"has the key {key!r}, and keys must be text"
    return None if is_text(key) else "has a key that holds half of a surrogate pair"


def is_text(value: str) -> bool:
    """Return whether `value` can be written as UTF-8."""
    # Most text is ASCII, which knows that of itself.
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _written(place: tuple[Any, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps)[:200]


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts anywhere in a JSON value, but for names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(each)
