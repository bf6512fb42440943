"""Bounds the answers that clients leave unread, for the connections of the API.

What a client does not read has to be kept. So there is a bound in sum: over it large answers are
refused, in words and with a time to ask again, and whoever reads too slowly to get anywhere is cut.
Small answers are always given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from mockserver.core.limits import MIB, MOST_UNREAD
from mockserver.net.monotonic import real_seconds
from mockserver.web.shapes import Problem

#: What is not longer is never refused.
SMALL_ANSWER = 64 * 1024
#: As long as there is less, even an answer that is larger than the bound is given.
_LITTLE = MIB
#: Who needs longer for so many bytes reads too slowly, when others are refused for it.
PIECE_BYTES = 256 * 1024
PIECE_REAL_SECONDS = 10.0

_log = logging.getLogger("mockserver.web")


class Reader(Protocol):
    """A connection, as far as it is looked at here."""

    total_outbufs_len: int

    def reads_too_slowly(self, now: float) -> bool:
        """Return whether its client does not get on with an answer."""

    def cut(self) -> None:
        """Close it."""


class UnreadAnswers:
    """What all connections of a server have to send.

    Args:
        connections: Those that there are at the moment.
    """

    def __init__(self, connections: Mapping[int, Reader]) -> None:
        self._connections = connections
        self._refused = 0
        self._quiet_until = 0.0

    def has_room(self, length: int) -> bool:
        """Return whether another answer of so many bytes may be kept; note it if not."""
        unread = self.bytes()
        if unread + length <= MOST_UNREAD or unread < _LITTLE:
            return True
        self._refused += 1
        return False

    def bytes(self) -> int:
        """Return how many bytes are kept."""
        return sum(each.total_outbufs_len for each in tuple(self._connections.values()))

    def end_slow_ones(self) -> None:
        """If an answer was refused since the last time, cut those who do not read theirs.

        For the thread that looks at the sockets.
        """
        if not self._refused:
            return
        refused, self._refused = self._refused, 0
        now = real_seconds()
        slow = [each for each in _all(self._connections) if each.reads_too_slowly(now)]
        for each in slow:
            each.cut()
        if slow or now >= self._quiet_until:
            self._quiet_until = now + PIECE_REAL_SECONDS
            _log.warning(
                "large answers are refused (%d just now): clients have left %d MiB of others "
                "unread; %d of their connections were closed",
                refused,
                MOST_UNREAD // MIB,
                len(slow),
            )


def _all(connections: Mapping[int, Reader]) -> Iterable[Reader]:
    return tuple(connections.values())


def refusal() -> bytes:
    """Return what is said to whom a large answer is refused."""
    problem = Problem(
        "urn:postbacks:problem:answers-unread",
        "Answers unread",
        503,
        f"clients of this sandbox have left {MOST_UNREAD // MIB} MiB of answers unread, and no "
        "more is kept; read every answer to its end, or close the connection, and ask again in "
        f"{PIECE_REAL_SECONDS:.0f} seconds, for less at once (limit=100)",
    )
    return msgspec.json.encode(problem)
