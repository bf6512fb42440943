"""Strangers, rebound names and pages of other sites are kept out."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import Sandbox
from mockserver.core.errors import InvalidValue
from mockserver.web.app import create_app

KEYS = "appId=YOUR_APP_ID&clientKey=YOUR_DATA_EXPORT_KEY&apiVersion=1.0.6"
RULE = "type=messageEvents&postbackUrl=http%3A%2F%2F127.0.0.1%3A8780%2F_sandbox%2Freset"


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Sandbox()).test_client()


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8780", "127.0.0.1:1", "[::1]:8780", "192.168.1.5",
             "sandbox.localhost"]
)  # fmt: skip
def test_names_of_this_machine_are_answered(host: str, client: FlaskClient) -> None:
    assert client.get("/_sandbox/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
@pytest.mark.parametrize("path", ["/_sandbox/health", "/api", "/"])
def test_rebound_names_are_refused(host: str, path: str, client: FlaskClient) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert "--allow-host" in response.get_data(as_text=True)


def test_a_name_can_be_allowed() -> None:
    client = create_app(Sandbox(), allowed_hosts=frozenset({"box.example"})).test_client()
    assert client.get("/_sandbox/health", headers={"Host": "box.example:80"}).status_code == 200


#: A call each of what there is: method, path, and what makes it a valid one.
CALLS: dict[str, tuple[str, str, Any]] = {
    "listPostbacks by GET": ("GET", f"/api?action=listPostbacks&{KEYS}", None),
    "addPostback by GET": ("GET", f"/api?action=addPostback&{KEYS}&{RULE}", None),
    "addPostback by POST": ("POST", f"/api?action=addPostback&{KEYS}&{RULE}", None),
    "addPostback with a slash": ("POST", f"/api/?action=addPostback&{KEYS}&{RULE}", None),
    "health": ("GET", "/_sandbox/health", None),
    "openapi.json": ("GET", "/_sandbox/openapi.json", None),
    "reset": ("POST", "/_sandbox/reset", {}),
    "event": ("POST", "/_sandbox/events", {"name": "email.click"}),
    "behaviour": ("PUT", "/_sandbox/inboxes/kept/behaviour", {"behaviour": "503"}),
    "clear": ("DELETE", "/_sandbox/inboxes/kept", None),
    "welcome": ("GET", "/", None),
    "HEAD": ("HEAD", "/", None),
}
SITES = [
    None, "none", "same-origin",
    "same-site", "cross-site", "", "nonsense", "Same-Origin", "same-origin, none",
]  # fmt: skip
OWN = "http://localhost"
LOOPBACK = [
    "http://localhost:3000",
    "https://localhost",
    "http://127.0.0.1:3000",
    "http://127.0.0.1",
    "http://127.8.9.10:1",
    "http://[::1]:3000",
    "http://app.localhost:3000",
]
FOREIGN = [
    "null",
    "https://evil.example",
    "http://evil.example:80",
    "http://192.168.1.5:3000",
    # Spellings that look like loopback to somebody, and that no browser writes for a page there.
    "",
    "NULL",
    "localhost",
    "localhost:3000",
    "//localhost",
    "file://localhost",
    "chrome-extension://localhost",
    "http://",
    "http://localhost:3000/",
    "http://localhost:3000/page",
    "http://localhost:port",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://evil.example@localhost",
    "http://evil.example#localhost",
    "http://evil.example/.localhost",
    "http://evil.example\\.localhost",
    "http://localhost, https://evil.example",
    "https://evil.example, http://localhost",
    "http://localhost https://evil.example",
    "http://127.0.0.1.nip.io",
    "http://127.1:3000",
    "http://2130706433",
    "http://0x7f000001",
    "http://0.0.0.0:3000",
    "http://[::]:3000",
    "http://[::1",
    "http://[localhost]",
]


def is_for_programs_and_own_pages(origin: str | None, site: str | None) -> bool:
    return origin in (None, OWN) and site in (None, "none", "same-origin")


def is_a_developers_form(call: str, origin: str | None) -> bool:
    return origin in LOOPBACK and call.startswith("addPostback") and "GET" not in call


@pytest.mark.parametrize("origin", [None, OWN, *LOOPBACK, *FOREIGN])
def test_no_page_of_another_site_reads_or_changes_anything(origin: str | None) -> None:
    sandbox = Sandbox()
    client = create_app(sandbox).test_client()
    for call, site in product(CALLS, SITES):
        fill(sandbox)
        before = everything_in(sandbox)
        method, path, body = CALLS[call]
        given = {"Origin": origin, "Sec-Fetch-Site": site}
        headers = {name: value for name, value in given.items() if value is not None}
        response = client.open(path, method=method, json=body, headers=headers)
        if is_for_programs_and_own_pages(origin, site) or is_a_developers_form(call, origin):
            assert response.status_code in (200, 204), (call, site, response.get_data())
        else:
            refused(path, response)
            assert everything_in(sandbox) == before, (call, site)


def fill(sandbox: Sandbox) -> None:
    """Let a sandbox have what each of the calls could change."""
    sandbox.reset()
    sandbox.inbox("kept").behave("404")
    sandbox.add_postback(f"{sandbox.inbox('kept').url}?kept={{{{User ID}}}}")
    sandbox.trigger("email.open")


def everything_in(sandbox: Sandbox) -> list[object]:
    """Return what any of the calls could have changed."""
    inboxes = {name: len(sandbox.inbox(name).requests) for name in sandbox.inboxes.names()}
    script = sandbox.inboxes.script("kept")
    return [sandbox.postbacks(), len(sandbox.deliveries), inboxes, script, sandbox.feed.last]


def refused(path: str, response: TestResponse) -> str:
    """Check that a page was refused in words, in the shape of the API that it called."""
    assert response.status_code == 403, (path, response.get_data(as_text=True))
    assert "Access-Control-Allow-Origin" not in response.headers
    if response.request.method == "HEAD":
        return ""
    if not path.startswith("/api"):
        assert response.mimetype == "application/problem+json"
        assert response.get_json()["type"] == "urn:postbacks:problem:foreign-origin"
        detail = response.get_json()["detail"]
    else:
        (answer,) = response.get_json()["response"]
        assert answer["success"] is False
        detail = answer["error"]["message"]
    assert "may not call this" in detail
    assert "from a program like curl" in detail
    return str(detail)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Origin": "https://evil.example"}, "a page of https://evil.example"),
        ({"Origin": "null"}, "as from a file, a sandboxed frame, or with the referrer policy"),
        ({"Sec-Fetch-Site": "cross-site"}, "(Sec-Fetch-Site: cross-site)"),
        ({"Sec-Fetch-Site": "same-site"}, "type the address into the address bar"),
    ],
)
@pytest.mark.parametrize("path", ["/api", "/_sandbox/health", "/"])
def test_the_refusal_says_why(
    path: str, headers: dict[str, str], words: str, client: FlaskClient
) -> None:
    detail = refused(path, client.get(path, headers=headers))
    assert words in detail
    assert ("by POST from a page at http://localhost" in detail) is (path == "/api")


def test_a_preflight_is_not_answered_as_it_would_have_to_be(client: FlaskClient) -> None:
    for path in ("/api", "/_sandbox/reset"):
        for origin in ("https://evil.example", "http://localhost:3000", "null"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            refused(path, client.options(path, headers=asked))


#: What a browser calls itself.
CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
OLD_SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/15.6 Safari/605.1.15"
POWERSHELL = "Mozilla/5.0 (Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1"


@pytest.mark.parametrize("host", ["127.0.0.1:8780", "0.0.0.0:8780", "[::ffff:7f00:1]:8780"])
@pytest.mark.parametrize("agent", [CHROMIUM, OLD_SAFARI])
@pytest.mark.parametrize("language", ["en-US,en;q=0.9", ""])
@pytest.mark.parametrize("path", [f"/api?action=addPostback&{KEYS}&{RULE}", "/_sandbox/feed", "/"])
def test_a_browser_that_does_not_tell_the_page_is_refused(
    path: str, language: str, agent: str, host: str, client: FlaskClient
) -> None:
    """Chromium sends no Fetch metadata to 0.0.0.0, Safari none at all up to version 16.3."""
    headers = {"Host": host, "User-Agent": agent, "Accept-Language": language}
    detail = refused(path, client.get(path, headers=headers))
    assert "'Sec-Fetch-Site: none'" in detail
    told = client.get(path, headers=headers | {"Sec-Fetch-Site": "none"})
    assert told.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
        {"User-Agent": "PostmanRuntime/7.43.0"},
        {"User-Agent": POWERSHELL},
        # What fetch of Node.js sends.
        {"User-Agent": "node", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
        {"User-Agent": CHROMIUM, "Accept-Language": "en", "Origin": OWN},
    ],
)
def test_programs_may_call_without_fetch_metadata(
    headers: dict[str, str], client: FlaskClient
) -> None:
    assert client.get("/_sandbox/health", headers=headers).status_code == 200
    assert client.get(f"/api?action=listPostbacks&{KEYS}", headers=headers).status_code == 200
    assert client.post("/_sandbox/reset", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("allowed", "called"),
    [
        ("Box.Example", "box.example"),
        ("box.example", "BOX.example:8780"),
        ("box.example:8780", "box.example"),
        ("b\xfccher.example", "xn--bcher-kva.example"),
        ("my_box", "my_box"),
    ],
)
def test_an_allowed_name_matches_as_clients_write_it(allowed: str, called: str) -> None:
    client = create_app(Sandbox(), allowed_hosts=frozenset({allowed})).test_client()
    assert client.get("/_sandbox/health", headers={"Host": called}).status_code == 200
    assert client.get("/_sandbox/health", headers={"Host": f"x.{called}"}).status_code == 403


def test_a_token_that_no_header_carries_is_refused_at_once() -> None:
    with pytest.raises(InvalidValue, match="visible ASCII"):
        create_app(Sandbox(), token="schl\xfcssel")


def test_with_a_token_the_control_api_needs_it_and_leanplums_does_not() -> None:
    client = create_app(Sandbox(), token="s3cret").test_client()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
        response = client.get("/_sandbox/health", headers=headers)
        assert response.status_code == 401
        assert "s3cret" not in response.get_data(as_text=True)
    right = {"Authorization": "Bearer s3cret"}
    assert client.get("/_sandbox/health", headers=right).status_code == 200
    assert client.get("/api").status_code == 400
