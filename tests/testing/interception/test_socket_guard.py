"""Beside pytest-socket: nothing is sent where it forbids that, and nothing of a test is left."""

from __future__ import annotations

import pytest

from tests.testing.neighbours import run_beside

ENDPOINT = """
import threading, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import pytest_socket

class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass

@pytest.fixture(scope="session", autouse=True)
def port():
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()

def sent(leanplum, port, host="127.0.0.1"):
    leanplum.add_postback(f"http://{host}:{port}/in")
    leanplum.trigger("push.open")
    outcome = leanplum.attempts[-1].outcome
    return outcome.error or outcome.status

def asked(leanplum):
    url = f"http://api.leanplum.com/api?action=listPostbacks&appId={leanplum.app_id}"
    with urllib.request.urlopen(f"{url}&clientKey={leanplum.key}&apiVersion=1.0.6") as answer:
        return answer.status
"""

#: What a test is told; `allow` lets the test pass that has seen it.
DELIVERIES = (
    ENDPOINT
    + """
def application(environ, start):
    start("204 No Content", [])
    return []

unreachable = pytest.mark.leanplum(allow=["unreachable"])
FORBIDDEN = 'connect() with host "127.0.0.1" (allowed: "127.0.0.2")'

@unreachable
@pytest.mark.allow_hosts(["127.0.0.2"])
def test_forbidden(leanplum, port):
    assert FORBIDDEN in sent(leanplum, port)
    assert "name 127.0.0.1 in --allow-hosts" in sent(leanplum, port)

@pytest.mark.allow_hosts(["127.0.0.1"])
def test_allowed(leanplum, port):
    assert sent(leanplum, port) == 204

@pytest.mark.allow_hosts(["127.0.0.0/8"])
def test_network(leanplum, port):
    assert sent(leanplum, port) == 204

@pytest.mark.allow_hosts(["localhost"])
def test_name(leanplum, port):
    assert sent(leanplum, port, "localhost") == 204

@unreachable
@pytest.mark.disable_socket
def test_disabled(leanplum, port):
    assert "A test tried to use socket.socket." in sent(leanplum, port)

@unreachable
def test_fixture_first(leanplum, port, socket_disabled):
    assert "A test tried to use socket.socket." in sent(leanplum, port, "localhost")

@unreachable
def test_forbidden_in_the_test(leanplum, port):
    assert sent(leanplum, port) == 204
    pytest_socket.socket_allow_hosts(["127.0.0.2"])
    assert FORBIDDEN in sent(leanplum, port)

@unreachable
def test_kept_connection(leanplum, port):
    for _ in range(4):
        assert sent(leanplum, port) == 204
        leanplum.postbacks and leanplum.sandbox.delete_postback(leanplum.postbacks[0].postback_id)
    pytest_socket.disable_socket()
    assert "A test tried to use socket.socket." in sent(leanplum, port)

@pytest.mark.disable_socket
def test_inboxes_and_applications_use_no_socket(leanplum, leanplum_receiver):
    leanplum.add_postback(leanplum_receiver.url)
    leanplum.partner("https://shop.example/", application)
    leanplum.add_postback("https://shop.example/in")
    leanplum.trigger("push.open")
    leanplum.assert_delivered(times=2)

def test_free(leanplum, port):
    assert sent(leanplum, port) == 204
"""
)


