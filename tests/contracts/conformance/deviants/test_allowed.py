"""Fakes that differ where they may: no MUST fails on one, and what was seen is named."""

from __future__ import annotations

from functools import cache

import pytest

from contracts.conformance.deviants.allowed import ALLOWED
from contracts.conformance.deviants.deviant_server import Deviant, DeviantServer
from contracts.suite.generated import Effort
from contracts.suite.registry import provider_cases
from contracts.suite.results import CaseResult
from contracts.suite.run import ExitCode, Run, run_suite
from contracts.suite.vocabulary import Level, Status

every_one = pytest.mark.parametrize("allowed", ALLOWED, ids=lambda each: str(each.name))
#: Known by name alone: nothing documented forbids these, and no list can have all of them.
UNNAMED = {
    "retries-5xx-only": {
        "PB-RETRY-TIMEOUT",
        "PB-RETRY-COMES-AND-GOES",
        "PB-RETRY-CONNECTION",
        "PB-RETRY-DNS",
        "PB-RETRY-FROM-END",
        "PB-RETRY-MODEL",
        "PB-RETRY-HISTORIES",
        "PB-RETRY-EVERY-STATUS",
        "PB-RULES-RESTART",
    },
    "retries-429-and-408": {"PB-RETRY-4XX", "PB-RETRY-EVERY-STATUS", "PB-RETRY-HISTORIES"},
}


@cache
def run_at(allowed: Deviant) -> Run:
    with DeviantServer(allowed) as fake:
        return run_suite(provider_cases(), fake, effort=Effort(shrink=False, share=0.3))


def of(allowed: Deviant, *statuses: Status) -> dict[str, CaseResult]:
    return {each.id: each for each in run_at(allowed).report.cases if each.status in statuses}


@every_one
def test_no_must_fails(allowed: Deviant) -> None:
    run = run_at(allowed)
    bad = {
        each.id: each.deviation or each.reason
        for each in run.report.cases
        if each.level is Level.MUST and each.status not in (Status.PASS, Status.SKIP, Status.INFO)
    }
    assert bad == {}
    assert run.exit_code() is ExitCode.PASSED
    assert run.report.summary.must_passed == run.report.summary.must_applicable


@every_one
def test_what_differs_is_info_and_no_warning(allowed: Deviant) -> None:
    warned = of(allowed, Status.WARN, Status.UNTESTABLE, Status.ERROR)
    assert set(warned) <= UNNAMED.get(allowed.name, set()), {
        name: each.deviation for name, each in warned.items()
    }
    assert of(allowed, Status.INFO, Status.WARN) != {}


@pytest.mark.parametrize("name", ["skips-with-a-warning", "skips-with-an-error"])
def test_a_skipped_fourth_rule_is_named(name: str) -> None:
    (allowed,) = (each for each in ALLOWED if each.name == name)
    told = of(allowed, Status.INFO)
    assert {"PB-RULES-CAP", "PB-RULES-CAP-FREED"} <= set(told)
    assert told["PB-RULES-CAP"].verdict.startswith("received, but skipped")
    deviation = told["PB-RULES-CAP"].deviation
    assert deviation is not None
    assert "both are documented" in deviation.why


@pytest.mark.parametrize("name", [each.name for each in ALLOWED if "grow" in each.name])
def test_another_schedule_is_told_once(name: str) -> None:
    (allowed,) = (each for each in ALLOWED if each.name == name)
    assert set(of(allowed, Status.INFO, Status.WARN)) == {"PB-RETRY-SCHEDULE"}
