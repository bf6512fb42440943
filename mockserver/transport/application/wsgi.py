"""Calls a partner's WSGI application, as its server would.

Decides: what the application is handed, and when the head of its answer goes out. Place in
the flow: one of the two transports that `transport.partner` makes. Must not import: anything
but its sibling `partner`.

The application runs in the thread that sends, so that thread-locals of a test, like the
database connection of its transaction, are those of the application. A head goes out with
the first bytes of the body, or at its end (PEP 3333); until then an exception is a 500.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from mockserver.core.models import DueAttempt
from mockserver.net.wsgi_environ import wsgi_environ
from mockserver.transport.application.base import (
    ApplicationExchange,
    ApplicationTransport,
    Headers,
    checked_headers,
)
from mockserver.transport.application.failure import BrokenApplication
from mockserver.transport.application.request import ApplicationRequest

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class WsgiTransport(ApplicationTransport):
    """A transport to a WSGI application; see `application_transport`."""

    def close(self) -> None:
        """Release nothing: a WSGI application is just a function."""

    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        answer = _WsgiAnswer(exchange)
        body: Iterable[bytes] | None = None
        try:
            body = self._app(environ_of(request), answer.start)
            if body is None or isinstance(body, str | bytes):
                raise BrokenApplication(
                    f"the application returned {body!r} in place of an iterable of bytes"
                )
            for data in body:
                answer.write(data)
            answer.finish()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            exchange.fail(error)
        finally:
            _close(body, exchange)


def environ_of(request: ApplicationRequest) -> dict[str, Any]:
    """Return the environment that a WSGI server makes of `request`."""
    headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers]
    environ = wsgi_environ(
        "POST",
        request.target,
        headers,
        scheme=request.scheme,
        host=request.host,
        port=request.port,
        multithread=False,
    )
    return environ | {"REQUEST_URI": request.target, "RAW_URI": request.target}


class _WsgiAnswer:
    """What an application says with `start_response` and with its body."""

    def __init__(self, exchange: ApplicationExchange) -> None:
        self._exchange = exchange
        self._head: tuple[int, Headers] | None = None
        self._is_head_sent = False

    def start(
        self,
        status: str,
        headers: Iterable[tuple[str, str]],
        exc_info: _ExceptionInfo | None = None,
    ) -> Callable[[bytes], object]:
        """Be the `start_response` of the application."""
        try:
            if exc_info is None and self._head is not None:
                raise BrokenApplication("start_response was called twice, without exc_info")
            if exc_info is not None and exc_info[1] is not None and self._is_head_sent:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            # It would keep the frame alive that it belongs to.
            exc_info = None
        if not isinstance(status, str) or not _STATUS(status):
            raise BrokenApplication(
                f"the status {status!r} is not like '200 OK', with a number from 200 to 599"
            )
        self._head = int(status[:3]), checked_headers(headers)
        return self.write

    def write(self, data: bytes) -> None:
        """Send some of the body, the head before it."""
        if not isinstance(data, bytes):
            raise BrokenApplication(f"the body is made of {type(data).__name__}, not of bytes")
        if data:
            self._send_head()
            self._exchange.keep(data)

    def finish(self) -> None:
        """End the answer."""
        self._send_head()
        self._exchange.end()

    def _send_head(self) -> None:
        if self._head is None:
            raise BrokenApplication("start_response was not called before the body was sent")
        if not self._is_head_sent:
            self._is_head_sent = True
            self._exchange.begin(*self._head)


def _close(body: object, exchange: ApplicationExchange) -> None:
    close = getattr(body, "close", None)
    if close is None:
        return
    try:
        close()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        exchange.fail(error)


_STATUS = re.compile(r"[2-5][0-9][0-9](?: [^\x00-\x1f\x7f]*)?").fullmatch
