"""Breaks the schedule of a delivery by what happens around it: others, resends, restarts.

Each function takes how many, how much or how often, so that it can be drawn as well; see `drawn`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import recording
from contracts.conformance.deviants.statuses import ended, paused
from mockserver.core.catalog import PostbackType
from mockserver.core.models import Delivery, NewDelivery
from mockserver.core.outcome import OutcomeKind
from mockserver.core.retry import DEFAULT_DELAYS, Decision, DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result

_HOUR = timedelta(hours=1)
_LOST = DeliveryState.LOST
_PENDING = DeliveryState.PENDING

#: Whether a change is made to what is written of an attempt.
When = Callable[[MemoryLedger, Result], bool]


def later(name: str, change: str, when: When, by: timedelta) -> Deviant:
    """Return a fake that makes some attempts later."""

    def written(ledger: MemoryLedger, result: Result) -> Result:
        if result.due_at is None or result.attempt.number is None or not when(ledger, result):
            return result
        return result._replace(due_at=result.due_at + by)

    return _recording(name, change, written)


def given_up(name: str, change: str, when: When) -> Deviant:
    """Return a fake that gives up too soon."""

    def written(ledger: MemoryLedger, result: Result) -> Result:
        if result.due_at is None or result.attempt.number is None or not when(ledger, result):
            return result
        return result._replace(state=_LOST, due_at=None)

    return _recording(name, change, written)


def starts_over(name: str, change: str, when: When) -> Deviant:
    """Return a fake that begins the schedule again after some attempts."""

    def written(ledger: MemoryLedger, result: Result) -> Result:
        if result.due_at is None or result.attempt.number is None or not when(ledger, result):
            return result
        return result._replace(due_at=result.started_at + result.outcome.elapsed + _HOUR)

    return _recording(name, change, written)


def many_pending(number: int) -> When:
    """Return whether more deliveries than this are pending."""
    return lambda ledger, result: ledger.pending_count() > number


def forgotten_pending(name: str, change: str, number: int) -> Deviant:
    """Return a fake that forgets the retries of what is added while so many are pending."""

    class Forgetful(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.beyond: set[int] = set()

        def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
            before = self.pending_count()
            added = super().add_deliveries(new)
            self.beyond |= {each.id for each in added[max(0, number - before) :]}
            return added

        def record(self, results: Sequence[Result]) -> None:
            super().record([self._forgetting(each) for each in results])

        def _forgetting(self, result: Result) -> Result:
            if result.due_at is None or result.attempt.delivery_id not in self.beyond:
                return result
            return result._replace(state=_LOST, due_at=None)

    return Deviant(name, "retry", change, ledger=Forgetful)


def has_ended(state: DeliveryState) -> When:
    """Return whether some delivery of the same app has ended so."""
    return lambda ledger, result: bool(
        ledger.deliveries(state=state, app_id=result.attempt.app_id, limit=1)
    )


def of_rule(place: int) -> When:
    """Return whether it is a delivery of this rule among those of its app."""

    def is_of_it(ledger: MemoryLedger, result: Result) -> bool:
        delivery = ledger.delivery(result.attempt.delivery_id)
        rules = [rule.postback_id for rule in ledger.rules(result.attempt.app_id)]
        return delivery is not None and len(rules) > place and rules[place] == delivery.postback_id

    return is_of_it


def at_number(number: int, when: When) -> When:
    """Return whether it is this attempt or a later one, and the other condition holds."""
    return lambda ledger, result: (result.attempt.number or 0) >= number and when(ledger, result)


def _of_ab_tests(ledger: MemoryLedger, result: Result) -> bool:
    delivery = ledger.delivery(result.attempt.delivery_id)
    rules = {rule.postback_id: rule.type for rule in ledger.rules()}
    return delivery is not None and rules.get(delivery.postback_id) is PostbackType.AB_TEST_EVENTS


def _is_of_second_app(ledger: MemoryLedger, result: Result) -> bool:
    first = ledger.deliveries(limit=1)
    return bool(first) and result.attempt.app_id != first[0].app_id


def _rule_is_gone(ledger: MemoryLedger, result: Result) -> bool:
    delivery = ledger.delivery(result.attempt.delivery_id)
    rules = {rule.postback_id for rule in ledger.rules()}
    return delivery is not None and delivery.postback_id not in rules


def _is_answered_after_timeout(ledger: MemoryLedger, result: Result) -> bool:
    earlier = [made for made in ledger.attempts(result.attempt.delivery_id) if not made.manual]
    return (
        bool(earlier)
        and earlier[-1].outcome.kind is OutcomeKind.TIMEOUT
        and result.outcome.kind is OutcomeKind.RESPONSE
    )


def _shares_its_instant(ledger: MemoryLedger, result: Result) -> bool:
    return any(
        other.due_at == result.due_at and other.id != result.attempt.delivery_id
        for other in ledger.deliveries(state=_PENDING)
    )


def _is_old(ledger: MemoryLedger, result: Result) -> bool:
    delivery = ledger.delivery(result.attempt.delivery_id)
    age = timedelta() if delivery is None else result.started_at - delivery.created_at
    newest = max((each.created_at for each in ledger.deliveries()), default=None)
    return (
        age >= timedelta(hours=25)
        and newest is not None
        and delivery is not None
        and newest > delivery.created_at
    )


class _ResendCounts(MemoryLedger):
    def record(self, results: Sequence[Result]) -> None:
        super().record(results)
        for result in results:
            row = self._rows.get(result.attempt.delivery_id)
            if row is not None and result.attempt.number is None and row.state is _PENDING:
                row.attempts_made += 1


class _ResendReschedules(MemoryLedger):
    def record(self, results: Sequence[Result]) -> None:
        super().record(results)
        for result in results:
            row = self._rows.get(result.attempt.delivery_id)
            if row is not None and result.attempt.number is None and row.state is _PENDING:
                self._schedule(row, result.started_at + DEFAULT_DELAYS[0])


class _ResendRevives(MemoryLedger):
    def record(self, results: Sequence[Result]) -> None:
        super().record(results)
        for result in results:
            row = self._rows.get(result.attempt.delivery_id)
            is_manual = result.attempt.number is None
            if row is not None and is_manual and row.state is _LOST:
                if (result.outcome.status or 0) // 100 != 2:
                    self._pending_count += 1
                    row.state = _PENDING
                    row.attempts_made = 9
                    self._schedule(row, result.started_at + DEFAULT_DELAYS[-1])
                else:
                    row.state = DeliveryState.DELIVERED


class _ResendRejects(MemoryLedger):
    def record(self, results: Sequence[Result]) -> None:
        super().record(results)
        for result in results:
            row = self._rows.get(result.attempt.delivery_id)
            is_rejected = (result.outcome.status or 0) // 100 in (3, 4)
            is_manual = result.attempt.number is None
            if row is not None and row.state is _PENDING and is_manual and is_rejected:
                self._finish(row, DeliveryState.REJECTED)


def _unchanged_by_resend(ledger: MemoryLedger, result: Result) -> Result:
    return result._replace(state=_PENDING) if result.attempt.number is None else result


def later_after_restart(name: str, change: str, by: timedelta) -> Deviant:
    """Return a fake that makes what is pending at a restart later."""

    class Later(MemoryLedger):
        def recover(self, *, begun: bool = True) -> int:
            freed = super().recover(begun=begun)
            for row in self._rows.values():
                if row.state is _PENDING and row.due_at is not None and row.attempts_made > 1:
                    self._schedule(row, row.due_at + by)
            return freed

    return Deviant(name, "retry", change, ledger=Later)


def _recording(
    name: str, change: str, written: Callable[[MemoryLedger, Result], Result]
) -> Deviant:
    return Deviant(name, "retry", change, ledger=recording(written))


def _by_resends(name: str, change: str, ledger: type[MemoryLedger]) -> Deviant:
    return Deviant(name, "retry", change, ledger=ledger)


DEVIANTS: tuple[Deviant, ...] = (
    later(
        "seventh-pending-late",
        "While more than six deliveries are pending, retries are a minute late.",
        many_pending(6),
        timedelta(minutes=1),
    ),
    forgotten_pending(
        "ninth-pending-forgotten", "What is added while eight are pending is tried once.", 8
    ),
    later(
        "second-rule-waits-longer",
        "Deliveries of an app's second rule wait an hour longer from the third attempt on.",
        at_number(3, of_rule(1)),
        _HOUR,
    ),
    given_up(
        "ab-rule-five-attempts",
        "A delivery for an A/B test has five attempts.",
        at_number(5, _of_ab_tests),
    ),
    later(
        "second-app-waits-longer",
        "Deliveries of every app but the one that had the first wait a second longer.",
        _is_of_second_app,
        timedelta(seconds=1),
    ),
    ended(
        "last-timeout-is-lost",
        "A timeout at the ninth attempt is the last one.",
        lambda number, outcome: number == 9 and outcome.kind is OutcomeKind.TIMEOUT,
        Decision(_LOST),
    ),
    paused(
        "timeout-pause-is-an-hour",
        "The pause after a timeout is always one hour.",
        lambda number, outcome: outcome.kind is OutcomeKind.TIMEOUT,
        lambda delay: _HOUR,
    ),
    starts_over(
        "5xx-after-timeout-starts-over",
        "The schedule begins again with a 5xx that comes after a timeout.",
        _is_answered_after_timeout,
    ),
    given_up(
        "fewer-retries-after-a-loss",
        "Once an app has lost data, further deliveries have four attempts.",
        at_number(4, has_ended(_LOST)),
    ),
    later(
        "later-after-a-rejection",
        "Once an endpoint has rejected something, all retries of the app are ten seconds late.",
        has_ended(DeliveryState.REJECTED),
        timedelta(seconds=10),
    ),
    _by_resends("resend-counts-as-attempt", "A resend counts among the ten.", _ResendCounts),
    Deviant(
        "resend-success-changes-nothing",
        "retry",
        "A pending delivery that was resent with success stays pending.",
        ledger=recording(_unchanged_by_resend),
    ),
    _by_resends(
        "failed-resend-starts-over",
        "After a resend that fails the next attempt comes in an hour.",
        _ResendReschedules,
    ),
    _by_resends(
        "resend-revives-what-is-lost", "A resend takes up again what was lost.", _ResendRevives
    ),
    _by_resends("resend-404-rejects", "A resend that is answered 4xx is the end.", _ResendRejects),
    given_up(
        "deleted-rule-retried-less",
        "Once its rule is deleted, a delivery has three attempts.",
        at_number(3, _rule_is_gone),
    ),
    later(
        "same-instant-drifts",
        "What would be due together with another delivery is due a second later.",
        _shares_its_instant,
        timedelta(seconds=1),
    ),
    later_after_restart(
        "later-after-a-restart",
        "What was tried twice or more before a restart is due an hour later.",
        _HOUR,
    ),
    ended(
        "reset-retried-twice-only",
        "A connection that is reset at the third attempt or later is not tried again.",
        lambda number, outcome: number >= 3 and outcome.kind is OutcomeKind.RESET,
        Decision(_LOST),
    ),
    given_up(
        "old-events-given-up",
        "What is a day old is given up as soon as something newer has happened.",
        _is_old,
    ),
)
