"""Calls an application in this process for every attempt, whatever its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from mockserver.core.errors import InvalidValue
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import NO_TIME, Outcome, OutcomeKind
from mockserver.transport.application.exchange import ApplicationExchange
from mockserver.transport.application.failure import ApplicationFailure, traceback_of
from mockserver.transport.application.pool_threads import waits_for_work
from mockserver.transport.application.request import ApplicationRequest, request_of
from mockserver.transport.application.signals import caught_by_frameworks
from mockserver.transport.application.started_calls import StartedCalls
from mockserver.transport.application.started_threads import heard_from_threads
from mockserver.transport.application.swallowed import written_down

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


class ApplicationTransport(ABC):
    """What calling a WSGI and an ASGI application have in common; see `application_transport`."""

    #: Results are recorded one by one, because the application may ask the sandbox for them.
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
        self._threads: WeakSet[Thread] = WeakSet()
        self._calls = StartedCalls()

    def accepts(self, url: str) -> bool:
        """Return whether `url` is below the base URL.

        User names in it do not matter, nor does the case of the host.
        """
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
            with (
                caught_by_frameworks(exchange.note),
                written_down(exchange.suspect),
                self._calls.heard(attempt),
                heard_from_threads(
                    lambda error: self._tell(attempt, error, _A_THREAD), self._threads.add
                ),
            ):
                self._answer(attempt, request, exchange)
            outcome = exchange.outcome()
        finally:
            self._under_way.remove(exchange)
        failure = exchange.failure or exchange.answered_failure
        if failure is not None:
            is_good = outcome.status is not None and 200 <= outcome.status < 300
            self._tell(attempt, failure, answered=outcome.status if is_good else None)
        return outcome

    def spend(self, duration: timedelta) -> None:
        """Let the attempt under way take so much longer, in sandbox time.

        To be called by the application while it answers, from any of its threads.

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

    def use_loop(self, loop: AbstractEventLoop) -> None:  # noqa: B027 (most run on none)
        """Run the application on a loop of somebody else from now on, if it runs on any."""

    def still_working(self) -> list[str]:
        """Return what goes on that the application has started while it answered, by name."""
        # Who asks may do so in a thread of a pool that the application has begun to use.
        threads = [
            each
            for each in set(self._threads) - {current_thread()}
            if each.is_alive() and not waits_for_work(each)
        ]
        return [f"thread {each.name!r}" for each in threads] + self._calls.under_way()

    def look(self) -> None:
        """Tell what was raised in the background meanwhile, and nobody has asked for."""
        for attempt, error in self._calls.take_lost():
            self._tell(attempt, error, _A_CALL)

    @abstractmethod
    def close(self) -> None:
        """End the application, if it has an end."""

    @abstractmethod
    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        """Call the application, and pass all that it does on to `exchange`."""

    def _tell(
        self,
        attempt: DueAttempt,
        error: BaseException,
        place: str = "",
        *,
        answered: int | None = None,
    ) -> None:
        self._on_failure(ApplicationFailure(attempt, error, traceback_of(error), place, answered))


_A_THREAD = "a thread that it started"
_A_CALL = "a call that it gave to a pool"
