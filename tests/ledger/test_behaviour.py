"""What every ledger promises of what it keeps, sentence by sentence of the protocol."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.errors import RuleLimitReached
from mockserver.core.models import App, KeyClass, PostbackRule, postback_id_of
from mockserver.core.retry import DeliveryState, RetryPolicy
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

PENDING, DELIVERED = DeliveryState.PENDING, DeliveryState.DELIVERED
REJECTED, LOST = DeliveryState.REJECTED, DeliveryState.LOST


class TestApps:
    def test_an_app_comes_back_as_it_was(self, ledger: Ledger) -> None:
        app = App(
            "a",
            keys={key_class: f"key-{key_class}" for key_class in KeyClass},
            retry=RetryPolicy((HOUR, timedelta(microseconds=1)), frozenset({"429"}), 2 * HOUR),
            parameters_encoding="twice",
            rule_limit=7,
        )
        ledger.put_app(app)
        assert ledger.app("a") == app

    def test_an_unknown_app_is_none(self, ledger: Ledger) -> None:
        assert ledger.app("a") is None
        assert ledger.apps() == []

    def test_the_same_app_id_replaces(self, ledger: Ledger) -> None:
        ledger.put_app(App("a"))
        ledger.put_app(App("a", rule_limit=9))
        assert ledger.apps() == [App("a", rule_limit=9)]

    def test_apps_are_ordered_by_app_id(self, ledger: Ledger) -> None:
        for app_id in ("b", "ä", "B", "a", "10", "9"):
            ledger.put_app(App(app_id))
        assert [app.app_id for app in ledger.apps()] == ["10", "9", "B", "a", "b", "ä"]


class TestRules:
    def test_a_rule_comes_back_as_it_was(self, ledger: Ledger) -> None:
        created_at = START + timedelta(microseconds=1)
        channels = (Channel.IN_APP, Channel.PUSH)
        rule = ledger.add_rule(
            "a", PostbackType.AB_TEST_EVENTS, channels, "http://ä", created_at, 3
        )
        assert rule == PostbackRule(
            rule.postback_id, "a", PostbackType.AB_TEST_EVENTS, channels, "http://ä", created_at
        )
        assert ledger.rules() == ledger.rules("a") == [rule]

    def test_rules_come_oldest_first_of_one_app_or_of_all(self, ledger: Ledger) -> None:
        first, second, third = add_rule(ledger, "b"), add_rule(ledger, "a"), add_rule(ledger, "b")
        assert ledger.rules() == [first, second, third]
        assert ledger.rules("b") == [first, third]
        assert ledger.rules("c") == []

    def test_the_limit_holds_for_each_app_by_itself(self, ledger: Ledger) -> None:
        for app_id in ("a", "b"):
            for _ in range(3):
                add_rule(ledger, app_id)
            with pytest.raises(RuleLimitReached, match=rf"'{app_id}' has 3 .*deletePostback"):
                add_rule(ledger, app_id)
        assert len(ledger.rules()) == 6
        assert len({rule.postback_id for rule in ledger.rules()}) == 6

    def test_a_refused_rule_leaves_nothing(self, ledger: Ledger) -> None:
        with pytest.raises(RuleLimitReached):
            add_rule(ledger, limit=0)
        assert ledger.rules() == []
        assert add_rule(ledger).postback_id == postback_id_of(1)

    def test_a_deleted_rule_frees_its_place(self, ledger: Ledger) -> None:
        rules = [add_rule(ledger) for _ in range(3)]
        assert ledger.delete_rule("app", rules[1].postback_id) is True
        assert ledger.rules() == [rules[0], rules[2]]
        fourth = add_rule(ledger)
        assert fourth.postback_id == postback_id_of(4)
        assert ledger.rules() == [rules[0], rules[2], fourth]

    def test_only_the_apps_own_rule_can_be_deleted(self, ledger: Ledger) -> None:
        rule = add_rule(ledger, "a")
        assert ledger.delete_rule("b", rule.postback_id) is False
        assert ledger.delete_rule("a", rule.postback_id + 1) is False
        assert ledger.rules() == [rule]
        assert ledger.delete_rule("a", rule.postback_id) is True
        assert ledger.delete_rule("a", rule.postback_id) is False

    def test_pending_deliveries_of_a_deleted_rule_go_on(self, ledger: Ledger) -> None:
        rule = add_rule(ledger)
        ledger.add_deliveries([new(postback_id=rule.postback_id)])
        ledger.delete_rule("app", rule.postback_id)
        assert ids(ledger.claim(START, 10)) == [1]


class TestDeliveries:
    def test_a_delivery_is_taken_in_as_pending(self, ledger: Ledger) -> None:
        item = new(START + timedelta(microseconds=7), "other", 5)
        (delivery,) = ledger.add_deliveries([item])
        assert delivery.id == 1
        assert (delivery.app_id, delivery.postback_id, delivery.url) == (item[0], item[1], item[2])
        assert delivery.event == item.event
        assert delivery.created_at == delivery.due_at == item.due_at
        assert (delivery.state, delivery.attempts_made) == (PENDING, 0)
        assert ledger.delivery(1) == delivery
        assert ledger.deliveries() == [delivery]

    def test_ids_count_up_in_the_order_given(self, ledger: Ledger) -> None:
        assert add(ledger, START + HOUR, START) == [1, 2]
        assert add(ledger) == []
        assert add(ledger, START) == [3]

    def test_an_unknown_delivery_is_none(self, ledger: Ledger) -> None:
        assert ledger.delivery(1) is None
        assert ledger.attempts(1) == []

    def test_filters_apply_together(self, ledger: Ledger) -> None:
        ledger.add_deliveries(
            [new(START, app_id, rule) for app_id, rule in (("a", 1), ("a", 2), ("b", 3), ("a", 1))]
        )
        ledger.record([ended(attempt) for attempt in ledger.claim(FAR, 2)])
        found = {
            "pending": ledger.deliveries(state=PENDING),
            "delivered": ledger.deliveries(state=DELIVERED),
            "lost": ledger.deliveries(state=LOST),
            "rule 1": ledger.deliveries(postback_id=1),
            "app a": ledger.deliveries(app_id="a"),
            "pending of a": ledger.deliveries(state=PENDING, app_id="a"),
            "all": ledger.deliveries(state=DELIVERED, app_id="a", postback_id=1),
            "none": ledger.deliveries(app_id="b", postback_id=1),
        }
        assert {name: [each.id for each in page] for name, page in found.items()} == {
            "pending": [3, 4],
            "delivered": [1, 2],
            "lost": [],
            "rule 1": [1, 4],
            "app a": [1, 2, 4],
            "pending of a": [4],
            "all": [1],
            "none": [],
        }

    @pytest.mark.parametrize("filters", [{}, {"state": PENDING}, {"app_id": "app"}])
    def test_pages_follow_each_other_by_id(self, ledger: Ledger, filters: dict[str, str]) -> None:
        add(ledger, *[START] * 7)
        seen: list[int] = []
        while page := ledger.deliveries(after=seen[-1] if seen else 0, limit=3, **filters):  # type: ignore[arg-type]
            assert len(page) <= 3
            seen += [delivery.id for delivery in page]
        assert seen == [1, 2, 3, 4, 5, 6, 7]
        assert ledger.deliveries(after=7, **filters) == []  # type: ignore[arg-type]
        assert ledger.deliveries(limit=0, **filters) == []  # type: ignore[arg-type]

    def test_a_page_counts_what_passes_the_filters(self, ledger: Ledger) -> None:
        ledger.add_deliveries([new(app_id=app_id) for app_id in "abababab"])
        assert [each.id for each in ledger.deliveries(app_id="b", after=2, limit=2)] == [4, 6]


class TestMany:
    def test_deliveries_are_found_by_their_ids(self, ledger: Ledger) -> None:
        known = add(ledger, *[START] * 1200)
        wanted = [known[-1], known[0], 99_999, *known[5:900], known[0]]
        found = ledger.deliveries_of(wanted)
        assert [each.id for each in found] == sorted(set(wanted) & set(known))
        assert found[0] == ledger.delivery(known[0])
        assert ledger.deliveries_of([]) == []

    def test_attempts_are_found_by_their_deliveries(self, ledger: Ledger) -> None:
        first, second, third = add(ledger, START, START, START)
        one, two = ledger.claim(FAR, 2)
        ledger.record([retried(one, START), ended(two)])
        ledger.record([ended(claim_one(ledger))])
        wanted = [third, first, 99_999, second]
        assert ledger.attempts_of(wanted) == {each: ledger.attempts(each) for each in wanted}
        assert [len(made) for made in ledger.attempts_of(wanted).values()] == [1, 1, 0, 1]
        assert ledger.attempts_of([]) == {}

    def test_they_are_counted(self, ledger: Ledger) -> None:
        assert ledger.delivery_count() == 0
        add(ledger, START, START)
        ledger.record([ended(claim_one(ledger))])
        assert (ledger.delivery_count(), ledger.pending_count()) == (2, 1)


class TestSettings:
    def test_a_setting_is_kept_and_replaced(self, ledger: Ledger) -> None:
        assert ledger.load_setting("clock") is None
        ledger.save_setting("clock", "ä")
        ledger.save_setting("other", "")
        assert (ledger.load_setting("clock"), ledger.load_setting("other")) == ("ä", "")
        ledger.save_setting("clock", "b")
        assert ledger.load_setting("clock") == "b"


class TestReset:
    def test_apps_and_settings_stay(self, ledger: Ledger) -> None:
        ledger.put_app(App("a"))
        ledger.save_setting("clock", "now")
        add_rule(ledger)
        add(ledger, START, START)
        ledger.record([ended(claim_one(ledger))])
        ledger.reset()
        assert ledger.apps() == [App("a")]
        assert ledger.load_setting("clock") == "now"
        assert ledger.rules() == []
        assert ledger.deliveries() == []
        assert ledger.attempts(1) == []
        assert ledger.next_due_at() is None
        assert ledger.latest_at() is None
        assert ledger.pending_count() == ledger.delivery_count() == 0
        assert ledger.claim(FAR, 10) == []

    def test_no_postback_id_is_given_twice(self, ledger: Ledger) -> None:
        before = [add_rule(ledger).postback_id for _ in range(3)]
        ledger.reset()
        after = [add_rule(ledger).postback_id for _ in range(3)]
        assert before + after == [postback_id_of(sequence) for sequence in range(1, 7)]

    def test_claims_of_before_mean_nothing_after(self, ledger: Ledger) -> None:
        add(ledger, START)
        scheduled = claim_one(ledger)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.reset()
        (fresh,) = add(ledger, START)
        ledger.record([ended(scheduled), ended(manual)])
        ledger.release([scheduled])
        assert ledger.attempts(scheduled.delivery_id) == []
        assert ledger.attempts(fresh) == []
        assert state_of(ledger, fresh) == (PENDING, 0, START)
        assert ids(ledger.claim(FAR, 10)) == [fresh]

    def test_pages_go_on(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 3)
        ledger.reset()
        fresh = add(ledger, *[START] * 3)
        assert [each.id for each in ledger.deliveries(limit=2)] == fresh[:2]
        assert [each.id for each in ledger.deliveries(after=fresh[1])] == fresh[2:]


@pytest.mark.parametrize("begun", [False, True])
def test_a_released_attempt_is_marked_if_it_may_have_been_sent(ledger: Ledger, begun: bool) -> None:
    add(ledger, START, START)
    released, kept = ledger.claim(FAR, 2)
    ledger.release([released], begun=begun)
    again = claim_one(ledger)
    assert (again.delivery_id, again.number) == (released.delivery_id, 1)
    assert again.repeated is begun
    # Once marked it stays marked, also if the next try is not begun.
    ledger.release([again])
    assert claim_one(ledger).repeated is begun
    ledger.record([ended(kept)])
    assert not ledger.attempts(kept.delivery_id)[0].repeated


def test_all_claims_can_be_given_back_unmarked_and_in_order(ledger: Ledger) -> None:
    expected = add(ledger, START, START, START)
    first = ledger.claim(FAR, 2)
    assert ids([*first, *ledger.claim(FAR, 1)]) == expected
    assert ledger.next_due_at() is None
    ledger.recover(begun=False)
    freed = ledger.claim(FAR, 3)
    assert ids(freed) == expected
    assert not any(attempt.repeated for attempt in freed)
    # What was claimed before is nobody's any more.
    ledger.record([ended(first[0])])
    assert ledger.attempts(first[0].delivery_id) == []


def test_a_ledger_that_works_has_no_problem(ledger: Ledger) -> None:
    assert ledger.problem() is None
    add(ledger, START)
    assert ledger.problem() is None
