"""What every ledger promises when several threads use it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mockserver.core.errors import RuleLimitReached
from mockserver.core.models import App, DueAttempt, PostbackRule
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Ledger
from tests.ledger.samples import FAR, HOUR, START, add, add_rule, ended, ids, retried

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Run `work` in so many threads that begin together; return what each returned."""
    gate = threading.Barrier(count)

    def begin(number: int) -> T:
        gate.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_fifty_rules_at_once_leave_exactly_three(ledger: Ledger) -> None:
    def try_to_add(_: int) -> PostbackRule | None:
        try:
            return add_rule(ledger)
        except RuleLimitReached:
            return None

    added = [rule for rule in at_once(50, try_to_add) if rule is not None]
    assert len(added) == 3
    assert sorted(added, key=lambda rule: rule.postback_id) == sorted(
        ledger.rules(), key=lambda rule: rule.postback_id
    )


def test_claims_of_eight_threads_do_not_overlap(ledger: Ledger) -> None:
    expected = add(ledger, *[START] * 800)

    def claim_until_empty(_: int) -> list[DueAttempt]:
        claimed: list[DueAttempt] = []
        while batch := ledger.claim(FAR, 7):
            claimed += batch
        return claimed

    claimed = [attempt for share in at_once(8, claim_until_empty) for attempt in share]
    assert sorted(ids(claimed)) == expected


def test_threads_that_add_claim_and_record_lose_nothing(ledger: Ledger) -> None:
    """Each delivery is attempted three times; deliveries are added while others are made."""
    total, done = 240, threading.Event()

    def work(number: int) -> None:
        if number == 0:
            for _ in range(total // 10):
                add(ledger, *[START] * 10)
            done.set()
            return
        while ledger.pending_count() or not done.is_set():
            claimed = ledger.claim(FAR, 5)
            ledger.release(claimed[4:])
            ledger.record(
                [
                    ended(attempt)
                    if attempt.number == 3
                    else retried(attempt, attempt.due_at + HOUR)
                    for attempt in claimed[:4]
                ]
            )

    at_once(5, work)
    assert len(ledger.deliveries(state=DeliveryState.DELIVERED)) == total
    for delivery in ledger.deliveries():
        assert [attempt.number for attempt in ledger.attempts(delivery.id)] == [1, 2, 3]


def test_reading_while_others_write_sees_whole_transactions(ledger: Ledger) -> None:
    """A batch is there or not; an attempt never stands without what follows it."""
    done = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            try:
                for _ in range(30):
                    add(ledger, *[START] * 20)
                    ledger.record([ended(attempt) for attempt in ledger.claim(FAR, 20)])
                    ledger.put_app(App("a"))
            finally:
                done.set()
            return
        while not done.is_set():
            assert len(ledger.deliveries()) % 20 == 0
            assert ledger.pending_count() in (0, 20)
            assert len(ledger.deliveries(state=DeliveryState.DELIVERED)) % 20 == 0
            assert ledger.apps() in ([], [App("a")])

    at_once(4, work)
    assert len(ledger.deliveries()) == 600
