"""The response head, from the lines that libcurl hands over.

Decides: whether a whole final head has arrived, its status and its fields. Place in the flow:
the curl transport asks at the end of a transfer. Must not import: pycurl.

Interim responses (1xx) come before the head that counts, trailers after the body; libcurl
hands over the lines of all of them alike.
"""

from __future__ import annotations

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
    start = 0
    while (end := _end_of_head(lines, start)) is not None:
        status = int(lines[start][9:12])
        if status >= 200 or status == SWITCHING_PROTOCOLS:
            return ResponseHead(status, _fields(lines[start + 1 : end]))
        start = end + 1
    return None


def _end_of_head(lines: Sequence[bytes], start: int) -> int | None:
    try:
        return lines.index(b"\r\n", start)
    except ValueError:
        # Some servers end their lines with a bare line feed, which libcurl accepts.
        return next((i for i in range(start, len(lines)) if lines[i] == b"\n"), None)


# Servers repeat themselves, so most lines were read before; but only short heads are
# remembered, lest a server fills the memory.
_REMEMBERED_BYTES = 4096


def _fields(lines: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    if sum(map(len, lines)) <= _REMEMBERED_BYTES:
        fields = tuple(map(_remembered_field, lines))
    else:
        fields = tuple(map(_field, lines))
    return fields if all(name for name, _ in fields) else _unfolded(lines)


def _field(line: bytes) -> tuple[str, str]:
    if line[:1] in b" \t":
        return "", ""
    name, _, value = line.decode("latin-1").partition(":")
    return name, value.strip(" \t\r\n")


_remembered_field = lru_cache(maxsize=2048)(_field)


def _unfolded(lines: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    # A line that starts with white space goes on with the one before (obsolete).
    whole: list[bytes] = []
    for line in lines:
        if line[:1] in b" \t" and whole:
            whole[-1] = whole[-1].rstrip() + b" " + line.strip()
        else:
            whole.append(line)
    return tuple(_field(line) for line in whole)
