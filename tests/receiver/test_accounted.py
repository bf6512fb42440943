"""What comes of an answer in limited time, on both sides of every limit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.core.outcome import KEPT_BODY_BYTES, OutcomeKind
from mockserver.receiver.accounted import accounted_answer
from mockserver.receiver.answers import ReceiverAnswer, http_answer

TIMEOUT = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def whole(body: bytes = b"body", **changes: object) -> ReceiverAnswer:
    return http_answer(200, body, "POST", "")._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("wait", [timedelta(0), SECOND, TIMEOUT - MICROSECOND])
def test_a_head_that_comes_in_time_is_a_response(wait: timedelta) -> None:
    answer = whole(wait=wait)
    got = accounted_answer(answer, TIMEOUT)
    assert (got.outcome.kind, got.outcome.status) == (OutcomeKind.RESPONSE, 200)
    assert (got.outcome.elapsed, got.outcome.body, got.outcome.error) == (wait, b"body", None)
    assert ("Content-Length", "4") in got.outcome.headers
    assert (got.end, got.ended_after, got.status) == ("answered", wait, 200)
    assert got.sent == answer.everything


@pytest.mark.parametrize("wait", [TIMEOUT, TIMEOUT + MICROSECOND])
def test_a_head_that_comes_at_the_end_of_the_time_is_a_timeout(wait: timedelta) -> None:
    got = accounted_answer(whole(wait=wait), TIMEOUT)
    assert (got.outcome.kind, got.outcome.elapsed) == (OutcomeKind.TIMEOUT, TIMEOUT)
    assert (got.end, got.ended_after, got.status) == ("timed-out", TIMEOUT, None)


def test_silence_is_a_timeout() -> None:
    got = accounted_answer(ReceiverAnswer(0, b"", b"", None), TIMEOUT)
    assert (got.outcome.kind, got.end, got.sent) == (OutcomeKind.TIMEOUT, "timed-out", b"")


def test_the_last_byte_of_a_dripping_head_decides() -> None:
    answer = whole(head_interval=TIMEOUT / 1000)
    in_all = answer.head_interval * len(answer.head)  # type: ignore[operator]
    assert accounted_answer(answer, in_all).outcome.kind is OutcomeKind.TIMEOUT
    in_time = accounted_answer(answer, in_all + MICROSECOND).outcome
    assert (in_time.kind, in_time.elapsed) == (OutcomeKind.RESPONSE, in_all)


@pytest.mark.parametrize("end", ["closed", "reset"])
@pytest.mark.parametrize("status", [0, 102])
def test_no_final_head_is_a_reset(end: str, status: int) -> None:
    answer = ReceiverAnswer(status, b"x", b"", end, wait=SECOND, error="why")  # type: ignore[arg-type]
    got = accounted_answer(answer, TIMEOUT)
    assert (got.outcome.kind, got.outcome.error) == (OutcomeKind.RESET, "why")
    assert (got.outcome.elapsed, got.end, got.ended_after) == (SECOND, end, SECOND)
    assert got.status == (status or None)


@pytest.mark.parametrize(
    ("interval", "body", "end", "ended_after"),
    [
        (SECOND, b"body", "answered", 4 * SECOND),
        (TIMEOUT / 4, b"body", "answered", TIMEOUT),
        (TIMEOUT / 4 + MICROSECOND, b"bod", "client-gone", TIMEOUT),
        (TIMEOUT, b"b", "client-gone", TIMEOUT),
        (TIMEOUT + MICROSECOND, b"", "client-gone", TIMEOUT),
    ],
)
def test_of_a_dripping_body_counts_what_came_in_time(
    interval: timedelta, body: bytes, end: str, ended_after: timedelta
) -> None:
    answer = whole(body_interval=interval)
    got = accounted_answer(answer, TIMEOUT)
    assert (got.outcome.status, got.outcome.elapsed) == (200, timedelta(0))
    assert got.outcome.body == body
    assert (got.outcome.error is None) == (body == b"body")
    assert (got.end, got.ended_after) == (end, ended_after)
    assert got.sent == answer.head + body


@pytest.mark.parametrize("end", ["answered", "closed", "reset"])
def test_a_body_that_is_not_finished_is_told(end: str) -> None:
    answer = http_answer(200, b"ha", "POST", "", announced=9)._replace(end=end)  # type: ignore[arg-type]
    got = accounted_answer(answer, TIMEOUT)
    assert got.outcome.error == "the body of the answer was not finished"
    assert (got.outcome.body, got.end) == (b"ha", end)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("length", [KEPT_BODY_BYTES - 1, KEPT_BODY_BYTES, KEPT_BODY_BYTES + 1])
def test_who_has_all_that_is_kept_misses_nothing(length: int, missing: bool) -> None:
    announced = length + 1 if missing else length
    answer = http_answer(200, b"b" * length, "POST", "", announced=announced)
    outcome = accounted_answer(answer, TIMEOUT).outcome
    assert len(outcome.body) == min(length, KEPT_BODY_BYTES)
    assert (outcome.error is not None) == (missing and length < KEPT_BODY_BYTES)
