"""Endpoints that are wrong when they are down, or when they come up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.suite.vocabulary import Status
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant, Served
from contracts.verify.endpoints.outage import DEVIANTS, Proxy, RestartingShop
from contracts.verify.endpoints.shop import Store
from contracts.verify.operator import Operator
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import Outcome, OutcomeKind
from tests.contracts.verify.endpoints import aiming

every_deviant = pytest.mark.parametrize("deviant", DEVIANTS, ids=lambda each: str(each.name))


@every_deviant
def test_is_caught_by_the_cases_that_name_it(deviant: EndpointVariant) -> None:
    aiming.check_caught(deviant)
    aiming.check_area(deviant)


def of(name: str) -> EndpointVariant:
    return aiming.named(DEVIANTS, name)


def operator_of(served: DeviantEndpoint) -> Operator:
    operator = served.endpoint.operator
    assert operator is not None
    return operator


def send(served: DeviantEndpoint, age: timedelta = timedelta(0)) -> Outcome:
    at = datetime.now(UTC).replace(microsecond=0) - age
    return served.endpoint.post([served.endpoint.composer.make(triggered_at=at).url])[0]


@pytest.mark.parametrize(
    ("name", "left"), [("loses-the-last-at-restart", 2), ("keeps-all-in-memory", 0)]
)
def test_a_restart_loses_something(name: str, left: int) -> None:
    with aiming.opened(of(name)) as served:
        assert [send(served).status for _ in range(3)] == [200] * 3
        assert len(served.store.rows) == 3
        operator_of(served).down()
        assert send(served).status == 503
        operator_of(served).up()
        assert len(served.store.rows) == left


@pytest.mark.parametrize(
    ("name", "status"), [("maintenance-page-with-200", 200), ("not-found-while-down", 404)]
)
def test_something_else_answers_while_it_is_down(name: str, status: int) -> None:
    with aiming.opened(of(name)) as served:
        operator_of(served).down()
        assert send(served).status == status
        assert served.store.rows == []
        operator_of(served).up()
        assert send(served).status == 200
        assert len(served.store.rows) == 1


@pytest.mark.parametrize(
    ("name", "old"), [("refuses-the-backlog", 422), ("loses-the-backlog", 200)]
)
def test_what_is_old_after_a_restart_is_not_stored(name: str, old: int) -> None:
    an_hour = timedelta(hours=1)
    with aiming.opened(of(name)) as served:
        assert send(served, an_hour).status == 200
        operator_of(served).down()
        down = send(served)
        assert down.kind is OutcomeKind.REFUSED or down.status == 503
        operator_of(served).up()
        assert send(served).status == 200
        assert len(served.store.rows) == 2
        assert send(served, an_hour).status == old
        assert len(served.store.rows) == 2


def test_an_endpoint_can_be_restarted_before_it_has_stored_anything() -> None:
    for deviant in DEVIANTS:
        with aiming.opened(deviant) as served:
            operator_of(served).down()
            operator_of(served).up()
            assert send(served).status == 200


# What the cases make of an outage


class Queue(Proxy):
    """Takes postbacks while the shop is down, and hands them on when it is up."""

    def __init__(self, shop: RestartingShop) -> None:
        super().__init__(shop)
        self.waiting: list[str] = []
        self.is_down = False

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Any:
        if not self.is_down:
            return super().__call__(environ, start_response)
        self.waiting.append(environ["QUERY_STRING"])
        start_response("202 Accepted", [("Content-Length", "0")])
        return [b""]

    def down(self) -> None:
        self.is_down = True

    def up(self) -> None:
        self.is_down = False
        for query in self.waiting:
            self.hand_on(query)

    def hand_on(self, query: str) -> None:
        self._shop.receive({"QUERY_STRING": query})


class Leaky(Queue):
    """A queue that keeps the first one for itself."""

    def hand_on(self, query: str) -> None:
        if query != self.waiting[0]:
            super().hand_on(query)


def behind(make: Callable[[RestartingShop], Proxy]) -> EndpointVariant:
    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        clock = ManualClock()
        front = make(RestartingShop(store, clock))
        yield Served(app=front, operator=front, clock=clock)

    return EndpointVariant("of-a-test", "outage", "", serve)


OUTAGES = ("PB-OUTAGE-RETRIED", "PB-OUTAGE-RECOVERED")


@pytest.mark.parametrize("case_id", OUTAGES)
def test_a_queue_that_answers_while_it_is_down_loses_nothing(case_id: str) -> None:
    with aiming.opened(behind(Queue)) as served:
        assert aiming.run(served, case_id).status is Status.PASS


@pytest.mark.parametrize("case_id", OUTAGES)
def test_a_queue_that_loses_something_is_caught(case_id: str) -> None:
    with aiming.opened(behind(Leaky)) as served:
        result = aiming.run(served, case_id)
        assert result.status is Status.FAIL
        assert result.deviation is not None
        assert result.deviation.actual == "not stored"


@pytest.mark.parametrize(
    ("case_id", "status"), [(OUTAGES[0], Status.FAIL), (OUTAGES[1], Status.UNTESTABLE)]
)
def test_what_is_answered_while_it_is_down_is_doubted_if_nobody_can_ask(
    case_id: str, status: Status
) -> None:
    with aiming.opened(behind(Queue)) as served:
        served.endpoint.probe = None
        assert aiming.run(served, case_id).status is status


def test_nothing_is_said_of_afterwards_when_all_was_dropped_before() -> None:
    with aiming.opened(of("not-found-while-down")) as served:
        result = aiming.run(served, "PB-OUTAGE-RECOVERED")
        assert result.status is Status.UNTESTABLE
        assert "PB-OUTAGE-RETRIED" in result.reason


def test_an_outage_that_outlasts_every_attempt_leaves_nothing_to_look_at() -> None:
    with aiming.opened(behind(Proxy)) as served:
        served.endpoint.outage = timedelta(hours=65 * 4 + 8)
        result = aiming.run(served, "PB-OUTAGE-RECOVERED")
        assert result.status is Status.SKIP
        assert "outlasts all ten attempts" in result.reason


def test_some_are_lost_and_some_come_after_an_outage_of_four_days() -> None:
    with aiming.opened(behind(Proxy)) as served:
        served.endpoint.outage = timedelta(hours=100)
        result = aiming.run(served, "PB-OUTAGE-RECOVERED")
        assert result.status is Status.PASS
        assert 0 < len(served.store.rows) < 4
    # Nothing is wrong with the endpoint, and its owner wants to know all the same.
    lost = [step for step in result.steps if "lost, all ten attempts met the outage" in step]
    assert len(lost) == 4 - len(served.store.rows)


def test_the_backlog_is_as_old_as_it_would_be() -> None:
    with aiming.opened(behind(Proxy)) as served:
        assert aiming.run(served, "PB-OUTAGE-RECOVERED").status is Status.PASS
        now = datetime.now(UTC).timestamp()
        ages = [round((now - int(row["at"]) / 1000) / 3600) for row in served.store.rows]
    # Down for four hours; events of its hours 0 to 3, attempts after 0, 1, 3 and 7 hours.
    assert ages == [7, 3, 3, 1]
    assert len({row["at"] for row in served.store.rows}) == 4
