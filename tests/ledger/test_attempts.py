"""What every ledger promises of attempts: what is due, claimed, recorded, recovered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Ledger, Result
from tests.ledger.samples import (
    BROKEN,
    FAR,
    HOUR,
    OK,
    START,
    add,
    claim_one,
    ended,
    ids,
    new,
    retried,
    state_of,
)

PENDING, DELIVERED = DeliveryState.PENDING, DeliveryState.DELIVERED
REJECTED, LOST = DeliveryState.REJECTED, DeliveryState.LOST


class TestWhatIsDue:
    def test_nothing_is_due_in_an_empty_ledger(self, ledger: Ledger) -> None:
        assert ledger.next_due_at() is None
        assert ledger.latest_at() is None
        assert ledger.pending_count() == 0
        assert ledger.claim(FAR, 10) == []

    def test_the_earliest_unclaimed_attempt_is_next(self, ledger: Ledger) -> None:
        add(ledger, START + 2 * HOUR, START, START + HOUR)
        assert ledger.next_due_at() == START
        ledger.claim(START, 10)
        assert ledger.next_due_at() == START + HOUR
        ledger.claim(FAR, 10)
        assert ledger.next_due_at() is None

    def test_claimed_deliveries_are_still_pending(self, ledger: Ledger) -> None:
        add(ledger, START, START)
        attempt = claim_one(ledger)
        assert ledger.pending_count() == 2
        assert state_of(ledger, 1) == (PENDING, 0, START)
        ledger.record([ended(attempt)])
        assert ledger.pending_count() == 1

    def test_the_latest_instant_is_a_creation_or_an_end(self, ledger: Ledger) -> None:
        add(ledger, START, START + HOUR)
        assert ledger.latest_at() == START + HOUR
        attempt = claim_one(ledger)
        long = replace(BROKEN, elapsed=2 * HOUR)
        ledger.record([Result(attempt, START, long, PENDING, START + 9 * HOUR)])
        assert ledger.latest_at() == START + 2 * HOUR


class TestClaim:
    def test_a_claimed_attempt_says_all_a_transport_needs(self, ledger: Ledger) -> None:
        (delivery,) = ledger.add_deliveries([new(START, "a")])
        attempt = claim_one(ledger)
        assert attempt[:6] == (delivery.id, "a", delivery.url, 1, START, False)
        assert attempt.claim != 0

    def test_the_instant_itself_is_included(self, ledger: Ledger) -> None:
        add(ledger, START)
        assert ledger.claim(START - timedelta(microseconds=1), 10) == []
        assert ids(ledger.claim(START, 10)) == [1]

    def test_they_come_in_the_order_in_which_they_fell_due(self, ledger: Ledger) -> None:
        add(ledger, START + HOUR, START, START + 2 * HOUR, START)
        assert ids(ledger.claim(START + HOUR, 10)) == [2, 4, 1]

    def test_the_limit_is_kept_and_the_rest_follows(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 5)
        assert ids(ledger.claim(START, 2)) == [1, 2]
        assert ledger.claim(START, 0) == []
        assert ids(ledger.claim(START, 10)) == [3, 4, 5]
        assert ledger.claim(START, 10) == []

    def test_ties_are_first_scheduled_first(self, ledger: Ledger) -> None:
        """B is scheduled for the instant before A is, although A is the older delivery."""
        older, younger = add(ledger, START + HOUR, START)
        at = START + 5 * HOUR
        ledger.record([retried(claim_one(ledger), at)])
        assert ledger.claim(START, 1) == []
        ledger.record([retried(claim_one(ledger), at)])
        assert ids(ledger.claim(at, 10)) == [younger, older]

    def test_ties_within_one_record_keep_its_order(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 4)
        claimed = ledger.claim(START, 10)
        ledger.record([retried(claimed[place], START + HOUR) for place in (2, 0, 3, 1)])
        (late,) = add(ledger, START + HOUR)
        assert ids(ledger.claim(FAR, 10)) == [3, 1, 4, 2, late]

    def test_an_attempt_scheduled_for_the_past_is_next(self, ledger: Ledger) -> None:
        add(ledger, START, START + HOUR)
        first = ledger.claim(FAR, 1)
        ledger.record([retried(first[0], START - HOUR)])
        assert ledger.next_due_at() == START - HOUR
        assert ids(ledger.claim(FAR, 10)) == [1, 2]

    def test_numbers_count_the_attempts(self, ledger: Ledger) -> None:
        add(ledger, START)
        for number in range(1, 11):
            attempt = claim_one(ledger)
            assert attempt.number == number
            ledger.record([retried(attempt, attempt.due_at + HOUR)])
        assert [attempt.number for attempt in ledger.attempts(1)] == list(range(1, 11))
        assert state_of(ledger, 1) == (PENDING, 10, START + 10 * HOUR)


class TestRecord:
    def test_nothing_may_be_recorded(self, ledger: Ledger) -> None:
        ledger.record([])
        assert ledger.latest_at() is None

    @pytest.mark.parametrize("state", [DELIVERED, REJECTED, LOST])
    def test_an_end_is_final(self, ledger: Ledger, state: DeliveryState) -> None:
        add(ledger, START)
        ledger.record([ended(claim_one(ledger), state)])
        assert state_of(ledger, 1) == (state, 1, None)
        assert ledger.next_due_at() is None
        assert ledger.claim(FAR, 10) == []
        assert ledger.pending_count() == 0

    def test_a_retry_is_scheduled(self, ledger: Ledger) -> None:
        add(ledger, START)
        due_at = START + timedelta(hours=1, microseconds=1)
        ledger.record([retried(claim_one(ledger), due_at)])
        assert state_of(ledger, 1) == (PENDING, 1, due_at)
        assert ledger.next_due_at() == due_at

    @pytest.mark.parametrize(
        "outcome",
        [
            Outcome(OutcomeKind.RESPONSE, timedelta(microseconds=1), 1 / 3, 204),
            Outcome(
                OutcomeKind.RESPONSE,
                status=500,
                headers=(("Set-Cookie", "a=ä"), ("set-cookie", "b"), ("X", "")),
                body=bytes(range(256)),
                request_id=2**40,
            ),
            *(Outcome(kind, 30 * HOUR, error="one line: ä") for kind in OutcomeKind),
            Outcome(OutcomeKind.DNS, error=""),
        ],
    )
    def test_an_attempt_comes_back_as_it_was(self, ledger: Ledger, outcome: Outcome) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        started_at = START + timedelta(microseconds=3)
        ledger.record([Result(attempt, started_at, outcome, REJECTED, None)])
        (made,) = ledger.attempts(1)
        assert (made.delivery_id, made.number, made.started_at) == (1, 1, started_at)
        assert made.outcome == outcome
        assert (made.repeated, made.manual) == (False, False)

    def test_outcomes_of_many_shapes_in_one_batch_stay_apart(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 6)
        outcomes = [OK, Outcome(OutcomeKind.TIMEOUT, error="30 s"), replace(OK, body=b"x")] * 2
        claimed = ledger.claim(FAR, 10)
        ledger.record(
            [ended(attempt, LOST, out) for attempt, out in zip(claimed, outcomes, strict=True)]
        )
        assert [ledger.attempts(number)[0].outcome for number in range(1, 7)] == outcomes

    def test_a_result_is_taken_once(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        result = retried(attempt, START + HOUR)
        ledger.record([result, result])
        ledger.record([ended(attempt)])
        assert len(ledger.attempts(1)) == 1
        assert state_of(ledger, 1) == (PENDING, 1, START + HOUR)

    def test_a_claim_of_another_is_not_taken(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        ledger.record([ended(attempt._replace(claim=attempt.claim + 1_000))])
        assert ledger.attempts(1) == []
        assert state_of(ledger, 1) == (PENDING, 0, START)
        ledger.record([ended(attempt)])
        assert len(ledger.attempts(1)) == 1

    def test_a_late_result_does_not_hold_up_the_others(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 3)
        stale = ledger.claim(FAR, 2)
        ledger.release(stale[:1])
        first, second, third = claim_one(ledger), stale[1], claim_one(ledger)
        ledger.record(
            [retried(third, START + HOUR), ended(stale[0]), retried(second, START + HOUR)]
        )
        assert [len(ledger.attempts(number)) for number in (1, 2, 3)] == [0, 1, 1]
        assert ids(ledger.claim(FAR, 10)) == [3, 2]
        ledger.record([ended(first)])
        assert state_of(ledger, 1) == (DELIVERED, 1, None)

    def test_a_delivery_that_was_never_there_is_passed_over(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        ledger.record([ended(attempt._replace(delivery_id=9)), ended(attempt)])
        assert ledger.attempts(9) == []
        assert state_of(ledger, 1) == (DELIVERED, 1, None)


class TestManualAttempts:
    def test_it_is_of_any_delivery_whatever_its_state(self, ledger: Ledger) -> None:
        (delivery,) = ledger.add_deliveries([new(START, "a")])
        at = START + HOUR
        for state in (PENDING, REJECTED):
            manual = ledger.claim_resend(1, at)
            assert manual is not None
            assert manual[:6] == (1, "a", delivery.url, None, at, False)
            if state is PENDING:
                ledger.record([ended(claim_one(ledger), REJECTED)])
        assert ledger.claim_resend(2, at) is None

    def test_it_takes_no_claim_on_the_schedule(self, ledger: Ledger) -> None:
        add(ledger, START)
        ledger.claim_resend(1, START + HOUR)
        assert ledger.next_due_at() == START
        assert ledger.recover() == 0
        assert claim_one(ledger).repeated is False

    def test_a_failure_is_written_and_changes_nothing(self, ledger: Ledger) -> None:
        add(ledger, START)
        manual = ledger.claim_resend(1, START + HOUR)
        assert manual is not None
        ledger.record([ended(manual, PENDING, BROKEN)])
        (made,) = ledger.attempts(1)
        assert (made.number, made.manual, made.outcome) == (None, True, BROKEN)
        assert made.started_at == START + HOUR
        assert state_of(ledger, 1) == (PENDING, 0, START)
        assert claim_one(ledger).number == 1

    @pytest.mark.parametrize("state", [REJECTED, LOST])
    def test_it_never_ends_a_pending_delivery_badly(
        self, ledger: Ledger, state: DeliveryState
    ) -> None:
        add(ledger, START)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual, state, BROKEN)])
        assert state_of(ledger, 1) == (PENDING, 0, START)

    def test_a_success_ends_a_pending_delivery(self, ledger: Ledger) -> None:
        add(ledger, START)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        assert state_of(ledger, 1) == (DELIVERED, 0, None)
        assert ledger.pending_count() == 0
        assert ledger.next_due_at() is None
        assert ledger.claim(FAR, 10) == []

    @pytest.mark.parametrize("state", [REJECTED, LOST])
    def test_a_success_leaves_a_final_state(self, ledger: Ledger, state: DeliveryState) -> None:
        add(ledger, START)
        ledger.record([ended(claim_one(ledger), state, BROKEN)])
        for _ in range(2):
            manual = ledger.claim_resend(1, START + HOUR)
            assert manual is not None
            ledger.record([ended(manual)])
        assert state_of(ledger, 1) == (state, 1, None)
        assert [attempt.number for attempt in ledger.attempts(1)] == [1, None, None]

    @pytest.mark.parametrize("follow", [LOST, DELIVERED, PENDING])
    def test_the_attempt_that_was_under_way_is_written_all_the_same(
        self, ledger: Ledger, follow: DeliveryState
    ) -> None:
        add(ledger, START, START)
        scheduled, other = ledger.claim(START, 2)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        due_at = START + HOUR if follow is PENDING else None
        ledger.record([Result(scheduled, START, BROKEN, follow, due_at), ended(other)])
        assert state_of(ledger, 1) == (DELIVERED, 1, None)
        assert [attempt.number for attempt in ledger.attempts(1)] == [None, 1]
        assert ledger.next_due_at() is None
        ledger.record([ended(scheduled)])
        assert len(ledger.attempts(1)) == 2

    def test_order_within_one_batch_decides(self, ledger: Ledger) -> None:
        add(ledger, START, START)
        claimed = ledger.claim(START, 2)
        manuals = [ledger.claim_resend(number, START) for number in (1, 2)]
        assert manuals[0] is not None
        assert manuals[1] is not None
        ledger.record(
            [
                ended(manuals[0]),
                ended(claimed[0], LOST, BROKEN),
                ended(claimed[1], LOST, BROKEN),
                ended(manuals[1]),
            ]
        )
        assert state_of(ledger, 1) == (DELIVERED, 1, None)
        assert state_of(ledger, 2) == (LOST, 1, None)
        assert [attempt.number for attempt in ledger.attempts(2)] == [1, None]


class TestRelease:
    def test_the_order_is_unchanged(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 4)
        claimed = ledger.claim(START, 3)
        ledger.release([claimed[2], claimed[0]])
        assert ledger.next_due_at() == START
        again = ledger.claim(START, 10)
        assert ids(again) == [1, 3, 4]
        assert [(attempt.number, attempt.repeated) for attempt in again] == [(1, False)] * 3

    def test_the_claim_is_void(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        ledger.release([attempt])
        ledger.record([ended(attempt)])
        assert ledger.attempts(1) == []
        again = claim_one(ledger)
        ledger.release([attempt])
        assert ledger.claim(FAR, 1) == []
        ledger.record([ended(again)])
        assert state_of(ledger, 1) == (DELIVERED, 1, None)

    def test_what_has_ended_is_not_due_again(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        manual = ledger.claim_resend(1, START)
        assert manual is not None
        ledger.record([ended(manual)])
        ledger.release([attempt, manual])
        ledger.release([])
        assert ledger.claim(FAR, 10) == []
        assert ledger.next_due_at() is None

    def test_what_was_begun_is_marked_until_it_is_recorded(self, ledger: Ledger) -> None:
        add(ledger, *[START] * 3)
        claimed = ledger.claim(START, 3)
        ledger.release(claimed[1:2], begun=True)
        ledger.release([claimed[0], claimed[2]])
        again = ledger.claim(START, 10)
        assert [(each.delivery_id, each.number, each.repeated) for each in again] == [
            (1, 1, False),
            (2, 1, True),
            (3, 1, False),
        ]
        ledger.release(again)
        again = ledger.claim(START, 10)
        assert [attempt.repeated for attempt in again] == [False, True, False]
        ledger.record([ended(attempt) for attempt in again])
        assert [ledger.attempts(number)[0].repeated for number in (1, 2, 3)] == [False, True, False]


class TestRecover:
    def test_a_claim_is_due_again_at_once_and_marked(self, ledger: Ledger) -> None:
        add(ledger, START, START, START + HOUR)
        ledger.record([retried(claim_one(ledger), START + HOUR)])
        ledger.claim(FAR, 2)
        assert ledger.recover() == 2
        assert ledger.recover() == 0
        assert ledger.next_due_at() == START
        again = ledger.claim(FAR, 10)
        assert ids(again) == [2, 3, 1]
        assert [attempt.number for attempt in again] == [1, 1, 2]
        assert [attempt.repeated for attempt in again] == [True, True, False]
        ledger.record([ended(attempt) for attempt in again])
        assert [ledger.attempts(number)[-1].repeated for number in (2, 3, 1)] == [True, True, False]

    def test_the_mark_stays_until_the_attempt_is_recorded(self, ledger: Ledger) -> None:
        add(ledger, START)
        claim_one(ledger)
        ledger.recover()
        ledger.release([claim_one(ledger)])
        attempt = claim_one(ledger)
        assert attempt.repeated is True
        ledger.record([retried(attempt, START + HOUR)])
        assert claim_one(ledger).repeated is False

    def test_the_former_claim_is_void(self, ledger: Ledger) -> None:
        add(ledger, START)
        attempt = claim_one(ledger)
        ledger.recover()
        ledger.record([ended(attempt)])
        assert ledger.attempts(1) == []
        assert state_of(ledger, 1) == (PENDING, 0, START)

    def test_what_a_manual_success_ended_is_not_due_again(self, ledger: Ledger) -> None:
        end_under_way(ledger)
        assert ledger.recover() == 0
        assert ledger.claim(FAR, 10) == []

    def test_nor_is_its_claim_kept_for_ever(self, ledger: Ledger) -> None:
        end_under_way(ledger)
        add(ledger, START)
        pending = claim_one(ledger)
        assert ledger.remove_finished(10) == 0, "an attempt of it is under way"
        assert ledger.free_ended() == 1
        assert ledger.free_ended() == 0
        assert ledger.remove_finished(10) == 1
        # What is pending stays claimed.
        assert ledger.claim(FAR, 10) == []
        ledger.record([ended(pending)])
        assert len(ledger.attempts(2)) == 1

    def test_what_is_recorded_after_its_claim_was_given_back_is_not_written(
        self, ledger: Ledger
    ) -> None:
        scheduled = end_under_way(ledger)
        ledger.free_ended()
        ledger.record([ended(scheduled)])
        assert [attempt.number for attempt in ledger.attempts(1)] == [None]

    @pytest.mark.parametrize("begun", [False, True])
    def test_an_attempt_that_is_given_back_lets_go_of_a_delivery_that_has_ended(
        self, ledger: Ledger, begun: bool
    ) -> None:
        scheduled = end_under_way(ledger)
        ledger.release([scheduled], begun=begun)
        assert ledger.next_due_at() is None
        assert ledger.claim(FAR, 10) == []
        assert ledger.free_ended() == 0
        assert ledger.remove_finished(10) == 1


def end_under_way(ledger: Ledger) -> DueAttempt:
    """Have a resend end delivery 1 while its first attempt is under way; return that one."""
    add(ledger, START)
    scheduled = claim_one(ledger)
    manual = ledger.claim_resend(1, START)
    assert manual is not None
    ledger.record([ended(manual)])
    return scheduled
