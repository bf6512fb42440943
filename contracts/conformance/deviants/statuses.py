"""Breaks what follows from single statuses, or from one that comes at a certain attempt.

Each function takes the status, so that one can be drawn as well; see `drawn`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import deciding, recording
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_DELAYS, Decision, DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result

_DELIVERED = Decision(DeliveryState.DELIVERED)
_REJECTED = Decision(DeliveryState.REJECTED)
_LOST = Decision(DeliveryState.LOST)

#: Whether a change is made to what follows an attempt: its number, and what came of it.
When = Callable[[int, Outcome], bool]


def answered(status: int, *, from_number: int = 1) -> When:
    """Return whether an attempt, at this number or later, was answered with this status."""
    return lambda number, outcome: number >= from_number and outcome.status == status


def retried(name: str, change: str, when: When) -> Deviant:
    """Return a fake that tries again what it should not."""

    def decide(number: int, outcome: Outcome, decision: Decision) -> Decision:
        return scheduled(number) if when(number, outcome) else decision

    return Deviant(name, "retry", change, sandbox=deciding(decide))


def ended(name: str, change: str, when: When, decision: Decision = _REJECTED) -> Deviant:
    """Return a fake that ends a delivery that should go on, or ends it otherwise."""

    def decide(number: int, outcome: Outcome, otherwise: Decision) -> Decision:
        return decision if when(number, outcome) else otherwise

    return Deviant(name, "retry", change, sandbox=deciding(decide))


def delivered(name: str, change: str, when: When) -> Deviant:
    """Return a fake that takes for a success what is none."""
    return ended(name, change, when, _DELIVERED)


def paused(name: str, change: str, when: When, pause: Callable[[timedelta], timedelta]) -> Deviant:
    """Return a fake that waits for another time after some attempts."""

    def decide(number: int, outcome: Outcome, decision: Decision) -> Decision:
        if decision.delay is None or not when(number, outcome):
            return decision
        return Decision(decision.state, pause(decision.delay))

    return Deviant(name, "retry", change, sandbox=deciding(decide))


def scheduled(number: int) -> Decision:
    """Return what follows attempt `number` if it is to be tried again."""
    if number > len(DEFAULT_DELAYS):
        return _LOST
    return Decision(DeliveryState.PENDING, DEFAULT_DELAYS[number - 1])


def _is_new_status(ledger: MemoryLedger, result: Result) -> bool:
    """Return whether a 5xx came after an attempt that was answered with another one."""
    earlier = ledger.attempts(result.attempt.delivery_id)
    status = result.outcome.status
    return (
        bool(earlier)
        and status is not None
        and status >= 500
        and earlier[-1].outcome.status not in (None, status)
    )


def _ends_at_a_new_status(ledger: MemoryLedger, result: Result) -> Result:
    if result.state is DeliveryState.PENDING and _is_new_status(ledger, result):
        return result._replace(state=DeliveryState.LOST, due_at=None)
    return result


def _starts_over_at_a_new_status(ledger: MemoryLedger, result: Result) -> Result:
    if result.due_at is not None and _is_new_status(ledger, result):
        due_at = result.started_at + result.outcome.elapsed + DEFAULT_DELAYS[0]
        return result._replace(due_at=due_at)
    return result


def _is_interim(number: int, outcome: Outcome) -> bool:
    # The receiver of this process does not say with what it was answered.
    return outcome.kind is OutcomeKind.RESET


DEVIANTS: tuple[Deviant, ...] = (
    ended("no-retry-on-500", "A 500 is not tried again.", answered(500)),
    ended("no-retry-on-547", "A 547 is not tried again.", answered(547)),
    ended(
        "late-501-not-retried",
        "A 501 is not tried again from the fifth attempt on.",
        answered(501, from_number=5),
    ),
    ended(
        "eight-retries-for-504",
        "If the ninth attempt is answered 504, there is no tenth.",
        answered(504, from_number=9),
        _LOST,
    ),
    Deviant(
        "status-change-ends-retries",
        "retry",
        "A 5xx that is not the same as the one before ends the retries.",
        ledger=recording(_ends_at_a_new_status),
    ),
    paused(
        "delay-for-502-half",
        "After a 502 the pause is half as long.",
        answered(502),
        lambda d: d / 2,
    ),
    paused(
        "delay-for-596-longer",
        "After a 596 the pause is one minute longer.",
        answered(596),
        lambda delay: delay + timedelta(minutes=1),
    ),
    paused(
        "third-pause-by-status",
        "The third pause is three hours if the status is above 550.",
        lambda number, outcome: number == 3 and (outcome.status or 0) > 550,
        lambda delay: timedelta(hours=3),
    ),
    Deviant(
        "status-change-starts-over",
        "retry",
        "After a 5xx that is not the same as the one before the pause is one hour again.",
        ledger=recording(_starts_over_at_a_new_status),
    ),
    paused(
        "eighth-pause-late",
        "The eighth pause is a second too long.",
        lambda number, outcome: number == 8,
        lambda delay: delay + timedelta(seconds=1),
    ),
    paused(
        "tenth-pause-sooner",
        "The last pause is nine hours.",
        lambda number, outcome: number == 9,
        lambda delay: timedelta(hours=9),
    ),
    retried("retries-429", "A 429 is tried again.", answered(429)),
    retried("retries-418", "A 418 is tried again.", answered(418)),
    retried("retries-399", "A 399 is tried again.", answered(399)),
    retried(
        "retries-late-408",
        "A 408 is tried again, but not at the first attempt.",
        answered(408, from_number=2),
    ),
    retried(
        "retries-4xx-after-5xx",
        "A 4xx at the fourth attempt or later is tried again.",
        lambda number, outcome: number >= 4 and (outcome.status or 0) // 100 == 4,
    ),
    ended("204-is-rejected", "A 204 is no success.", answered(204)),
    ended("291-is-rejected", "A 291 is no success.", answered(291)),
    ended(
        "late-2xx-is-rejected",
        "A 2xx at the tenth attempt is no success.",
        lambda number, outcome: number == 10 and (outcome.status or 0) // 100 == 2,
    ),
    delivered("304-is-delivered", "A 304 is a success.", answered(304)),
    ended("1xx-is-rejected", "An interim status that nothing follows is the end.", _is_interim),
)
