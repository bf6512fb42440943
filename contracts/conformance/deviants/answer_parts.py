"""Breaks what follows an answer by what it says beside its status, or by how long it took."""

from __future__ import annotations

from datetime import timedelta

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import deciding
from contracts.conformance.deviants.statuses import When, delivered, ended, retried
from mockserver.core.outcome import Outcome
from mockserver.core.retry import Decision, DeliveryState


def _field(outcome: Outcome, wanted: str) -> str:
    """Return the value of a header field of an answer; empty if it has none."""
    return next((value for name, value in outcome.headers if name.lower() == wanted), "")


def _is(first_digit: int) -> When:
    return lambda number, outcome: (outcome.status or 0) // 100 == first_digit


def _slow(first_digit: int, longer_than: timedelta) -> When:
    is_of_class = _is(first_digit)
    return lambda number, outcome: is_of_class(number, outcome) and outcome.elapsed > longer_than


def _retry_after(number: int, outcome: Outcome, decision: Decision) -> Decision:
    told = _field(outcome, "retry-after")
    if decision.delay is None or not told.isdigit():
        return decision
    return Decision(decision.state, timedelta(seconds=int(told)))


def _from_start(number: int, outcome: Outcome, decision: Decision) -> Decision:
    if decision.delay is None or outcome.status is None:
        return decision
    return Decision(decision.state, decision.delay - outcome.elapsed)


def _is_page(number: int, outcome: Outcome) -> bool:
    return number > 1 and (outcome.status or 0) >= 500 and b"<html" in outcome.body


def _says_ok(number: int, outcome: Outcome) -> bool:
    return (outcome.status or 0) >= 500 and b'"success": true' in outcome.body


def _says_error(number: int, outcome: Outcome) -> bool:
    return (outcome.status or 0) // 100 == 2 and b"error" in outcome.body.lower()


def _asks_for_later(number: int, outcome: Outcome) -> bool:
    return (outcome.status or 0) // 100 == 4 and bool(_field(outcome, "retry-after"))


def _is_elsewhere(number: int, outcome: Outcome) -> bool:
    return (outcome.status or 0) // 100 == 2 and bool(_field(outcome, "location"))


DEVIANTS: tuple[Deviant, ...] = (
    Deviant(
        "retry-after-obeyed",
        "retry",
        "After a 5xx with Retry-After the pause is what that says.",
        sandbox=deciding(_retry_after),
    ),
    ended(
        "5xx-with-page-rejected", "From the second attempt on a 5xx with HTML ends it.", _is_page
    ),
    delivered("5xx-that-says-ok-delivered", "A 5xx that says success is one.", _says_ok),
    ended(
        "slow-5xx-given-up",
        "A 5xx that takes longer than 25 seconds is the end.",
        _slow(5, timedelta(seconds=25)),
        Decision(DeliveryState.LOST),
    ),
    retried("retries-200-with-error", "A 2xx whose text has an error is tried again.", _says_error),
    retried(
        "retries-4xx-with-retry-after", "A 4xx with Retry-After is tried again.", _asks_for_later
    ),
    ended(
        "slow-2xx-is-rejected",
        "A 2xx that takes longer than 15 seconds is no success.",
        _slow(2, timedelta(seconds=15)),
    ),
    Deviant(
        "slow-5xx-from-start",
        "retry",
        "After a 5xx the pause counts from the beginning of the attempt.",
        sandbox=deciding(_from_start),
    ),
    ended("created-elsewhere-is-rejected", "A 2xx with Location is no success.", _is_elsewhere),
)
