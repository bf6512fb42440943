"""Runs every case as a test of `pytest --pyargs contracts`, its id as the node id.

With `POSTBACKS_URL` (and `POSTBACKS_TOKEN`) set, the cases are aimed at that sandbox; else one
is started on free ports, one in each worker of pytest-xdist.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from contracts.conformance.embedded import EmbeddedServer
from contracts.conformance.running import RunningServer
from contracts.conformance.subject import ServerSubject
from contracts.suite.generated import Effort
from contracts.suite.registry import Case, select_cases
from contracts.suite.report.failure_text import tell
from contracts.suite.results import RunTarget
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Level, Status, TargetKind


class ContractWarning(UserWarning):
    """A case deviates at a level below MUST."""


@pytest.fixture(scope="session")
def contract_server() -> Iterator[ServerSubject]:
    """Return what the cases are aimed at."""
    url = os.environ.get("POSTBACKS_URL")
    if url:
        yield RunningServer(url, os.environ.get("POSTBACKS_TOKEN"))
        return
    with EmbeddedServer() as server:
        yield server


@pytest.fixture(scope="session")
def contract_names() -> Names:
    """Return names that no other worker and no other run uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return Names(f"contracts-{worker}-{datetime.now(UTC):%Y%m%d%H%M%S}")


@pytest.mark.parametrize("case", select_cases(target=TargetKind.FAKE), ids=lambda case: case.id)
def test_contract(
    case: Case,
    contract_server: ServerSubject,
    contract_names: Names,
    request: pytest.FixtureRequest,
) -> None:
    """Run one case; a deviation at MUST fails, one below warns."""
    result = run_case(case, contract_server, Effort(), contract_names)
    request.node.user_properties += [("level", result.level.value), ("origin", result.origin.value)]
    if result.status is Status.SKIP:
        pytest.skip(result.reason)
    if result.status is Status.PASS:
        return
    target = RunTarget(contract_server.kind, contract_server.url, contract_server.description)
    below = result.level is not Level.MUST and result.status is not Status.ERROR
    if below:
        warnings.warn(ContractWarning(tell(result, target)), stacklevel=1)
    else:
        pytest.fail(tell(result, target), pytrace=False)
