"""Builds an endpoint that does everything right, in steps that a deviant can replace."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mockserver.core.clock import ManualClock

StartResponse = Callable[[str, list[tuple[str, str]]], Any]

#: Where a shop receives postbacks.
PATH = "/in"
#: The query of its postbackUrl; it stores each value under the name that stands here.
QUERY = (
    "?user={{User ID}}&device={{Device ID}}&message={{Message ID}}&event={{Message event}}"
    "&channel={{Message channel}}&template={{Template name}}&at={{Trigger time}}"
    "&parameters={{Parameters}}"
)

#: The names in it.
VALUES = ("user", "device", "message", "event", "channel", "template", "at", "parameters")

Row = dict[str, Any]


class Store:
    """The database of an endpoint, which survives a restart."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._seen: set[Hashable] = set()
        self._lock = Lock()

    def add(self, row: Row, identity: Hashable) -> bool:
        """Store a row unless one with the same identity is stored; return whether it is new."""
        with self._lock:
            if identity in self._seen:
                return False
            self._seen.add(identity)
            self.rows.append(dict(row))
            return True

    def add_anyway(self, row: Row) -> None:
        """Store a row without looking for duplicates."""
        with self._lock:
            self.rows.append(dict(row))

    def has(self, identity: Hashable) -> bool:
        """Return whether a row with this identity is stored."""
        with self._lock:
            return identity in self._seen

    def drop_last(self) -> None:
        """Forget the newest row."""
        with self._lock:
            self.rows.pop()

    def forget(self) -> None:
        """Know no row again, and keep all of them."""
        with self._lock:
            self._seen.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.rows.clear()
            self._seen.clear()


class ShopAnswer(NamedTuple):
    """An answer of a shop."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Shop:
    """A WSGI application; a deviant overrides one of its steps.

    Args:
        store: Its database.
        clock: Moved by `spend`, where time is not real.
    """

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock

    def __call__(
        self, environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request."""
        answer = self.handle(environ)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {_REASONS.get(answer.status, 'Status')}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        """Return the answer to a request."""
        if environ["REQUEST_METHOD"] not in self.methods():
            return ShopAnswer(405, (("Allow", "POST"),))
        if environ["PATH_INFO"] != PATH:
            return ShopAnswer(404)
        return self.receive(environ)

    def methods(self) -> tuple[str, ...]:
        """Return the methods that it accepts as postbacks."""
        return ("POST",)

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        """Store a postback and answer."""
        row = self.parse(environ["QUERY_STRING"])
        refused = self.check(row)
        if refused is not None:
            return refused
        return self.new(row) if self.keep(row) else self.again(row)

    def parse(self, query: str) -> Row:
        """Return the values of a query, decoded once."""
        return dict(parse_qsl(query, keep_blank_values=True))

    def check(self, row: Row) -> ShopAnswer | None:
        """Return why a postback is refused; a good shop refuses none."""
        return None

    def identity(self, row: Row) -> Hashable:
        """Return a value that all postbacks of one event share, and no others."""
        return tuple(str(row.get(name)) for name in VALUES)

    def keep(self, row: Row) -> bool:
        """Store a row; return whether it was new."""
        return self.store.add(row, self.identity(row))

    def new(self, row: Row) -> ShopAnswer:
        """Return the answer to a new event."""
        return ShopAnswer(200, (("Content-Type", "text/plain"),), b"thank you")

    def again(self, row: Row) -> ShopAnswer:
        """Return the answer to a duplicate."""
        return self.new(row)

    def spend(self, duration: timedelta) -> None:
        """Let time pass before the answer, by moving the clock."""
        self.clock.move_to(self.clock.now() + duration)


_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
