"""Finds the request that our own receiver got for an attempt, and how long it took in sandbox time.

Both are found by the port of the connection, so nothing is added to the request. The transport and
the receiver do not know each other; each calls this from its own thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mockserver.core.clock import later
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import NO_TIME, Outcome, OutcomeKind, timeout_outcome
from mockserver.receiver.journal import ReceivedRequest
from mockserver.receiver.link import SendingAttempt

#: The sandbox time until the answer, None for never, and the request that it answers.
_Answer = tuple[timedelta | None, ReceivedRequest]


class Correlation:
    """What the transport and the receiver tell each other about one connection.

    Every entry is written before it is read.

    Args:
        is_virtual: Whether durations are accounted instead of being waited for.
        timeout_of: How long an attempt may take in sandbox time.
        timed_out: Called with a received request whose attempt is a timeout, and with the
            instant of that.
    """

    def __init__(
        self,
        is_virtual: Callable[[], bool],
        timeout_of: Callable[[DueAttempt], timedelta],
        timed_out: Callable[[ReceivedRequest, datetime], None],
    ) -> None:
        self.receiver_port = 0
        self._is_virtual = is_virtual
        self._timeout_of = timeout_of
        self._timed_out = timed_out
        self._senders: dict[int, SendingAttempt] = {}
        self._answers: dict[int, _Answer] = {}
        self._attempts: dict[int, DueAttempt] = {}
        #: Of attempts that are over and whose connection carries the next one already.
        self._overtaken: dict[DueAttempt, tuple[SendingAttempt, _Answer]] = {}

    def sending(self, local_port: int, remote_port: int, attempt: DueAttempt) -> None:
        """Take note that an attempt is about to be written on a connection."""
        if remote_port == self.receiver_port:
            answer = self._answers.pop(local_port, None)
            if answer is not None and local_port in self._attempts:
                # A connection that has become free may carry the next attempt before anybody
                # asks how the last one ended.
                overtaken = self._attempts[local_port], self._senders[local_port]
                self._overtaken[overtaken[0]] = overtaken[1], answer
            self._attempts[local_port] = attempt
            self._senders[local_port] = SendingAttempt(
                attempt.delivery_id,
                attempt.number,
                self._is_virtual(),
                self._timeout_of(attempt),
            )

    def attempt_at(self, client_port: int) -> SendingAttempt | None:
        """Return who sends from this port; None for anybody but the engine."""
        return self._senders.get(client_port)

    def hurry(self, client_port: int) -> None:
        """Account the rest of a request's time from now on, instead of waiting for it."""
        sender = self._senders.get(client_port)
        if sender is not None:
            self._senders[client_port] = sender._replace(virtual=True)

    def answered_after(
        self, client_port: int, elapsed: timedelta | None, request: ReceivedRequest
    ) -> None:
        """Take note of the sandbox time until the answer, None for never; called on arrival."""
        # It cannot be written later: a hang in virtual time is closed right after.
        self._answers[client_port] = (elapsed, request)

    def received(self, local_port: int, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return the outcome as it counts in sandbox time, with the request it belongs to."""
        overtaken = self._overtaken.pop(attempt, None)
        sender, answer = overtaken or self._taken(local_port, attempt)
        if sender is None or answer is None:
            return outcome
        elapsed, request = answer
        outcome = _explained(outcome, request)
        if not sender.virtual and outcome.kind is not OutcomeKind.TIMEOUT:
            return outcome.counted_as(outcome.elapsed, request.id)
        timeout = self._timeout_of(attempt)
        if elapsed is None or elapsed >= timeout:
            self._timed_out(request, later(request.arrived_at, timeout))
            return timeout_outcome(timeout, outcome.elapsed_real_seconds, request.id)
        return outcome.counted_as(elapsed, request.id)

    def _taken(
        self, local_port: int, attempt: DueAttempt
    ) -> tuple[SendingAttempt | None, _Answer | None]:
        if self._attempts.get(local_port) != attempt:
            return None, None
        del self._attempts[local_port]
        return self._senders.pop(local_port, None), self._answers.pop(local_port, None)

    def account(self, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        """Return the outcome of any attempt as it counts in sandbox time.

        While time is virtual a foreign endpoint's answer takes no sandbox time, so that
        schedules are exact; a timeout always takes the whole time allowed.
        """
        if outcome.kind is OutcomeKind.TIMEOUT:
            return outcome.counted_as(self._timeout_of(attempt), outcome.request_id)
        if outcome.request_id is None and self._is_virtual():
            return outcome.counted_as(NO_TIME, None)
        return outcome


def _explained(outcome: Outcome, request: ReceivedRequest) -> Outcome:
    """Return the outcome with why an endpoint that was forwarded to has not answered."""
    forwarded = request.forwarded
    if forwarded is None or forwarded.error is None or outcome.kind is not OutcomeKind.RESET:
        return outcome
    # What libcurl says of a reset that the inbox has made tells nothing.
    what = (outcome.error or "").partition(" (libcurl")[0]
    return replace(outcome, error=f"{what}: {forwarded.error}")
