"""Sends what happens to a browser as a stream of server-sent events.

A stream begins with the event `begin`; its data say which happening was the last one before it.
Each `happening` has the JSON of one entry of the feed. Whatever is left out is said: a `gap` tells
how many happenings are missing, after which whoever reads should ask for everything again.

The id of an event names the process as well as the number, because another process counts from 1
again: a browser that comes back after a restart is told of a gap, and is not left waiting.

A stream takes a thread of the server while it lasts, and no place of another request: the server
adds a thread whenever all have something to do. So there are few streams, and one page shares its
own with the other tabs.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec
from flask import Request, Response

from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.core.instants import written
from mockserver.delivery.feed import Feed, Happening
from mockserver.net.monotonic import real_seconds
from mockserver.web.shapes import FeedEntry

EVENT_STREAM = "text/event-stream"
#: How many there may be at a time; a browser has one for all its tabs.
MOST_STREAMS = 8
#: How long a stream is silent at most: what is between may close a connection that is.
COMMENT_REAL_SECONDS = 15.0
#: How long it takes at most until it is noticed that the reader has gone.
_LOOK_REAL_SECONDS = 1.0
#: More happenings at once are left out: nobody reads them, and the reader asks for all anyway.
MOST_AT_ONCE = 200
#: How long it rests when there were more: it must not slow down what makes them.
_REST_REAL_SECONDS = 0.1


class TooManyStreams(PostbacksError):
    """As many streams as there may be are open."""

    code = "too-many-streams"
    http_status = 503


class EventStreams:
    """The streams of one feed.

    Args:
        feed: What they send.
        entries: Turns happenings into what is sent of them.
    """

    def __init__(
        self, feed: Feed, entries: Callable[[list[Happening]], Sequence[FeedEntry]]
    ) -> None:
        self._feed = feed
        self._entries = entries
        self._process = secrets.token_hex(4)
        self._open = 0
        self._lock = threading.Lock()

    def answer(self, request: Request, after: int) -> Response:
        """Return the answer that goes on until its reader goes, or the sandbox is closed.

        Args:
            request: May say by `Last-Event-ID` where an earlier stream ended.
            after: The number of the last happening that the reader knows; -1 for the latest.

        Raises:
            TooManyStreams: There are as many as there may be.
            InvalidValue: `Last-Event-ID` is none of ours.
        """
        begin = self._where_to_begin(request.headers.get("Last-Event-ID", ""), after)
        is_gone = request.environ.get("waitress.client_disconnected") or (lambda: False)
        with self._lock:
            if self._open >= MOST_STREAMS:
                raise TooManyStreams(
                    f"{MOST_STREAMS} streams are open, which is the maximum; close one, or ask "
                    "without 'Accept: text/event-stream' and with timeout=30"
                )
            self._open += 1
        answer = Response(self._written(*begin, is_gone), mimetype=EVENT_STREAM)
        # Also if nobody ever asks for the first piece.
        answer.call_on_close(self._ended)
        # A proxy must neither keep it nor collect it.
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Accel-Buffering"] = "no"
        return answer

    def _ended(self) -> None:
        with self._lock:
            self._open -= 1

    def _where_to_begin(self, last_id: str, after: int) -> tuple[int, int | None]:
        """Return after which happening to begin, and how many are missing; None for unknown."""
        last = self._feed.last
        if last_id:
            process, _, number = last_id.partition("-")
            if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
                raise InvalidValue(
                    f"Last-Event-ID must be the id of an event of this stream, got {last_id[:60]!r}"
                )
            if process != self._process or int(number) > last:
                return last, None
            return int(number), 0
        if after > last:
            return last, None
        return (last if after < 0 else after), 0

    def _written(
        self, after: int, missed: int | None, is_gone: Callable[[], bool]
    ) -> Iterator[bytes]:
        # At once: a browser says that it is connected only when something has come.
        yield self._event("begin", after, msgspec.json.encode({"last": after}))
        if missed is None:
            yield self._gap(after, None)
        silent_since = real_seconds()
        while not (self._feed.is_closed or is_gone()):
            happenings = self._feed.after(after, _LOOK_REAL_SECONDS)
            if happenings:
                silent_since = real_seconds()
                kept = happenings[-MOST_AT_ONCE:]
                left_out = kept[0].sequence - after - 1
                if left_out:
                    yield self._gap(kept[0].sequence - 1, left_out)
                for entry in self._entries(kept):
                    data = msgspec.json.encode(entry, enc_hook=written)
                    yield self._event("happening", entry.sequence, data)
                after = kept[-1].sequence
                if left_out:
                    threading.Event().wait(_REST_REAL_SECONDS)
            elif real_seconds() - silent_since >= COMMENT_REAL_SECONDS:
                silent_since = real_seconds()
                yield b": still here\n\n"

    def _gap(self, after: int, missed: int | None) -> bytes:
        return self._event("gap", after, msgspec.json.encode({"missed": missed}))

    def _event(self, kind: str, number: int, data: bytes) -> bytes:
        # JSON has no line break in it, so the data are one line.
        return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (
            self._process.encode(),
            number,
            kind.encode(),
            data,
        )


_LONGEST_NUMBER = 18
