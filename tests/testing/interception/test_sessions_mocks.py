"""Mocks of `responses` at Leanplum's own address win; what they do not match is the sandbox's."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from responses import matchers, registries

from mockserver.testing import Leanplum

API = "https://api.leanplum.com/api"


@pytest.fixture
def leanplum() -> Iterator[Leanplum]:
    with Leanplum() as entered:
        yield entered


def keys(leanplum: Leanplum, action: str) -> dict[str, str]:
    return {
        "action": action,
        "appId": leanplum.app_id,
        "clientKey": leanplum.key,
        "apiVersion": "1.0.6",
    }


def listed(leanplum: Leanplum, session: requests.Session | None = None) -> requests.Response:
    return (session or requests.Session()).get(API, params=keys(leanplum, "listPostbacks"))


EXPORT = {"response": [{"success": True, "jobId": "j1"}]}


def exporting(mocks: Any) -> Any:
    query = matchers.query_param_matcher({"action": "exportData"}, strict_match=False)
    return mocks.get(API, json=EXPORT, match=[query])


def test_a_mock_of_another_action_answers_and_the_rest_is_the_sandboxs(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks:
        exporting(mocks)
        answer = requests.get(API, params=keys(leanplum, "exportData"))
        assert answer.json() == EXPORT
        assert listed(leanplum).json()["response"][0]["postbacks"] == []
        assert len(mocks.calls) == 1
    assert leanplum.refused_calls == []


def test_a_mock_of_everything_answers(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks:
        mocks.get(API, status=503)
        assert listed(leanplum).status_code == 503
    assert listed(leanplum).status_code == 200


def test_a_mock_that_was_not_called_fails_as_ever(leanplum: Leanplum) -> None:
    mocks = responses.RequestsMock()
    mocks.start()
    exporting(mocks)
    assert listed(leanplum).status_code == 200
    with pytest.raises(AssertionError, match="Not all requests"):
        mocks.stop()


@responses.activate
def test_the_decorator(leanplum: Leanplum) -> None:
    exporting(responses)
    assert requests.get(API, params=keys(leanplum, "exportData")).json() == EXPORT
    assert listed(leanplum).status_code == 200
    assert responses.assert_call_count(responses.calls[0].request.url, 1) is True


@responses.activate(registry=registries.OrderedRegistry)
def test_a_registry_that_keeps_an_order_is_left_alone(leanplum: Leanplum) -> None:
    responses.get(API, json=EXPORT, match=[matchers.query_param_matcher({"n": "1"})])
    responses.get(API, json=EXPORT, match=[matchers.query_param_matcher({"n": "2"})])
    for number in ("1", "2"):
        assert listed(leanplum).status_code == 200
        assert requests.get(API, params={"n": number}).json() == EXPORT


@pytest.mark.parametrize("body", ["json", "form", "file"])
def test_a_mock_that_looks_at_the_body(leanplum: Leanplum, body: str) -> None:
    export = keys(leanplum, "exportData")
    match: Any = matchers.json_params_matcher(export)
    named: dict[str, Any] = {"json": export}
    if body == "form":
        match = matchers.urlencoded_params_matcher(export)
        named = {"data": export}
    if body == "file":
        content = io.BytesIO(json.dumps(export).encode())
        named = {"data": content, "headers": {"Content-Type": "application/json"}}
    with responses.RequestsMock() as mocks:
        mocks.post(API, json=EXPORT, match=[match])
        assert requests.post(API, **named).json() == EXPORT
        assert requests.post(API, data=keys(leanplum, "listPostbacks")).status_code == 200


def test_a_callback_an_error_and_several_in_turn(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks:
        mocks.add_callback("GET", API, lambda request: (418, {}, "teapot"))
        mocks.get(API, body=requests.ConnectionError("gone"))
        mocks.get(API, status=429)
        assert listed(leanplum).status_code == 418
        with pytest.raises(requests.ConnectionError, match="gone"):
            listed(leanplum)
        assert listed(leanplum).status_code == 429


def test_an_adapter_with_retries_beside_mocks(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks, requests.Session() as session:
        exporting(mocks)
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2))
        assert listed(leanplum, session).status_code == 200
        assert session.get(API, params=keys(leanplum, "exportData")).json() == EXPORT


def test_a_mock_around_the_fixture() -> None:
    with responses.RequestsMock() as mocks:
        exporting(mocks)
        with Leanplum() as leanplum:
            assert listed(leanplum).status_code == 200
            assert requests.get(API, params=keys(leanplum, "exportData")).json() == EXPORT
