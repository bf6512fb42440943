"""Sends postbacks to an application in this process, for the proof of the cases and for tests.

No real time passes: an answer takes as long as the application moves the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.verify.raw_answer import RawAnswer
from contracts.verify.sender import attempt_to
from mockserver.client.wire import WsgiWire
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.transport.application.factory import application_transport, kind_of
from mockserver.transport.application.failure import ApplicationFailure, traceback_of


class InProcessPostbackSender:
    """A `PostbackSender` that calls a WSGI or ASGI application.

    Args:
        app: The application.
        timeout: How long an attempt may take, in time of the clock.
        clock: The application moves it to spend time.

    Attributes:
        failures: What the application raised.
    """

    def __init__(
        self,
        app: Any,
        timeout: timedelta = DEFAULT_TIMEOUT,
        clock: ManualClock | None = None,
    ) -> None:
        clock = clock or ManualClock()
        self.failures: list[ApplicationFailure] = []
        self._app = app
        self._transport = application_transport(
            app,
            now=clock.now,
            timeout_of=lambda attempt: timeout,
            on_failure=self.failures.append,
        )

    def post(
        self, urls: Sequence[str], *, at_once: int = 1, fresh: bool = False, address: str = ""
    ) -> list[Outcome]:
        """Call the application for each URL, one after the other; see `PostbackSender`."""
        return [self._transport.send(attempt_to(url)) for url in urls]

    def request(self, method: str, target: str) -> RawAnswer:
        """Send a request of another method; only a WSGI application can be sent one."""
        if kind_of(self._app) != "wsgi":
            return RawAnswer(error="only POST is sent to an ASGI application in this process")
        try:
            reply = WsgiWire(self._app).send(method, target, {}, None)
        except Exception as error:
            # A server would answer 500.
            failure = ApplicationFailure(attempt_to(target), error, traceback_of(error))
            self.failures.append(failure)
            return RawAnswer(500)
        return RawAnswer(reply.status, list(reply.headers), reply.body)

    def close(self) -> None:
        """Shut the application down, if it has a shutdown (ASGI lifespan)."""
        self._transport.close()
