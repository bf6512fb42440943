"""One request and what is done with it: answer, wait, drip, or fail.

Decides: when each byte is sent, and how the request is said to have ended. Place in the flow:
made by `receiver.connection` for each request that has arrived. Must not import: parsers,
the engine, transports.

The end is written to the journal before the last byte is sent, so that whoever has an answer
finds it in the journal.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from mockserver.receiver.answers import ReceiverAnswer, head_time, plan_of
from mockserver.receiver.behaviours import Behaviour, Close, Drip, Hang, Reset
from mockserver.receiver.journal import End, Journal, ReceivedRequest
from mockserver.receiver.link import EngineLink, SendingAttempt


class Host(Protocol):
    """The connection that an exchange takes place on."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    journal: Journal
    link: EngineLink | None
    client: tuple[str, int]

    def proceed(self) -> None:
        """Go on with what waits, as this exchange is done."""


class ReceiverExchange:
    """What becomes of one request.

    Args:
        host: The connection.
        request: As it is in the journal.
        behaviour: What serves it.
        answer: The bytes of the behaviour.
        keep_alive: Whether the client wants the connection to stay.
        sender: Who sent it, if the engine did.

    Attributes:
        begun: Whether its turn has come.
        done: Whether the next request's turn has come.
    """

    __slots__ = (
        "_answer",
        "_behaviour",
        "_elapsed",
        "_host",
        "_keep_alive",
        "_request",
        "_sender",
        "_sent",
        "_timer",
        "begun",
        "done",
    )

    def __init__(
        self,
        host: Host,
        request: ReceivedRequest,
        behaviour: Behaviour,
        answer: ReceiverAnswer,
        keep_alive: bool,
        sender: SendingAttempt | None,
    ) -> None:
        self._host = host
        self._request = request
        self._behaviour = behaviour
        self._answer = answer
        self._keep_alive = keep_alive
        self._sender = sender
        self._elapsed: timedelta | None = None
        self._sent = 0
        self._timer: asyncio.TimerHandle | None = None
        self.begun = False
        self.done = False

    def begin(self) -> None:
        """Serve the request; `done` tells whether that took no time."""
        self.begun = True
        sender = self._sender
        if sender is not None and self._host.link is not None:
            self._elapsed = head_time(self._behaviour, self._answer)
            self._host.link.answered_after(self._host.client[1], self._elapsed, self._request)
            if sender.virtual:
                self._act_virtually()
                return
        if isinstance(self._behaviour, Hang):
            return
        delay = plan_of(self._behaviour).delay_real_seconds
        if delay:
            self._later(delay, self._act)
        else:
            self._act()

    def cancel(self, end: End) -> None:
        """Take no further part; the request has ended as `end`, unless it had before."""
        self._stop_timer()
        self.done = True
        self._host.journal.ended(self._request, end)

    def hurry(self) -> None:
        """Let a request of the engine's wait no longer: sandbox time has jumped."""
        if self.done or self._sender is None or self._host.link is None:
            return
        if not self.begun:
            self._sender = self._sender._replace(virtual=True)
            return
        self._stop_timer()
        self._host.link.hurry(self._host.client[1])
        self._act_virtually()
        self._host.proceed()

    def _act_virtually(self) -> None:
        if self._elapsed is None:
            # The sender counts this as a timeout; it is told by the end of the connection.
            self._finish("timed-out", None, self._request.arrived_at)
            self._host.transport.abort()
            return
        ended_at = self._request.arrived_at + self._elapsed
        if isinstance(self._behaviour, Drip):
            self._answer_with(
                b"".join((self._answer.head, self._answer.body))[self._sent :], ended_at
            )
        else:
            self._act(ended_at)

    def _act(self, ended_at: datetime | None = None) -> None:
        if isinstance(self._behaviour, Reset):
            self._finish("reset", None, ended_at)
            self._reset_connection()
        elif isinstance(self._behaviour, Close):
            self._finish("closed", None, ended_at)
            self._host.transport.close()
        elif isinstance(self._behaviour, Drip):
            if self._behaviour.part == "body":
                self._sent = len(self._answer.head)
                self._host.transport.write(self._answer.head)
            self._drip(self._behaviour)
        else:
            self._answer_with(self._answer.head + self._answer.body, ended_at)

    def _answer_with(self, data: bytes, ended_at: datetime | None = None) -> None:
        answer = self._answer
        end: End = "answered" if answer.is_whole else "closed"
        self._finish(end, answer.status or None, ended_at)
        self._host.transport.write(data)
        if answer.ends_connection or not self._keep_alive:
            self._host.transport.close()

    def _drip(self, behaviour: Drip) -> None:
        head, body = self._answer.head, self._answer.body
        slow_until = len(head) if behaviour.part == "headers" else len(head) + len(body)
        if self._sent >= slow_until:
            self._answer_with((head + body)[self._sent :])
            return
        self._later(behaviour.interval_time.total_seconds(), self._drip_byte)

    def _drip_byte(self) -> None:
        assert isinstance(self._behaviour, Drip), "nothing else drips"
        data = self._answer.head + self._answer.body
        if self._sent == len(data) - 1:
            self._answer_with(data[self._sent :])
            return
        self._host.transport.write(data[self._sent : self._sent + 1])
        self._sent += 1
        self._drip(self._behaviour)

    def _finish(self, end: End, status: int | None, ended_at: datetime | None) -> None:
        self.done = True
        self._host.journal.ended(self._request, end, status, ended_at)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def run() -> None:
            self._timer = None
            act()
            if self.done:
                self._host.proceed()

        self._timer = self._host.loop.call_later(seconds, run)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _reset_connection(self) -> None:
        raw = self._host.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._host.transport.abort()
