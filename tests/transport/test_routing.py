from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import Pull, is_concurrent
from mockserver.transport.routing import PlainRoutingTransport, RoutingTransport
from tests.transport.exchanges import attempts_at, pulling, run

INSIDE = Outcome(OutcomeKind.RESPONSE, status=200)
OUTSIDE = Outcome(OutcomeKind.RESPONSE, status=202)


class Others:
    """A concurrent transport without sockets: a group is the most recent attempt alone."""

    capacity = 3

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.under_way: list[DueAttempt] = []
        self.closed = 0

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        try:
            while True:
                self.under_way.extend(pull(self.capacity - len(self.under_way)))
                if not self.under_way:
                    return
                attempt = self.under_way.pop()
                self.log.append(attempt.url)
                yield [(attempt, OUTSIDE)]
        finally:
            self.under_way.clear()

    def close(self) -> None:
        self.closed += 1


class Setting:
    def __init__(self) -> None:
        self.log: list[str] = []
        self.made: list[Others] = []
        self.transport = RoutingTransport(
            [(lambda url: url.startswith("in:"), CallableTransport(self._answer))],
            self._make_others,
            capacity=3,
        )

    def _answer(self, attempt: DueAttempt) -> Outcome:
        self.log.append(attempt.url)
        return INSIDE

    def _make_others(self) -> Others:
        self.made.append(Others(self.log))
        return self.made[-1]


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_it_is_a_concurrent_transport(setting: Setting) -> None:
    assert is_concurrent(setting.transport)
    assert setting.transport.capacity == 3


def test_routed_attempts_are_yielded_before_the_next_is_pulled(setting: Setting) -> None:
    asked: list[int] = []
    groups = setting.transport.exchange(pulling(attempts_at(["in:1", "in:2"]), asked))
    ((attempt, outcome),) = next(groups)
    assert (attempt.url, outcome) == ("in:1", INSIDE)
    assert asked == [1]
    assert setting.log == ["in:1"]
    assert [attempt.url for attempt, _ in next(groups)] == ["in:2"]
    assert list(groups) == []
    assert asked == [1, 1, 1]


def test_the_other_transport_is_made_once_and_only_when_needed(setting: Setting) -> None:
    run(setting.transport, attempts_at(["in:1"]))
    assert setting.made == []
    setting.transport.close()
    run(setting.transport, attempts_at(["out:1"]))
    run(setting.transport, attempts_at(["out:2"]))
    assert len(setting.made) == 1
    setting.transport.close()
    assert setting.made[0].closed == 1


def test_every_attempt_is_sent_once_by_the_transport_it_belongs_to(setting: Setting) -> None:
    urls = [f"{'in' if number % 3 else 'out'}:{number}" for number in range(50)]
    results = run(setting.transport, attempts_at(urls))
    assert sorted(attempt.url for attempt, _ in results) == sorted(urls)
    assert sorted(setting.log) == sorted(urls)
    for attempt, outcome in results:
        assert outcome is (INSIDE if attempt.url.startswith("in:") else OUTSIDE)


def test_the_first_route_that_accepts_wins(setting: Setting) -> None:
    first = CallableTransport(lambda _attempt: Outcome(OutcomeKind.DNS))
    second = CallableTransport(lambda _attempt: INSIDE)
    transport = RoutingTransport(
        [(lambda url: url == "a", first), (lambda _url: True, second)],
        lambda: Others([]),
    )
    kinds = [outcome.kind for _, outcome in run(transport, attempts_at("ab"))]
    assert kinds == [OutcomeKind.DNS, OutcomeKind.RESPONSE]


def test_others_are_pulled_no_faster_than_they_can_begin(setting: Setting) -> None:
    asked: list[int] = []
    groups = setting.transport.exchange(pulling(attempts_at(["out:x"] * 20), asked))
    began = finished = 0
    for group in groups:
        finished += len(group)
        began = min(sum(asked), 20)
        assert began - finished <= setting.transport.capacity
    assert finished == 20


def test_what_turns_up_while_others_are_under_way_follows_the_next_of_them(
    setting: Setting,
) -> None:
    run(setting.transport, attempts_at(["out:1", "out:2", "out:3", "in:4", "out:5"]))
    # One of the others had to finish to make a place, and one more to be followed.
    assert setting.log.index("in:4") == 2


def test_closing_the_exchange_ends_what_the_others_have_under_way(setting: Setting) -> None:
    groups = setting.transport.exchange(pulling(attempts_at(["out:1", "out:2", "out:3"])))
    next(groups)
    (others,) = setting.made
    assert others.under_way
    groups.close()  # type: ignore[attr-defined]
    assert not others.under_way


def answering(status: int, batch: int = 1) -> CallableTransport:
    return CallableTransport(lambda _: Outcome(OutcomeKind.RESPONSE, status=status), batch)


def test_a_plain_one_sends_by_the_first_route_that_accepts() -> None:
    transport = PlainRoutingTransport([(lambda url: url == "in:1", answering(1))], answering(2))
    assert not is_concurrent(transport)
    assert [transport.send(each).status for each in attempts_at(["in:1", "in:2"])] == [1, 2]
    transport.add_route(lambda url: url.startswith("in:"), answering(3))
    assert [transport.send(each).status for each in attempts_at(["in:1", "out"])] == [3, 2]


def test_a_plain_one_makes_batches_that_all_of_its_transports_can_bear() -> None:
    transport = PlainRoutingTransport([(lambda url: False, answering(1, 20))], answering(2, 30))
    assert transport.batch == 20
    transport.add_route(lambda url: False, answering(3, 10))
    assert transport.batch == 10
    transport.add_route(lambda url: False, answering(4, 15))
    assert transport.batch == 10
