"""Holds what came of one attempt: transports make it, the retry policy judges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

#: How much of an answer's body is kept.
KEPT_BODY_BYTES = 64 * 1024

NO_TIME = timedelta(0)


class OutcomeKind(StrEnum):
    """The ways an attempt can end."""

    #: A whole response head arrived in time, whatever its status.
    RESPONSE = "response"
    #: The time allowed was over before a whole response head had arrived.
    TIMEOUT = "timeout"
    #: Nobody listens at the address, or it cannot be reached.
    REFUSED = "refused"
    #: The connection broke, closed or carried something other than HTTP before a whole
    #: response head.
    RESET = "reset"
    #: The host name has no address.
    DNS = "dns"
    #: The certificate or the handshake failed.
    TLS = "tls"
    #: The sandbox refused to send to this address.
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    Attributes:
        elapsed: How long it took in sandbox time.
        elapsed_real_seconds: How long it took on the machine, in seconds.
        status: The HTTP status of a response, else None.
        headers: The response's header fields in order, names as sent.
        body: The first 64 KiB of the response's body.
        error: One line saying what went wrong, if anything did.
        request_id: The id under which our own receiver recorded the request, if it did.
    """

    kind: OutcomeKind
    elapsed: timedelta = NO_TIME
    elapsed_real_seconds: float = 0.0
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str | None = None
    request_id: int | None = None

    def counted_as(self, elapsed: timedelta, request_id: int | None) -> Outcome:
        """Return the same outcome with another duration, and with the request it belongs to."""
        # Not `dataclasses.replace`, which takes several times as long.
        return Outcome(
            self.kind,
            elapsed,
            self.elapsed_real_seconds,
            self.status,
            self.headers,
            self.body,
            self.error,
            request_id,
        )

    @property
    def summary(self) -> str:
        """Return the outcome in one word: the status of a response, else the kind."""
        return str(self.status) if self.kind is OutcomeKind.RESPONSE else self.kind.value


def timeout_outcome(
    timeout: timedelta, elapsed_real_seconds: float = 0.0, request_id: int | None = None
) -> Outcome:
    """Return the outcome of an attempt that got no answer within `timeout`."""
    return Outcome(
        OutcomeKind.TIMEOUT,
        timeout,
        elapsed_real_seconds,
        error=f"no answer within {timeout.total_seconds():g} s of sandbox time",
        request_id=request_id,
    )
