"""Every way to write a call, and every answer that somebody might give."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
from werkzeug.wrappers import Request

from contracts.conformance.api import (
    ApiAnswer,
    Form,
    answer_of,
    call,
    expect_accepted,
    expect_refused,
)
from contracts.suite.recorder import Deviation, Recorder
from mockserver.client.wire import Reply, WsgiWire

ARGUMENTS: dict[str, Any] = {
    "action": "addPostback",
    "appId": "a b",
    "postbackUrl": "https://e.test/in?a={{User ID}}&b=c+d/é",
    "channels": ["Email", "Push Notification"],
}
FLAT = [
    ("action", "addPostback"),
    ("appId", "a b"),
    ("postbackUrl", "https://e.test/in?a={{User ID}}&b=c+d/é"),
    ("channels", "Email"),
    ("channels", "Push Notification"),
]


class Listener:
    """A WSGI application that keeps the last request as a server reads it."""

    method: str
    path: str
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    mimetype: str
    body: bytes

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(self.body)
        request = Request(environ)
        self.method, self.path, self.mimetype = request.method, request.path, request.mimetype
        self.query = list(request.args.items(multi=True))
        self.form = list(request.form.items(multi=True))
        assert not request.files
        start("200 OK", [("Content-Type", "application/json")])
        return [b'{"response": [{"success": true}]}']


def heard(form: Form) -> Listener:
    listener = Listener()
    assert call(WsgiWire(listener), ARGUMENTS, form).accepted
    assert listener.path == "/api"
    return listener


def test_get_has_everything_in_the_query() -> None:
    got = heard(Form.GET)
    assert (got.method, got.query, got.body) == ("GET", FLAT, b"")


def test_query_has_everything_in_the_query_of_a_post() -> None:
    got = heard(Form.QUERY)
    assert (got.method, got.query, got.body) == ("POST", FLAT, b"")


def test_json_has_everything_in_a_json_body_with_its_types() -> None:
    got = heard(Form.JSON)
    assert (got.method, got.query, got.mimetype) == ("POST", [], "application/json")
    assert json.loads(got.body) == ARGUMENTS


def test_multipart_has_everything_in_fields() -> None:
    got = heard(Form.MULTIPART)
    assert (got.method, got.query, got.mimetype) == ("POST", [], "multipart/form-data")
    assert got.form == FLAT


def test_urlencoded_has_everything_in_fields() -> None:
    got = heard(Form.URLENCODED)
    assert (got.method, got.query) == ("POST", [])
    assert got.mimetype == "application/x-www-form-urlencoded"
    assert got.form == FLAT


def test_split_has_the_action_in_the_query_and_the_rest_in_json() -> None:
    got = heard(Form.SPLIT)
    assert (got.method, got.query) == ("POST", [("action", "addPostback")])
    rest = {name: value for name, value in ARGUMENTS.items() if name != "action"}
    assert json.loads(got.body) == rest


def test_a_split_call_without_an_action_is_sent_all_the_same() -> None:
    """A case that leaves out an argument may leave out this one."""
    listener = Listener()
    call(WsgiWire(listener), {"appId": "a"}, Form.SPLIT)
    assert (listener.query, json.loads(listener.body)) == ([], {"appId": "a"})


@pytest.mark.parametrize("form", list(Form))
def test_the_arguments_are_not_changed(form: Form) -> None:
    before = json.dumps(ARGUMENTS)
    heard(form)
    assert json.dumps(ARGUMENTS) == before


@pytest.mark.parametrize("form", list(Form))
def test_a_call_without_arguments(form: Form) -> None:
    call(WsgiWire(Listener()), {"action": "listPostbacks"}, form)


# Answers


def answered(body: Any, status: int = 200) -> ApiAnswer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer_of(Reply(status, [], content))


def enveloped(first: Any, status: int = 200) -> ApiAnswer:
    return answered({"response": [first]}, status)


STRANGE: list[Any] = [
    b"",
    b"<html>",
    b"\xff\xfe",
    b"nul",
    b"[" * 100_000,
    b"1" * 5_000,
    b'"\\ud800"',
    None,
    7,
    "response",
    [],
    {},
    {"response": None},
    {"response": []},
    {"response": {}},
    {"response": {"success": True}},
    {"response": "text"},
    {"response": [None]},
    {"response": ["success"]},
    {"response": [[]]},
]


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body)[:30])
def test_answers_of_no_known_shape_raise_nothing(body: Any) -> None:
    answer = answered(body)
    assert answer.response == {}
    assert answer.success is None
    assert (answer.warning, answer.error, answer.accepted) == ("", "", False)
    assert answer.in_short().startswith("HTTP 200 ")
    rec = Recorder()
    with pytest.raises(Deviation):
        expect_accepted(answer, "the call", rec)
    with pytest.raises(Deviation):
        expect_refused(answer, "the call", rec)


@pytest.mark.parametrize(
    "part",
    [None, {}, [], 7, "text", True, {"message": None}, {"message": 7}, {"message": {"a": 1}}],
    ids=repr,
)
def test_warnings_and_errors_of_any_shape_raise_nothing(part: Any) -> None:
    answer = enveloped({"success": True, "warning": part, "error": part})
    assert isinstance(answer.warning, str)
    assert isinstance(answer.error, str)
    assert isinstance(answer.accepted, bool)


def test_the_messages_of_a_warning_and_of_an_error() -> None:
    answer = enveloped({"warning": {"message": "w"}, "error": {"message": "e"}})
    assert (answer.warning, answer.error) == ("w", "e")


def test_what_is_accepted() -> None:
    assert enveloped({"success": True}).accepted
    assert enveloped({"success": True, "warning": None, "error": None}).accepted


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ({"success": True}, 201),
        ({"success": True}, 400),
        ({"success": False}, 200),
        ({"success": 1}, 200),
        ({"success": "true"}, 200),
        ({}, 200),
        ({"success": True, "warning": {"message": "skipped"}}, 200),
        ({"success": True, "error": {"message": "wrong"}}, 200),
    ],
)
def test_what_is_not_accepted(first: dict[str, Any], status: int) -> None:
    answer = enveloped(first, status)
    assert not answer.accepted
    with pytest.raises(Deviation) as raised:
        expect_accepted(answer, "a rule", Recorder())
    assert raised.value.why == "a rule is to be accepted"
    assert str(status) in raised.value.actual


@pytest.mark.parametrize("part", ["warning", "error"])
def test_a_warning_or_an_error_without_a_message_is_one_all_the_same(part: str) -> None:
    assert not enveloped({"success": True, part: {"code": 7}}).accepted


@pytest.mark.parametrize("status", [400, 403, 404, 500, 599])
def test_what_is_refused(status: int) -> None:
    rec = Recorder()
    expect_refused(enveloped({"success": False, "error": {"message": "no"}}, status), "it", rec)
    assert rec.checks == 1


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ({"success": False, "error": {"message": "no"}}, 200),
        ({"success": False, "error": {"message": "no"}}, 302),
        ({"success": False, "error": {"message": "no"}}, 600),
        ({"success": True, "error": {"message": "no"}}, 400),
        ({"error": {"message": "no"}}, 400),
        ({"success": False, "error": {"message": ""}}, 400),
        ({"success": False, "error": {}}, 400),
        ({"success": False}, 400),
        ({"success": False, "error": "no"}, 400),
        ({"success": False, "error": ["no"]}, 400),
        ({"success": False, "error": {"message": 7}}, 400),
    ],
)
def test_what_is_no_documented_refusal(first: dict[str, Any], status: int) -> None:
    with pytest.raises(Deviation):
        expect_refused(enveloped(first, status), "it", Recorder())


def test_an_answer_in_short_is_short() -> None:
    text = answered(b"x" * 10_000, 503).in_short()
    assert text.startswith("HTTP 503 xxx")
    assert len(text) < 600
