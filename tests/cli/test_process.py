"""`postbacks` as a program: its streams may be closed, full or left, and a signal interrupts it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner

from mockserver.cli.process import INTERRUPTED, ending_signals
from mockserver.cli.root import root
from mockserver.client import sandbox_client
from tests.cli.conftest import Live
from tests.cli.serving import FREE_PORTS

POSTBACKS = (sys.executable, "-m", "mockserver")
#: One that writes its help, one that writes through rich, one that writes JSON.
SPEAKING = (["--help"], ["contracts", "list"], ["contracts", "list", "--json"])


def run(words: list[str], redirection: str) -> subprocess.CompletedProcess[str]:
    line = f'exec "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", line, "sh", *POSTBACKS, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", SPEAKING, ids=" ".join)
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
)
def test_output_that_cannot_be_written_is_one_line(
    words: list[str], redirection: str, reason: str
) -> None:
    ended = run(words, redirection)
    assert ended.returncode == 1
    told = f"cannot write the output: {reason}"
    if "--json" in words:
        assert json.loads(ended.stderr)["detail"] == told
    else:
        assert ended.stderr == f"postbacks: {told}\n"


@pytest.mark.parametrize(
    "words",
    ["events", "apps list", "rules list", "deliveries", "inbox", "trigger email.click", "reset"],
)
def test_an_answer_of_a_sandbox_that_cannot_be_written(live: Live, words: str) -> None:
    ended = run([*words.split(), "--url", live.url], ">/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == "postbacks: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2>&- <&-"])
def test_an_error_that_cannot_be_told_is_still_an_exit_code(redirection: str) -> None:
    ended = run(["nonsense"], redirection)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "")


def test_remarks_never_go_to_stdout() -> None:
    ended = run(["contracts", "list"], "2>&-")
    assert ended.returncode == 0
    assert "postbacks contracts explain ID" not in ended.stdout


@pytest.mark.parametrize("words", SPEAKING, ids=" ".join)
def test_a_reader_who_leaves_is_no_error(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        left = subprocess.run(
            [*POSTBACKS, *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writing)
    assert (left.returncode, left.stderr) == (0, "")


def test_a_letter_that_stdout_lacks_is_written_as_an_escape(live: Live) -> None:
    live.sandbox.inbox("crm")
    live.sandbox.add_postback(live.inbox_url("crm?a=ü"), channels=["Email"])
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "POSTBACKS_URL": live.url}
    for words in (["rules", "list"], ["rules", "list", "--json"]):
        ended = subprocess.run(
            [*POSTBACKS, *words], capture_output=True, text=True, env=environment, check=True
        )
        assert ended.stdout.isascii()
        if "--json" in words:
            assert json.loads(ended.stdout)["rules"][0]["url"].endswith("a=ü")


# Signals


def begun(*words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*POSTBACKS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


@pytest.fixture
def tail(live: Live) -> Iterator[subprocess.Popen[str]]:
    process = begun("--url", live.url, "tail")
    stderr: IO[str] = process.stderr  # type: ignore[assignment]
    try:
        assert stderr.readline().startswith("watching ")
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", ending_signals())
def test_every_signal_that_ends_interrupts(
    tail: subprocess.Popen[str], number: signal.Signals
) -> None:
    tail.send_signal(number)
    said = tail.communicate(timeout=20)
    assert (tail.returncode, *said) == (INTERRUPTED, "", "")


def test_a_signal_while_modules_are_imported_is_no_traceback() -> None:
    # Once Python runs our code. What it does before is not ours to catch.
    program = (
        "import os, signal, sys\n"
        "import mockserver.cli.process as process\n"
        "process.prepare()\n"
        "os.kill(os.getpid(), signal.Signals[sys.argv[1]])\n"
        "import mockserver.cli.root\n"
        "print('not ended')\n"
    )
    for number in ending_signals():
        ended = subprocess.run(
            [sys.executable, "-c", program, number.name],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (INTERRUPTED, "", "")


def test_an_interrupt_that_the_making_of_a_class_wraps_is_one_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrapped(self: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise RuntimeError("Error calling __set_name__") from error

    monkeypatch.setattr(sandbox_client.SandboxClient, "event_kinds", wrapped)
    result = CliRunner().invoke(root, ["events"])
    assert (result.exit_code, result.stderr) == (INTERRUPTED, "")


STUBBORN = """
import sys, time
from mockserver.cli.process import interruptible, prepare
prepare()
interruptible()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("tidying up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[str]]:
    """A command that takes its time once it was interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    stdout: IO[str] = process.stdout  # type: ignore[assignment]
    try:
        assert stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert stdout.readline() == "tidying up\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_ctrl_c_ends_at_once(stubborn: subprocess.Popen[str]) -> None:
    began = time.perf_counter()
    stubborn.send_signal(signal.SIGINT)
    assert stubborn.wait(timeout=20) == INTERRUPTED
    assert time.perf_counter() - began < 10


def test_what_is_tidied_up_is_not_cut_off_by_the_end_of_a_terminal(
    stubborn: subprocess.Popen[str],
) -> None:
    # A terminal that is closed, and a service manager, send more than one signal.
    stubborn.send_signal(signal.SIGHUP)
    stubborn.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        stubborn.wait(timeout=0.1)


def test_what_was_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    program = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from mockserver.cli.process import interruptible, prepare\n"
        "prepare(); interruptible()\n"
        "signal.raise_signal(signal.SIGHUP); print('goes on')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "goes on\n"


def test_the_prompt_begins_on_a_line_of_its_own_after_ctrl_c(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*POSTBACKS, "serve", "--ephemeral", *FREE_PORTS],
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
        cwd=tmp_path,
    )
    try:
        stdout: IO[str] = process.stdout  # type: ignore[assignment]
        while stdout.readline() != "Ctrl-C stops it.\n":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert os.read(terminal, 100) == b"\r\n"
    finally:
        process.kill()
        process.communicate()
        os.close(end)
        os.close(terminal)
