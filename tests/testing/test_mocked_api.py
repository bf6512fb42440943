"""The API of a sandbox among the mocks of `responses`."""

from __future__ import annotations

import re

import pytest
import requests
import responses

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum

API = "https://api.leanplum.com/api"


def keys(leanplum: Leanplum, action: str = "listPostbacks") -> dict[str, str]:
    return {
        "action": action,
        "appId": leanplum.app_id,
        "clientKey": leanplum.key,
        "apiVersion": "1.0.6",
    }


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_answers(intercept: bool, method: str) -> None:
    with Leanplum(intercept=intercept) as leanplum, responses.RequestsMock() as mocks:
        leanplum.add_to(mocks)
        assert requests.request(method, API, params=keys(leanplum)).status_code == 200
        assert requests.request(method, API, params=keys(leanplum)).status_code == 200
        assert len(mocks.calls) == 2
        assert len(leanplum.api.calls) == 2


@pytest.mark.parametrize("is_first", [True, False])
def test_mocks_of_the_test_win_as_often_as_they_match(is_first: bool) -> None:
    with Leanplum(intercept=False) as leanplum, responses.RequestsMock() as mocks:
        if is_first:
            leanplum.add_to(mocks)
        export = responses.matchers.query_param_matcher(
            {"action": "exportData"}, strict_match=False
        )
        mocks.get(API, json={"jobId": "j1"}, match=[export])
        if not is_first:
            leanplum.add_to(mocks)
        for _ in range(3):
            answer = requests.get(API, params=keys(leanplum, "exportData"))
            assert answer.json() == {"jobId": "j1"}
            assert requests.get(API, params=keys(leanplum)).status_code == 200


def test_it_need_not_be_called() -> None:
    with Leanplum() as leanplum, responses.RequestsMock() as mocks:
        added = leanplum.add_to(mocks)
        assert mocks.registered() == [added]


@responses.activate
def test_the_module_takes_it_and_a_refusal_is_kept() -> None:
    with Leanplum(intercept=False) as leanplum:
        leanplum.add_to(responses)
        assert requests.post(API, json={"action": "nothing"}).status_code == 400
        assert len(leanplum.refused_calls) == 1


def test_it_fails_as_it_was_told() -> None:
    with Leanplum(intercept=False) as leanplum, responses.RequestsMock() as mocks:
        leanplum.add_to(mocks)
        leanplum.api.behave("hang")
        with pytest.raises(requests.ReadTimeout):
            requests.get(API, params=keys(leanplum), timeout=3)


def test_what_it_is_added_to_is_checked() -> None:
    with Leanplum() as leanplum, pytest.raises(InvalidValue, match=re.escape("got 3")):
        leanplum.add_to(3)
