"""Forwards requests to endpoints: where they may go, how many at a time, how long it may take."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.core.errors import InvalidBehaviour, PostbacksError
from mockserver.core.forward_target import forward_target
from mockserver.core.forwarded import Forwarded, RawFields
from mockserver.core.hosts import is_loopback
from mockserver.core.inbox_name import INBOX_PATH
from mockserver.net.monotonic import real_seconds
from mockserver.receiver.dialling import Target, exchange
from mockserver.receiver.forwarded import passed_on

if TYPE_CHECKING:
    from mockserver.receiver.journal import ReceivedRequest

#: How many are under way at a time; one more is not forwarded. It also ends a loop of two
#: sandboxes that forward to each other.
MOST_UNDER_WAY = 256

#: Returns why nothing is sent to a port of a literal address, for a URL; None if it may be.
Judge = Callable[[str, int | None, str], str | None]


class Forwarder:
    """Forwards what inboxes get; any thread may use it.

    Args:
        judge: Which addresses may be dialled; all unless given.
        refuses: Returns why nothing is forwarded to a URL, before its host is looked up.
        trust: Returns how certificates are checked where a URL is https.
        limit: How long one may take in all.
    """

    def __init__(
        self,
        *,
        judge: Judge = lambda address, port, url: None,
        refuses: Callable[[str], str | None] = lambda url: None,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        limit: timedelta = timedelta(seconds=30),
    ) -> None:
        self.refuses = refuses
        self.limit = limit
        self._judge = judge
        self._trust = trust
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._under_way = 0
        self._open: set[socket.socket] = set()
        self._stopped = False

    def check(self, url: str) -> None:
        """Check what can be known of a destination without looking its host up.

        Raises:
            InvalidBehaviour: Nothing would ever be forwarded to it.
        """
        host = forward_target(url)
        reason = self.refuses(url)
        if reason is None:
            literal = _literal(host.name)
            reason = None if literal is None else self._judge(literal, host.port, url)
        if reason is not None:
            raise InvalidBehaviour(f"nothing can be forwarded to {url}: {reason}")

    def begin(
        self,
        url: str,
        request: ReceivedRequest,
        limit: timedelta,
        done: Callable[[Forwarded], None],
    ) -> None:
        """Forward a request on a thread of its own, and call `done` there with what came of it."""

        def run() -> None:
            try:
                forwarded = self.send(url, request, limit)
            except Exception as error:
                # Whoever sent it must not wait for ever.
                forwarded = Forwarded(url, "reset", error=f"{type(error).__name__}: {error}")
            done(forwarded)

        threading.Thread(target=run, name="postbacks-forward", daemon=True).start()

    def send(self, url: str, request: ReceivedRequest, limit: timedelta) -> Forwarded:
        """Forward a request, wait for what comes of it, and return that."""
        began = real_seconds()
        where = url
        with self._place() as has_place:
            try:
                refused = self.refuses(url) if has_place else _too_many()
                where, target, written = self._written(url, request)
            except PostbacksError as error:
                refused = str(error)
            if refused is not None:
                return Forwarded(where, "reset", error=refused)
            got = exchange(
                target,
                written,
                lambda address, port: self._judge(address, port, url),
                began + min(limit, self.limit).total_seconds(),
                is_head=request.method == "HEAD",
                opened=self._opened,
            )
        took = real_seconds() - began
        if got.end == "silent":
            seconds = min(limit, self.limit).total_seconds()
            got = got._replace(error=f"no answer within {seconds:g} s")
        return Forwarded(
            where,
            got.end,
            got.status,
            got.reason,
            got.headers,
            got.body,
            got.is_whole,
            got.error,
            took,
        )

    def stop(self) -> None:
        """End what is under way, and forward nothing more."""
        with self._lock:
            self._stopped = True
            opened, self._open = self._open, set()
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _written(self, url: str, request: ReceivedRequest) -> tuple[str, Target, bytes]:
        """Return where a request goes, and every byte that is sent.

        Raises:
            InvalidBehaviour: The destination is none, or its certificates cannot be checked.
        """
        host = forward_target(url)
        target = _joined(urlsplit(url).path, _suffix_of(request.target, request.inbox))
        line = f"{request.method} {target} HTTP/1.1".encode("latin-1")
        fields = _sent_fields(request.headers, urlsplit(url).netloc.encode(), request)
        head = b"\r\n".join([line, *(b"%b: %b" % field for field in fields), b"", b""])
        tls = self._tls() if url.lower().startswith("https:") else None
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}{target}"
        return where, Target(host.name, host.port, tls), head + request.body

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._trust()
            return self._context

    @contextlib.contextmanager
    def _place(self) -> Iterator[bool]:
        with self._lock:
            has_place = self._under_way < MOST_UNDER_WAY and not self._stopped
            self._under_way += has_place
        try:
            yield has_place
        finally:
            with self._lock:
                self._under_way -= has_place
                self._open = {each for each in self._open if each.fileno() != -1}

    def _opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
            is_late = self._stopped
        if is_late:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _suffix_of(target: str, inbox: str) -> str:
    """Return what stands behind the name of the inbox in a request target."""
    return target.partition(f"{INBOX_PATH}{inbox}")[2]


def _joined(path: str, suffix: str) -> str:
    joined = path.rstrip("/") + suffix if suffix.startswith("/") else path + suffix
    return joined if joined.startswith("/") else f"/{joined}"


def _sent_fields(headers: RawFields, host: bytes, request: ReceivedRequest) -> RawFields:
    """Return the header fields that are sent: as they came, but for the host and the framing."""
    fields = [
        (name, host if name.lower() == b"host" else value) for name, value in passed_on(headers)
    ]
    names = {name.lower() for name, _ in fields}
    if b"host" not in names:
        fields.insert(0, (b"Host", host))
    if b"content-length" not in names and (request.body or request.method in ("POST", "PUT")):
        # It came in chunks.
        fields.append((b"Content-Length", b"%d" % len(request.body)))
    return (*fields, (b"Connection", b"close"))


def _literal(name: str) -> str | None:
    """Return the address that a host is, without looking anything up."""
    try:
        return str(ip_address(name))
    except ValueError:
        return "127.0.0.1" if is_loopback(name) else None


def _too_many() -> str:
    return (
        f"{MOST_UNDER_WAY} requests are being forwarded, which is the maximum; is it a loop, or "
        "does the endpoint hang?"
    )
