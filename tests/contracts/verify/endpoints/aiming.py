"""What tests do with an endpoint: send it one postback, or run every case against it, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pytest

from contracts.proof import matrix
from contracts.suite.generated import Effort
from contracts.suite.registry import endpoint_cases, find_case
from contracts.suite.results import CaseResult
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from contracts.verify.endpoints.deviant_endpoint import (
    DeviantEndpoint,
    EndpointVariant,
    missing_needs,
)

EFFORT = Effort(shrink=False)


def named(deviants: Sequence[EndpointVariant], name: str) -> EndpointVariant:
    return next(deviant for deviant in deviants if deviant.name == name)


def skip_unless_served(deviant: EndpointVariant) -> None:
    missing = missing_needs(deviant)
    if missing:
        pytest.skip(f"{deviant.name} needs {', '.join(missing)}, which is not installed")


@contextmanager
def opened(deviant: EndpointVariant) -> Iterator[DeviantEndpoint]:
    skip_unless_served(deviant)
    with DeviantEndpoint(deviant) as served:
        yield served


def run(served: DeviantEndpoint, case_id: str) -> CaseResult:
    return run_case(find_case(case_id), served.endpoint, EFFORT, Names())


@cache
def results_of(deviant: EndpointVariant) -> dict[str, CaseResult]:
    with opened(deviant) as served:
        return {case.id: run(served, case.id) for case in endpoint_cases()}


def check_caught(deviant: EndpointVariant) -> None:
    results = results_of(deviant)
    naming = [case.id for case in endpoint_cases() if deviant.name in case.catches]
    assert naming, "no case says that it catches this one"
    assert {each for each in naming if results[each].status not in matrix.CAUGHT} == set()
    errors = [result.reason for result in results.values() if result.status is Status.ERROR]
    assert errors == []


def check_area(deviant: EndpointVariant) -> None:
    naming = {case.area for case in endpoint_cases() if deviant.name in case.catches}
    assert deviant.area in naming


def caught(deviant: EndpointVariant) -> list[str]:
    return [name for name, each in results_of(deviant).items() if each.status in matrix.CAUGHT]
