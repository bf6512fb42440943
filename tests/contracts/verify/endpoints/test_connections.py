"""Endpoints that are wrong in how they treat connections."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta

import pytest

from contracts.suite.generated import Effort
from contracts.suite.registry import find_case
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from contracts.verify import raw
from contracts.verify.endpoints.connections import DEVIANTS
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant
from contracts.verify.endpoints.serving import PATIENT, Client, Talk, answer_all, over_sockets
from contracts.verify.endpoints.shop import Shop
from mockserver.core.outcome import Outcome, OutcomeKind
from tests.contracts.verify.endpoints import aiming

every_deviant = pytest.mark.parametrize("deviant", DEVIANTS, ids=lambda each: str(each.name))


@every_deviant
def test_is_caught_by_the_cases_that_name_it(deviant: EndpointVariant) -> None:
    aiming.check_caught(deviant)
    aiming.check_area(deviant)


def of(name: str) -> EndpointVariant:
    return aiming.named(DEVIANTS, name)


def send(served: DeviantEndpoint, number: int = 1, **options: bool) -> list[Outcome]:
    urls = [served.endpoint.composer.make().url for _ in range(number)]
    return served.endpoint.post(urls, **options)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("nobody-listens", OutcomeKind.REFUSED, "nobody listens"),
        ("resets-connections", OutcomeKind.RESET, "reset"),
        ("speaks-no-http", OutcomeKind.RESET, "not HTTP"),
        ("closes-without-answer", OutcomeKind.RESET, "closed without an answer"),
    ],
)
def test_no_postback_is_answered(name: str, kind: OutcomeKind, said: str) -> None:
    with aiming.opened(of(name)) as served:
        (outcome,) = send(served)
        assert outcome.kind is kind
        assert outcome.error is not None
        assert said in outcome.error
        assert served.store.rows == []


@pytest.mark.parametrize("name", ["mixes-answers", "longer-than-announced"])
def test_more_comes_than_one_answer_although_a_client_sees_200(name: str) -> None:
    with aiming.opened(of(name)) as served:
        assert [each.status for each in send(served, 3)] == [200, 200, 200]
        with served.endpoint.connection() as connection:
            path = served.endpoint.composer.make().url.partition(served.deviant.path)
            answer = connection.request("POST", "".join(path[1:]))
        assert answer.status == 200
        assert answer.surplus
        assert len(served.store.rows) == 4
    assert aiming.caught(of(name)) == ["PB-REACH-KEEP-ALIVE"]


def test_one_of_two_addresses_is_dead() -> None:
    with aiming.opened(of("one-address-dead")) as served:
        assert served.endpoint.resolved_host is not None
        alive, dead = served.endpoint.resolved_host.addresses
        assert send(served, address=alive)[0].status == 200
        assert send(served, address=dead)[0].kind is not OutcomeKind.RESPONSE
        assert send(served)[0].status == 200
    assert aiming.caught(of("one-address-dead")) == ["PB-REACH-ADDRESSES"]


def test_the_second_connection_waits_for_the_end_of_the_first() -> None:
    with aiming.opened(of("one-connection-at-a-time")) as served:
        with served.endpoint.connection() as connection:
            connection.request("POST", "/nowhere")
            assert send(served, fresh=True)[0].kind is OutcomeKind.TIMEOUT
            assert served.store.rows == []
        # It has little time, and the machine may be busy.
        assert any(send(served, fresh=True)[0].status == 200 for _ in range(50))


def test_whoever_serves_one_connection_is_not_blamed_by_other_cases() -> None:
    serve = over_sockets(answer_all, one_at_a_time=True, timeout=PATIENT)
    deviant = dataclasses.replace(of("one-connection-at-a-time"), serve=serve)
    ids = ("CONNECT", "ADDRESSES", "REDIRECT", "KEEP-ALIVE", "ADDRESSES", "CONNECT")
    with aiming.opened(deviant) as served:
        for case in (find_case(f"PB-REACH-{each}") for each in ids):
            result = run_case(case, served.endpoint, Effort(shrink=False), Names())
            assert result.status is Status.PASS, (result.id, result.deviation)


def test_the_first_request_of_a_connection_fails() -> None:
    with aiming.opened(of("first-of-a-connection-fails")) as served:
        assert [each.status for each in send(served, 3, fresh=True)] == [503, 503, 503]
        with served.endpoint.connection() as connection:
            found = [connection.request("POST", "/in?at=1").status for _ in range(3)]
        assert found == [503, 200, 200]


def test_an_eighth_answer_drips_for_longer_than_there_is_time() -> None:
    with aiming.opened(of("drips-its-head")) as served:
        outcomes = send(served, 16)
        assert sum(each.kind is OutcomeKind.TIMEOUT for each in outcomes) >= 2


def test_a_drip_does_not_hold_a_connection_that_is_looked_at() -> None:
    with aiming.opened(of("drips-its-head")) as served:
        began = time.monotonic()
        late = []
        for number in range(8):
            with served.endpoint.connection() as connection:
                late.append(connection.request("POST", f"/in?user={number}&at=1").late)
        assert any(late)
        # A head that drips to its end takes longer than that.
        assert time.monotonic() - began < 3


# What the cases make of a connection


def test_a_connection_that_cannot_be_opened_leaves_a_case_untestable() -> None:
    result = aiming.results_of(of("nobody-listens"))["PB-REACH-KEEP-ALIVE"]
    assert result.status is Status.UNTESTABLE
    assert "Connection refused" in result.reason


def served_by(talk: Talk, timeout: timedelta = PATIENT) -> EndpointVariant:
    return EndpointVariant("of-a-test", "reach", "", over_sockets(talk, timeout=timeout))


def test_a_second_answer_that_never_comes_is_no_closed_connection() -> None:
    def answer_once(client: Client, shop: Shop) -> None:
        request = client.read()
        if request is not None:
            client.answer(request, shop.handle(request.environ))
        client.read()
        client.pause(timedelta(hours=1))

    with aiming.opened(served_by(answer_once, timedelta(seconds=1))) as served:
        result = aiming.run(served, "PB-REACH-KEEP-ALIVE")
        assert result.status is Status.FAIL
        assert result.deviation is not None
        assert "within 1 s" in result.deviation.actual


def test_a_server_may_close_a_connection_whenever_it_likes() -> None:
    def answer_once(client: Client, shop: Shop) -> None:
        request = client.read()
        if request is not None:
            client.answer(request, shop.handle(request.environ))

    with aiming.opened(served_by(answer_once)) as served:
        assert aiming.run(served, "PB-REACH-KEEP-ALIVE").status is Status.PASS


@pytest.mark.parametrize("late_by", [0.0, 0.02, 0.2])
@pytest.mark.parametrize(
    "surplus", [b"\r\n\r\nmore", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
)
def test_what_comes_behind_an_answer_is_found_however_late(surplus: bytes, late_by: float) -> None:
    def add_more(client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            client.answer(request, shop.handle(request.environ))
            client.pause(timedelta(seconds=late_by))
            client.write(surplus)

    with aiming.opened(served_by(add_more)) as served:
        assert aiming.run(served, "PB-REACH-KEEP-ALIVE").status is Status.FAIL


def test_a_second_answer_may_take_as_long_as_the_first() -> None:
    seen = []

    def think(client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            seen.append(request.number)
            client.pause(timedelta(seconds=2 * raw.SETTLING_REAL_SECONDS))
            client.answer(request, shop.handle(request.environ))

    with aiming.opened(served_by(think)) as served:
        assert aiming.run(served, "PB-REACH-KEEP-ALIVE").status is Status.PASS
    assert seen == [1, 2, 3, 4]


def test_a_postback_that_does_not_get_out_is_told() -> None:
    deviant = of("resets-connections")
    with aiming.opened(deviant) as served, served.endpoint.connection() as connection:
        # The reset has arrived when this returns, so that nothing can be sent any more.
        assert connection.request("POST", "/in").error
        with pytest.raises(raw.NoConnection, match="broke"):
            connection.send("POST", "/in")
