"""Carries out on a socket what one request is answered with.

The end is written to the journal before the last byte is sent, so that whoever has an answer
finds it in the journal.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from mockserver.core.clock import later
from mockserver.receiver.accounted import accounted_answer
from mockserver.receiver.answers import ReceiverAnswer
from mockserver.receiver.journal import End, ReceivedRequest
from mockserver.receiver.link import EngineLink, SendingAttempt


class Ending(Protocol):
    """Takes note of how requests end; a journal does."""

    def ended(
        self,
        request: ReceivedRequest,
        end: End,
        status: int | None = None,
        ended_at: datetime | None = None,
        /,
    ) -> None:
        """Take note that a request has ended, unless it had ended before."""


class ExchangeConnection(Protocol):
    """The connection that an exchange takes place on."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    @property
    def journal(self) -> Ending:
        """Return who takes note of the end."""

    link: EngineLink | None
    client: tuple[str, int]

    def proceed(self) -> None:
        """Serve the next request, because this exchange is done."""


class ReceiverExchange:
    """The answering of one request.

    Args:
        connection: The one that it came on, and that the answer goes out on.
        request: As it is in the journal.
        answer: What is sent, when, and how it ends.
        keep_alive: Whether the client wants the connection to stay.
        attempt: The attempt that sent it, if the engine did.

    Attributes:
        begun: Whether its turn has come.
        done: Whether the next request's turn has come.
        reads_on: Whether the connection is read from meanwhile.
    """

    __slots__ = (
        "_answer",
        "_attempt",
        "_connection",
        "_keep_alive",
        "_pieces",
        "_request",
        "_sent",
        "_status",
        "_timer",
        "begun",
        "done",
        "reads_on",
    )

    def __init__(
        self,
        connection: ExchangeConnection,
        request: ReceivedRequest,
        answer: ReceiverAnswer,
        keep_alive: bool,
        attempt: SendingAttempt | None,
    ) -> None:
        self._connection = connection
        self._request = request
        self._answer = answer
        self._keep_alive = keep_alive
        self._attempt = attempt
        self._pieces = answer.pieces()
        self._sent = 0
        self._status: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.begun = False
        self.done = False
        self.reads_on = answer.reads_on

    def begin(self) -> None:
        """Serve the request; `done` tells whether that took no time."""
        self.begun = True
        attempt, link = self._attempt, self._connection.link
        if attempt is not None and link is not None:
            link.answered_after(self._connection.client[1], self._answer.head_time, self._request)
            if attempt.virtual:
                self._act_virtually(attempt.timeout)
                return
        if self._answer.wait:
            self._later(self._answer.wait, self._send_on)
        else:
            self._send_on()

    def cancel(self, end: End) -> None:
        """Stop; the journal says that the request ended as `end`, unless it had ended before."""
        self._stop_timer()
        self.done = True
        self._connection.journal.ended(self._request, end, self._status)

    def hurry(self) -> None:
        """Answer a request of the engine now, because sandbox time has jumped."""
        if self.done or self._attempt is None or self._connection.link is None:
            return
        if not self.begun:
            self._attempt = self._attempt._replace(virtual=True)
            return
        self._stop_timer()
        self._connection.link.hurry(self._connection.client[1])
        self._act_virtually(self._attempt.timeout)
        self._connection.proceed()

    def _act_virtually(self, timeout: timedelta) -> None:
        """Send at once what the attempt would get in time, and end as that would have ended."""
        accounted = accounted_answer(self._answer, timeout)
        ended_at = later(self._request.arrived_at, accounted.ended_after)
        self._finish(accounted.end, accounted.status, ended_at)
        if self._answer.end is None and not accounted.sent:
            self._connection.transport.abort()
            return
        self._write(accounted.sent[self._sent :])
        if self._answer.end is None or accounted.end == "client-gone":
            # The client still waits for data; closing the connection ends that.
            self._connection.transport.close()
        else:
            self._end_connection()

    def _send_on(self) -> None:
        """Send everything that is due before the next pause."""
        size = self._answer.size
        if not size:
            self._send_last(b"")
        while self._sent < size:
            pause, piece = next(self._pieces)
            if pause is not None:
                self._later(pause, partial(self._send_paused, piece, size))
                return
            self._send(piece, size)

    def _send_paused(self, piece: bytes, size: int) -> None:
        self._send(piece, size)
        self._send_on()

    def _send(self, piece: bytes, size: int) -> None:
        self._sent += len(piece)
        if self._sent == size:
            self._send_last(piece)
        else:
            self._write(piece)

    def _send_last(self, piece: bytes) -> None:
        answer = self._answer
        if answer.end is None:
            self._status = answer.status or None
            self._write(piece)
            return
        self._finish(answer.end, answer.status or None)
        self._write(piece)
        self._end_connection()

    def _write(self, data: bytes) -> None:
        if data:
            self._connection.transport.write(data)

    def _finish(self, end: End, status: int | None, ended_at: datetime | None = None) -> None:
        self.done = True
        self._connection.journal.ended(self._request, end, status, ended_at)

    def _end_connection(self) -> None:
        """End the connection as the answer says; after a whole one it may stay."""
        end = self._answer.end
        if end == "reset":
            self._reset_connection()
        elif end == "closed" or self._answer.ends_connection or not self._keep_alive:
            self._connection.transport.close()

    def _reset_connection(self) -> None:
        raw = self._connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.transport.abort()

    def _later(self, pause: timedelta, act: Callable[[], None]) -> None:
        def run() -> None:
            self._timer = None
            act()
            if self.done:
                self._connection.proceed()

        self._timer = self._connection.loop.call_later(pause.total_seconds(), run)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
