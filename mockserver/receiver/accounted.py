"""Works out, without waiting, what an attempt with limited time makes of an answer.

The receiver within the process returns this as the outcome. The one on a socket does it when
durations are accounted instead of waited for. What is assumed of the sender is what libcurl
does: its time is a total one, and a head that came in time is an answer, finished or not.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from mockserver.core.limits import SHORT
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind, timeout_outcome
from mockserver.receiver.answers import ReceiverAnswer, fields_of
from mockserver.receiver.journal import End


class AccountedAnswer(NamedTuple):
    """What comes of an answer.

    Attributes:
        outcome: Of the attempt, without the id of the request.
        sent: Every byte that is sent before the sender goes; all, if the attempt is a timeout.
        end: How the journal says that the request ended.
        ended_after: The time from its arrival to that.
        status: The status it was answered with, if it was.
    """

    outcome: Outcome
    sent: bytes
    end: End
    ended_after: timedelta
    status: int | None


def accounted_answer(answer: ReceiverAnswer, timeout: timedelta) -> AccountedAnswer:
    """Return what comes of `answer` to an attempt that may take `timeout`."""
    return (_accounted if len(answer.body) > SHORT else _remembered)(answer, timeout)


def _accounted(answer: ReceiverAnswer, timeout: timedelta) -> AccountedAnswer:
    elapsed = answer.head_time
    if elapsed is None or elapsed >= timeout:
        outcome = timeout_outcome(timeout)
        return AccountedAnswer(outcome, answer.everything, "timed-out", timeout, None)
    if answer.status < 200:
        assert answer.end is not None, "a head that never comes takes for ever"
        outcome = Outcome(OutcomeKind.RESET, elapsed, error=answer.error)
        status = answer.status or None
        return AccountedAnswer(outcome, answer.everything, answer.end, elapsed, status)
    return _response(answer, elapsed, timeout)


def _response(answer: ReceiverAnswer, elapsed: timedelta, timeout: timedelta) -> AccountedAnswer:
    body, body_time = answer.body, timedelta(0)
    if answer.body_interval:
        body = body[: (timeout - elapsed) // answer.body_interval]
        body_time = answer.body_interval * len(body)
    is_cut = len(body) < len(answer.body)
    end: End = "client-gone" if is_cut or answer.end is None else answer.end
    # A sender that has as much as it keeps does not notice what is missing.
    is_missed = (is_cut or not answer.is_finished) and len(body) < KEPT_BODY_BYTES
    outcome = Outcome(
        OutcomeKind.RESPONSE,
        elapsed,
        status=answer.status,
        headers=fields_of(answer.head),
        body=body[:KEPT_BODY_BYTES],
        error="the body of the answer was not finished" if is_missed else None,
    )
    return AccountedAnswer(
        outcome,
        answer.head + body if is_cut else answer.everything,
        end,
        timeout if end == "client-gone" else elapsed + body_time,
        answer.status,
    )


# A few large ones would take more memory than all others.
_remembered = lru_cache(maxsize=1024)(_accounted)
