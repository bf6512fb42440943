"""The handle is libcurl's own, also where pytest-recording has put another in its place."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.testing.neighbours import run_beside

pytestmark = pytest.mark.skipif(
    find_spec("pytest_recording") is None, reason="pytest-recording is not installed"
)

SOURCE = """
import http.server, threading
import pytest

@pytest.fixture
def port():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(204)
            self.end_headers()
        def log_message(self, *_): pass
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()

def deliver(leanplum, port):
    leanplum.add_postback(f"http://127.0.0.1:{port}/in?u={{{{User ID}}}}")
    leanplum.trigger("push.open", user_id="a")
    leanplum.run_until_idle()

def test_an_endpoint_on_a_port(leanplum, port):
    deliver(leanplum, port)
    leanplum.assert_delivered(user_id="a")

def test_live(leanplum_live):
    box = leanplum_live.inbox("503,200")
    leanplum_live.add_postback(box.url)
    leanplum_live.trigger("push.open")
    leanplum_live.run_until_idle()
    assert len(box.wait_for(2)) == 2
"""


def test_everything_is_delivered(pytester: pytest.Pytester) -> None:
    run_beside(pytester, "pytest_recording.plugin", SOURCE).assert_outcomes(passed=2)


def test_also_if_pycurl_was_imported_before(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pycurl, mockserver.transport.curl.transport")
    run_beside(pytester, "pytest_recording.plugin", SOURCE).assert_outcomes(passed=2)