@pytest.mark.parametrize("warnings", ["error", "ignore"])
def test_deliveries_go_where_pytest_socket_lets_them(
    pytester: pytest.Pytester, warnings: str
) -> None:
    result = run_beside(pytester, "pytest_socket", DELIVERIES, "-W", warnings)
    result.assert_outcomes(passed=10)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--allow-hosts=127.0.0.1", 204),
        ("--allow-hosts=127.0.0.2", None),
        ("--disable-socket", None),
    ],
)
def test_options_of_the_run_count(
    pytester: pytest.Pytester, option: str, expected: int | None
) -> None:
    source = """
    def test_it(leanplum):
        leanplum.add_postback("http://127.0.0.1:9/in")
        leanplum.trigger("push.open")
        print("told:", leanplum.attempts[-1].outcome.error)
    """
    result = run_beside(pytester, "pytest_socket", source, option, "-W", "ignore", "-s")
    shown = " ".join("\n".join(result.outlines).split())
    if expected:
        assert "told: nobody listens" in shown
        return
    result.assert_outcomes(failed=1)
    assert "told: blocked: pytest-socket forbids" in shown
    assert "let it go there, as said below" in shown


CALLS = (
    ENDPOINT
    + """
@pytest.mark.allow_hosts(["127.0.0.2"])
def test_forbidden(leanplum):
    assert asked(leanplum) == 200

@pytest.mark.disable_socket
def test_disabled(leanplum):
    with pytest.raises((RuntimeError, UserWarning), match="A test tried to use socket.socket"):
        asked(leanplum)

@pytest.mark.disable_socket
def test_requests_needs_no_socket(leanplum):
    import requests
    requests.get("https://api.leanplum.com/api", {"action": "listPostbacks",
        "appId": leanplum.app_id, "clientKey": leanplum.key, "apiVersion": "1.0.6"}).json()

def test_free(leanplum):
    assert asked(leanplum) == 200

def test_nothing_is_left():
    import socket
    assert socket.getaddrinfo.__module__ == "socket"
    assert socket.socket.__module__ == "socket"
    socket.create_connection(("127.0.0.1", pytest.port)).close()
"""
)


@pytest.mark.parametrize("order", ["", "reversed"])
def test_calls_are_answered_in_whichever_order_tests_run(
    pytester: pytest.Pytester, order: str
) -> None:
    """What pytest-socket put in for one test was put back at its end, and refused the next ones."""
    pytester.makeconftest(
        "import pytest\n"
        "@pytest.fixture(autouse=True)\n"
        "def known(port):\n"
        "    pytest.port = port\n"
        "def pytest_collection_modifyitems(items):\n"
        f"    items[:] = list(reversed(items)) if {bool(order)} else items\n"
    )
    result = run_beside(pytester, "pytest_socket", CALLS, "-W", "ignore")
    result.assert_outcomes(passed=5)


LIVE = (
    ENDPOINT
    + """
@pytest.mark.allow_hosts(["127.0.0.2"])
def test_forbidden(leanplum_live):
    pass

@pytest.mark.disable_socket
def test_disabled(leanplum_live):
    pass

@pytest.mark.allow_hosts(["127.0.0.1"])
def test_allowed(leanplum_live):
    inbox = leanplum_live.inbox()
    leanplum_live.add_postback(inbox.url)
    leanplum_live.trigger("push.open")
    assert len(inbox.wait_for(1)) == 1
    leanplum_live.add_postback("http://127.0.0.2:9/in")
    *_, refused = leanplum_live.trigger("push.open")
    assert "pytest-socket forbids it" in refused.attempts[0].reason[0]

def test_free(leanplum_live, port):
    leanplum_live.add_postback(f"http://127.0.0.1:{port}/in")
    [delivery] = leanplum_live.trigger("push.open")
    assert delivery.state == "delivered"
"""
)


def test_the_live_fixture_says_what_to_allow(pytester: pytest.Pytester) -> None:
    """Also if the first test that asks for the server of the session may not call it."""
    result = run_beside(pytester, "pytest_socket", LIVE, "-W", "ignore")
    result.assert_outcomes(passed=2, errors=2)
    shown = " ".join("\n".join(result.outlines).split())
    assert "leanplum_live: it is called at 127.0.0.1, and pytest-socket forbids it:" in shown
    assert "name 127.0.0.1 in --allow-hosts or @pytest.mark.allow_hosts([...])" in shown
    assert "and pytest-socket forbids every connection of this test:" in shown
