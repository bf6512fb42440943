"""The request that the receiver got is found by its port, and its time counts as it should."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery.correlation import Correlation
from mockserver.receiver.journal import Journal, ReceivedRequest
from mockserver.receiver.link import SendingAttempt

TIMEOUT = timedelta(seconds=30)
MICROSECOND = timedelta(microseconds=1)
RECEIVER_PORT = 9000
PORT = 50_000
ATTEMPT = DueAttempt(7, "app", "http://h/", 2, DEFAULT_START_AT, repeated=False, claim=1)
ANSWERED = Outcome(OutcomeKind.RESPONSE, timedelta(seconds=2), 0.5, status=200)
LATE = Outcome(OutcomeKind.TIMEOUT, TIMEOUT, 0.5)


class Sides:
    """A correlation, and what its two sides would see of one connection."""

    def __init__(self, *, is_virtual: bool = True) -> None:
        self.is_virtual = is_virtual
        self.timed_out: list[tuple[ReceivedRequest, datetime]] = []
        self.correlation = Correlation(
            lambda: self.is_virtual,
            lambda attempt: TIMEOUT,
            lambda request, ended_at: self.timed_out.append((request, ended_at)),
        )
        self.correlation.receiver_port = RECEIVER_PORT
        self._journal = Journal(now=lambda: DEFAULT_START_AT)

    def request(self) -> ReceivedRequest:
        line = b"POST /inbox/in HTTP/1.1"
        client = ("127.0.0.1", PORT)
        return self._journal.arrived("in", "POST", "/inbox/in", line, (), b"", client, "200")

    def exchange(self, elapsed: timedelta | None, outcome: Outcome) -> tuple[Outcome, str]:
        """Send, receive and answer after `elapsed`; return what counts, and the request's id."""
        request = self.request()
        self.correlation.sending(PORT, RECEIVER_PORT, ATTEMPT)
        self.correlation.answered_after(PORT, elapsed, request)
        return self.correlation.received(PORT, ATTEMPT, outcome), str(request.id)


@pytest.mark.parametrize("is_virtual", [False, True])
def test_the_receiver_learns_who_sends(is_virtual: bool) -> None:
    correlation = Sides(is_virtual=is_virtual).correlation
    correlation.sending(PORT, RECEIVER_PORT, ATTEMPT)
    assert correlation.attempt_at(PORT) == SendingAttempt(7, 2, is_virtual, TIMEOUT)
    assert correlation.attempt_at(PORT + 1) is None


def test_who_sends_elsewhere_is_nobody_to_the_receiver() -> None:
    correlation = Sides().correlation
    correlation.sending(PORT, RECEIVER_PORT + 1, ATTEMPT)
    assert correlation.attempt_at(PORT) is None
    assert correlation.received(PORT, ATTEMPT, ANSWERED) is ANSWERED


def test_an_outcome_without_an_answer_of_the_receiver_is_left_as_it_is() -> None:
    correlation = Sides().correlation
    correlation.sending(PORT, RECEIVER_PORT, ATTEMPT)
    assert correlation.received(PORT, ATTEMPT, LATE) is LATE
    assert correlation.attempt_at(PORT) is None, "the port may be anybody's from now on"


def test_an_answer_to_the_last_attempt_on_a_connection_is_not_taken_for_this_one() -> None:
    sides = Sides()
    sides.correlation.answered_after(PORT, timedelta(0), sides.request())
    sides.correlation.sending(PORT, RECEIVER_PORT, ATTEMPT)
    assert sides.correlation.received(PORT, ATTEMPT, ANSWERED) is ANSWERED


@pytest.mark.parametrize("elapsed", [timedelta(0), timedelta(hours=1), None])
def test_real_time_is_what_the_transport_saw(elapsed: timedelta | None) -> None:
    outcome, request_id = Sides(is_virtual=False).exchange(elapsed, ANSWERED)
    assert (outcome.kind, outcome.status, outcome.elapsed) == (
        OutcomeKind.RESPONSE,
        200,
        ANSWERED.elapsed,
    )
    assert str(outcome.request_id) == request_id


@pytest.mark.parametrize("elapsed", [timedelta(0), TIMEOUT - MICROSECOND])
def test_virtual_time_is_what_the_receiver_says(elapsed: timedelta) -> None:
    sides = Sides()
    outcome, request_id = sides.exchange(elapsed, ANSWERED)
    assert (outcome.kind, outcome.status, outcome.elapsed) == (OutcomeKind.RESPONSE, 200, elapsed)
    assert outcome.elapsed_real_seconds == ANSWERED.elapsed_real_seconds
    assert str(outcome.request_id) == request_id
    assert sides.timed_out == []


@pytest.mark.parametrize("elapsed", [TIMEOUT, TIMEOUT + MICROSECOND, None])
def test_an_answer_at_the_end_of_the_time_or_later_is_a_timeout(elapsed: timedelta | None) -> None:
    sides = Sides()
    outcome, request_id = sides.exchange(elapsed, ANSWERED)
    assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, TIMEOUT)
    [(request, ended_at)] = sides.timed_out
    assert str(request.id) == str(outcome.request_id) == request_id
    assert ended_at == DEFAULT_START_AT + TIMEOUT


def test_a_timeout_in_real_time_is_told_to_the_journal_too() -> None:
    sides = Sides(is_virtual=False)
    outcome, _ = sides.exchange(None, LATE)
    assert outcome.kind is OutcomeKind.TIMEOUT
    assert len(sides.timed_out) == 1


def test_a_request_that_is_hurried_is_accounted_from_then_on() -> None:
    sides = Sides(is_virtual=False)
    sides.correlation.sending(PORT, RECEIVER_PORT, ATTEMPT)
    sides.correlation.hurry(PORT)
    sides.correlation.hurry(PORT + 1)
    assert sides.correlation.attempt_at(PORT) == SendingAttempt(7, 2, True, TIMEOUT)
    assert sides.correlation.attempt_at(PORT + 1) is None
    sides.correlation.answered_after(PORT, timedelta(seconds=20), sides.request())
    outcome = sides.correlation.received(PORT, ATTEMPT, ANSWERED)
    assert outcome.elapsed == timedelta(seconds=20)


@pytest.mark.parametrize("is_virtual", [False, True])
def test_a_timeout_anywhere_takes_all_the_time_allowed(is_virtual: bool) -> None:
    early = Outcome(OutcomeKind.TIMEOUT, timedelta(seconds=1), 1.0)
    counted = Sides(is_virtual=is_virtual).correlation.account(ATTEMPT, early)
    assert (counted.elapsed, counted.elapsed_real_seconds) == (TIMEOUT, 1.0)


@pytest.mark.parametrize(
    ("is_virtual", "request_id", "elapsed"),
    [
        (False, None, ANSWERED.elapsed),
        (False, 3, ANSWERED.elapsed),
        (True, 3, ANSWERED.elapsed),
        (True, None, timedelta(0)),
    ],
)
def test_a_foreign_answer_takes_no_virtual_time(
    is_virtual: bool, request_id: int | None, elapsed: timedelta
) -> None:
    outcome = Outcome(
        OutcomeKind.RESPONSE, ANSWERED.elapsed, 0.5, status=200, request_id=request_id
    )
    counted = Sides(is_virtual=is_virtual).correlation.account(ATTEMPT, outcome)
    assert (counted.elapsed, counted.request_id) == (elapsed, request_id)
