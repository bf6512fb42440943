"""Reads the head of the final response from the lines that libcurl hands over.

Interim responses (1xx) come before the head that counts, trailers after the body. libcurl hands
over the lines of all of them alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

SWITCHING_PROTOCOLS = 101


class ResponseHead(NamedTuple):
    """The head of a final response.

    Attributes:
        headers: In order, names as sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...]


def read_head(lines: Sequence[bytes]) -> ResponseHead | None:
    """Return the final response head in `lines`, or None unless all of it is there."""
    data = b"".join(lines)
    # Servers repeat themselves, so most heads were read before; but only short ones are
    # remembered, so that no server fills the memory.
    return _remembered(data) if len(data) <= _REMEMBERED_BYTES else _read(data)


def _read(data: bytes) -> ResponseHead | None:
    # Some servers end their lines with a bare line feed, which libcurl accepts.
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")[:-1]]
    start = 0
    for index, line in enumerate(lines):
        if line:
            continue
        status_line = _STATUS_LINE(lines[start])
        if status_line is None:
            return None
        status = int(status_line[1])
        if status >= 200 or status == SWITCHING_PROTOCOLS:
            return ResponseHead(status, _fields(lines[start + 1 : index]))
        start = index + 1
    return None


_STATUS_LINE = re.compile(rb"HTTP/1\.[01] +(\d{3})\b").match
_REMEMBERED_BYTES = 4096
_remembered = lru_cache(maxsize=256)(_read)


def _fields(lines: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    whole: list[str] = []
    for line in lines:
        text = line.decode("latin-1")
        # A line that starts with white space goes on with the one before (obsolete).
        if text[0] in " \t" and whole:
            whole[-1] = f"{whole[-1].rstrip()} {text.strip()}"
        else:
            whole.append(text)
    return tuple(_field(text) for text in whole)


def _field(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value.strip(" \t")
