"""What somebody else has started: looked at, and told apart from what is no target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contracts.conformance.running import RunningServer
from contracts.suite.generated import Effort
from contracts.suite.registry import find_case
from contracts.suite.run import ExitCode, run_suite
from contracts.suite.runner import run_case, run_cases
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Need, Status, TargetKind
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue, PostbacksError, ServerUnreachable
from mockserver.delivery.wiring import SocketOptions
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from tests.contracts.samples import (
    KNOWN_ID,
    RawServer,
    TinyLeanplum,
    case_of,
    deviating,
    passing,
    serving,
)


@contextmanager
def sandbox_at(token: str | None = None, **settings: Any) -> Iterator[str]:
    with (
        Sandbox(sockets=SocketOptions(), **settings) as sandbox,
        serving(create_app(sandbox, token=token)) as url,
    ):
        yield url


def answering(status: str, content: bytes, content_type: str = "application/json") -> Any:
    """Return an application that answers everything alike."""

    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start(status, [("Content-Type", content_type)])
        return [content]

    return app


# A sandbox


def test_a_sandbox_whose_clock_stands_still_can_do_all_but_restart() -> None:
    with sandbox_at() as url:
        server = RunningServer(url)
        assert server.capabilities == {Need.CONTROL, Need.MANUAL_CLOCK, Need.SOCKETS}
        assert server.description.startswith(f"the sandbox at {url} (postbacks ")
        assert (server.kind, server.is_ours, server.token) == (TargetKind.FAKE, False, None)
        assert (server.credentials, server.why_untestable(1)) == (None, "")
        assert run_case(find_case(KNOWN_ID), server, Effort(), Names()).status is Status.PASS


def test_a_sandbox_whose_clock_runs_has_no_manual_clock() -> None:
    with sandbox_at(clock=RunningClock(DEFAULT_START_AT)) as url:
        server = RunningServer(url)
        assert server.capabilities == {Need.CONTROL, Need.SOCKETS}
        manual = case_of(deviating, needs=[Need.CONTROL, Need.MANUAL_CLOCK])
        result = run_case(manual, server, Effort(), Names())
        assert (result.status, result.exchanges) == (Status.SKIP, [])
        assert "--clock manual" in result.reason
        assert run_case(find_case(KNOWN_ID), server, Effort(), Names()).status is Status.PASS


def test_what_is_there_already_is_left_alone() -> None:
    with (
        Sandbox(sockets=SocketOptions()) as sandbox,
        serving(create_app(sandbox)) as url,
    ):
        rule = sandbox.add_postback("https://example.com/in")
        now_at = sandbox.now()
        run = run_suite([find_case(KNOWN_ID)], RunningServer(url))
        assert run.exit_code() is ExitCode.PASSED
        assert sandbox.postbacks() == [rule]
        assert sandbox.now() == now_at


def test_the_right_token_opens_the_control_api_and_is_nowhere_shown() -> None:
    with sandbox_at(token="to-ken") as url:
        server = RunningServer(url, token="to-ken")
        assert Need.CONTROL in server.capabilities

        def body(target: Any, rec: Any) -> None:
            target.app.rules()
            rec.expect(1, 2, "one is one")

        result = run_case(case_of(body), server, Effort(), Names())
    assert result.status is Status.FAIL
    assert "to-ken" not in repr(result)
    assert "Bearer $POSTBACKS_TOKEN" in repr(result)


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_the_token_it_is_said_what_is_needed(token: str | None) -> None:
    with sandbox_at(token="to-ken") as url, pytest.raises(PostbacksError) as raised:
        RunningServer(url, token=token)
    assert "Authorization: Bearer" in str(raised.value)
    assert "--token" in str(raised.value)


def test_a_slash_at_the_end_of_the_url_does_not_matter() -> None:
    with sandbox_at() as url:
        assert RunningServer(f"{url}/").wire.url == url


def test_it_is_not_restarted() -> None:
    with sandbox_at() as url, pytest.raises(PostbacksError, match="not restarted"):
        RunningServer(url).restart()


def test_a_sandbox_that_goes_away_makes_the_rest_untestable() -> None:
    with sandbox_at() as url:
        server = RunningServer(url)
    results = list(run_cases([find_case(KNOWN_ID), case_of(passing)], server, Effort(), Names()))
    assert [result.status for result in results] == [Status.UNTESTABLE] * 2
    assert "stopped answering" in results[1].reason


# Leanplum's API, and no more


def test_without_a_control_api_everything_that_needs_it_is_skipped() -> None:
    leanplum = TinyLeanplum()
    with serving(leanplum) as url:
        server = RunningServer(url)
        assert server.capabilities == set()
        assert server.description == f"what answers at {url}"
        result = run_case(find_case(KNOWN_ID), server, Effort(), Names())
        assert (result.status, result.reason) == (Status.SKIP, "no control API")
        assert run_suite([find_case(KNOWN_ID)], server).exit_code() is ExitCode.USAGE
    assert leanplum.rules == {}


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "200 OK"])
def test_one_that_answers_every_path_alike_has_no_control_api(status: str) -> None:
    """A gateway does not know `/_sandbox/` and refuses it like any other call."""
    envelope = {"response": [{"success": False, "error": {"message": "no such call"}}]}
    with serving(answering(status, json.dumps(envelope).encode())) as url:
        assert RunningServer(url).capabilities == set()


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "text/json", "Application/JSON"]
)
def test_json_is_json_however_it_is_labelled(content_type: str) -> None:
    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        found = environ["PATH_INFO"] == "/api"
        start("400 X" if found else "404 X", [("Content-Type", content_type)])
        return [b"{}"]

    with serving(app) as url:
        assert RunningServer(url).capabilities == set()


# What is no target


def test_nobody_there() -> None:
    with pytest.raises(ServerUnreachable, match=r"no sandbox answers at http://127\.0\.0\.1:1"):
        RunningServer("http://127.0.0.1:1")


@pytest.mark.parametrize("url", ["", "localhost:8780", "ftp://localhost", "http://"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(InvalidValue):
        RunningServer(url)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "405 Method Not Allowed", "302 X"])
def test_a_web_site_is_no_target(status: str) -> None:
    page = answering(status, b"<html>hello</html>", "text/html; charset=utf-8")
    with serving(page) as url, pytest.raises(ServerUnreachable) as raised:
        RunningServer(url)
    assert f"{url} is no Leanplum API" in str(raised.value)
    assert f"answered {status[:3]}" in str(raised.value)


def test_one_that_takes_connections_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.conformance.running.FIRST_ANSWER_REAL_SECONDS", 0.2)
    with RawServer(None) as server, pytest.raises(ServerUnreachable, match=r"longer than 0\.2 s"):
        RunningServer(server.url)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "another protocol", "half of a 200", "half of a 400", "broken chunks"],
)
def test_what_does_not_finish_its_answer_is_unreachable(answer: bytes) -> None:
    with RawServer(answer) as server, pytest.raises(ServerUnreachable):
        RunningServer(server.url)


def test_one_that_hangs_in_the_middle_of_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.conformance.running.FIRST_ANSWER_REAL_SECONDS", 0.2)
    head = b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with RawServer(head, hangs=True) as server, pytest.raises(ServerUnreachable):
        RunningServer(server.url)


def test_a_sandbox_of_another_version_is_said_to_be_one() -> None:
    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        is_api = environ["PATH_INFO"] == "/api"
        start("400 X" if is_api else "200 OK", [("Content-Type", "application/json")])
        return [b'{"response": []}' if is_api else b'{"status": "ok", "of": "another version"}']

    with serving(app) as url, pytest.raises(ServerUnreachable, match="of this version"):
        RunningServer(url)
