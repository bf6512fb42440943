"""The form that trades the token for a cookie, which no script reads and no program can use."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.web.app import create_app
from tests.web.answers import ok, refused

TOKEN = "correct-horse"


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Sandbox(), token=TOKEN).test_client()


def test_the_cookie_opens_the_control_api(client: FlaskClient) -> None:
    assert ok(client.get("/login")) == {"needs_token": True, "logged_in": False}
    refused(client.get("/_sandbox/clock"), 401, "token-needed")
    answer = client.post("/login", json={"token": TOKEN})
    assert ok(answer) == {"needs_token": True, "logged_in": True}
    assert ok(client.get("/login")) == {"needs_token": True, "logged_in": True}
    ok(client.get("/_sandbox/clock"))
    ok(client.post("/_sandbox/reset", json={}))
    assert ok(client.delete("/login")) == {"needs_token": True, "logged_in": False}
    refused(client.get("/_sandbox/clock"), 401, "token-needed")


def test_the_cookie_is_for_this_site_alone_and_holds_no_token(client: FlaskClient) -> None:
    cookie = client.post("/login", json={"token": TOKEN}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path" not in cookie, "the browser takes the folder, also behind a prefix"
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert TOKEN not in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    headers = {"Authorization": f"Bearer {value}"}
    fresh = client.application.test_client()
    refused(fresh.get("/_sandbox/clock", headers=headers), 401, "token-needed")


def test_over_tls_the_cookie_never_leaves_unencrypted(client: FlaskClient) -> None:
    answer = client.post("/login", json={"token": TOKEN}, base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "token", ["", "correct", f"{TOKEN} ", TOKEN.upper(), "\u00e9", "x" * 100_000]
)
def test_another_token_opens_nothing(token: str, client: FlaskClient) -> None:
    answer = client.post("/login", json={"token": token})
    assert "postbacks serve" in refused(answer, 401, "token-needed")
    assert "Set-Cookie" not in answer.headers
    refused(client.get("/_sandbox/clock"), 401, "token-needed")


@pytest.mark.parametrize(
    "given",
    [
        {"data": {"token": TOKEN}},
        {"data": TOKEN},
        {"json": {}},
        {"json": {"token": 1}},
        {"json": [TOKEN]},
        {"json": {"token": TOKEN, "more": 1}},
        {"data": b"\xff", "content_type": "application/json"},
        {"data": b"[" * 100_000, "content_type": "application/json"},
        {"data": f'{{"token": "{TOKEN}"}}', "content_type": "text/plain"},
    ],
)
def test_what_a_form_can_send_is_no_login(given: dict[str, Any], client: FlaskClient) -> None:
    answer = client.post("/login", **given)
    refused(answer, 400, "invalid-value")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_no_other_page_logs_in_or_out(method: str, origin: str, client: FlaskClient) -> None:
    answer = client.open("/login", method=method, json={"token": TOKEN}, headers={"Origin": origin})
    refused(answer, 403, "foreign-origin")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_the_cookie_helps_no_other_page(origin: str, client: FlaskClient) -> None:
    client.post("/login", json={"token": TOKEN})
    answer = client.post("/_sandbox/reset", json={}, headers={"Origin": origin})
    refused(answer, 403, "foreign-origin")


def test_a_sandbox_without_token_asks_for_none() -> None:
    client = create_app(Sandbox()).test_client()
    assert ok(client.get("/login")) == {"needs_token": False, "logged_in": True}
    answer = client.post("/login", json={"token": "any"})
    assert ok(answer) == {"needs_token": False, "logged_in": True}
    assert "Set-Cookie" not in answer.headers
