"""A partner's application in this process, called as its server would call it.

Decides: what the request looks like, what an exception and a spent duration come to, and
whether an application is WSGI or ASGI. Place in the flow: the sandbox makes a transport for
the application it is given and routes postbacks there. Must not import: asyncio, web
frameworks, anything of this package but `core` and its siblings.

The sandbox's clock stands while an attempt runs. How long one took is what the application
says it spent, plus what the clock was moved by meanwhile, e.g. by a frozen time that ticks.
As on the wire, the time to the head of the answer decides whether it is a timeout.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from mockserver.core.errors import InvalidValue
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import KEPT_BODY_BYTES, NO_TIME, Outcome, OutcomeKind, timeout_outcome
from mockserver.net.monotonic import real_seconds
from mockserver.transport.application.failure import (
    ApplicationFailure,
    BrokenApplication,
    line_of,
    log_failure,
    traceback_of,
)
from mockserver.transport.application.request import ApplicationRequest, request_of
from mockserver.transport.application.signals import heard

if TYPE_CHECKING:
    from mockserver.transport.application.asgi import AsgiTransport
    from mockserver.transport.application.wsgi import WsgiTransport

#: Header fields of an answer, in order, names as sent.
Headers = tuple[tuple[str, str], ...]


def application_transport(
    app: Any,
    *,
    base_url: str = "",
    now: Callable[[], datetime],
    timeout_of: Callable[[DueAttempt], timedelta],
    on_failure: Callable[[ApplicationFailure], None] = log_failure,
) -> WsgiTransport | AsgiTransport:
    """Return the transport that calls `app`.

    Args:
        app: A WSGI or ASGI application.
        base_url: What `accepts` says yes to; every URL unless given.
        now: The present of the sandbox.
        timeout_of: How long an attempt may take.
        on_failure: Told of exceptions, in the thread that sends; what it raises is passed on.

    Raises:
        InvalidValue: `app` is neither, or `base_url` is not a URL.
    """
    if kind_of(app) == "asgi":
        from mockserver.transport.application.asgi import AsgiTransport

        return AsgiTransport(app, base_url, now, timeout_of, on_failure)
    from mockserver.transport.application.wsgi import WsgiTransport

    return WsgiTransport(app, base_url, now, timeout_of, on_failure)


class ApplicationTransport(ABC):
    """What calling a WSGI and an ASGI application have in common; see `application_transport`."""

    #: The application may look at the ledger.
    batch = 1

    def __init__(
        self,
        app: Any,
        base_url: str,
        now: Callable[[], datetime],
        timeout_of: Callable[[DueAttempt], timedelta],
        on_failure: Callable[[ApplicationFailure], None],
    ) -> None:
        base = request_of(base_url) if base_url else None
        if isinstance(base, str):
            raise InvalidValue(
                f"the base URL of an application must be like http://partner.test, got {base_url!r}"
            )
        self._app = app
        self._base = base
        self._now = now
        self._timeout_of = timeout_of
        self._on_failure = on_failure
        self._under_way: list[ApplicationExchange] = []

    def accepts(self, url: str) -> bool:
        """Return whether `url` is below the base URL; user info and case of the host apart."""
        request, base = request_of(url), self._base
        if base is None or isinstance(request, str):
            return base is None
        origins = {(each.scheme, each.host.lower(), each.port) for each in (request, base)}
        path = base.path.rstrip("/")
        return len(origins) == 1 and f"{request.path}/".startswith(f"{path}/")

    def send(self, attempt: DueAttempt) -> Outcome:
        """Let the application answer `attempt`, and return what came of it."""
        request = request_of(attempt.url)
        if isinstance(request, str):
            return Outcome(OutcomeKind.BLOCKED, error=request)
        exchange = ApplicationExchange(self._now, self._timeout_of(attempt))
        self._under_way.append(exchange)
        try:
            with heard(exchange.note):
                self._answer(attempt, request, exchange)
            outcome = exchange.outcome()
        finally:
            self._under_way.remove(exchange)
        failure = exchange.failure or exchange.answered_failure
        if failure is not None:
            self._tell(attempt, failure)
        return outcome

    def spend(self, duration: timedelta) -> None:
        """Let the attempt under way take so much longer, in sandbox time; from any thread.

        Raises:
            InvalidValue: No attempt is under way, or `duration` is no positive duration.
        """
        if not isinstance(duration, timedelta) or duration < NO_TIME:
            raise InvalidValue(
                f"spend takes a timedelta like timedelta(seconds=45), 0 or more; got {duration!r}"
            )
        for exchange in self._under_way[-1:]:
            return exchange.spend(duration)
        raise InvalidValue(
            "spend was called while no attempt is under way; call it from the application, or "
            "from what it calls, while it answers a postback"
        )

    @abstractmethod
    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        """Call the application, and tell `exchange` what it does."""

    def _tell(self, attempt: DueAttempt, error: BaseException) -> None:
        self._on_failure(ApplicationFailure(attempt, error, traceback_of(error)))


class ApplicationExchange:
    """One attempt while an application answers it: what it has sent, and how long that took.

    Attributes:
        failure: What the application raised.
        answered_failure: What a view of it raised and its framework has made an answer of.
    """

    def __init__(self, now: Callable[[], datetime], timeout: timedelta) -> None:
        self.failure: BaseException | None = None
        self.answered_failure: BaseException | None = None
        self._now = now
        self._timeout = timeout
        self._began_at = now()
        self._began_real_seconds = real_seconds()
        self._spending = Lock()
        self._spent = NO_TIME
        self._head: tuple[int, Headers, timedelta] | None = None
        self._failed: tuple[OutcomeKind, str | None] = (OutcomeKind.RESPONSE, None)
        self._whole_bytes = KEPT_BODY_BYTES
        self._length: int | None = None
        self._body = bytearray()
        self._ended_after: timedelta | None = None

    def spend(self, duration: timedelta) -> None:
        """Add to the time that has passed."""
        with self._spending:
            self._spent += duration

    def elapsed(self) -> timedelta:
        """Return how long it has taken up to now, in sandbox time."""
        return max(self._now() - self._began_at, NO_TIME) + self._spent

    def begin(self, status: int, headers: Headers) -> None:
        """Take note that the head of the answer goes out now."""
        self._head = (status, headers, self.elapsed())
        lengths = [value.strip() for name, value in headers if name.lower() == "content-length"]
        if status in (204, 304):
            self._length = 0
        elif lengths and lengths[0].isascii() and lengths[0].isdigit():
            self._length = int(lengths[0])
        # A client reads no further than this: what comes after it is of no consequence.
        if self._length is not None:
            self._whole_bytes = min(self._length, KEPT_BODY_BYTES)
        self.keep(b"")

    def keep(self, data: bytes) -> None:
        """Take in some of the body."""
        elapsed = self.elapsed()
        if self._ended_after is None and elapsed < self._timeout:
            self._body += data
            if len(self._body) >= self._whole_bytes:
                self._ended_after = elapsed

    def end(self) -> None:
        """Take note that the body has ended, by itself."""
        if self._ended_after is None and self._length is None:
            self._ended_after = self.elapsed()

    def fail(self, error: BaseException, kind: OutcomeKind = OutcomeKind.RESPONSE) -> None:
        """Take note of an exception: a response with status 500, or another `kind`."""
        if self.failure is None:
            self.failure = error
            self._failed = (kind, line_of(error))

    def note(self, error: BaseException) -> None:
        """Take note of an exception that the application answers itself."""
        self.answered_failure = error

    def outcome(self) -> Outcome:
        """Return what came of it, once the application is done."""
        took_real_seconds = real_seconds() - self._began_real_seconds
        elapsed = self.elapsed()
        kind, error = self._failed
        if kind is not OutcomeKind.RESPONSE:
            return Outcome(kind, elapsed, took_real_seconds, error=error)
        status, headers, head_after = self._head or (500, (), elapsed)
        if head_after >= self._timeout:
            return timeout_outcome(self._timeout, took_real_seconds)
        if self._head is not None:
            in_full = self._ended_after
            if in_full is None or in_full >= self._timeout:
                error = "the body of the answer was not finished"
            elif error is not None and status != 500:
                error = f"after the answer: {error}"
            elapsed = min(elapsed if in_full is None else in_full, self._timeout)
        if error is None and self.answered_failure is not None:
            error = line_of(self.answered_failure)
        body = bytes(self._body[: self._whole_bytes])
        return Outcome(kind, elapsed, took_real_seconds, status, headers, body, error)


def kind_of(app: Any) -> Literal["wsgi", "asgi"]:
    """Return which kind of application `app` is.

    Raises:
        InvalidValue: It is neither.
    """
    if not callable(app):
        raise InvalidValue(
            f"an application is called for every request, and {app!r} is not callable; pass the "
            "WSGI or ASGI object itself, e.g. what Flask(__name__) or FastAPI() returned"
        )
    is_itself = inspect.isroutine(app) or inspect.isclass(app) or isinstance(app, partial)
    called = app if is_itself else app.__call__
    takes = _takes(called)
    is_async = inspect.iscoroutinefunction(called) or hasattr(app, "__await__")
    if takes(3) and (is_async or not takes(2)):
        return "asgi"
    if takes(2) and not is_async:
        return "wsgi"
    if takes(2) or takes(1):
        raise InvalidValue(
            f"{app!r} takes what an ASGI 2 application takes; WSGI and ASGI 3 are called here: "
            "wrap it in asgiref.compatibility.guarantee_single_callable"
        )
    raise InvalidValue(
        f"{app!r} is neither WSGI (environ, start_response) nor ASGI (scope, receive, send); if "
        "it makes the application, pass what it returns"
    )


def checked_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return header fields as they are, if they can be sent.

    Raises:
        BrokenApplication: One cannot.
    """
    checked = tuple(headers)
    for name, value in checked:
        if not _TOKEN(name) or _NOT_IN_A_FIELD(value):
            raise BrokenApplication(f"the header field {name!r}: {value!r} cannot be sent")
    return checked


def _takes(called: Any) -> Callable[[int], bool]:
    """Return whether `called` takes so many positional arguments."""
    try:
        bind = inspect.signature(called).bind
    except ValueError:  # Written in C, which does not tell; compiled applications are WSGI.
        return lambda count: count == 2

    def takes(count: int) -> bool:
        with suppress(TypeError):
            bind(*range(count))
            return True
        return False

    return takes


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_NOT_IN_A_FIELD = re.compile(r"[\x00\r\n]|[^\x00-\xff]").search
