"""Measures what the pytest plugin costs those who use it, and those who do not.

What is measured: the seconds of pytest runs in fresh processes (one empty test, with the plugin
and without it; many tests with a fixture that does nothing, with `leanplum`, and with
freezegun alone), the milliseconds that stopping a live server takes, and calls of the API
through a live server, with the same application on a thread of werkzeug's beside it; and calls of
code under test to Leanplum itself, which are led to a server on loopback, over TLS.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from textwrap import dedent
from typing import Any

from benchmarks.api import LIST_PATH
from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import ROOT, compiled_in, missing
from benchmarks.pytest_runs import WITH_PLUGIN, fastest, seconds_of

BARE, LOADED = "one empty test, bare pytest", "one empty test, with the plugin"
NOTHING, LEANPLUM, FREEZE = "a no-op fixture", "the leanplum fixture", "freezegun alone"
STOPPING = "stopping a live server"
FIRST = "the first call of http.client to Leanplum, answered"
INTERCEPTED = "calls of http.client to Leanplum, answered"
LIVE, WERKZEUG = "calls, live server", "calls, werkzeug thread"
#: Tests in a run, and calls in a case.
TESTS, CALLS = 500, 2_000
#: Runs of a case within a round, of which the fastest counts.
REPEATS = 3

_EMPTY = "def test_nothing(): pass\n"
_MANY = {
    NOTHING: """
        import pytest
        @pytest.fixture
        def nothing():
            yield None
        @pytest.mark.parametrize("number", range({tests}))
        def test(number, nothing): pass
    """,
    LEANPLUM: """
        import pytest
        @pytest.mark.parametrize("number", range({tests}))
        def test(number, leanplum): pass
    """,
    FREEZE: """
        import freezegun, pytest
        @pytest.fixture
        def frozen():
            with freezegun.freeze_time("2026-01-01"):
                yield None
        @pytest.mark.parametrize("number", range({tests}))
        def test(number, frozen): pass
    """,
}


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every run of pytest is a process of its own."""
    tests, calls = max(2, round(TESTS * scale)), max(20, round(CALLS * scale))
    repeats = max(1, round(REPEATS * scale))
    many = {name: dedent(text).format(tests=tests) for name, text in _MANY.items()}
    with tempfile.TemporaryDirectory(prefix="postbacks-compiled-") as compiled:
        pytest_run = partial(seconds_of, compiled)
        runs: dict[str, Callable[[], float]] = {
            BARE: partial(pytest_run, _EMPTY),
            LOADED: partial(pytest_run, _EMPTY, *WITH_PLUGIN),
            NOTHING: partial(pytest_run, many[NOTHING]),
            LEANPLUM: partial(pytest_run, many[LEANPLUM], *WITH_PLUGIN),
            FREEZE: partial(pytest_run, many[FREEZE]),
        }
        cases = [Case(name, partial(fastest, run, repeats)) for name, run in runs.items()]
        cases += [
            Case(STOPPING, _stopping),
            Case(FIRST, partial(_first_call, compiled)),
            Case(INTERCEPTED, partial(_calls_intercepted, calls)),
            Case(LIVE, partial(_calls_live, calls)),
            Case(WERKZEUG, partial(_calls_werkzeug, calls)),
        ]
        reason = missing("freezegun")
        yield Plan(
            "The pytest plugin",
            cases,
            [
                Comparison("seconds", LOADED, BARE, at_most=1.05),
                Comparison("seconds", LEANPLUM, NOTHING, at_most=1.3),
                Comparison("seconds", FREEZE, NOTHING),
                Comparison("ms", STOPPING, at_most=10),
                Comparison("ms", FIRST, at_most=30),
                Comparison("per second", INTERCEPTED, LIVE, at_least=0.5),
                Comparison("per second", LIVE, WERKZEUG, at_least=2.5),
            ],
            {FREEZE: reason} if reason else {},
        )


def _stopping() -> Mapping[str, float]:
    from mockserver.live import LiveSandbox

    live = LiveSandbox()
    live.start()
    began = time.perf_counter()
    live.stop()
    return {"ms": (time.perf_counter() - began) * 1000}


#: What a test process has imported by then is not counted: the application's own Flask, TLS.
_FIRST = f"""
import http.client, ssl, time
import flask
from mockserver.testing import Leanplum
import mockserver.web.app
context = ssl.create_default_context()
with Leanplum():
    began = time.perf_counter()
    connection = http.client.HTTPSConnection("api.leanplum.com", context=context)
    connection.request("GET", {LIST_PATH!r})
    assert connection.getresponse().read()
    print((time.perf_counter() - began) * 1000)
    connection.close()
"""


def _first_call(compiled: str) -> Mapping[str, float]:
    settings = compiled_in(compiled) | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _FIRST]
    runs = [
        subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
        for _ in range(REPEATS)
    ]
    return {"ms": min(float(done.stdout) for done in runs)}


def _calls_intercepted(calls: int) -> Mapping[str, float]:
    from mockserver.testing import Leanplum

    with Leanplum():
        connection = http.client.HTTPSConnection("api.leanplum.com")
        return _calls_on(connection, calls)


def _calls_live(calls: int) -> Mapping[str, float]:
    from mockserver.live import LiveSandbox

    with LiveSandbox() as live:
        return _calls(live.url, calls)


def _calls_werkzeug(calls: int) -> Mapping[str, float]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    from mockserver.sandbox import Sandbox
    from mockserver.web.app import create_app

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            """Write nothing: that would be measured as well."""

    with Sandbox() as sandbox:
        app = create_app(sandbox)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            return _calls(f"http://127.0.0.1:{server.server_port}", calls)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _calls(url: str, calls: int) -> Mapping[str, float]:
    """Call the API as clients do: a connection that is kept where the server keeps it."""
    return _calls_on(http.client.HTTPConnection(url.partition("//")[2]), calls)


def _calls_on(connection: http.client.HTTPConnection, calls: int) -> Mapping[str, float]:
    began = time.perf_counter()
    for _ in range(calls):
        connection.request("GET", LIST_PATH)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}")
    took = time.perf_counter() - began
    connection.close()
    return {"per second": calls / took}
