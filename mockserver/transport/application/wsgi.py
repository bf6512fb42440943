"""Calls a WSGI application for every attempt, as its server would.

It runs in the thread that sends, so that what a test keeps in thread-locals, like the database
connection of its transaction, is there for the application. The head of an answer goes out with
the first bytes of the body, or at its end (PEP 3333); until then an exception is a 500.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from mockserver.core.models import DueAttempt
from mockserver.net.wsgi_environ import wsgi_environ
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.exchange import (
    ApplicationExchange,
    Headers,
    checked_headers,
)
from mockserver.transport.application.failure import BrokenApplication
from mockserver.transport.application.request import ApplicationRequest
from mockserver.transport.application.swallowed import ErrorStream

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class WsgiTransport(ApplicationTransport):
    """Sends postbacks to a WSGI application; see `application_transport`."""

    def close(self) -> None:
        """Do nothing: a WSGI application has no end."""

    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        answer = _WsgiAnswer(exchange)
        body: Iterable[bytes] | None = None
        environ = environ_of(request)
        errors = ErrorStream(environ["wsgi.errors"], exchange.suspect)
        environ["wsgi.errors"] = errors
        try:
            body = self._app(environ, answer.start)
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
            errors.end()


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
    """The answer of an application: what it passes to `start_response`, and its body."""

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
        """Take in status and headers; this is the `start_response` of the application.

        Raises:
            BrokenApplication: WSGI does not allow this call.
        """
        try:
            if exc_info is None and self._head is not None:
                raise BrokenApplication("start_response was called twice, without exc_info")
            if exc_info is not None and exc_info[1] is not None and self._is_head_sent:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            # A traceback that is kept keeps all of its frames alive (PEP 3333).
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
