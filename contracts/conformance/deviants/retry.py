"""Breaks what is tried again, how often, and after how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import under_policy
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import (
    DEFAULT_DELAYS,
    DEFAULT_RETRY_ON,
    Decision,
    DeliveryState,
    RetryPolicy,
)
from mockserver.core.template import milliseconds
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result

_TEN_HOURS = timedelta(hours=10)
#: Where even a delivery that is never lost ends, so that a clock can be run until idle.
_LAST_ATTEMPT = 40


class _DelayFromStart(RetryPolicy):
    def decide(self, number: int, outcome: Outcome) -> Decision:
        state, delay = super().decide(number, outcome)
        return Decision(state, None if delay is None else max(delay - outcome.elapsed, timedelta()))


class _Jitter(RetryPolicy):
    def decide(self, number: int, outcome: Outcome) -> Decision:
        state, delay = super().decide(number, outcome)
        # The seed makes every run the same, and the delays of two deliveries different.
        factor = Random(f"{outcome.request_id} {number}").uniform(0.9, 1.1)
        return Decision(state, None if delay is None else delay * factor)


class _LostKeptAlive(RetryPolicy):
    def decide(self, number: int, outcome: Outcome) -> Decision:
        decision = super().decide(number, outcome)
        if decision.state is DeliveryState.LOST and number < _LAST_ATTEMPT:
            return Decision(DeliveryState.PENDING, _TEN_HOURS)
        return decision


class _RetriesAfterSuccess(MemoryLedger):
    def record(self, results: Sequence[Result]) -> None:
        super().record([self._once_more(result) for result in results])

    def _once_more(self, result: Result) -> Result:
        if result.state is not DeliveryState.DELIVERED or result.attempt.number is None:
            return result
        earlier = [made.outcome for made in self.attempts(result.attempt.delivery_id)]
        if any(outcome.status in range(200, 300) for outcome in earlier):
            return result
        due_at = result.started_at + result.outcome.elapsed + timedelta(hours=1)
        return result._replace(state=DeliveryState.PENDING, due_at=due_at)


class _UrlChanges(MemoryLedger):
    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        return [self._rendered_anew(attempt) for attempt in super().claim(until_at, limit)]

    def _rendered_anew(self, attempt: DueAttempt) -> DueAttempt:
        delivery = self.delivery(attempt.delivery_id)
        assert delivery is not None, "it was claimed a moment ago"
        url = re.sub(
            rf"\b{milliseconds(delivery.event.triggered_at)}\b",
            str(milliseconds(attempt.due_at)),
            attempt.url,
        )
        return attempt if attempt.number == 1 else attempt._replace(url=url)


def _retrying(name: str, change: str, *, more: Sequence[str] = (), less: str = "") -> Deviant:
    retry_on = (DEFAULT_RETRY_ON | set(more)) - {less}
    sockets = less == "tls"
    sandbox = under_policy(RetryPolicy(retry_on=retry_on))
    return Deviant(name, "retry", change, sandbox=sandbox, sockets=sockets)


def _retrying_statuses(name: str, change: str, statuses: Sequence[int]) -> Deviant:
    return _retrying(name, change, more=[str(status) for status in statuses], less="5xx")


def _delayed(name: str, change: str, hours: Sequence[float]) -> Deviant:
    delays = tuple(timedelta(hours=each) for each in hours)
    return Deviant(name, "retry", change, sandbox=under_policy(RetryPolicy(delays)))


def _deciding(name: str, change: str, policy: RetryPolicy) -> Deviant:
    return Deviant(name, "retry", change, sandbox=under_policy(policy))


_HOURS = tuple(delay / timedelta(hours=1) for delay in DEFAULT_DELAYS)

DEVIANTS: tuple[Deviant, ...] = (
    _retrying("retries-404", "A 404 is tried again.", more=["404"]),
    _retrying("retries-302", "A 302 is tried again.", more=["302"]),
    _retrying_statuses("no-retry-on-599", "A 599 is not tried again.", range(500, 599)),
    _retrying_statuses("only-503-retried", "Of the 5xx only a 503 is tried again.", [503]),
    _delayed("eight-retries", "There are eight retries.", _HOURS[:8]),
    _delayed("ten-retries", "There are ten retries.", (*_HOURS, 10)),
    _delayed("linear-backoff", "The delays grow by one hour each.", range(1, 10)),
    _delayed("uncapped-backoff", "The delays double without an end.", [2**n for n in range(9)]),
    _delayed("capped-at-12h", "The longest delay is 12 hours.", (1, 2, 4, 8, *[12] * 5)),
    _delayed("base-three", "The delays triple up to ten hours.", (1, 3, 9, *[10] * 6)),
    _delayed("first-delay-30-minutes", "The first delay is half an hour.", (0.5, *_HOURS[1:])),
    _deciding(
        "delay-from-start",
        "A delay counts from the start of the failed attempt.",
        _DelayFromStart(),
    ),
    _deciding("jitter", "Every delay is up to a tenth shorter or longer.", _Jitter()),
    _deciding(
        "lost-kept-alive",
        "After ten failures a delivery is not lost but tried every ten hours.",
        _LostKeptAlive(),
    ),
    Deviant(
        "retries-after-success",
        "retry",
        "One more attempt is made an hour after a success.",
        ledger=_RetriesAfterSuccess,
    ),
    _retrying("timeout-not-retried", "A timeout is not tried again.", less="timeout"),
    _retrying("reset-not-retried", "A reset connection is not tried again.", less="reset"),
    _retrying("refused-not-retried", "A refused connection is not tried again.", less="refused"),
    _retrying("dns-not-retried", "A host without an address is not tried again.", less="dns"),
    _retrying("tls-not-retried", "A failed TLS handshake is not tried again.", less="tls"),
    Deviant(
        "url-changes",
        "retry",
        "Every retry has the instant it was due as its trigger time.",
        ledger=_UrlChanges,
    ),
)
