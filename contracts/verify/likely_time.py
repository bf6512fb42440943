"""Estimates how long a run takes, before it begins and once it is known how fast answers come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

#: What a run takes beside its requests: looking at addresses and certificates, and asking a probe.
BASE = timedelta(seconds=3)
#: So many answers say how fast an endpoint is.
ENOUGH_ANSWERS = 5
#: Who takes as long for an answer is slow, for a comparison that people can reckon with.
SLOW = timedelta(milliseconds=100)
_MINUTE = timedelta(minutes=1)


def likely_time(requests: int, pause: timedelta, answer: timedelta = timedelta(0)) -> timedelta:
    """Return how long a run takes at an endpoint with which nothing is wrong.

    Nearly all requests are sent one after the other. It is rather too long than too short, because
    few runs send as many as they may.

    Args:
        requests: How many are sent at most.
        pause: The pause from one to the next.
        answer: How long an answer takes.
    """
    return _rounded(BASE + requests * max(pause, answer))


def before_a_run(requests: int, pause: timedelta) -> str:
    """Return in words how long a run is likely to take, when nothing is known of the endpoint."""
    usual = likely_time(requests, pause)
    if pause:
        limit = pause / timedelta(milliseconds=1)
        return f"likely done in {in_words(usual)}, if it answers within {limit:.0f} ms"
    slow = likely_time(requests, pause, SLOW)
    return (
        f"likely done in {in_words(usual)}, or in {in_words(slow)} if it takes 0.1 s for an answer"
    )


def after_answers(
    requests: int, pause: timedelta, answers: Sequence[timedelta]
) -> tuple[timedelta, str]:
    """Return how long the run takes in all, and that in words, from its first answers."""
    seconds = median(answer / timedelta(seconds=1) for answer in answers)
    took = likely_time(requests, pause, timedelta(seconds=seconds))
    return took, f"an answer takes {seconds:.2g} s: likely done in {in_words(took)}"


def in_words(duration: timedelta) -> str:
    """Return a duration as people say it."""
    seconds = round(duration / timedelta(seconds=1))
    if duration < 2 * _MINUTE:
        return f"{seconds} s"
    return f"{round(duration / _MINUTE)} min"


def _rounded(duration: timedelta) -> timedelta:
    """Return the next duration that is no more exact than an estimate."""
    step = timedelta(seconds=1)
    if duration > timedelta(seconds=10):
        step = timedelta(seconds=5)
    if duration > 2 * _MINUTE:
        step = _MINUTE
    return -(-duration // step) * step
