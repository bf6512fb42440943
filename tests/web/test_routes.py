"""What every operation of the control API asks of a request, and every refusal in one shape."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.client.sandbox_client import Refused
from mockserver.core.errors import PostbacksError
from mockserver.web import control
from tests.web.answers import ok, refused

#: The routes that change something by a method that a form or a postback may have.
CHANGING = [
    (route.method, re.sub(r"<int:\w+>", "1", route.path).replace("<app_id>", "YOUR_APP_ID"))
    for route in control.control_routes(Sandbox())
    if route.method not in ("GET", "DELETE")
]
#: What a postback has, and then what an image, a form or a script without leave could add.
BARE: list[tuple[dict[str, str], bytes]] = [
    ({"Accept": "*/*", "Content-Length": "0"}, b""),
    ({}, b""),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"{}"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    ({"Content-Type": "text/plain"}, b"{}"),
    ({"Content-Type": "text/plain;application/json"}, b"{}"),
    ({}, b"{}"),
    # Not what a page can send; but what has nothing to say is not heard.
    ({"Content-Type": "application/json"}, b""),
    ({"Content-Type": "application/json"}, b" \n"),
]


def test_the_changing_routes_are_those_that_are_tried() -> None:
    assert sorted(CHANGING) == [
        ("POST", "clock/advance"),
        ("POST", "clock/advance/cancel"),
        ("POST", "deliveries/1/resend"),
        ("POST", "events"),
        ("POST", "events/preview"),
        ("POST", "inboxes/<name>/requests/1/replay"),
        ("POST", "reset"),
        ("POST", "rules/check"),
        ("POST", "scenarios/check"),
        ("POST", "verify"),
        ("POST", "verify/cancel"),
        ("PUT", "api/behaviour"),
        ("PUT", "apps/YOUR_APP_ID"),
        ("PUT", "inboxes/<name>/behaviour"),
    ]


@pytest.mark.parametrize(("headers", "content"), BARE)
@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_what_a_form_or_a_postback_can_send_changes_nothing(
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    client: FlaskClient,
    sandbox: Sandbox,
    rule: int,
) -> None:
    sandbox.trigger("email.click")
    before = everything(client)
    for other in {method, "POST"}:
        target = f"/_sandbox/{path.replace('<name>', 'crm')}"
        response = client.open(target, method=other, headers=headers, data=content)
        if other == method:
            detail = refused(response, 400, "invalid-value")
            assert "-H 'Content-Type: application/json' -d '{" in detail
        else:
            refused(response, 405, "method-not-allowed")
    assert everything(client) == before


def everything(client: FlaskClient) -> list[Any]:
    """Return all that a sandbox shows of itself."""
    paths = ("clock", "deliveries", "apps/YOUR_APP_ID", "inboxes", "inboxes/crm/behaviour",
             "inboxes/crm/requests", "feed")  # fmt: skip
    return [ok(client.get(f"/_sandbox/{path}")) for path in paths]


@pytest.mark.parametrize("path", ["reset", "deliveries/1/resend"])
def test_who_has_nothing_to_say_says_an_empty_object(
    path: str, client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.trigger("email.click")
    for body in ([], {"force": True}, None, "yes"):
        refused(client.post(f"/_sandbox/{path}", json=body), 400, "invalid-value")
    assert len(sandbox.attempts) == 1
    got = client.post(f"/_sandbox/{path}", data=" {} ", content_type="application/json;charset=a")
    ok(got)
    assert len(sandbox.attempts) != 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_bodies_are_read(content_type: str, client: FlaskClient) -> None:
    response = client.post("/_sandbox/events", data="{}", content_type=content_type)
    assert "Content-Type: application/json" in refused(response, 400, "invalid-value")


def test_broken_json_is_refused(client: FlaskClient) -> None:
    response = client.post("/_sandbox/events", data="{", content_type="application/json")
    assert "not JSON" in refused(response, 400, "invalid-value")


def test_what_is_not_there_and_what_is_not_allowed(client: FlaskClient) -> None:
    refused(client.get("/_sandbox/nothing"), 404, "not-found")
    refused(client.delete("/_sandbox/clock"), 405, "method-not-allowed")
    response = client.post(
        "/_sandbox/events", data="[" + "1," * 600_000 + "1]", content_type="application/json"
    )
    refused(response, 413, "request-entity-too-large")


def test_an_unexpected_fault_has_the_same_shape(
    client: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(sandbox, "reset", fail)
    detail = refused(client.post("/_sandbox/reset", json={}), 500, "internal-error")
    assert "ZeroDivisionError" in detail
    assert "secret" not in detail


def test_every_error_of_the_tree_has_its_own_code() -> None:
    def below(kind: type[PostbacksError]) -> list[type[PostbacksError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    # The client makes classes of its own for codes that only the web layer knows.
    kinds = [
        kind for kind in below(PostbacksError) if kind is Refused or kind.__base__ is not Refused
    ]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
