"""Postbacks are answered by what a test has registered with `responses`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from mockserver.testing import Leanplum

SHOP = "https://shop.example/in"
TEMPLATE = f"{SHOP}?u={{{{User ID}}}}"


@pytest.fixture
def leanplum() -> Iterator[Leanplum]:
    with Leanplum() as entered:
        entered.add_postback(TEMPLATE)
        yield entered


def outcomes(leanplum: Leanplum) -> list[str]:
    return [attempt.outcome.summary for attempt in leanplum.attempts]


@responses.activate
def test_the_module_answers_and_counts(leanplum: Leanplum) -> None:
    responses.post(SHOP, status=503)
    responses.post(SHOP, status=204)
    leanplum.partner("https://shop.example/", responses)
    leanplum.trigger("email.click", user_id="ada")
    leanplum.run_until_idle()
    assert outcomes(leanplum) == ["503", "204"]
    leanplum.assert_delivered(user_id="ada")
    responses.assert_call_count(f"{SHOP}?u=ada", 2)
    assert responses.calls[0].request.method == "POST"
    assert responses.calls[0].request.headers["Content-Length"] == "0"


def test_mocks_that_are_not_active_answer_too(leanplum: Leanplum) -> None:
    mocks = responses.RequestsMock(assert_all_requests_are_fired=False)
    mocks.post(SHOP, body="thanks", headers={"X-Shop": "yes"})
    before = requests.adapters.HTTPAdapter.send
    leanplum.partner("https://shop.example/", mocks)
    leanplum.trigger("email.click")
    [attempt] = leanplum.attempts
    assert attempt.outcome.body == b"thanks"
    assert ("X-Shop", "yes") in attempt.outcome.headers
    assert len(mocks.calls) == 1
    assert requests.adapters.HTTPAdapter.send is before


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (requests.ConnectionError("gone"), "refused"),
        (ConnectionError("gone"), "500"),
        (requests.ReadTimeout("late"), "timeout"),
        (requests.ConnectTimeout("late"), "timeout"),
        (requests.exceptions.SSLError("cert"), "tls"),
        (requests.ConnectionError("x", ConnectionResetError(104, "reset")), "reset"),
    ],
)
def test_what_is_raised_is_what_came_of_it(
    leanplum: Leanplum, raised: Exception, kind: str
) -> None:
    with responses.RequestsMock() as mocks:
        mocks.post(SHOP, body=raised)
        mocks.post(SHOP, status=200)
        partner = leanplum.partner("https://shop.example/", mocks)
        leanplum.trigger("email.click")
        leanplum.run_until_idle()
    assert outcomes(leanplum) == [kind, "200"]
    assert len(partner.failures) == (kind == "500")
    if kind == "timeout":
        assert leanplum.attempts[0].outcome.elapsed.total_seconds() == 30


def test_a_callback_may_call_leanplum_and_spend_time(leanplum: Leanplum) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        partner.spend(seconds=31)
        return 200, {}, ""

    with responses.RequestsMock() as mocks:
        mocks.add_callback("POST", SHOP, answer)
        partner = leanplum.partner("https://shop.example/", mocks)
        leanplum.trigger("email.click")
    assert outcomes(leanplum) == ["timeout"]


def test_what_no_mock_matches_is_said(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks:
        leanplum.partner("https://shop.example/", mocks)
        leanplum.trigger("email.click")
    [attempt] = leanplum.attempts
    assert attempt.outcome.summary == "refused"
    assert "Connection refused by Responses" in str(attempt.outcome.error)


def test_what_mocks_let_pass_does_not_leave(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocks:
        mocks.add_passthru("https://shop.example/")
        leanplum.partner("https://shop.example/", mocks)
        leanplum.trigger("email.click")
    [attempt] = leanplum.attempts
    assert "sends to mocks only" in str(attempt.outcome.error)
