"""`postbacks api`."""

from __future__ import annotations

import requests

from tests.cli.conftest import CommandLine, Live

CALL = {
    "action": "listPostbacks",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
}


def test_what_the_api_was_asked(postbacks: CommandLine, live: Live) -> None:
    assert postbacks.ok("api") == "there are no such calls\n"
    requests.get(f"{live.url}/api", params=CALL)
    requests.post(f"{live.url}/api", json=CALL | {"action": "addPostback", "type": "x"})
    assert postbacks.ok("api").splitlines() == [
        "#1  2026-01-01 00:00:00  GET  listPostbacks  YOUR_APP_ID  200",
        "#2  2026-01-01 00:00:00  POST  addPostback  YOUR_APP_ID  400",
        "    type = x",
        "    refused: missing argument postbackUrl: expected the URL template, encoded",
    ]
    assert postbacks.ok("api", "--refused").startswith("#2  ")
    assert postbacks.ok("api", "--action", "listPostbacks").startswith("#1  ")
    assert postbacks.ok("api", "--limit", "1").startswith("#2  ")
    assert postbacks.ok("api", "--app-id", "YOUR_APP_ID").startswith("#1  ")
    document = postbacks.json("api")
    assert [call["number"] for call in document["calls"]] == [1, 2]
    assert document["calls"][0]["arguments"]["clientKey"] == "***"


def test_it_is_told_to_fail(postbacks: CommandLine, live: Live) -> None:
    shown = postbacks.ok("api", "--behave", "503*2,200")
    assert shown == "every call: 503*2,200; the last one stays\n"
    assert requests.get(f"{live.url}/api", params=CALL).status_code == 503
    assert postbacks.ok("api").splitlines() == [
        "every call: 503*2,200; the last one stays",
        "#1  2026-01-01 00:00:00  GET  listPostbacks  YOUR_APP_ID  503  as told: 503",
    ]


def test_some_calls_alone_are_told_to_fail(postbacks: CommandLine, live: Live) -> None:
    told = postbacks.json(
        "api", "--behave", "error:no", "--action", "addPostback", "--app-id", "YOUR_APP_ID"
    )
    (script,) = told["scripts"]
    assert (script["action"], script["app_id"]) == ("addPostback", "YOUR_APP_ID")
    shown = postbacks.ok("api", "--behave", "reset", "--action", "deletePostback")
    assert shown.splitlines() == [
        "deletePostback: reset; the last one stays",
        "addPostback of YOUR_APP_ID: error:400 no; the last one stays",
    ]
    assert requests.get(f"{live.url}/api", params=CALL).status_code == 200


def test_as_usual_comes_before_behave(postbacks: CommandLine, live: Live) -> None:
    postbacks.ok("api", "--behave", "503", "--action", "addPostback")
    shown = postbacks.ok("api", "--behave", "404", "--as-usual")
    assert shown == "every call: 404; the last one stays\n"
    assert postbacks.ok("api", "--as-usual") == "the API answers as usual\n"
    assert postbacks.json("api", "--as-usual") == {"scripts": []}


def test_mistakes_are_refused(postbacks: CommandLine) -> None:
    assert "'5o3'" in postbacks.fails(1, "api", "--behave", "5o3")
    assert "addPostback" in postbacks.fails(2, "api", "--action", "track")
    assert "unknown app 'NONE'" in postbacks.fails(1, "api", "--app-id", "NONE")
    postbacks.fails(2, "api", "--limit", "0")
