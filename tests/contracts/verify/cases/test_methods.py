"""What is no POST comes last, and finds requests left of whatever budget a run has."""

from __future__ import annotations

import pytest

from contracts.suite.registry import endpoint_cases
from contracts.suite.request_budget import RequestBudget
from contracts.suite.vocabulary import Status
from contracts.verify.cases.methods import MOST_REQUESTS
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from tests.contracts.verify.endpoints import aiming

_GOOD = EndpointVariant("usual", "good", "", in_process())


def test_it_is_the_last_case() -> None:
    assert endpoint_cases()[-1].id == "PB-STORE-POST-ONLY"


@pytest.mark.parametrize("more", [0, 1, 3, 4, 10, 59, 60, 61, 239, 240, 241])
def test_no_case_that_sends_what_is_left_takes_its_requests(more: int) -> None:
    with aiming.opened(_GOOD) as served:
        served.endpoint.budget = RequestBudget(MOST_REQUESTS + 1 + more)
        aiming.run(served, "PB-ANSWER-POST")
        results = {
            name: aiming.run(served, name).status
            for name in ("PB-SOAK-STEADY", "PB-REPEAT-LATER", "PB-STORE-POST-ONLY")
        }
        assert set(results.values()) == {Status.PASS}


def test_nothing_is_kept_back_for_it_where_it_is_not_run() -> None:
    with aiming.opened(_GOOD) as served:
        served.endpoint.only_post = True
        served.endpoint.budget = RequestBudget(9)
        aiming.run(served, "PB-ANSWER-POST")
        assert aiming.run(served, "PB-SOAK-STEADY").status is Status.PASS
        assert aiming.run(served, "PB-REPEAT-LATER").status is Status.PASS
        assert served.endpoint.budget.left < MOST_REQUESTS
