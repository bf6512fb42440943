"""Orders are explored from the smallest on, and what an application does not bear is found."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from contracts.order_explorer import Explored, OrderProblem, explore_orders, in_words, orders
from mockserver.core.errors import InvalidEvent, InvalidValue

TEMPLATE = "https://shop.example/in?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"
DAY = "2025-12-0{}T00:00:00Z"
EVENTS = [
    ("email.send", {"triggered_at": DAY.format(1)}),
    ("email.open", {"triggered_at": DAY.format(2)}),
    ("email.click", {"triggered_at": DAY.format(3)}),
]


class Shop:
    """Keeps each event once; subclasses are wrong in one way."""

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        values = dict(parse_qsl(environ["QUERY_STRING"]))
        start(self.receive(values["event"], int(values["at"])), [])
        return []

    def receive(self, event: str, at: int) -> str:
        with self.lock:
            if event not in self.stored:
                self.stored.append(event)
        return "204 No Content"


class CountsTwice(Shop):
    def receive(self, event: str, at: int) -> str:
        self.stored.append(event)
        return "204 No Content"


class LastWins(Shop):
    def receive(self, event: str, at: int) -> str:
        self.stored = [event]
        return "204 No Content"


class NeedsTheFirst(Shop):
    """Drops a click that comes before its opening."""

    def receive(self, event: str, at: int) -> str:
        if event == "Click" and "Open" not in self.stored:
            return "204 No Content"
        return super().receive(event, at)


class WaitsForTheFirst(NeedsTheFirst):
    """Has it sent again instead."""

    def receive(self, event: str, at: int) -> str:
        if event == "Click" and "Open" not in self.stored:
            return "503 Service Unavailable"
        return Shop.receive(self, event, at)


class Races(Shop):
    """Looks first and stores a little later, without a lock."""

    def receive(self, event: str, at: int) -> str:
        is_new = event not in self.stored
        time.sleep(0.01)
        if is_new:
            self.stored.append(event)
        return "204 No Content"


def explore(shop: type[Shop], events: Any = EVENTS, **given: Any) -> Explored:
    return explore_orders(
        shop, lambda app: app.stored, events, template=TEMPLATE, **{"at_once": 1, **given}
    )


def problem_of(shop: type[Shop], **given: Any) -> str:
    with pytest.raises(OrderProblem) as caught:
        explore(shop, **given)
    return str(caught.value)


def test_an_application_that_is_right_passes() -> None:
    explored = explore(Shop, at_once=2)
    assert explored.orders > 100
    assert explored.left_out == 0


@pytest.mark.parametrize(
    ("shop", "arriving"),
    [
        (CountsTwice, "arriving as 1, 1, "),
        (LastWins, "arriving as 2, 1, "),
        (NeedsTheFirst, "arriving as 3, 2, "),
    ],
)
def test_the_smallest_order_that_breaks_it_is_told(shop: type[Shop], arriving: str) -> None:
    problem = problem_of(shop)
    assert arriving in problem
    assert "Leanplum promises no order" in problem


def test_what_is_told() -> None:
    assert problem_of(LastWins).splitlines()[:1] == ["what it has depends on how the events arrive"]
    text = problem_of(LastWins)
    assert "  1. Email Send: user_id " in text
    assert "  2. Email Open: user_id " in text
    assert "Click" not in text
    assert "answered 2: 204, 1: 204, it has\n  ['Send']\n" in text
    assert "but if each arrives once, in order,\n  ['Open']\n" in text


def test_what_is_answered_5xx_comes_again() -> None:
    # An event that never comes is one that it has not in order, either.
    assert explore(WaitsForTheFirst, EVENTS[1:]).left_out == 0


def test_arrivals_at_the_same_time_are_tried() -> None:
    assert explore(Races).left_out == 0
    assert "1 and 1 at once" in problem_of(Races, at_once=2)


def test_it_is_said_how_many_were_left_out() -> None:
    whole = explore(Shop)
    part = explore(Shop, most_orders=10)
    assert (part.orders, part.left_out) == (10, whole.orders - 10)


class Asserts(Shop):
    """Stands in a test, and says what it expects."""

    def receive(self, event: str, at: int) -> str:
        assert event != "Click", "no click is expected"
        return super().receive(event, at)


class Skips(Shop):
    def receive(self, event: str, at: int) -> str:
        pytest.skip("no database")


class Refuses(Shop):
    """Has nothing of it: the template leads elsewhere, for instance."""

    def receive(self, event: str, at: int) -> str:
        return "404 Not Found"


class Raises(Shop):
    def receive(self, event: str, at: int) -> str:
        raise LookupError("no user")


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize(
    ("shop", "raised"), [(Asserts, AssertionError), (Skips, pytest.skip.Exception)]
)
def test_what_the_application_raises_and_means_the_test_ends_it(
    shop: type[Shop], raised: type[BaseException], at_once: int
) -> None:
    with pytest.raises(raised, match=r"no click is expected|no database"):
        explore(shop, at_once=at_once)


@pytest.mark.parametrize(("shop", "answer"), [(Refuses, "1: 404, 2: 404"), (Raises, "1: 500")])
def test_what_nothing_can_change_proves_nothing(shop: type[Shop], answer: str) -> None:
    problem = problem_of(shop, events=EVENTS[:2])
    assert "no order can make a\ndifference: Counter()" in problem
    assert f"It answered {answer}" in problem


def test_what_only_some_events_change_is_explored() -> None:
    class OnlyClicks(Shop):
        def receive(self, event: str, at: int) -> str:
            return super().receive(event, at) if event == "Click" else "400 Bad Request"

    assert explore(OnlyClicks, most_orders=1).orders == 1


def test_a_state_that_the_application_goes_on_with_is_compared_as_it_was() -> None:
    """A list that all applications share is equal to itself whatever is in it."""
    shared: list[str] = []

    class Shared(CountsTwice):
        def __init__(self) -> None:
            super().__init__()
            self.stored = shared

    assert "it has" in problem_of(Shared)


@pytest.mark.parametrize("events", [[], EVENTS * 3])
def test_too_few_or_too_many_are_refused(events: Any) -> None:
    with pytest.raises(InvalidValue, match="one to 6 events"):
        explore(Shop, events)


def test_an_event_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidEvent, match=r"did you mean 'email\.click'"):
        explore(Shop, [("email.clik", {})])


def test_orders_are_all_there_are_each_once_the_smallest_first() -> None:
    assert list(orders(1, 0, 2)) == []
    assert list(orders(1, 1, 1)) == [((0,), (0,))]
    assert list(orders(2, 0, 1)) == [((1,), (0,))]
    assert list(orders(2, 0, 2)) == [((1,), (0,)), ((0, 1),)]
    for events, repeats, at_once in ((3, 1, 2), (4, 0, 3), (2, 2, 2)):
        found = list(orders(events, repeats, at_once))
        assert len(found) == len(set(found))
        lengths = [sum(len(group) for group in arrivals) for arrivals in found]
        assert lengths == sorted(lengths)
        in_order = [arrivals for arrivals in found if arrivals == tuple(sorted(set(arrivals)))]
        assert all(any(len(group) > 1 for group in arrivals) for arrivals in in_order)
    assert len({arrivals for arrivals in orders(3, 0, 1) if len(arrivals) == 3}) == 5


def test_an_order_in_words() -> None:
    assert in_words(((1,), (0, 2), (1,))) == "2, 1 and 3 at once, 2"
