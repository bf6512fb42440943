"""Names what the receiver may ask the engine's side about a connection.

It is how time can be virtual: the receiver learns which attempt sent a request, and tells how
long the answer takes. `delivery.correlation` implements it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, Protocol

from mockserver.receiver.journal import ReceivedRequest


class SendingAttempt(NamedTuple):
    """The attempt behind a request.

    Attributes:
        delivery_id: Of the delivery it belongs to.
        number: Of the attempt, from 1; None for a manual resend.
        virtual: Whether its durations are accounted instead of waited for.
        timeout: How long it may take in sandbox time.
    """

    delivery_id: int
    number: int | None
    virtual: bool
    timeout: timedelta


class EngineLink(Protocol):
    """The engine's end of a connection, found by the port it sends from."""

    def attempt_at(self, client_port: int) -> SendingAttempt | None:
        """Return the attempt that sends from this port; None if it is not the engine's."""

    def answered_after(
        self, client_port: int, elapsed: timedelta | None, request: ReceivedRequest
    ) -> None:
        """Take note, as a request arrives, when the response head ends; None for never."""

    def hurry(self, client_port: int) -> None:
        """Account the rest of this request's time from now on, instead of waiting for it."""
