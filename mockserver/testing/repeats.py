"""Folds what frameworks log at each of ten attempts, so that a failure can be read.

What differs only in the time of day or in the address of an object is the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

#: A block that repeats itself is not longer than this.
_LONGEST_BLOCK = 500
#: So many lines are spared at least, else folding would only hide something.
_LEAST_SPARED = 3

_TIME = re.compile(r"(?:\d{4}-\d{2}-\d{2}[ T])?\d{2}:\d{2}:\d{2}(?:[.,]\d+)?")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_TRACEBACK = "Traceback (most recent call last):"


def folded(text: str) -> str:
    r"""Return a text in which each block of lines stands once that follows itself.

    A traceback that was seen before is named only, wherever it stands.

    Examples:
        >>> print(folded("retry\n" * 10), end="")
        retry
        ... (the same 9 more times)
    """
    lines = text.splitlines()
    if len(lines) <= _LEAST_SPARED:
        return text
    shown = _seen_tracebacks(_repeats(lines))
    return "\n".join(shown) + ("\n" if text.endswith("\n") else "")


def with_tracebacks_once(text: str) -> str:
    """Return a text in which a traceback that was seen before is named only."""
    return "\n".join(_seen_tracebacks(text.split("\n")))


def _repeats(lines: Sequence[str]) -> list[str]:
    keys = [_key(line) for line in lines]
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    shown: list[str] = []
    at = 0
    while at < len(lines):
        length, times = _block(keys, places[keys[at]], at)
        shown += lines[at : at + length]
        if times:
            last = at + length * times
            shown.append(_remark(times, lines[last : last + length], lines[at : at + length]))
        at += length * (times + 1)
    return shown


def _block(keys: Sequence[str], same: Sequence[int], at: int) -> tuple[int, int]:
    """Return how long the block is that begins here, and how often it follows itself."""
    for place in same:
        length = place - at
        if length > _LONGEST_BLOCK:
            break
        if length <= 0 or keys[at:place] != keys[place : place + length]:
            continue
        block, times = keys[at:place], 1
        while keys[place + length * times : place + length * (times + 1)] == block:
            times += 1
        if length * times >= _LEAST_SPARED:
            return length, times
    return 1, 0


def _remark(times: int, last: Sequence[str], first: Sequence[str]) -> str:
    often = "once more" if times == 1 else f"{times} more times"
    found = [_TIME.search(line) for line in last if line not in first]
    at = next((match[0] for match in found if match), None)
    return f"... (the same {often}{f', the last at {at}' if at and times > 1 else ''})"


def _seen_tracebacks(lines: Sequence[str]) -> list[str]:
    shown: list[str] = []
    seen: set[tuple[str, ...]] = set()
    at = 0
    while at < len(lines):
        end = _end_of_traceback(lines, at)
        block = tuple(_key(line) for line in lines[at:end])
        if end > at + 1 and block in seen:
            shown.append(f"... (the same traceback as above: {lines[end - 1].strip()})")
        else:
            seen.add(block)
            shown += lines[at:end]
        at = end
    return shown


def _end_of_traceback(lines: Sequence[str], at: int) -> int:
    """Return where a traceback ends that begins here; the next line if none does."""
    if not lines[at].endswith(_TRACEBACK):
        return at + 1
    indent = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    while end < len(lines) and lines[end].startswith(" " * (indent + 1)):
        end += 1
    # The line of the exception itself.
    return min(end + 1, len(lines))


def _key(line: str) -> str:
    return _ADDRESS.sub("0x", _TIME.sub("(time)", line))
