"""Reads the stream of events of a sandbox: what happens, what is missing, and that it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from mockserver.client.wire import GoingOn

#: How long a stream may be silent: it sends a comment every 15 seconds.
SILENCE_REAL_SECONDS = 40.0

Kind = Literal["begin", "happening", "gap", "beat"]


class StreamEvent(NamedTuple):
    """One event of a stream.

    Attributes:
        kind: `begin` and `gap` as the server sends them, `happening` with one entry of the feed,
            `beat` for a comment, which says that the server is there.
        id: With which a later stream goes on behind it; empty for a comment.
        data: What was sent, decoded.
    """

    kind: Kind
    id: str = ""
    data: Any = None

    @property
    def number(self) -> int:
        """Return the number of the last happening before this event, or of the one that it is."""
        number = self.id.rpartition("-")[2]
        return int(number) if number.isdigit() else 0


class EventStream:
    """What happens, as it happens, until the server ends it; to be closed.

    Args:
        answer: That of the server.
    """

    def __init__(self, answer: GoingOn) -> None:
        self._answer = answer
        self._events = read_events(answer)

    def __iter__(self) -> Iterator[StreamEvent]:
        return self._events

    def __next__(self) -> StreamEvent:
        """Return the next event.

        Raises:
            ServerUnreachable: The stream breaks off.
            StopIteration: The server has ended it.
        """
        return next(self._events)

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()


def read_events(lines: Iterable[bytes]) -> Iterator[StreamEvent]:
    """Yield the events that these lines are; one that is not whole is left out.

    Raises:
        ValueError: The data of one are no JSON.
    """
    fields: dict[bytes, bytes] = {}
    for raw in lines:
        line = raw.rstrip(b"\r\n")
        if not raw.endswith(b"\n"):
            # The connection ended in the middle of it.
            return
        if line.startswith(b":"):
            yield StreamEvent("beat")
        elif line:
            name, _, value = line.partition(b":")
            fields[name] = value.removeprefix(b" ")
        elif fields:
            kind, data = fields.get(b"event", b"").decode(), fields.get(b"data", b"null")
            if kind in ("begin", "happening", "gap"):
                yield StreamEvent(kind, fields.get(b"id", b"").decode(), msgspec.json.decode(data))  # type: ignore[arg-type]
            fields = {}
