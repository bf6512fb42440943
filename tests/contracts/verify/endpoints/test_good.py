"""Good endpoints that differ: no case says of any of them that data gets lost."""

from __future__ import annotations

import pytest

from contracts.suite.registry import endpoint_cases
from contracts.suite.vocabulary import Level, Status
from contracts.verify.endpoints import good, good_shops
from contracts.verify.endpoints.catalog import GOOD
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, missing_needs
from tests.contracts.verify.endpoints import aiming

every_good_one = pytest.mark.parametrize("deviant", GOOD, ids=lambda each: str(each.name))


@every_good_one
def test_no_must_fails(deviant: EndpointVariant) -> None:
    results = aiming.results_of(deviant)
    failed = {
        case_id: result.reason or result.deviation
        for case_id, result in results.items()
        if result.level is Level.MUST and result.status not in (Status.PASS, Status.SKIP)
    }
    assert failed == {}
    assert Status.ERROR not in {result.status for result in results.values()}


def test_every_case_passes_on_one_of_them() -> None:
    passed = {
        case_id
        for deviant in GOOD
        if not missing_needs(deviant)
        for case_id, result in aiming.results_of(deviant).items()
        if result.status is Status.PASS
    }
    assert {case.id for case in endpoint_cases()} - passed == set()


@pytest.mark.parametrize("deviant", good.GOOD, ids=lambda each: str(each.name))
def test_an_event_is_stored_once_under_the_names_of_the_url(deviant: EndpointVariant) -> None:
    with aiming.opened(deviant) as served:
        postback = served.endpoint.composer.make(suffix=" é+%")
        outcomes = served.endpoint.post([postback.url] * 2)
        assert {(each.status or 0) // 100 for each in outcomes} == {2}
        assert served.store.rows == [dict(postback.values)]


@pytest.mark.parametrize("deviant", good_shops.GOOD, ids=lambda each: str(each.name))
def test_an_event_is_stored_once_in_whatever_form(deviant: EndpointVariant) -> None:
    with aiming.opened(deviant) as served:
        postback = served.endpoint.composer.make(suffix=" é+%")
        outcomes = served.endpoint.post([postback.url] * 2)
        assert {(each.status or 0) // 100 for each in outcomes} == {2}
        (row,) = served.store.rows
        assert postback.event.user_id in row.values()


def test_what_takes_29_seconds_is_warned_of() -> None:
    slow = aiming.named(GOOD, "good-slow")
    assert aiming.caught(slow) == ["PB-ANSWER-FAST"]


def test_the_one_behind_nginx_is_not_there_any_more_afterwards() -> None:
    deviant = aiming.named(GOOD, "good-behind-nginx")
    with aiming.opened(deviant) as served:
        assert served.endpoint.still_answers()
        endpoint = served.endpoint
    assert not endpoint.still_answers()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    needy = EndpointVariant(
        "n", "good", "", good.GOOD[0].serve, needs=("json", "no_such_module", "nginx")
    )
    assert missing_needs(needy) == ["no_such_module", "nginx"]
    assert missing_needs(good.GOOD[0]) == []
