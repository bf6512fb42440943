"""Leanplum's API over HTTP, in every way its arguments may be written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockserver import App, Sandbox
from mockserver.client.wire import WsgiWire
from mockserver.core.assumed import AssumedAnswers
from mockserver.core.models import KeyClass
from mockserver.web.app import create_app

KEY = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6"}
URL = "https://example.com/in?user={{User ID}}&event={{Message event}}"
RULE = {**KEY, "action": "addPostback", "type": "messageEvents", "postbackUrl": URL}


INVALID = "Invalid access key"


@pytest.fixture
def sandbox() -> Sandbox:
    other = App("OTHER", {KeyClass.DATA_EXPORT: "OTHER_KEY"})
    return Sandbox(apps=[App(), other])


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


def first(response: Any) -> dict[str, Any]:
    answer = response.get_json()
    assert list(answer) == ["response"]
    assert len(answer["response"]) == 1
    return answer["response"][0]


def message(response: Any) -> str:
    answer = first(response)
    assert answer["success"] is False
    return answer["error"]["message"]


def test_a_body_without_a_length_is_read(client: FlaskClient) -> None:
    environ = EnvironBuilder("/api", method="POST", json=RULE).get_environ()
    del environ["CONTENT_LENGTH"]
    # As servers hand over a chunked body that they have put together.
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    answer, status, _ = run_wsgi_app(client.application, environ)
    assert (status, b'"success": true' in b"".join(answer)) == ("200 OK", True)


def test_a_rule_lives_from_add_to_delete(client: FlaskClient) -> None:
    added = first(client.post("/api", json=RULE))
    assert added == {"success": True, "postbackId": added["postbackId"]}
    assert len(str(added["postbackId"])) == 16
    listed = first(client.get("/api", query_string={**KEY, "action": "listPostbacks"}))
    rule = {"postbackId": added["postbackId"], "type": "messageEvents", "postbackUrl": URL}
    assert listed == {"success": True, "postbacks": [rule]}
    delete = {**KEY, "action": "deletePostback", "postbackId": added["postbackId"]}
    assert first(client.post("/api", json=delete)) == {"success": True}
    again = client.post("/api", json=delete)
    assert again.status_code == 200
    assert first(again)["success"] is True
    assert "No postback" in first(again)["warning"]["message"]


WAYS = {
    "query of a GET": lambda client: client.get("/api", query_string=RULE),
    "query of a POST": lambda client: client.post("/api", query_string=RULE),
    "JSON": lambda client: client.post("/api", json=RULE),
    "JSON, action in the query": lambda client: client.post(
        "/api?action=addPostback", json={k: v for k, v in RULE.items() if k != "action"}
    ),
    "multipart": lambda client: client.post("/api", data=RULE, content_type="multipart/form-data"),
    "urlencoded": lambda client: client.post("/api", data=RULE),
    "multipart labelled JSON, as in the Postman file": lambda client: client.post(
        "/api",
        data="".join(
            f'--x1\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in RULE.items()
        )
        + "--x1--\r\n",
        content_type="application/json",
    ),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_arguments_may_come_in_every_way(way: str, client: FlaskClient, sandbox: Sandbox) -> None:
    response = WAYS[way](client)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert [rule.url for rule in sandbox.postbacks()] == [URL]


def test_the_body_wins_over_the_query(client: FlaskClient, sandbox: Sandbox) -> None:
    query = {**RULE, "postbackUrl": "https://query.example/"}
    client.post("/api", query_string=query, json={"postbackUrl": "https://body.example/"})
    assert [rule.url for rule in sandbox.postbacks()] == ["https://body.example/"]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (None, ["Push Notification", "Email", "In-app Message"]),
        ("", ["Push Notification", "Email", "In-app Message"]),
        ([], ["Push Notification", "Email", "In-app Message"]),
        ("[]", ["Push Notification", "Email", "In-app Message"]),
        ("[Push Notification, In-app Message]", ["Push Notification", "In-app Message"]),
        ('["Email"]', ["Email"]),
        ("[Email]", ["Email"]),
        ("Email", ["Email"]),
        (["Email", "Push Notification", "Email"], ["Email", "Push Notification"]),
    ],
)
def test_channels_in_every_spelling(
    channels: Any, expected: list[str], client: FlaskClient, sandbox: Sandbox
) -> None:
    assert first(client.post("/api", json={**RULE, "channels": channels}))["success"]
    assert list(sandbox.postbacks()[0].channels) == expected


def test_channels_may_be_repeated_arguments(client: FlaskClient, sandbox: Sandbox) -> None:
    client.post("/api?channels=Email&channels=Push+Notification", json=RULE)
    assert list(sandbox.postbacks()[0].channels) == ["Email", "Push Notification"]


@pytest.mark.parametrize(
    "key",
    ["wrong", "YOUR_PROD_KEY", "YOUR_DEV_KEY", "YOUR_CONTENT_READ_ONLY_KEY",
     "YOUR_CONTENT_READ_WRITE_KEY", "OTHER_KEY"],
)  # fmt: skip
def test_only_the_apps_own_data_export_key_opens(key: str, client: FlaskClient) -> None:
    for action in ("addPostback", "listPostbacks", "deletePostback"):
        response = client.post("/api", json={**RULE, "action": action, "clientKey": key})
        assert response.status_code == 403
        assert message(response) == "Invalid access key"


@pytest.mark.parametrize("app", ["invalid-key", "not-found"])
@pytest.mark.parametrize("postback", ["warning", "not-found"])
def test_what_does_not_exist_is_answered_as_chosen(app: Any, postback: Any) -> None:
    with Sandbox(answers=AssumedAnswers(app, postback)) as sandbox:
        wire = WsgiWire(create_app(sandbox).wsgi_app)

        def answer(**changed: str) -> tuple[int, dict[str, Any]]:
            query = urlencode(
                {
                    "action": "deletePostback",
                    "appId": "YOUR_APP_ID",
                    "clientKey": "YOUR_DATA_EXPORT_KEY",
                    "apiVersion": "1.0.6",
                    "postbackId": "1234567890123456",
                }
                | changed
            )
            reply = wire.send("POST", f"/api?{query}", {}, None)
            return reply.status, json.loads(reply.body)["response"][0]

        status, told = answer(appId="nobody")
        expected = (404, "No app with id nobody") if app == "not-found" else (403, INVALID)
        assert (status, told["error"]["message"], told["success"]) == (*expected, False)
        assert answer(clientKey="wrong")[0] == 403
        status, told = answer()
        message = "No postback with id 1234567890123456; nothing was deleted"
        if postback == "not-found":
            assert (status, told) == (404, {"success": False, "error": {"message": message}})
        else:
            assert (status, told) == (200, {"success": True, "warning": {"message": message}})


def test_an_unknown_app_is_an_invalid_key(client: FlaskClient) -> None:
    response = client.post("/api", json={**RULE, "appId": "NONE"})
    assert (response.status_code, message(response)) == (403, "Invalid access key")


@pytest.mark.parametrize("name", ["action", "appId", "clientKey", "apiVersion", "type",
                                  "postbackUrl"])  # fmt: skip
def test_a_missing_argument_is_named(name: str, client: FlaskClient) -> None:
    response = client.post("/api", json={k: v for k, v in RULE.items() if k != name})
    assert response.status_code == 400
    assert f"missing argument {name}" in message(response)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"action": "addPostbak"}, "did you mean 'addPostback'"),
        ({"apiVersion": "1.0.5"}, "allowed: 1.0.6"),
        ({"type": "messages"}, "allowed: messageEvents, abTestEvents"),
        ({"channels": "[Sms]"}, "allowed: Push Notification, Email, In-app Message"),
        ({"channels": "[Email"}, "no closing bracket"),
        ({"channels": {"a": 1}}, "must be a list of names"),
        ({"postbackUrl": "https://h/?u={{user id}}"}, "wrong case"),
        ({"postbackUrl": ["https://h/"]}, "give it once"),
        ({"action": "deletePostback", "postbackId": "abc"}, "must be a whole number"),
        ({"action": "deletePostback"}, "missing argument postbackId"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], named: str, client: FlaskClient) -> None:
    response = client.post("/api", json={**RULE, **change})
    assert response.status_code == 400
    assert named in message(response)


@pytest.mark.parametrize("escaped", ["%E9", "%ff", "a%E9%20", "%C3", "%ED%A0%80"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_what_is_no_utf_8_is_refused_wherever_it_stands(
    client: FlaskClient, place: str, escaped: str
) -> None:
    arguments = urlencode(RULE) + escaped
    if place == "query":
        response = client.post(f"/api?{arguments}")
    else:
        kind = "application/x-www-form-urlencoded"
        response = client.post("/api", data=arguments, content_type=kind)
    assert response.status_code == 400
    assert "UTF-8" in first(response)["error"]["message"]


@pytest.mark.parametrize("value", ["é", "🦊", "%E9", "%25", "+", "a b"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_what_is_utf_8_is_read_once(client: FlaskClient, place: str, value: str) -> None:
    arguments = urlencode({**RULE, "postbackUrl": f"https://example.com/?x={value}"})
    if place == "query":
        client.post(f"/api?{arguments}")
    else:
        client.post("/api", data=arguments, content_type="application/x-www-form-urlencoded")
    listed = first(client.post("/api", json={**KEY, "action": "listPostbacks"}))["postbacks"]
    assert [rule["postbackUrl"] for rule in listed] == [f"https://example.com/?x={value}"]


def test_ids_may_be_numbers_or_text(client: FlaskClient) -> None:
    for spelled in (str, int, float):
        postback_id = first(client.post("/api", json=RULE))["postbackId"]
        delete = {**KEY, "action": "deletePostback", "postbackId": spelled(postback_id)}
        assert first(client.post("/api", json=delete)) == {"success": True}


@pytest.mark.parametrize(
    "rest", ["&device={{Device ID}}", "&source=leanplum", "&a=1&b={{Message ID}}"]
)
def test_a_template_that_was_cut_off_is_noticed(rest: str, client: FlaskClient) -> None:
    query = "&".join(f"{k}={v}" for k, v in RULE.items() if k != "postbackUrl")
    response = client.get(f"/api?{query}&postbackUrl=https://h/?u={{{{User ID}}}}{rest}")
    assert response.status_code == 400
    assert "cut off at an un-encoded '&'" in message(response)
    assert rest.lstrip("&").split("=")[0] in message(response)


def test_other_arguments_are_ignored(client: FlaskClient) -> None:
    assert first(client.post("/api", json={**RULE, "userId": "u1"}))["success"]


@pytest.mark.parametrize(
    ("body", "content_type", "named"),
    [
        ('{"action": "addPostback"}', "application/x-www-form-urlencoded", "add -H"),
        ("action=addPostback", "application/json", "looks like a form"),
        ("{", "application/json", "not JSON"),
        ("[1]", "application/json", "must be a JSON object"),
        ("a=b", "multipart/form-data", "boundary"),
        ("a=b", "multipart/form-data; boundary=x", "form data"),
        ("<a/>", "text/xml", "cannot be read"),
        ("a", "", "cannot be read"),
    ],
)
def test_a_body_that_contradicts_its_type_is_told_so(
    body: str, content_type: str, named: str, client: FlaskClient
) -> None:
    response = client.post("/api", data=body, content_type=content_type)
    assert response.status_code == 400
    assert named in message(response)


def test_a_get_may_not_be_too_long(client: FlaskClient) -> None:
    response = client.get("/api", query_string={**RULE, "channels": "x" * 2083})
    assert response.status_code == 414
    assert "2083" in message(response)


def test_the_length_of_a_url_is_that_of_what_was_sent(client: FlaskClient) -> None:
    # Six characters of the URL each, of which a browser's address line shows one.
    response = client.get("/api", query_string={**RULE, "channels": "é" * 350})
    assert response.status_code == 414


def test_a_url_may_be_as_long_as_is_documented(client: FlaskClient) -> None:
    arguments = urlencode({**KEY, "action": "listPostbacks", "padding": ""})
    shortest = len(f"http://localhost/api?{arguments}")
    for length, status in ((2083, 200), (2084, 414)):
        padded = arguments + "x" * (length - shortest)
        assert client.get(f"/api?{padded}").status_code == status


def test_a_body_may_not_be_too_large(client: FlaskClient) -> None:
    response = client.post("/api", json={**RULE, "x": "x" * 1024 * 1024})
    assert response.status_code == 413
    assert "bytes at most" in message(response)


def test_other_methods_are_refused_in_the_same_envelope(client: FlaskClient) -> None:
    response = client.put("/api")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"
    assert "allowed: GET, POST" in message(response)


def test_the_fourth_rule_is_refused_and_a_deleted_one_frees_its_place(client: FlaskClient) -> None:
    ids = [first(client.post("/api", json=RULE))["postbackId"] for _ in range(3)]
    assert len(set(ids)) == 3
    fourth = client.post("/api", json=RULE)
    assert fourth.status_code == 400
    assert "3 postback rules already" in message(fourth)
    other = {**RULE, "appId": "OTHER", "clientKey": "OTHER_KEY"}
    assert first(client.post("/api", json=other))["success"]
    client.post("/api", json={**KEY, "action": "deletePostback", "postbackId": ids[1]})
    assert first(client.post("/api", json=RULE))["success"]


def test_of_fifty_at_once_exactly_three_succeed(sandbox: Sandbox) -> None:
    app = create_app(sandbox)

    def add(_: int) -> int:
        return app.test_client().post("/api", json=RULE).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(add, range(50)))
    assert sorted(statuses) == [200] * 3 + [400] * 47


def test_another_apps_rule_cannot_be_deleted(client: FlaskClient) -> None:
    postback_id = first(client.post("/api", json=RULE))["postbackId"]
    other = {"appId": "OTHER", "clientKey": "OTHER_KEY", "apiVersion": "1.0.6"}
    response = client.post(
        "/api", json={**other, "action": "deletePostback", "postbackId": postback_id}
    )
    assert "warning" in first(response)


def test_forms_of_a_developers_own_page_may_register(client: FlaskClient) -> None:
    for origin in ("http://localhost:3000", "http://127.0.0.1", "https://[::1]:3000"):
        # The browser says this of every other port, and of localhost to 127.0.0.1.
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert first(client.post("/api", data=RULE, headers=headers))["success"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_forms_of_other_pages_may_not_register(
    origin: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    """Also of a page that hides where it is from, as a file does, and so can any foreign page."""
    response = client.post("/api", data=RULE, headers={"Origin": origin})
    assert response.status_code == 403
    assert "may not call this" in message(response)
    assert sandbox.postbacks() == []


def test_keys_never_reach_the_log(
    sandbox: Sandbox, client: FlaskClient, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(sandbox, "add_postback", fail)
    response = client.get("/api", query_string=RULE)
    assert response.status_code == 500
    assert "RuntimeError" in message(response)
    assert "a fault of ours" in caplog.text
    assert "YOUR_DATA_EXPORT_KEY" not in caplog.text
    assert "YOUR_DATA_EXPORT_KEY" not in json.dumps(response.get_json())
