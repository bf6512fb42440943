"""Endpoints that are good as long as one postback comes at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.suite.vocabulary import Status
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant
from contracts.verify.endpoints.load import DEVIANTS
from contracts.verify.endpoints.serving import Client, over_sockets
from contracts.verify.endpoints.shop import Shop
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.curl import keep_alive
from tests.contracts.verify.endpoints import aiming

every_deviant = pytest.mark.parametrize("deviant", DEVIANTS, ids=lambda each: str(each.name))


@every_deviant
def test_is_caught_by_the_cases_that_name_it(deviant: EndpointVariant) -> None:
    aiming.check_caught(deviant)
    aiming.check_area(deviant)


def of(name: str) -> EndpointVariant:
    return aiming.named(DEVIANTS, name)


def send(served: DeviantEndpoint, number: int, at_once: int = 1) -> list[Outcome]:
    urls = [served.endpoint.composer.make().url for _ in range(number)]
    return served.endpoint.post(urls, at_once=at_once, fresh=True)


@every_deviant
def test_one_after_the_other_are_taken(deviant: EndpointVariant) -> None:
    with aiming.opened(deviant) as served:
        assert [each.status for each in send(served, 5)] == [200] * 5
        assert len(served.store.rows) == 5


def test_some_of_a_burst_are_answered_500_and_not_stored() -> None:
    with aiming.opened(of("fails-in-a-burst")) as served:
        statuses = [each.status for each in send(served, 10, at_once=10)]
        assert set(statuses) == {200, 500}
        assert len(served.store.rows) == statuses.count(200)


def test_some_of_a_burst_are_reset() -> None:
    with aiming.opened(of("resets-in-a-burst")) as served:
        kinds = {each.kind for each in send(served, 10, at_once=10)}
        assert kinds == {OutcomeKind.RESPONSE, OutcomeKind.RESET}


def test_the_ninth_is_too_much() -> None:
    with aiming.opened(of("limits-the-rate")) as served:
        statuses = [each.status for each in send(served, 10, at_once=10)]
        assert statuses.count(200) == 8
        assert statuses.count(429) == 2


def test_a_burst_takes_as_long_as_its_postbacks_together() -> None:
    with aiming.opened(of("one-at-a-time")) as served:
        slowest = max(each.elapsed for each in send(served, 5, at_once=5))
        assert slowest.total_seconds() >= 5 * 0.06


def test_what_comes_twice_at_once_is_stored_twice_and_later_not_again() -> None:
    with aiming.opened(of("looks-before-it-stores")) as served:
        url = served.endpoint.composer.make().url
        served.endpoint.post([url] * 4, at_once=4, fresh=True)
        stored = len(served.store.rows)
        assert stored > 1
        served.endpoint.post([url] * 2)
        assert len(served.store.rows) == stored
    # The one counts them at once, the other at the end.
    caught = aiming.caught(of("looks-before-it-stores"))
    assert caught == ["PB-LOAD-DUPLICATES", "PB-STORE-ALL"]


# What the cases make of a burst


def test_eight_that_are_all_refused_say_nothing_of_duplicates() -> None:
    result = aiming.results_of(of("limits-the-rate"))["PB-LOAD-DUPLICATES"]
    assert result.status is Status.FAIL
    assert result.deviation is not None
    assert (result.deviation.expected, result.deviation.actual) == ("2xx at least once", "429")


def test_each_of_those_that_are_timed_has_a_connection_of_its_own() -> None:
    numbers = []

    def note(client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            numbers.append(request.number)
            # Long enough for a client to see that connections are kept.
            client.pause(timedelta(seconds=1.5 * keep_alive.SETTLING_REAL_SECONDS))
            client.answer(request, shop.handle(request.environ))

    deviant = EndpointVariant("of-a-test", "load", "", over_sockets(note))
    with aiming.opened(deviant) as served:
        aiming.run(served, "PB-LOAD-AT-ONCE")
    assert numbers == [1] * (3 + served.endpoint.burst)
