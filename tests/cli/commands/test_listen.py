"""`postbacks listen`, in a process of its own, as people run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mockserver.live import LiveSandbox
from tests.cli.conftest import CommandLine, Live
from tests.cli.serving import environment
from tests.receiver.endpoints import endpoint, free_port, says

REFUSED = b"HTTP/1.1 422 No\r\nContent-Length: 9\r\n\r\nno device"


@contextmanager
def listen(url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "mockserver", "--url", url, "listen", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def documents(process: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def test_each_postback_is_shown_and_nothing_is_left(live: Live) -> None:
    with endpoint(says(REFUSED)) as own, listen(live.url, "--forward-to", own.url) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        begun = [process.stdout.readline() for _ in range(2)]
        assert process.stderr.readline() == (
            f"listening at {live.url}; Ctrl-C ends it and removes them\n"
        )
        (rule,) = live.sandbox.postbacks()
        (name,) = live.sandbox.inboxes.names()
        assert begun == [
            f"rule {rule.postback_id} of YOUR_APP_ID and inbox {name}\n",
            f"  forward to {own.url}\n",
        ]
        live.sandbox.trigger("email.click", user_id="ada")
        live.sandbox.resend(1)
        lines = [process.stdout.readline() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert lines[0].startswith("2026-01-01 00:00:00  Email Click by ada  -> 422 in ")
    assert lines[0].endswith("  rejected\n")
    assert lines[1] == "    no device\n"
    assert lines[2].startswith("2026-01-01 00:00:00  Email Click by ada  resent  -> 422 in ")
    assert (process.returncode, rest, complaints) == (130, "", "")
    assert own.got[0].startswith(b"POST /hook?user=ada&device=&channel=Email&event=Click&")
    assert live.sandbox.postbacks() == []
    assert live.sandbox.inboxes.names() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("keep", [False, True])
def test_every_signal_ends_it_in_order(live: Live, number: signal.Signals, keep: bool) -> None:
    more = ["--keep"] if keep else []
    arguments = ["--forward-to", "http://localhost:1/a?b", "--json", *more]
    with listen(live.url, *arguments) as process:
        begun = next(documents(process))
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=20)
    assert begun["kind"] == "listening"
    assert begun["template"] == f"{live.inbox_url(str(begun['inbox']))}?b"
    assert (process.returncode, complaints) == (130, "")
    assert [json.loads(line) for line in rest.splitlines()] == (
        [] if keep else [{"kind": "removed"}]
    )
    assert len(live.sandbox.postbacks()) == int(keep)
    assert len(live.sandbox.inboxes.names()) == int(keep)


def test_channels_are_those_that_are_named(live: Live) -> None:
    arguments = ["--forward-to", "http://localhost:1", "--channels", "Email,push", "--json"]
    with listen(live.url, *arguments) as process:
        next(documents(process))
        (rule,) = live.sandbox.postbacks()
    assert sorted(channel.value for channel in rule.channels) == ["Email", "Push Notification"]


def test_a_server_that_goes_is_said_and_taken_up_again() -> None:
    with ExitStack() as stack:
        own, live = stack.enter_context(endpoint()), stack.enter_context(LiveSandbox())
        with listen(live.url, "--forward-to", own.url, "--json") as process:
            told = documents(process)
            assert next(told)["kind"] == "listening"
            live.sandbox.trigger("email.open", user_id="before")
            assert next(told)["user_id"] == "before"
            live.restart()
            kinds = [next(told)["kind"] for _ in range(3)]
            assert kinds == ["gone", "back", "again"]
            live.sandbox.trigger("email.open", user_id="after")
            rest = [next(told), next(told)]
            assert rest[0] == {"kind": "gap", "missed": None}
            assert rest[1]["user_id"] == "after"
            live.stop()
            assert next(told)["kind"] == "gone"
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "could not be removed" in complaints
    assert "`postbacks rules delete " in complaints


def test_without_a_server_it_says_how_to_start_one() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = CommandLine(url).fails(3, "listen", "--forward-to", "http://localhost:1")
    assert "start one with `postbacks serve`" in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--forward-to"),
        (["--forward-to", "localhost:5000"], "write it like http://127.0.0.1:5000/hook"),
        (
            ["--forward-to", "http://localhost", "--channels", "mail"],
            "--channels: unknown channel 'mail' (did you mean 'Email'?)",
        ),
        (["--forward-to", "http://localhost", "--channels", ""], "unknown channel ''"),
        (
            ["--forward-to", "http://localhost", "--type", "abTestEvents", "--channels", "email"],
            "A/B tests have no channel",
        ),
        (["--forward-to", "http://localhost?a={{User}}"], "User"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    live: Live, postbacks: CommandLine, arguments: list[str], expected: str
) -> None:
    result = postbacks.run("listen", *arguments)
    assert result.exit_code in (1, 2)
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr
    assert live.sandbox.postbacks() == []
    assert live.sandbox.inboxes.names() == []


def test_an_app_with_three_rules_says_so_and_nothing_is_left(
    live: Live, postbacks: CommandLine
) -> None:
    for _ in range(3):
        live.sandbox.add_postback(live.inbox_url("crm"))
    postbacks.fails(1, "listen", "--forward-to", "http://localhost:1")
    assert live.sandbox.inboxes.names() == []


def test_an_endpoint_that_is_the_sandbox_itself_is_refused(
    live: Live, postbacks: CommandLine
) -> None:
    said = postbacks.fails(1, "listen", "--forward-to", live.inbox_url("crm"))
    assert "it would be a loop" in said


def test_serve_starts_a_sandbox_that_ends_with_it(tmp_path: Path) -> None:
    ports = {"POSTBACKS_PORT": "0", "POSTBACKS_RECEIVER_PORT": "0", "POSTBACKS_CLOCK": "manual"}
    with endpoint() as own:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "mockserver", "listen", "--serve", "--json",
             "--forward-to", own.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(tmp_path, **ports), cwd=tmp_path,
        )  # fmt: skip
        try:
            told = documents(process)
            begun = next(told)
            CommandLine(str(begun["url"])).ok("trigger", "email.open")
            assert next(told)["status"] == 200
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=20)
        finally:
            process.kill()
            process.communicate()
    assert (process.returncode, complaints) == (130, "")
    assert not os.listdir(tmp_path)


def test_serve_and_a_url_contradict_each_other(postbacks: CommandLine, live: Live) -> None:
    arguments = ["listen", "--serve", "--url", live.url, "--forward-to", "http://localhost:1"]
    assert "--serve starts a sandbox" in postbacks.fails(2, *arguments)
