from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.load.endpoint import Endpoint, EndpointAtWork, Taken

HOUR = timedelta(hours=1)


def at_work(capacity: str, queue: int, **options: Any) -> EndpointAtWork:
    return EndpointAtWork(Endpoint(Fraction(capacity), queue, **options), 30)


def test_it_answers_what_it_can_queues_what_fits_and_refuses_the_rest() -> None:
    endpoint = at_work("10", 5)
    assert endpoint.take(0, 20) == Taken(15, 0, 5, (5, 0))
    assert endpoint.waiting(1) == 5
    assert endpoint.take(1, 20) == Taken(10, 0, 10, (5, 0))
    assert endpoint.waiting(2) == 5
    assert endpoint.waiting(3) == 0


def test_those_of_one_second_are_taken_one_after_the_other() -> None:
    together, apart = at_work("10", 50), at_work("10", 50)
    whole = together.take(0, 80)
    parts = [apart.take(0, count) for count in (7, 0, 33, 30, 10)]
    assert [sum(part[index] for part in parts) for index in range(3)] == list(whole[:3])
    assert tuple(map(sum, zip(*(part.slow for part in parts), strict=True))) == whole.slow


def test_who_would_wait_as_long_as_leanplum_does_has_timed_out_and_is_worked_on() -> None:
    endpoint = at_work("10", 1000)
    assert endpoint.take(0, 400) == Taken(300, 100, 0, (290, 200))
    assert endpoint.waiting(30) == 100
    assert endpoint.take(30, 1) == Taken(1, 0, 0, (1, 1))


@pytest.mark.parametrize(("count", "timed_out"), [(299, 0), (300, 0), (301, 1), (310, 10)])
def test_the_limit_of_30_seconds_is_exact(count: int, timed_out: int) -> None:
    assert at_work("10", 1000).take(0, count).timed_out == timed_out


def test_a_capacity_of_less_than_one_a_second_is_kept_exactly() -> None:
    endpoint = at_work("1/3", 0)
    taken = [endpoint.take(second, 1).answered for second in range(9)]
    assert taken == [0, 0, 1, 0, 0, 1, 0, 0, 1]
    fractional = at_work("5/2", 0)
    assert [fractional.take(second, 9).answered for second in range(4)] == [2, 3, 2, 3]


def test_in_an_outage_nothing_is_taken_and_the_queue_is_worked_off() -> None:
    endpoint = at_work("10", 100, outages=((timedelta(seconds=1), timedelta(seconds=3)),))
    endpoint.take(0, 30)
    assert endpoint.take(1, 5) == Taken(0, 0, 5, (0, 0))
    assert endpoint.take(2, 5).refused == 5
    assert endpoint.waiting(3) == 0
    assert endpoint.take(3, 5).answered == 5


def test_an_outage_may_hang() -> None:
    endpoint = at_work("10", 100, outages=((0 * HOUR, HOUR),), outage_answer="hang")
    assert endpoint.take(3599, 5) == Taken(0, 5, 0, (0, 0))
    assert endpoint.take(3600, 5).answered == 5


@pytest.mark.parametrize(
    ("second", "down"),
    [(0, False), (59, False), (60, True), (119, True), (120, False), (300, True)],
)
def test_an_outage_has_its_first_second_and_not_its_end(second: int, down: bool) -> None:
    minute = timedelta(minutes=1)
    endpoint = at_work("1", 0, outages=((minute, 2 * minute), (5 * minute, 6 * minute)))
    assert endpoint.take(second, 1).refused == down


@pytest.mark.parametrize(
    "options",
    [
        {"capacity": Fraction(0)},
        {"capacity": Fraction(-1)},
        {"queue": -1},
        {"outage_answer": "404"},
        {"outages": ((0 * HOUR, timedelta(milliseconds=1500)),)},
        {"outages": ((HOUR, HOUR),)},
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Endpoint(**({"capacity": Fraction(1), "queue": 0} | options))
