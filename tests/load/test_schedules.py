from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.load.schedules import (
    Due,
    ExactSchedule,
    Schedule,
    SpreadSchedule,
    in_seconds,
)


def run(schedule: Schedule) -> list[tuple[int, Due]]:
    found = []
    while (second := schedule.next_second()) is not None:
        found += [(second, due) for due in schedule.take(second)]
    return found


def test_everything_is_due_at_its_second_in_the_order_in_which_it_came() -> None:
    schedule = ExactSchedule()
    schedule.add(Due(0, 2, 5), ended=10, delay=60)
    schedule.add(Due(0, 3, 1), ended=0, delay=70)
    schedule.add(Due(0, 2, 2), ended=0, delay=60)
    assert schedule.take(5) == []
    assert run(schedule) == [(60, Due(0, 2, 2)), (70, Due(0, 2, 5)), (70, Due(0, 3, 1))]
    assert schedule.next_second() is None
    assert schedule.take(70) == []


@given(
    added=st.lists(
        st.tuples(st.integers(0, 300), st.integers(1, 400), st.sampled_from([1, 7, 100, 3600])),
        min_size=1,
        max_size=6,
    ),
    jitter=st.fractions(Fraction(1, 500), 1),
)
def test_spread_is_within_the_window_even_and_loses_nothing(
    added: list[tuple[int, int, int]], jitter: Fraction
) -> None:
    schedule = SpreadSchedule(jitter)
    for ended, count, delay in added:
        schedule.add(Due(0, 2, count), ended, delay)
    found = Counter[int]()
    for second, due in run(schedule):
        found[second] += due.many
    assert sum(found.values()) == sum(count for _, count, _ in added)
    first = min(ended + max(1, int(delay * (1 - jitter))) for ended, _, delay in added)
    last = max(ended + max(1, int(delay * (1 + jitter))) for ended, _, delay in added)
    assert first <= min(found)
    assert max(found) <= last


def test_spread_is_even() -> None:
    schedule = SpreadSchedule(Fraction(1, 10))
    schedule.add(Due(0, 2, 201 * 3), 0, 1000)
    assert run(schedule) == [(second, Due(0, 2, 3)) for second in range(900, 1101)]


def test_what_comes_after_a_long_rest_is_spread_like_what_came_before() -> None:
    schedule = SpreadSchedule(Fraction(1, 10))
    for ended in (0, 50_000):
        schedule.add(Due(0, 2, 21), ended, 100)
        assert schedule.next_second() == ended + 90
        assert run(schedule) == [
            (second, Due(0, 2, 1)) for second in range(ended + 90, ended + 111)
        ]


def test_the_later_attempt_comes_first_as_it_was_scheduled_earlier() -> None:
    schedule = SpreadSchedule(Fraction(1, 100))
    schedule.add(Due(0, 2, 1), 0, 10)
    schedule.add(Due(1, 3, 1), 0, 10)
    schedule.add(Due(0, 3, 1), 0, 10)
    assert [(due.campaign, due.number) for _, due in run(schedule)] == [(0, 3), (1, 3), (0, 2)]


@pytest.mark.parametrize("shift", [0, 7])
def test_arrivals_are_shifted_in_order_without_those_of_nothing(shift: int) -> None:
    found = in_seconds({5: 1, 2: 3, 9: 0}, shift)
    assert list(found.items()) == [(2 + shift, 3), (5 + shift, 1)]
