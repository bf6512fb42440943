"""The listings of the control API: deliveries by what they are, and inboxes in short."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.web.app import create_app

START_AT = DEFAULT_START_AT


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox()
    sandbox.add_postback(f"{sandbox.inbox('crm').url}?event={{{{Message event}}}}")
    sandbox.trigger("email.click")
    sandbox.advance(hours=1)
    sandbox.trigger("push.send", user_id="bob & co")
    return sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


def listed(client: FlaskClient, **query: str) -> Any:
    answer = client.get("/_sandbox/deliveries", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"user_id": "bob & co"}, [2]),
        ({"event": "email.click"}, [1]),
        ({"since": "2026-01-01T01:00:00Z"}, [2]),
        ({"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T01:00:00Z"}, [1]),
        ({"app_id": "YOUR_APP_ID"}, [1, 2]),
    ],
)
def test_filters(client: FlaskClient, query: dict[str, str], ids: list[int]) -> None:
    answer = listed(client, **query)
    assert [delivery["id"] for delivery in answer["deliveries"]] == ids
    assert answer["in_all"] is None


def test_if_none_fits_it_says_how_many_there_are(client: FlaskClient) -> None:
    answer = listed(client, user_id="eve")
    assert answer == {"deliveries": [], "next": None, "in_all": 2}


@pytest.mark.parametrize(
    ("query", "status_code", "says"),
    [
        ({"event": "email.clik"}, 400, "did you mean 'email.click'"),
        ({"since": "yesterday"}, 400, "since must be an instant"),
        ({"until": "2026-01-01T00:00:00"}, 400, "until has no time zone"),
        (
            {"since": "2026-01-01T01:00:00Z", "until": "2026-01-01T00:00:00Z"},
            400,
            "since must be before until",
        ),
        ({"app_id": "nope"}, 404, "unknown app 'nope'"),
        ({"user": "bob"}, 400, "user"),
    ],
)
def test_what_does_not_exist_is_refused(
    client: FlaskClient, query: dict[str, str], status_code: int, says: str
) -> None:
    answer = client.get("/_sandbox/deliveries", query_string=query)
    assert answer.status_code == status_code
    assert says in answer.get_json()["detail"]


def test_the_client_takes_the_same_filters(sandbox: Sandbox) -> None:
    client = SandboxClient(wire=WsgiWire(create_app(sandbox)))
    page = client.deliveries(user_id="bob & co", event="push.send", since=START_AT.isoformat())
    assert [delivery.id for delivery in page.deliveries] == [2]
    assert client.deliveries(until=START_AT.isoformat()).in_all == 2


def test_nothing_is_under_way_between_attempts(client: FlaskClient) -> None:
    assert [delivery["under_way"] for delivery in listed(client)["deliveries"]] == [None, None]


def test_inboxes_in_short(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.inbox("later").behave("503*9,200")
    answer = client.get("/_sandbox/inboxes").get_json()
    assert answer["inboxes"] == ["crm", "later"]
    assert answer["listed"] == [
        {
            "inbox": "crm",
            "url": sandbox.inbox("crm").url,
            "requests": 2,
            "last_at": "2026-01-01T01:00:00Z",
            "behaviour": "200",
        },
        {
            "inbox": "later",
            "url": sandbox.inbox("later").url,
            "requests": 0,
            "last_at": None,
            "behaviour": "503*9,200",
        },
    ]
    named = SandboxClient(wire=WsgiWire(create_app(sandbox))).inboxes_in_short()
    assert [(inbox.inbox, inbox.requests) for inbox in named] == [("crm", 2), ("later", 0)]


def test_the_newest_first_page_by_page(client: FlaskClient, sandbox: Sandbox) -> None:
    for _ in range(5):
        sandbox.trigger("email.open")
    seen: list[int] = []
    before: dict[str, str] = {}
    while True:
        page = listed(client, newest_first="true", limit="3", **before)
        seen += [each["id"] for each in page["deliveries"]]
        if page["next"] is None:
            break
        before = {"before": str(page["next"])}
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("newest_first", ["true", "false"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [("BOB", {2}), ("bob & co", {2}), ("event=click", {1}), ("push", {2}), ("zzz", set()),
     ("", {1, 2}), ("crm", {1, 2})],
)  # fmt: skip
def test_a_text_is_searched_for(
    text: str, expected: set[int], newest_first: str, client: FlaskClient
) -> None:
    page = listed(client, text=text, newest_first=newest_first)
    assert {each["id"] for each in page["deliveries"]} == expected


@pytest.mark.parametrize(
    "query", ["before=3", "newest_first=true&after=3", "newest_first=true&before=-1"]
)
def test_both_orders_are_not_mixed(query: str, client: FlaskClient) -> None:
    answer = client.get(f"/_sandbox/deliveries?{query}")
    assert answer.status_code == 400
