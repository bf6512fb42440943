"""`postbacks advance` while an endpoint hangs: progress, the hint, Ctrl-C, `--cancel`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from click.testing import Result

from mockserver import Sandbox, SocketOptions
from mockserver.cli import advancing
from mockserver.cli.advancing import progress_text
from mockserver.core.catalog import Channel
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import MessageEvent, NewDelivery
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from mockserver.web.shapes import AdvanceUnderWay, ClockState, UnderWayJson
from tests.cli.conftest import CommandLine, Live
from tests.engine_setup import OFFSETS_IN_HOURS

START_AT = DEFAULT_START_AT
HOUR = timedelta(hours=1)
SOON_REAL_SECONDS = 20.0


@pytest.fixture
def endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hang"


@pytest.fixture
def hung(live: Live, endpoint: str) -> Iterator[Live]:
    """Two deliveries due in an hour: one to an inbox, one to an endpoint that never answers."""
    app_id = live.sandbox.default_app_id
    event = MessageEvent(app_id, Channel.PUSH, "Open", START_AT)
    urls = [live.inbox_url("crm"), endpoint]
    live.sandbox.ledger.add_deliveries(
        [NewDelivery(app_id, 1, url, event, START_AT + HOUR) for url in urls]
    )
    yield live
    live.sandbox.cancel_advance(SOON_REAL_SECONDS)


def until_waiting(live: Live) -> None:
    """Return when an advance has made the first attempt and waits for the second."""
    until = time.monotonic() + SOON_REAL_SECONDS
    while time.monotonic() < until:
        progress = live.sandbox.advance_progress
        if progress is not None and [each.delivery_id for each in progress.under_way] == [2]:
            return
        time.sleep(0.005)
    pytest.fail("no advance waits for the endpoint")


def cancelled_when(live: Live, is_time: Callable[[], bool], run: Callable[[], Result]) -> Result:
    """Return what a command comes to whose advance is cancelled in the meantime."""

    def cancel() -> None:
        until_waiting(live)
        until = time.monotonic() + SOON_REAL_SECONDS
        while not is_time() and time.monotonic() < until:
            time.sleep(0.005)
        live.sandbox.cancel_advance()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    result = run()
    canceller.join()
    return result


def test_an_advance_that_somebody_cancels_says_what_was_done_and_how_to_go_on(
    hung: Live, postbacks: CommandLine
) -> None:
    result = cancelled_when(hung, lambda: True, lambda: postbacks.run("advance", "10h"))
    assert result.exit_code == 1
    shown = result.stdout.splitlines()
    assert shown[0] == "2026-01-01 00:00:00 -> 2026-01-01 01:00:00 (+1h): 1 attempt"
    assert shown[-1] == "the next attempt is due at 2026-01-01 01:00:00"
    assert result.stderr == (
        "postbacks: somebody cancelled the advance; "
        "`postbacks advance --to 2026-01-01T10:00:00Z` goes on from there\n"
    )


@pytest.mark.parametrize(
    ("way", "again"),
    [
        (["--until", "idle"], "--until idle"),
        (["--to", "2026-01-02T00:00:00Z"], "--to 2026-01-02T00:00:00+00:00"),
    ],
)
def test_every_way_is_gone_on_with(
    hung: Live, postbacks: CommandLine, way: list[str], again: str
) -> None:
    result = cancelled_when(hung, lambda: True, lambda: postbacks.run("advance", *way))
    assert f"`postbacks advance {again}`" in result.stderr


def test_cancel_from_another_terminal(hung: Live, postbacks: CommandLine) -> None:
    advance = threading.Thread(target=hung.sandbox.run_until_idle)
    advance.start()
    until_waiting(hung)
    assert postbacks.ok("advance", "--cancel") == (
        "the advance is cancelled; the clock stands at 2026-01-01 01:00:00\n"
    )
    advance.join(SOON_REAL_SECONDS)
    assert not advance.is_alive()


def test_nothing_to_cancel(postbacks: CommandLine) -> None:
    assert postbacks.ok("advance", "--cancel") == "no advance is under way\n"
    assert postbacks.json("advance", "--cancel")["cancelled"] is False
    postbacks.fails(2, "advance", "1h", "--cancel")


def test_a_second_advance_is_told_of_the_first(hung: Live, postbacks: CommandLine) -> None:
    advance = threading.Thread(target=hung.sandbox.run_until_idle)
    advance.start()
    until_waiting(hung)
    message = postbacks.fails(1, "advance", "1h")
    assert "it stands at 2026-01-01T01:00:00Z, 1 attempt made" in message
    assert "postbacks advance --cancel" in message
    hung.sandbox.cancel_advance()
    advance.join(SOON_REAL_SECONDS)


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_nothing_but_the_hint_is_written_meanwhile_when_piped(
    hung: Live,
    endpoint: str,
    postbacks: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    as_json: bool,
) -> None:
    monkeypatch.setattr(advancing, "POLL_REAL_SECONDS", 0.01)
    monkeypatch.setattr(advancing, "HINT_REAL_SECONDS", 0.02)
    looks: list[ClockState] = []
    look = advancing._Hint.give_if_due

    def counted(self: advancing._Hint, advance: AdvanceUnderWay) -> None:
        look(self, advance)
        looks.append(hung.sandbox)  # type: ignore[arg-type]

    monkeypatch.setattr(advancing._Hint, "give_if_due", counted)
    arguments = ["advance", "--until", "idle", *(["--json"] if as_json else [])]
    result = cancelled_when(hung, lambda: len(looks) > 10, lambda: postbacks.run(*arguments))
    said = result.stderr.splitlines()
    if as_json:
        assert len(said) == 1, "the error alone"
        answer = json.loads(result.stdout)
        assert (answer["cancelled"], answer["complete"]) == (True, False)
        assert (answer["attempts_made"], len(answer["attempts"])) == (1, 1)
    else:
        assert len(said) == 2, "the hint, once, and the error"
        # On a busy machine our own inbox may be late before it.
        assert " has not answered for 0 s. " in said[0]
        assert "`postbacks serve --real-timeout 2`" in said[0]


def test_a_terminal_sees_one_line_that_is_rewritten(
    hung: Live, endpoint: str, postbacks: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "POLL_REAL_SECONDS", 0.01)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    shown: list[str] = []
    monkeypatch.setattr(
        advancing,
        "progress_text",
        lambda clock: shown.append(progress_text(clock)) or progress_text(clock),
    )
    result = cancelled_when(
        hung,
        lambda: any(endpoint in text for text in shown),
        lambda: postbacks.run("advance", "--until", "idle"),
    )
    assert "2026-01-01 01:00:00, 1 attempt, waits 0 s for http://127.0.0.1:" in result.stderr
    assert "1 attempt" not in result.stderr.splitlines()[-1]


def test_ctrl_c_ends_it_at_the_server_too(hung: Live) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "--url", hung.url, "advance", "10h"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        until_waiting(hung)
        process.send_signal(signal.SIGINT)
        shown, said = process.communicate(timeout=SOON_REAL_SECONDS)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert shown.splitlines()[0] == "2026-01-01 00:00:00 -> 2026-01-01 01:00:00 (+1h): 1 attempt"
    assert said == (
        "interrupted; `postbacks advance --to 2026-01-01T10:00:00Z` goes on from there\n"
    )
    assert hung.sandbox.advance_progress is None
    assert hung.sandbox.deliveries(state="pending")[0].attempts == ()


def state(
    *waiting: UnderWayJson, made: int = 2, under_way: int = 0, begun: bool = True
) -> ClockState:
    advance = AdvanceUnderWay(
        START_AT if begun else None, None, made, 1.0, under_way or len(waiting), list(waiting)
    )
    return ClockState("manual", START_AT, None, 1, 1.0, advance)


def waiting_for(url: str, real_seconds: float = 12.4) -> UnderWayJson:
    return UnderWayJson(1, 1, url, START_AT, real_seconds)


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        (state(), "2026-01-01 00:00:00, 2 attempts"),
        (state(made=1), "2026-01-01 00:00:00, 1 attempt"),
        (
            state(waiting_for("http://h/")),
            "2026-01-01 00:00:00, 2 attempts, waits 12 s for http://h/",
        ),
        (
            state(waiting_for("http://h/"), under_way=2),
            "2026-01-01 00:00:00, 2 attempts, waits 12 s for http://h/ and 1 other",
        ),
        (
            state(waiting_for("http://h/\x1b[31m"), under_way=3),
            "2026-01-01 00:00:00, 2 attempts, waits 12 s for http://h/\\x1b[31m and 2 others",
        ),
        (
            state(made=0, begun=False),
            "2026-01-01 00:00:00, 0 attempts, waits for attempts that were under way",
        ),
    ],
)
def test_the_text_of_the_line(clock: ClockState, text: str) -> None:
    assert progress_text(clock) == text


def test_every_attempt_is_counted_and_exact_on_a_running_clock(endpoint: str) -> None:
    """Two deliveries that hang, four seconds apart: less than a timeout of the sandbox takes."""
    sockets = SocketOptions(real_timeout=timedelta(seconds=0.03))
    with Sandbox(clock=RunningClock(START_AT), sockets=sockets) as sandbox:
        app_id = sandbox.default_app_id
        event = MessageEvent(app_id, Channel.PUSH, "Open", START_AT)
        due = [START_AT + HOUR, START_AT + HOUR + timedelta(seconds=4)]
        sandbox.ledger.add_deliveries(
            [NewDelivery(app_id, 1, endpoint, event, due_at) for due_at in due]
        )
        server = ApiServer(create_app(sandbox))
        server.start()
        try:
            answer = CommandLine(server.url).json("advance", "--until", "idle")
        finally:
            sandbox.feed.close()
            server.stop()
        assert answer["attempts_made"] == len(answer["attempts"]) == 20
        assert answer["outcomes"] == {"timeout": 20}
        for delivery, first_at in zip(sandbox.deliveries, due, strict=True):
            starts = [attempt.started_at - first_at for attempt in delivery.attempts]
            assert starts == [
                hours * HOUR + number * timedelta(seconds=30)
                for number, hours in enumerate(OFFSETS_IN_HOURS)
            ]
