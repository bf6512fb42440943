"""What every ledger promises of forgetting: apps, finished deliveries, everything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.core.errors import LastApp
from mockserver.core.models import App, postback_id_of
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from tests.ledger.samples import (
    FAR,
    HOUR,
    START,
    add,
    add_rule,
    claim_one,
    ended,
    ids,
    new,
    retried,
    state_of,
)


def kept(ledger: Ledger) -> list[int]:
    return [delivery.id for delivery in ledger.deliveries()]


def finish(ledger: Ledger, count: int, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    ledger.record([ended(attempt, state) for attempt in ledger.claim(FAR, count)])


class TestDeletingAnApp:
    @pytest.fixture(autouse=True)
    def two_apps(self, ledger: Ledger) -> None:
        for app_id in ("a", "b"):
            ledger.put_app(App(app_id))
            add_rule(ledger, app_id)
        ledger.add_deliveries([new(app_id=app_id) for app_id in "abab"])
        finish(ledger, 2)

    def test_all_that_is_its_goes_with_it(self, ledger: Ledger) -> None:
        assert ledger.delete_app("a") == (1, 2)
        assert [app.app_id for app in ledger.apps()] == ["b"]
        assert ledger.app("a") is None
        assert [rule.app_id for rule in ledger.rules()] == ["b"]
        assert kept(ledger) == [2, 4]
        assert ledger.delivery(1) is None
        assert ledger.attempts(1) == []
        assert len(ledger.attempts(2)) == 1

    def test_what_was_pending_is_not_made(self, ledger: Ledger) -> None:
        ledger.delete_app("a")
        assert ledger.pending_count() == 1
        assert ids(ledger.claim(FAR, 10)) == [4]
        assert ledger.next_due_at() is None

    def test_what_is_under_way_is_not_recorded(self, ledger: Ledger) -> None:
        scheduled = claim_one(ledger)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.delete_app("a")
        ledger.record([ended(scheduled), ended(manual)])
        ledger.release([scheduled])
        assert kept(ledger) == [2, 4]
        assert ledger.attempts(3) == []
        assert ledger.pending_count() == 1

    def test_an_unknown_one_is_none(self, ledger: Ledger) -> None:
        assert ledger.delete_app("c") is None
        assert kept(ledger) == [1, 2, 3, 4]

    def test_the_last_one_stays_with_all_that_is_its(self, ledger: Ledger) -> None:
        ledger.delete_app("a")
        with pytest.raises(LastApp, match="'b' is the only app"):
            ledger.delete_app("b")
        assert [app.app_id for app in ledger.apps()] == ["b"]
        assert len(ledger.rules()) == 1
        assert kept(ledger) == [2, 4]

    def test_numbers_go_on(self, ledger: Ledger) -> None:
        ledger.delete_app("b")
        assert add(ledger, START) == [5]
        assert add_rule(ledger, "a").postback_id == postback_id_of(3)


class TestRemovingFinishedDeliveries:
    def test_the_oldest_go_first(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 5)
        finish(ledger, 1, DeliveryState.LOST)
        finish(ledger, 1, DeliveryState.REJECTED)
        finish(ledger, 3)
        assert ledger.finished_count() == 5
        assert ledger.remove_finished(3) == 3
        assert kept(ledger) == [4, 5]
        assert ledger.finished_count() == 2
        assert ledger.attempts(1) == []
        assert ledger.remove_finished(3) == 2
        assert ledger.remove_finished(3) == 0

    def test_pending_ones_stay(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 4)
        first, *_ = ledger.claim(FAR, 1)
        ledger.record([retried(first, START + HOUR)])
        finish(ledger, 2)
        assert ledger.finished_count() == 2
        assert ledger.remove_finished(10) == 2
        assert kept(ledger) == [1, 4]
        assert ledger.pending_count() == 2
        assert ids(ledger.claim(FAR, 10)) == [4, 1]

    def test_only_those_created_before_an_instant(self, ledger: Ledger) -> None:
        add(ledger, START, START + HOUR, START + 2 * HOUR)
        finish(ledger, 3)
        assert ledger.remove_finished(10, START) == 0
        assert ledger.remove_finished(10, START + HOUR) == 1
        assert ledger.remove_finished(10, START + HOUR + timedelta(microseconds=1)) == 1
        assert kept(ledger) == [3]

    def test_one_of_which_an_attempt_is_under_way_stays(self, ledger: Ledger) -> None:
        add(ledger, START, START)
        scheduled = claim_one(ledger)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        assert state_of(ledger, 1)[0] is DeliveryState.DELIVERED
        assert ledger.remove_finished(10) == 0
        ledger.record([ended(scheduled)])
        assert ledger.remove_finished(10) == 1
        assert kept(ledger) == [2]

    def test_what_a_manual_success_has_ended_early_leaves_nothing(self, ledger: Ledger) -> None:
        add(ledger, START)
        ledger.record([retried(claim_one(ledger), START + HOUR)])
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        assert ledger.remove_finished(10) == 1
        assert ledger.next_due_at() is None
        assert ledger.claim(FAR, 10) == []

    @pytest.mark.parametrize("after", range(12))
    def test_pages_go_on_where_ids_are_missing(self, ledger: Ledger, after: int) -> None:
        add(ledger, *[START] * 10)
        for delivery_id in (2, 3, 7, 10):
            ledger.add_deliveries([])
            manual = ledger.claim_resend(delivery_id, START)
            assert manual is not None
            ledger.record([ended(manual)])
        ledger.remove_finished(10)
        expected = [each for each in (1, 4, 5, 6, 8, 9) if each > after]
        assert [each.id for each in ledger.deliveries(after=after)] == expected
        assert [each.id for each in ledger.deliveries(after=after, limit=2)] == expected[:2]


class TestBeginningAgain:
    def test_nothing_is_left_but_the_given_apps(self, ledger: Ledger) -> None:
        ledger.put_app(App("a"))
        ledger.save_setting("clock", "now")
        add_rule(ledger)
        add(ledger, START, START)
        finish(ledger, 1)
        ledger.begin_again([App("b", rule_limit=7)])
        assert ledger.apps() == [App("b", rule_limit=7)]
        assert ledger.app("a") is None
        assert ledger.load_setting("clock") is None
        assert ledger.rules() == []
        assert kept(ledger) == []
        assert ledger.attempts(1) == []
        assert ledger.next_due_at() is None
        assert ledger.latest_at() is None
        assert (ledger.pending_count(), ledger.finished_count()) == (0, 0)

    def test_ids_begin_again(self, ledger: Ledger) -> None:
        add_rule(ledger)
        add(ledger, START, START)
        for _ in range(2):
            ledger.begin_again([App("a")])
            assert add_rule(ledger).postback_id == postback_id_of(1)
            assert add(ledger, START) == [1]
            assert ids(ledger.claim(FAR, 10)) == [1]

    def test_claims_of_before_mean_nothing(self, ledger: Ledger) -> None:
        add(ledger, START)
        scheduled = claim_one(ledger)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.begin_again([App("a")])
        add(ledger, START)
        ledger.record([ended(scheduled), ended(manual)])
        ledger.record([ended(scheduled)])
        ledger.release([scheduled])
        assert ledger.attempts(1) == []
        assert state_of(ledger, 1) == (DeliveryState.PENDING, 0, START)
        (again,) = ledger.claim(FAR, 10)
        ledger.record([ended(scheduled)])
        assert ledger.attempts(1) == []
        ledger.record([ended(again)])
        assert len(ledger.attempts(1)) == 1

    def test_manual_attempts_of_afterwards_count(self, ledger: Ledger) -> None:
        ledger.begin_again([App("a")])
        add(ledger, START)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        assert [attempt.manual for attempt in ledger.attempts(1)] == [True]


def test_a_page_far_behind_a_gap_is_found_in_memory() -> None:
    ledger = MemoryLedger()
    add(ledger, *[START] * 1000)
    finish(ledger, 400)
    ledger.remove_finished(300)
    assert [each.id for each in ledger.deliveries(after=998)] == [999, 1000]
    assert [each.id for each in ledger.deliveries(after=10, limit=1)] == [301]
