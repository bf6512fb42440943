"""How the API behaves and what it was asked, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.web.app import create_app
from tests.web.answers import ok, refused
from tests.web.test_leanplum_calls import LIST, RULE

PATH = "/_sandbox/api/behaviour"


def test_it_is_told_read_and_forgotten(client: FlaskClient, sandbox: Sandbox) -> None:
    assert ok(client.get(PATH)) == {"scripts": []}
    told = ok(client.put(PATH, json={"behaviour": "503*2,200"}))
    (script,) = told["scripts"]
    assert (script["action"], script["app_id"]) == (None, None)
    assert script["behaviour"] == "503*2,200"
    again = {"behaviour": script["script"], "action": "addPostback", "app_id": "YOUR_APP_ID"}
    assert len(ok(client.put(PATH, json=again))["scripts"]) == 2
    assert sandbox.api.behaviour == "503*2,200"
    assert client.delete(f"{PATH}?action=addPostback&app_id=YOUR_APP_ID").status_code == 204
    assert ok(client.get(PATH)) == told
    assert client.delete(PATH).status_code == 204
    assert ok(client.get(PATH)) == {"scripts": []}


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"behaviour": "5o3"}, "invalid-behaviour", "'5o3'"),
        ({"behaviour": "503", "action": "addPostbacks"}, "invalid-value", "'addPostback'"),
        ({"behaviour": []}, "invalid-behaviour", "at least one"),
    ],
)
def test_what_cannot_be_is_refused(
    body: dict[str, Any], code: str, said: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    assert said in refused(client.put(PATH, json=body), 400, code)
    assert sandbox.api.scripts.scripts() == []


def test_calls_are_narrowed_down(client: FlaskClient) -> None:
    for arguments in (LIST, RULE, RULE | {"type": "x"}, LIST | {"appId": "OTHER"}):
        client.post("/api", json=arguments)

    def numbers(query: str = "") -> list[int]:
        return [call["number"] for call in ok(client.get(f"/_sandbox/api/calls{query}"))["calls"]]

    assert numbers() == [1, 2, 3, 4]
    assert numbers("?refused=true") == [3, 4]
    assert numbers("?action=addPostback") == [2, 3]
    assert numbers("?app_id=OTHER") == [4]
    assert numbers("?after=2") == [3, 4]
    assert numbers("?limit=1") == [4]
    assert numbers("?action=addPostback&refused=true&limit=1") == [3]


def test_a_call_has_everything(client: FlaskClient, sandbox: Sandbox) -> None:
    client.get("/api", query_string=LIST)
    answer = ok(client.get("/_sandbox/api/calls"))
    assert answer["dropped"] == 0
    assert answer["calls"] == [
        {
            "number": 1,
            "called_at": "2026-01-01T00:00:00Z",
            "method": "GET",
            "action": "listPostbacks",
            "app_id": "YOUR_APP_ID",
            "arguments": {**LIST, "clientKey": "***"},
            "status": 200,
            "answer": '{"response": [{"success": true, "postbacks": []}]}',
            "refused": None,
            "ignored": [],
            "warnings": [],
            "behaviour": "",
            "end": "answered",
            "took_seconds": 0.0,
        }
    ]
    sandbox.reset()
    assert ok(client.get("/_sandbox/api/calls"))["calls"] == []


def test_the_client_can_do_all_of_it(sandbox: Sandbox) -> None:
    client = SandboxClient(wire=WsgiWire(create_app(sandbox)))
    client.behave_api("error:no", action="listPostbacks", app_id="YOUR_APP_ID")
    client.behave_api("200")
    scripts = client.api_behaviour().scripts
    assert [(each.action, each.behaviour) for each in scripts] == [
        (None, "200"),
        ("listPostbacks", "error:400 no"),
    ]
    client.api_as_usual(action="listPostbacks", app_id="YOUR_APP_ID")
    assert len(client.api_behaviour().scripts) == 1
    client.api_as_usual()
    assert client.api_behaviour().scripts == []
    client.add_postback("YOUR_APP_ID", "https://x.example/")
    (call,) = client.api_calls(action="addPostback", app_id="YOUR_APP_ID").calls
    assert call.arguments["postbackUrl"] == "https://x.example/"
    assert client.api_calls(refused=True).calls == []
