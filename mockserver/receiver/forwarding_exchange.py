"""Answers a request with what the endpoint answers that it is forwarded to, once that is known."""

from __future__ import annotations

import contextlib

from mockserver.core.forwarded import Forwarded
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.exchange import ExchangeConnection, ReceiverExchange
from mockserver.receiver.faults.base import Fault
from mockserver.receiver.forwarded import forwarded_answer
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.journal import ReceivedRequest
from mockserver.receiver.link import SendingAttempt

#: Until the endpoint has answered, it is as if it never did.
_NOT_YET = ReceiverAnswer(0, b"", b"", None)


class ForwardingExchange(ReceiverExchange):
    """The answering of one request that is forwarded.

    If the sender goes meanwhile, what the endpoint still answers is recorded, and sent to nobody.

    Args:
        connection: The one that it came on.
        request: As it is in the journal.
        keep_alive: Whether the client wants the connection to stay.
        attempt: The attempt that sent it, if the engine did.
        inboxes: Who forwards, and where it is kept what came of it.
        fault: Says where to, and how much later the answer goes back.
        field: What the answer says of the connection.
    """

    __slots__ = ("_field", "_held_back", "_inboxes", "_is_forwarding", "_url")

    def __init__(
        self,
        connection: ExchangeConnection,
        request: ReceivedRequest,
        keep_alive: bool,
        attempt: SendingAttempt | None,
        *,
        inboxes: Inboxes,
        fault: Fault,
        field: ConnectionField,
    ) -> None:
        super().__init__(connection, request, _NOT_YET, keep_alive, attempt)
        self._inboxes = inboxes
        self._url = fault.forwards_to or ""
        self._held_back = fault.delay_time
        self._field = field
        self._is_forwarding = False

    def begin(self) -> None:
        """Forward the request; the answer follows when the endpoint has given it."""
        self.begun = True
        self._is_forwarding = True
        forwarder = self._inboxes.forwarder
        limit = forwarder.limit
        attempt, link = self._attempt, self._connection.link
        if attempt is not None and link is not None:
            link.answered_after(self._connection.client[1], None, self._request)
            if not attempt.virtual:
                limit = min(limit, attempt.timeout)
        forwarder.begin(self._url, self._request, limit, self._told)

    def hurry(self) -> None:
        """Account the time from now on; the endpoint is still waited for, as any foreign one is."""
        if not self._is_forwarding or self.done:
            super().hurry()
            return
        link = self._connection.link
        if self._attempt is not None and link is not None:
            self._attempt = self._attempt._replace(virtual=True)
            link.hurry(self._connection.client[1])

    def _told(self, forwarded: Forwarded) -> None:
        """Take note of what came of it; called on a thread of its own."""
        self._inboxes.forwarded(self._request, forwarded)
        # A loop that is being stopped takes nothing.
        with contextlib.suppress(RuntimeError):
            self._connection.loop.call_soon_threadsafe(self._answer_with, forwarded)

    def _answer_with(self, forwarded: Forwarded) -> None:
        self._is_forwarding = False
        if self.done:
            return
        answer = forwarded_answer(forwarded, self._request.method, self._field)
        self._answer = answer._replace(wait=self._held_back)
        self._pieces = self._answer.pieces()
        super().begin()
        if self.done:
            self._connection.proceed()
