"""What the receiver may ask about who is calling, so that time can be virtual.

Decides: the words in which sender and receiver talk about one connection. Place in the flow:
implemented by `correlation`. Must not import: transports, the engine.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, Protocol

from mockserver.receiver.journal import ReceivedRequest


class SendingAttempt(NamedTuple):
    """The attempt behind a request; `virtual` if its durations are accounted, not waited."""

    delivery_id: int
    number: int | None
    virtual: bool


class EngineLink(Protocol):
    """The engine's end of a connection, found by the port it sends from."""

    def attempt_at(self, client_port: int) -> SendingAttempt | None:
        """Return who sends from this port; None for anybody but the engine."""

    def answered_after(
        self, client_port: int, elapsed: timedelta | None, request: ReceivedRequest
    ) -> None:
        """Take note, as a request arrives, when the response head ends; None for never."""

    def hurry(self, client_port: int) -> None:
        """Account the rest of this request's time from now on, instead of waiting for it."""
