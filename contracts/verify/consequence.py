"""Tells the cases about endpoints what Leanplum does after an answer, and says it in words."""

from __future__ import annotations

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState, RetryPolicy

_POLICY = RetryPolicy()


def is_accepted(outcome: Outcome) -> bool:
    """Return whether Leanplum counts the postback as delivered."""
    return _POLICY.decide(1, outcome).state is DeliveryState.DELIVERED


def is_retried(outcome: Outcome) -> bool:
    """Return whether Leanplum would send the postback again."""
    return _POLICY.decide(1, outcome).state is DeliveryState.PENDING


def consequence(outcome: Outcome) -> str:
    """Return in words what Leanplum does after an outcome."""
    if is_accepted(outcome):
        return "Leanplum takes it for delivered"
    if not is_retried(outcome):
        return "Leanplum drops the data at once: only 5xx and missing answers are tried again"
    hours = [round(delay.total_seconds() / 3600) for delay in _POLICY.delays]
    offsets = [sum(hours[: number + 1]) for number in range(len(hours))]
    listed = ", ".join(map(str, offsets[:4]))
    return (
        f"Leanplum tries again {listed}, ... hours after the first attempt, and the data is lost "
        f"if that of {offsets[-1]} hours fails"
    )


def outcome_text(outcome: Outcome) -> str:
    """Return an outcome as a short text: the status, or why there is none."""
    if outcome.kind is OutcomeKind.RESPONSE:
        return f"{outcome.status}"
    return f"{outcome.kind.value} ({outcome.error})" if outcome.error else outcome.kind.value
