"""Each broken endpoint is caught by every case that names it, and a good one by none."""

from __future__ import annotations

from collections import Counter

import pytest

from contracts.suite.generated import Effort
from contracts.suite.registry import Case, endpoint_cases, find_case
from contracts.suite.results import CaseResult
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant, on_a_port
from mockserver.client.probe import FunctionProbe

from .visiting import DEVIANTS, GOOD, MODULES, Visitor

NAMED = [(case, name) for case in endpoint_cases() for name in case.catches if name in DEVIANTS]
CAUGHT = (Status.FAIL, Status.WARN, Status.INFO, Status.UNTESTABLE)
FINE = (Status.PASS, Status.SKIP)
EVERY = pytest.mark.parametrize("deviant", DEVIANTS.values(), ids=lambda deviant: deviant.name)

#: Cases that look at what all others have sent.
CLOSING = {"PB-REPEAT-LATER", "PB-STORE-ALL", "PB-ANSWER-ALL-MEANT"}

#: All the other cases that may catch these: what is wrong with one value harms no other.
NARROW = {
    "takes-twelve-seconds": {"PB-ANSWER-FAST"},
    "fails-on-held-back": {"PB-ANSWER-EVENTS", "PB-REPEAT-DISTINCT", "PB-SOAK-STEADY"},
    "refuses-unknown-templates": {"PB-ANSWER-NEW-EVENT", "PB-VALUES-TEMPLATE-NAME"},
    "needs-a-user-id": {"PB-VALUES-NO-USER"},
    "ignores-empty-users": {"PB-VALUES-NO-USER"},
    "ignores-empty-devices": {"PB-VALUES-EMPTY", "PB-REPEAT-EMPTY", "PB-REPEAT-DISTINCT"},
    "composes-accents": {"PB-VALUES-EXACT", "PB-REPEAT-NEAR"},
    "strips-accents": {"PB-VALUES-EXACT", "PB-VALUES-ANY", "PB-REPEAT-NEAR"},
    "lowercases-ids": {"PB-VALUES-EXACT", "PB-VALUES-STRANGE", "PB-REPEAT-NEAR"},
    "html-unescapes": {"PB-VALUES-EXACT", "PB-PAYLOAD-EXACT"},
    "fails-on-quotes": {"PB-VALUES-CHARACTERS", "PB-VALUES-STRANGE", "PB-VALUES-ANY"},
    "column-of-255": {"PB-VALUES-LONG-ID"},
    "cuts-at-255": {"PB-VALUES-LONG-ID"},
    "refuses-long-urls": {"PB-VALUES-LONG-URL"},
    "floats-the-ids": {"PB-VALUES-IDS"},
    "template-name-is-a-file": {"PB-VALUES-TEMPLATE-NAME"},
    "parses-json-by-hand": {"PB-PAYLOAD-DOCUMENTS", "PB-PAYLOAD-EXACT"},
    "insists-on-a-plain-link": {"PB-PAYLOAD-TWICE", "PB-PAYLOAD-DOCUMENTS"},
    "too-many-requests": {"PB-REPEAT-TEN", "PB-REPEAT-DISTINCT"},
    "takes-arrival-for-identity": {"PB-REPEAT-ONCE", "PB-REPEAT-EMPTY"},
    "one-event-a-message": {"PB-REPEAT-DISTINCT", "PB-REPEAT-NEAR"},
    "one-event-a-moment": {"PB-REPEAT-DISTINCT", "PB-REPEAT-NEAR"},
    "dedupes-by-second": {"PB-REPEAT-DISTINCT"},
    "drops-what-is-older": {"PB-REPEAT-DISTINCT", "PB-LOAD-ORDER"},
    "stores-on-head": {"PB-STORE-POST-ONLY"},
    "stores-on-get": {"PB-STORE-POST-ONLY"},
    "gets-slower": {"PB-SOAK-STEADY"},
}


def _run(served: DeviantEndpoint, case: Case) -> CaseResult:
    return run_case(case, served.endpoint, Effort(shrink=False), Names())


@pytest.mark.parametrize(("case", "name"), NAMED, ids=[f"{case.id}-{name}" for case, name in NAMED])
def test_a_case_catches_what_it_names(case: Case, name: str) -> None:
    with DeviantEndpoint(DEVIANTS[name]) as served:
        # What looks at what others have sent needs somebody who sends.
        before = endpoint_cases() if case.id in CLOSING else (case,)
        results = {each.id: _run(served, each) for each in before}
    result = results[case.id]
    assert result.status in CAUGHT, (result.status, result.reason)


@EVERY
def test_it_is_caught_within_a_whole_run_and_breaks_no_case(deviant: EndpointVariant) -> None:
    with DeviantEndpoint(deviant) as served:
        results = {case.id: _run(served, case) for case in endpoint_cases()}
    assert [each.reason for each in results.values() if each.status is Status.ERROR] == []
    naming = {case.id for case in endpoint_cases() if deviant.name in case.catches}
    found = {case_id for case_id, each in results.items() if each.status not in FINE}
    assert naming, "no case names it"
    assert naming <= found
    assert found - CLOSING <= NARROW.get(deviant.name, found)


@pytest.mark.parametrize("case", endpoint_cases(), ids=lambda case: case.id)
def test_a_good_endpoint_passes(case: Case) -> None:
    with DeviantEndpoint(GOOD) as served:
        result = _run(served, case)
    assert result.status in FINE, (result.reason, result.deviation)


def test_a_good_endpoint_passes_a_whole_run_in_process_and_on_a_port() -> None:
    for good in (GOOD, EndpointVariant("good-port", "good", "It has a port.", on_a_port())):
        with DeviantEndpoint(good) as served:
            found = {case.id: _run(served, case) for case in endpoint_cases()}
        assert {key: each.reason for key, each in found.items() if each.status not in FINE} == {}


@pytest.mark.parametrize("number", range(5))
def test_a_retry_after_a_hang_up_is_always_counted(number: int) -> None:
    """The first request must be over when its retry comes, or the case may look too early."""
    case = find_case("PB-REPEAT-ANSWER-LOST")
    with DeviantEndpoint(DEVIANTS["counts-duplicates"]) as served:
        for _ in range(10):
            assert _run(served, case).status is Status.FAIL


@EVERY
def test_it_is_described(deviant: EndpointVariant) -> None:
    assert deviant.area in {case.area for case in endpoint_cases()}
    assert any(case.area == deviant.area for case, name in NAMED if name == deviant.name)
    assert deviant.change.endswith(".")
    assert len(deviant.change) <= 100
    assert deviant.name == deviant.name.lower()


def test_names_are_unique() -> None:
    names = Counter(deviant.name for module in MODULES for deviant in module.DEVIANTS)
    assert max(names.values()) == 1


def test_what_is_served_again_has_forgotten_what_there_was() -> None:
    for _ in range(2):
        with DeviantEndpoint(GOOD) as served:
            assert Visitor(served).rows == []
            Visitor(served).send()
            assert len(served.store.rows) == 1


@pytest.mark.parametrize("case_id", ["PB-VALUES-EMPTY", "PB-VALUES-ANY", "PB-VALUES-LONG-ID"])
@pytest.mark.parametrize("can_count", [True, False])
def test_what_is_taken_passes_if_nobody_tells_what_is_stored(case_id: str, can_count: bool) -> None:
    with DeviantEndpoint(GOOD) as served:
        count = FunctionProbe(lambda: len(served.store.rows))
        served.endpoint.probe = count if can_count else None
        result = _run(served, find_case(case_id))
    assert result.status is Status.PASS, result.reason
