"""Keeps every request as it arrived, within bounds; the oldest is dropped first.

A request is taken in when it arrives, not when it is answered, so that it can be seen while
it hangs.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl

from mockserver.core.instants import plain

if TYPE_CHECKING:
    from mockserver.core.forwarded import Forwarded

MAX_REQUESTS = 10_000
MAX_BYTES = 64 * 1024 * 1024
#: Of how many inboxes it is counted what arrived, beside those of which requests are kept.
_MOST_COUNTED = 20_000

End = Literal["answered", "client-gone", "reset", "closed", "timed-out", "cancelled"]


class ReceivedRequest:
    """One request, in the bytes it came in; what needs parsing is parsed when asked for.

    Attributes:
        id: Counts up from 1 in every journal.
        inbox: The name in `/inbox/<name>`.
        method: E.g. `POST`.
        target: As in the request line, raw.
        request_line: Without the line end.
        headers: In order, names and values as sent.
        body: Raw.
        client: Address and port it came from.
        arrived_at: Sandbox time, aware UTC.
        ended_at: Sandbox time; None while it is under way.
        behaviour: What served it, in shorthand.
        end: How it ended; None while it is under way.
        status: The status it was answered with, if it was.
        attempt: Delivery id and attempt number, if the engine sent it.
        forwarded: What the endpoint did that it was forwarded to; None if it was to none, or as
            long as that is not known.
    """

    # A dictionary stays for what is parsed later; everything else has its place.
    __slots__ = (
        "__dict__",
        "arrived_at",
        "attempt",
        "behaviour",
        "body",
        "client",
        "end",
        "ended_at",
        "forwarded",
        "headers",
        "id",
        "inbox",
        "method",
        "request_line",
        "status",
        "target",
    )

    def __init__(
        self,
        request_id: int,
        inbox: str,
        method: str,
        target: str,
        request_line: bytes,
        headers: tuple[tuple[bytes, bytes], ...],
        body: bytes,
        client: tuple[str, int],
        arrived_at: datetime,
        behaviour: str,
        attempt: tuple[int, int | None] | None,
    ) -> None:
        self.id: int = request_id
        self.inbox: str = inbox
        self.method: str = method
        self.target: str = target
        self.request_line: bytes = request_line
        self.headers: tuple[tuple[bytes, bytes], ...] = headers
        self.body: bytes = body
        self.client: tuple[str, int] = client
        self.arrived_at: datetime = arrived_at
        self.behaviour: str = behaviour
        self.attempt: tuple[int, int | None] | None = attempt
        self.ended_at: datetime | None = None
        self.end: End | None = None
        self.status: int | None = None
        self.forwarded: Forwarded | None = None

    @property
    def path(self) -> str:
        """Return the path of the target, raw."""
        return self._parts[0]

    @cached_property
    def query_list(self) -> list[tuple[str, str]]:
        """Return the query decoded once, in order, empty values kept."""
        # A target is kept byte for byte; what was sent unencoded is most likely UTF-8.
        query = self._parts[1].encode("latin-1", "replace").decode("utf-8", "replace")
        return parse_qsl(query, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        """Return the query decoded once, in order; of a repeated name the first value."""
        values: dict[str, str] = {}
        for name, value in self.query_list:
            values.setdefault(name, value)
        return values

    @property
    def _parts(self) -> tuple[str, str]:
        # Not `urlsplit`: it refuses some of what a client may send as the host.
        rest = self.target.partition("#")[0]
        path, _, query = rest.partition("?")
        if not path.startswith("/") and "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        return path, query

    @property
    def text(self) -> str:
        """Return the body as UTF-8, what is none replaced."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """Return the first value of a header field, whatever the case of its name."""
        wanted = name.lower().encode("latin-1")
        found = (value for key, value in self.headers if key.lower() == wanted)
        return next((value.decode("latin-1") for value in found), None)

    @property
    def size(self) -> int:
        """Return how many bytes count against the bound of a journal."""
        size = 512 + 2 * len(self.target) + len(self.request_line) + len(self.body)
        for name, value in self.headers:
            size += len(name) + len(value) + 64
        return size

    def __repr__(self) -> str:
        return f"<{self.method} {self.target} -> {self.status or self.end or 'under way'}>"


class Journal:
    """A bounded list of received requests; every method may be called from any thread.

    Args:
        max_requests: How many requests are kept.
        max_bytes: About how many bytes they may take.
        now: The clock of the sandbox; real time by default.
    """

    def __init__(
        self,
        max_requests: int = MAX_REQUESTS,
        max_bytes: int = MAX_BYTES,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._now = now or _real_now
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._max_counted = max_requests + _MOST_COUNTED
        self._requests: deque[tuple[ReceivedRequest, int]] = deque()
        self._bytes = 0
        self._sequence = 0
        self._evicted: Counter[str] = Counter()
        self._arrivals: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._waiting = 0

    def arrived(
        self,
        inbox: str,
        method: str,
        target: str,
        request_line: bytes,
        headers: tuple[tuple[bytes, bytes], ...],
        body: bytes,
        client: tuple[str, int],
        behaviour: str,
        attempt: tuple[int, int | None] | None = None,
        *,
        answered: int | None = None,
    ) -> ReceivedRequest:
        """Take in a request at the moment it has arrived.

        With `answered` it is answered at the same moment, with this status, and is never
        seen under way.
        """
        now_at = self._now()
        with self._changed:
            self._sequence += 1
            request = ReceivedRequest(
                self._sequence,
                inbox,
                method,
                target,
                request_line,
                headers,
                body,
                client,
                now_at,
                behaviour,
                attempt,
            )
            if answered is not None:
                request.ended_at = now_at
                request.status = answered
                request.end = "answered"
            size = request.size
            self._requests.append((request, size))
            self._arrivals[inbox] += 1
            self._bytes += size
            if len(self._requests) > self._max_requests or self._bytes > self._max_bytes:
                self._evict()
            if len(self._arrivals) > self._max_counted:
                self._forget_counts()
            if self._waiting:
                self._changed.notify_all()
        return request

    def ended(
        self,
        request: ReceivedRequest,
        end: End,
        status: int | None = None,
        ended_at: datetime | None = None,
    ) -> None:
        """Note how a request ended; the first end counts."""
        if request.end is None:
            request.ended_at = ended_at or self._now()
            request.status = status
            request.end = end

    def timed_out(self, request: ReceivedRequest, ended_at: datetime) -> None:
        """Note that the sender had given up by then, even if an answer was sent."""
        request.end = "timed-out"
        request.ended_at = ended_at
        request.status = None

    def forwarded(self, request: ReceivedRequest, forwarded: Forwarded) -> None:
        """Note what became of a request at the endpoint that it was forwarded to."""
        with self._changed:
            request.forwarded = forwarded
            for index, (kept, size) in enumerate(self._requests):
                if kept is request:
                    self._requests[index] = request, size + forwarded.size
                    self._bytes += forwarded.size
                    self._evict()
                    break

    def requests(
        self,
        inbox: str | None = None,
        *,
        method: str | None = None,
        path_prefix: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[ReceivedRequest]:
        """Return the requests that pass all filters, in the order of their arrival."""
        with self._changed:
            kept = [request for request, _ in self._requests]
        found = [
            request
            for request in kept
            if (inbox is None or request.inbox == inbox)
            and request.id > after
            and (method is None or request.method == method.upper())
            and (path_prefix is None or request.path.startswith(path_prefix))
        ]
        return found if limit is None else found[:limit]

    def wait_for(
        self, inbox: str, count: int, timeout_real_seconds: float
    ) -> list[ReceivedRequest]:
        """Return the requests of an inbox once `count` have arrived, or time is up.

        Those that have been evicted since count as well; they are not returned.
        """
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._arrivals[inbox] >= count, timeout_real_seconds)
            finally:
                self._waiting -= 1
        return self.requests(inbox)

    def in_short(self) -> dict[str, tuple[int, datetime]]:
        """Return of each inbox that got something how many are kept, and when the last came."""
        with self._changed:
            kept = [request for request, _ in self._requests]
        counts = Counter(request.inbox for request in kept)
        last = {request.inbox: request.arrived_at for request in kept}
        return {inbox: (counts[inbox], arrived_at) for inbox, arrived_at in last.items()}

    def evicted_of(self, inbox: str) -> int:
        """Return how many requests of an inbox were dropped to stay within bounds."""
        return self._evicted[inbox]

    @property
    def evicted(self) -> int:
        """Return how many requests were dropped to stay within bounds."""
        return self._evicted.total()

    def clear(self, inbox: str | None = None) -> None:
        """Forget the requests of an inbox, or of all; ids go on counting."""
        with self._changed:
            if inbox is None:
                self._requests.clear()
                self._evicted.clear()
                self._arrivals.clear()
            else:
                kept = [item for item in self._requests if item[0].inbox != inbox]
                self._requests = deque(kept)
                del self._evicted[inbox], self._arrivals[inbox]
            self._bytes = sum(size for _, size in self._requests)

    def _forget_counts(self) -> None:
        # Whoever writes to ever new inboxes would fill the memory with their names.
        kept = {request.inbox for request, _ in self._requests}
        for counts in (self._arrivals, self._evicted):
            for inbox in [name for name in counts if name not in kept]:
                del counts[inbox]

    def _evict(self) -> None:
        # The newest is kept even if it alone is over the bound: it may be under way.
        while len(self._requests) > 1 and (
            len(self._requests) > self._max_requests or self._bytes > self._max_bytes
        ):
            request, size = self._requests.popleft()
            self._bytes -= size
            self._evicted[request.inbox] += 1


def _real_now() -> datetime:
    return plain(datetime.now(UTC))
