"""A run is a process of its own: followed line by line, one at a time, and ended for good."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from mockserver.reports.verify_run import (
    COMMAND,
    MOST_FOUND,
    RunImpossible,
    RunState,
    RunUnderWay,
    VerifyRuns,
)

PATIENCE = 20.0
WORDS = ["verify", "--", "http://127.0.0.1:5000/in?user={{User ID}}"]

#: A program in place of the command: it writes what it is given, and then does what is said.
TELLING = "import sys, time; sys.stderr.write({text}); sys.stderr.flush(); {then}"


def telling(text: str, then: str = "sys.exit(0)") -> VerifyRuns:
    return VerifyRuns([sys.executable, "-c", TELLING.format(text=repr(text), then=then)])


def result(name: str, status: str, known: str = "false") -> str:
    told = f'"progress": "result", "id": "{name}", "title": "t", "level": "MUST"'
    return f'{{{told}, "status": "{status}", "known": {known}}}'


def until(runs: VerifyRuns, holds: Callable[[RunState], bool]) -> RunState:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        state = runs.state()
        if state is not None and holds(state):
            return state
        time.sleep(0.01)
    raise AssertionError(f"still {runs.state()}")


def ended(runs: VerifyRuns) -> RunState:
    return until(runs, lambda state: not state.is_running)


@pytest.fixture
def hanging() -> Iterator[VerifyRuns]:
    runs = telling('{"progress": "begin", "cases": 9}\n', "time.sleep(60)")
    yield runs
    runs.close()


def test_without_a_run_there_is_no_state() -> None:
    runs = VerifyRuns()
    assert runs.state() is None
    assert runs.cancel() is None
    runs.close()


def test_it_is_followed_line_by_line() -> None:
    lines = [
        "3 cases against http://127.0.0.1:5000/",
        '{"progress": "begin", "cases": 3}',
        '{"progress": "case", "id": "PB-A"}',
        result("PB-A", "PASS"),
        result("PB-B", "FAIL"),
        result("PB-C", "FAIL", "true"),
        '{"progress": "report", "id": "20260101T123000Z-00000000"}',
        '{"progress": "of a later version"}',
    ]  # fmt: skip
    runs = telling("\n".join(lines) + "\n", "sys.exit(1)")
    begun = runs.start(WORDS)
    assert (begun.number, begun.is_running) == (1, True)
    assert begun.command == "postbacks verify -- 'http://127.0.0.1:5000/in?user={{User ID}}'"
    state = ended(runs)
    assert (state.cases, state.by_status) == (3, {"PASS": 1, "FAIL": 2})
    assert [found.id for found in state.found] == ["PB-B"]
    assert state.said == ("3 cases against http://127.0.0.1:5000/",)
    assert (state.exit_code, state.report_id) == (1, "20260101T123000Z-00000000")
    assert state.current is None
    assert state.real_seconds > 0


@pytest.mark.parametrize(
    "text",
    ["null\n", "[1]\n", '{"progress": "result"}\n', '{"progress": ["x"]}\n', "{" * 5000 + "\n",
     '{"progress": "begin", "cases": 3', "\n\n", "\x1b[31mred\n", '"progress"\n'],
)  # fmt: skip
def test_no_line_ends_the_following(text: str) -> None:
    runs = telling(text + '\n{"progress": "case", "id": "PB-LAST"}\n', "time.sleep(60)")
    runs.start(WORDS)
    until(runs, lambda state: state.current == "PB-LAST")
    runs.close()
    assert ended(runs).current is None


def test_what_it_says_is_bounded() -> None:
    fails = result("PB-A", "WARN") + "\n"
    text = f"{fails!r} * {MOST_FOUND + 50} + 'y' * 200_000 + '\\n'"
    text += " + ''.join(f'line {number}\\n' for number in range(100))"
    runs = VerifyRuns([sys.executable, "-c", TELLING.format(text=text, then="sys.exit(0)")])
    runs.start(WORDS)
    state = ended(runs)
    assert len(state.found) == MOST_FOUND
    assert state.by_status == {"WARN": MOST_FOUND + 50}
    assert state.said[-1] == "line 99"
    assert sum(map(len, state.said)) < 50_000


def test_one_at_a_time(hanging: VerifyRuns) -> None:
    hanging.start(WORDS)
    with pytest.raises(RunUnderWay, match="cancel"):
        hanging.start(WORDS)
    hanging.cancel()
    assert ended(hanging).is_cancelled
    assert hanging.start(WORDS).number == 2


def test_a_run_that_is_cancelled_may_still_write_its_report() -> None:
    then = (
        "import signal; signal.signal(signal.SIGTERM, lambda *_: ("
        'sys.stderr.write(\'{"progress": "report", "id": "R"}\\n\'), sys.exit(130))); '
        'sys.stderr.write(\'{"progress": "case", "id": "READY"}\\n\'); sys.stderr.flush(); '
        "time.sleep(60)"
    )
    runs = telling("", then)
    runs.start(WORDS)
    until(runs, lambda state: state.current == "READY")
    state = runs.cancel()
    assert state is not None
    assert state.is_cancelled
    state = ended(runs)
    assert (state.exit_code, state.report_id) == (130, "R")
    # Nothing is left that could be ended.
    runs.cancel()
    runs.close()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere every end is at once")
def test_asked_twice_it_ends_at_once() -> None:
    deaf = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stderr.write('deaf\\n')"
    )
    runs = telling("", f"{deaf}; sys.stderr.flush(); time.sleep(60)")
    runs.start(WORDS)
    until(runs, lambda state: state.said == ("deaf",))
    runs.cancel()
    assert runs.state().is_running  # type: ignore[union-attr]
    runs.cancel()
    assert ended(runs).exit_code == -signal.SIGKILL


def test_with_the_sandbox_it_ends_and_no_other_begins(hanging: VerifyRuns) -> None:
    hanging.start(WORDS)
    hanging.close()
    assert not ended(hanging).is_running
    with pytest.raises(RunImpossible, match="closed"):
        hanging.start(WORDS)


@pytest.mark.parametrize("command", [["/nowhere/at/all"], ["\x00"]])
def test_what_cannot_be_started_is_said(command: list[str]) -> None:
    runs = VerifyRuns(command)
    with pytest.raises(RunImpossible, match="cannot be started"):
        runs.start(WORDS)
    assert runs.state() is None


def test_the_command_is_that_of_this_installation() -> None:
    """Whatever lies in the current folder; an option that does not exist is told by ours."""
    runs = VerifyRuns(COMMAND)
    runs.start(["verify", "--nothing-like-it", "http://127.0.0.1:1/"])
    state = ended(runs)
    assert state.exit_code == 2
    assert "nothing-like-it" in " ".join(state.said)
