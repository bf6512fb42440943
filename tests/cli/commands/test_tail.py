"""`postbacks tail`, in a process of its own, as people run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Live


@contextmanager
def tail(live: Live, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "mockserver", "--url", live.url, "tail", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_tail_shows_what_happens_and_ends_quietly(live: Live, add_rule: Callable[..., int]) -> None:
    with tail(live) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.readline() == f"watching {live.url}; Ctrl-C ends it\n"
        postback_id = add_rule()
        live.sandbox.inbox("crm").behave("503")
        live.sandbox.trigger("email.click")
        lines = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=10)
    assert lines[0] == f"rule {postback_id} added\n"
    assert lines[1].endswith("?user={{User ID}}&event={{Message event}}\n")
    assert lines[2] == ("2026-01-01 00:00:00  Email Click by ada+news@example.com  -> delivery 1\n")
    assert lines[3].startswith("2026-01-01 00:00:00  delivery 1  attempt 1  503 in ")
    assert lines[3].endswith("  pending, next at 2026-01-01 01:00:00\n")
    assert lines[4].startswith("  http://127.0.0.1:")
    assert (process.returncode, rest, complaints) == (130, "", "")


def test_tail_in_json_is_one_document_a_line(
    live: Live, add_rule: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rule()
    watched = threading.Event()
    wait = live.sandbox.feed.wait

    def watch(sequence: int, timeout_real_seconds: float) -> object:
        watched.set()
        return wait(sequence, timeout_real_seconds)

    monkeypatch.setattr(live.sandbox.feed, "wait", watch)
    with tail(live, "--json") as process:
        assert process.stdout is not None
        assert watched.wait(timeout=20)
        live.sandbox.trigger("email.click")
        entries = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [entry["kind"] for entry in entries] == ["event", "attempt"]
    assert entries[1]["facts"]["attempt"]["status"] == 200


def test_tail_ends_with_code_3_when_the_sandbox_goes() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mockserver", "--url", "http://127.0.0.1:1", "tail"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith("postbacks: no sandbox answers")
