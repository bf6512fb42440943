"""What can be said of a rule before it is registered: the same as addPostback would say."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.core.errors import PostbacksError
from tests.web.answers import ok, refused

PATH = "/_sandbox/rules/check"


def test_a_good_url_has_an_example(client: FlaskClient, sandbox: Sandbox) -> None:
    url = (
        "https://shop.example/in?user={{User ID}}&event={{Message event}}"
        "&channel={{Message channel}}&at={{Trigger time}}&parameters={{Parameters}}"
    )
    checked = ok(client.post(PATH, json={"url": url}))
    assert checked["problem"] is None
    assert checked["remarks"] == []
    assert checked["placeholders"][0] == "User ID"
    # The sample values are those that an event has.
    sandbox.add_postback(url)
    assert checked["example"] == sandbox.trigger("email.click").deliveries[0].url
    ab_test = ok(client.post(PATH, json={"url": url, "type": "abTestEvents"}))
    assert {remark["code"] for remark in ab_test["remarks"]} >= {"always-empty"}


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "https://{{User ID}}/", "https://h/{{User Id}}", "https://h/{x}",
     "https://h/%7B%7BUser ID%7D%7D", "ftp://h/", "https://h/\n", "https://h/?{{", "x" * 100_000],
)  # fmt: skip
def test_what_addpostback_refuses_is_refused_in_its_words(
    url: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    checked = ok(client.post(PATH, json={"url": url}))
    with pytest.raises(PostbacksError) as caught:
        sandbox.add_postback(url)
    assert checked["problem"] == str(caught.value)
    assert checked["example"] == ""
    assert checked["remarks"] == []


def test_nothing_is_added(client: FlaskClient, sandbox: Sandbox) -> None:
    for _ in range(4):
        ok(client.post(PATH, json={"url": sandbox.inbox("crm").url}))
    assert sandbox.postbacks() == []


@pytest.mark.parametrize(
    ("url", "is_told"),
    [
        ("http://shop.example/", True),
        ("http://127.0.0.1:5000/", False),
        ("http://localhost/", False),
        ("http://192.168.1.5/", True),
        ("https://shop.example/", False),
    ],
)
def test_plain_http_is_remarked_unless_it_stays_here(
    url: str, is_told: bool, client: FlaskClient
) -> None:
    codes = [each["code"] for each in ok(client.post(PATH, json={"url": url}))["remarks"]]
    assert ("plain-http" in codes) is is_told


def test_what_is_no_rule_is_refused(client: FlaskClient) -> None:
    body = {"url": "https://h/", "channels": ["Emial"]}
    assert "Email" in refused(client.post(PATH, json=body), 400, "invalid-value")
    body = {"url": "https://h/", "app_id": "nobody"}
    refused(client.post(PATH, json=body), 404, "unknown-app")
    refused(client.post(PATH, json={"url": "https://h/", "type": "x"}), 400, "invalid-value")
