"""How much a run may send, and how fast, on a clock that only sleeping moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.suite.request_budget import BudgetSpent, RequestBudget


class Time:
    """Stands still but for sleeping, and for work that takes its time."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, real_seconds: float) -> None:
        assert real_seconds > 0
        self.slept.append(real_seconds)
        self.now += real_seconds


def paced(most: int, pause: float, time: Time) -> RequestBudget:
    return RequestBudget(most, pause, time.sleep, time)


def test_without_a_pause_nothing_sleeps() -> None:
    time = Time()
    budget = paced(3, 0.0, time)
    for _ in range(3):
        budget.take()
    assert time.slept == []
    assert (budget.most, budget.left, budget.sent) == (3, 0, 3)


def test_the_first_request_leaves_at_once_and_each_other_after_a_pause() -> None:
    time = Time()
    budget = paced(10, 0.5, time)
    for _ in range(3):
        budget.take()
    assert time.slept == [0.5, 0.5]


def test_time_that_went_by_anyway_is_not_slept_again_and_not_saved_up() -> None:
    time = Time()
    budget = paced(10, 1.0, time)
    budget.take()
    time.now += 0.25
    budget.take()
    assert time.slept == [0.75]
    time.now += 100
    budget.take()
    budget.take()
    assert time.slept == [0.75, 1.0]


def test_what_leaves_together_is_followed_by_a_pause_for_each() -> None:
    time = Time()
    budget = paced(100, 0.125, time)
    budget.take(8)
    assert time.slept == []
    budget.take()
    assert time.slept == [1.0]


def test_the_budget_ends_with_its_last_request() -> None:
    budget = RequestBudget(2)
    budget.take(2)
    with pytest.raises(BudgetSpent, match=r"^this run has sent 2 requests, which is the most$"):
        budget.take()


def test_too_many_at_once_send_none_and_what_is_left_may_go() -> None:
    budget = RequestBudget(5)
    budget.take(3)
    said = r"^this run has sent 3 requests of at most 5; 3 more at once are too many$"
    with pytest.raises(BudgetSpent, match=said):
        budget.take(3)
    assert (budget.left, budget.sent) == (2, 3)
    budget.take(2)


def test_whether_so_many_are_left_can_be_asked_before() -> None:
    time = Time()
    budget = paced(5, 1.0, time)
    budget.expect(5)
    with pytest.raises(BudgetSpent, match="6 more at once"):
        budget.expect(6)
    assert (budget.left, time.slept) == (5, [])


@given(
    most=st.integers(0, 60),
    pause=st.sampled_from([0.125, 0.25, 1.0]),
    bursts=st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.0, 0.0625, 0.5, 8.0]))),
)
def test_never_more_than_the_most_and_never_faster_than_the_rate(
    most: int, pause: float, bursts: list[tuple[int, float]]
) -> None:
    time = Time()
    budget = paced(most, pause, time)
    sent: list[tuple[float, int]] = []
    for number, work in bursts:
        try:
            budget.take(number)
        except BudgetSpent:
            assert sum(size for _, size in sent) + number > most
        else:
            sent.append((time.now, number))
        time.now += work
    assert budget.sent == sum(size for _, size in sent) <= most
    # Between any two bursts there is a pause for everything that left from the first of them on.
    for first in range(len(sent)):
        for last in range(first + 1, len(sent)):
            before = sum(size for _, size in sent[first:last])
            assert sent[last][0] - sent[first][0] >= before * pause
