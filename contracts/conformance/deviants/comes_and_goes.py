"""Breaks what follows a failed connection by what came of the attempts before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import recording
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_REFUSED, _RESET = OutcomeKind.REFUSED, OutcomeKind.RESET

#: Whether a change is made, by what came of the attempts before, and of this one.
When = Callable[[Sequence[Outcome], Outcome], bool]


def _after(name: str, change: str, when: When, changed: Callable[[Result], Result]) -> Deviant:
    """Return a fake that does otherwise after some attempts."""

    def written(ledger: MemoryLedger, result: Result) -> Result:
        if result.due_at is None:
            return result
        before = [each.outcome for each in ledger.attempts(result.attempt.delivery_id)]
        return changed(result) if when(before, result.outcome) else result

    return Deviant(name, "retry", change, ledger=recording(written))


def _ended(state: DeliveryState) -> Callable[[Result], Result]:
    return lambda result: result._replace(state=state, due_at=None)


def _starts_over(result: Result) -> Result:
    return result._replace(due_at=result.started_at + result.outcome.elapsed + _HOUR)


def _later(result: Result) -> Result:
    return result._replace(due_at=result.due_at and result.due_at + _MINUTE)


def _last_was(kind: OutcomeKind, before: Sequence[Outcome]) -> bool:
    return bool(before) and before[-1].kind is kind


def _is_5xx(outcome: Outcome) -> bool:
    return (outcome.status or 0) >= 500


DEVIANTS: tuple[Deviant, ...] = (
    _after(
        "refused-after-5xx-is-rejected",
        "A refused connection ends what was answered 5xx before.",
        lambda before, now: now.kind is _REFUSED and any(map(_is_5xx, before)),
        _ended(DeliveryState.REJECTED),
    ),
    _after(
        "refused-twice-is-lost",
        "A second refused connection in a row is the end.",
        lambda before, now: now.kind is _REFUSED and _last_was(_REFUSED, before),
        _ended(DeliveryState.LOST),
    ),
    _after(
        "reset-after-refused-starts-over",
        "When a connection breaks after one was refused, the next pause is an hour.",
        lambda before, now: now.kind is _RESET and any(each.kind is _REFUSED for each in before),
        _starts_over,
    ),
    _after(
        "5xx-after-reset-is-late",
        "After a 5xx that comes behind a broken connection the pause is a minute longer.",
        lambda before, now: _is_5xx(now) and _last_was(_RESET, before),
        _later,
    ),
)
