"""What is kept of a refused call, and what is read out of it."""

from __future__ import annotations

import json

import pytest

from mockserver.client.wire import Reply
from mockserver.sandbox import Sandbox
from mockserver.testing import Leanplum
from mockserver.testing.api_calls import ApiCalls, RefusedCall


def call(
    query: str = "", content: bytes = b"", body: bytes = b"gone", status: int = 400
) -> RefusedCall:
    return RefusedCall("POST", query, content, Reply(status, [], body))


@pytest.mark.parametrize(
    ("made", "action"),
    [
        (call("action=addPostback"), "addPostback"),
        (call(content=b"action=deletePostback&x=1"), "deletePostback"),
        (call(content=b'{"action": "listPostbacks"}'), "listPostbacks"),
        (call("action=addPostbacks"), "a call"),
        (call(content=b"\xff\xfe"), "a call"),
    ],
)
def test_the_method_of_a_refused_call(made: RefusedCall, action: str) -> None:
    assert made.action == action


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"response": [{"success": false, "error": {"message": "no"}}]}', "no"),
        (b'{"response": []}', '{"response": []}'),
        (b"[]", "[]"),
        (b"gone \xff", "gone �"),
        (b"", ""),
    ],
)
def test_the_message_of_a_refused_call(body: bytes, message: str) -> None:
    assert call(body=body).message == message


def test_only_refused_calls_are_kept() -> None:
    with Sandbox() as sandbox:
        calls = ApiCalls(sandbox)
        key = sandbox.app().keys["data_export"]
        known = f"appId={sandbox.app().app_id}&clientKey={key}&apiVersion=1.0.6"
        assert calls.answer("GET", f"/api?action=listPostbacks&{known}", {}, None).status == 200
        assert calls.refused == []
        target = "/api?action=addPostback&x=a%26b"
        reply = calls.answer("POST", target, {"Content-Length": "9"}, b"")
    (refused,) = calls.refused
    assert (refused.method, refused.query, refused.content) == (
        "POST",
        "action=addPostback&x=a&b",
        b"",
    )
    assert refused.reply is reply
    assert reply.status >= 400


@pytest.mark.parametrize("target", ["/", "/v1/api", "/apis", "/_sandbox/health", "/api/x"])
def test_what_the_api_does_not_have_is_its_404(target: str) -> None:
    with Leanplum() as leanplum:
        calls = ApiCalls(leanplum.sandbox)
        reply = calls.answer("POST", target, {}, b"")
    assert reply.status == 404
    message = json.loads(reply.body)["response"][0]["error"]["message"]
    assert message == f"nothing is at {target}; Leanplum's API is at /api"
    assert [call.message for call in calls.refused] == [message]


def test_the_application_is_built_once_and_keeps_sandboxes_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ApiCalls(Leanplum().sandbox).answer("GET", "/api", {}, None)
    monkeypatch.setattr("mockserver.web.app._application", None)
    with Leanplum(app_id="one") as one, Leanplum(app_id="two") as two:
        for leanplum in (one, two, one):
            query = (
                f"action=addPostback&appId={leanplum.app_id}&clientKey={leanplum.key}"
                "&apiVersion=1.0.6&type=messageEvents&postbackUrl=https%3A%2F%2Fx.example%2F"
            )
            assert ApiCalls(leanplum.sandbox).answer("POST", f"/api?{query}", {}, b"").status == 200
        assert (len(one.postbacks), len(two.postbacks)) == (2, 1)
        assert (len(one.api.calls), len(two.api.calls)) == (2, 1)
