"""Reads what a probe answered.

An answer is one of these, as text:

- a number: how many events are stored;
- a JSON array of texts, or lines of text: a key for each event, with the user id in it;
- a JSON array of objects: an object for each event, with its values under any names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from mockserver.core.errors import PostbacksError
from mockserver.core.json_values import texts_in

#: A number of this many digits is no count, and is refused.
_MOST_DIGITS = 20


class ProbeFailed(PostbacksError):
    """The probe did not answer, or not in a form that can be read."""

    code = "probe-failed"


class Line(str):
    """A line of a probe's answer.

    An id that contains a line break fills several lines, so a line may hold only its beginning.
    """

    __slots__ = ()


class Keyed(Protocol):
    """A postback, for who looks for it where it is stored."""

    @property
    def key(self) -> str:
        """Return what no other postback has in it; empty if nothing tells it from others."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a probe answered.

    Attributes:
        count: How many events are stored.
        entries: One entry for each event; None if the probe only counts.
    """

    count: int
    entries: tuple[Any, ...] | None = None

    def of(self, postback: Keyed) -> list[Any]:
        """Return the entries that belong to a postback; none if the probe only counts."""
        if not postback.key:
            # Its URL carries no id, so no entry can be recognised.
            return []
        # A key ends in a number: that of postback 1 must not be found in that of postback 17.
        pattern = re.compile(rf"{re.escape(postback.key)}(?!\d)", re.IGNORECASE)
        return [entry for entry in self.entries or () if holds(entry, pattern)]


def read_stored(text: str, source: str) -> Stored:
    """Return what the text of an answer means.

    Args:
        text: The answer.
        source: The URL or command that it comes from, for errors.

    Raises:
        ProbeFailed: It has none of the forms that can be read.
    """
    # Some Windows programs write a byte order mark first.
    text = text.removeprefix("\ufeff")
    stripped = text.strip()
    try:
        # Numbers stay texts, digit by digit: an id that lost digits as a float must be noticed.
        document = json.loads(stripped, parse_float=Written, parse_int=Written)
    except (ValueError, RecursionError):
        if stripped[:1] in ("[", "{", "<"):
            raise ProbeFailed(
                f"the probe {source!r} answered neither a number, nor a JSON array, nor lines of "
                f"text, but {stripped[:80]!r}"
            ) from None
        lines = tuple(Line(line) for line in lines_of(text) if line.strip())
        return Stored(len(lines), lines)
    if isinstance(document, Written) and document.isdigit() and len(document) < _MOST_DIGITS:
        return Stored(int(document))
    if isinstance(document, list):
        return Stored(len(document), tuple(document))
    raise ProbeFailed(
        f"the probe {source!r} answered {stripped[:80]!r}; it takes a number, a JSON array of "
        "texts or objects, or lines of text"
    )


def lines_of(text: str) -> list[str]:
    """Return the lines that a text fills in the answer of a probe."""
    # Not `splitlines`, which also splits at characters that may be part of an id.
    return text.replace("\r\n", "\n").split("\n")


def holds(entry: Any, pattern: re.Pattern[str]) -> bool:
    """Return whether a text anywhere in an entry matches."""
    return any(map(pattern.search, texts_in(entry)))


class Written(str):
    """A number of a JSON document, digit by digit as it stands there."""

    __slots__ = ()
