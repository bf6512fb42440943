"""Which policy an app has, whoever changes it."""

from __future__ import annotations

from datetime import timedelta

from mockserver.core.models import App, DueAttempt
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.delivery.policies import Policies
from mockserver.ledger.memory.ledger import MemoryLedger
from tests.transport.exchanges import NOON

QUICK = RetryPolicy(timeout=timedelta(seconds=5))


def test_it_is_read_once() -> None:
    ledger = MemoryLedger()
    ledger.put_app(App("shop", retry=QUICK))
    policies = Policies(ledger)
    assert policies["shop"] == QUICK
    ledger.put_app(App("shop"))
    assert policies["shop"] == QUICK
    policies.clear()
    assert policies["shop"] == DEFAULT_RETRY_POLICY


def test_an_app_that_is_not_there_has_the_documented_one() -> None:
    assert Policies(MemoryLedger())["nobody"] == DEFAULT_RETRY_POLICY


def test_an_attempt_may_take_as_long_as_its_app_says() -> None:
    ledger = MemoryLedger()
    ledger.put_app(App("shop", retry=QUICK))
    attempt = DueAttempt(1, "shop", "http://h/", 1, NOON, repeated=False, claim=1)
    assert Policies(ledger).timeout_of(attempt) == timedelta(seconds=5)
