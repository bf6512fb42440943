"""Runs `postbacks verify` in a process of its own, one at a time, and knows how far it is.

The suite is a package that `mockserver` does not import: an entry point would bring it into the
server's process, with its signals and its memory, where a run could not be ended. So the command is
run as anybody runs it, without a shell, and tells of each case in a line of JSON.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from mockserver.core.errors import PostbacksError
from mockserver.net.monotonic import real_seconds

#: What runs the command line of this very installation, whatever lies in the current folder.
COMMAND = (sys.executable, "-P", "-m", "mockserver")
#: What has the command tell of each case.
PROGRESS = "--progress-lines"
#: How many cases that did not pass, and how many lines of other text, are remembered.
MOST_FOUND = 200
_MOST_SAID = 20
_LONGEST_LINE = 64 * 1024
_LONGEST_SAID = 1_000
#: How long a server that stops waits for the process to write its report.
_CLOSING_SECONDS = 0.4


class RunUnderWay(PostbacksError):
    """Another run goes on."""

    code = "verify-under-way"
    http_status = 409


class RunImpossible(PostbacksError):
    """The command cannot be started."""

    code = "verify-impossible"
    http_status = 503


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A case that did not pass."""

    id: str
    title: str
    level: str
    status: str


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is.

    Attributes:
        number: Counted from 1.
        command: What does the same in a terminal.
        is_running: Whether it goes on.
        is_cancelled: Whether it was told to end.
        cases: How many there are; None until that is known.
        current: The case that is being tried.
        by_status: How many cases have come to each status.
        found: Those that did not pass, in their order.
        said: What the command said otherwise: why it did not run, for instance.
        exit_code: What it ended with; None before.
        report_id: Its report; None if none was kept.
        real_seconds: How long it has taken.
    """

    number: int
    command: str
    is_running: bool = True
    is_cancelled: bool = False
    cases: int | None = None
    current: str | None = None
    by_status: Mapping[str, int] = field(default_factory=dict)
    found: tuple[FoundCase, ...] = ()
    said: tuple[str, ...] = ()
    exit_code: int | None = None
    report_id: str | None = None
    real_seconds: float = 0.0


class VerifyRuns:
    """The last run, and whether another may begin.

    Args:
        command: What the words of a command line are given to.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._run: _Run | None = None
        self._number = 0
        self._is_closed = False

    def start(self, words: Sequence[str]) -> RunState:
        """Start a run; it goes on when this returns.

        Args:
            words: The command line after `postbacks`, e.g. `["verify", "http://127.0.0.1:5000/"]`.

        Raises:
            RunUnderWay: There is one that has not ended.
            RunImpossible: The process cannot be started.
        """
        with self._lock:
            if self._run is not None and self._run.state().is_running:
                raise RunUnderWay("a run is under way; wait for it, or cancel it")
            if self._is_closed:
                raise RunImpossible("the sandbox is being closed")
            self._number += 1
            self._run = _Run(self._number, self._command, words)
            return self._run.state()

    def state(self) -> RunState | None:
        """Return how far the last run is; None if there was none."""
        with self._lock:
            return None if self._run is None else self._run.state()

    def cancel(self) -> RunState | None:
        """Have a run end with a report of what was tried; asked again, end it at once."""
        with self._lock:
            if self._run is not None:
                self._run.cancel()
            return None if self._run is None else self._run.state()

    def close(self) -> None:
        """End a run that goes on, and start no other."""
        with self._lock:
            self._is_closed = True
            if self._run is not None:
                self._run.close()


class _Run:
    def __init__(self, number: int, command: Sequence[str], words: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._began = real_seconds()
        self._said: deque[str] = deque(maxlen=_MOST_SAID)
        self._state = RunState(number, shlex.join(["postbacks", *words]))
        first, *others = words
        try:
            self._process = subprocess.Popen(
                [*command, first, PROGRESS, *others],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # Ctrl-C in the terminal of the server is for the server, which ends the run.
                start_new_session=True,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
        except (OSError, ValueError) as error:
            raise RunImpossible(f"`postbacks verify` cannot be started: {error}") from None
        self._reader = threading.Thread(
            target=self._follow, name="postbacks-verify-run", daemon=True
        )
        self._reader.start()

    def state(self) -> RunState:
        with self._lock:
            if not self._state.is_running:
                return self._state
            return replace(self._state, real_seconds=real_seconds() - self._began)

    def cancel(self) -> None:
        with self._lock:
            if not self._state.is_running:
                return
            is_second = self._state.is_cancelled
            self._state = replace(self._state, is_cancelled=True)
        if is_second:
            self._process.kill()
        else:
            self._process.terminate()

    def close(self) -> None:
        self.cancel()
        self._reader.join(_CLOSING_SECONDS)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join(_CLOSING_SECONDS)

    def _follow(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        with stream, suppress(OSError, ValueError):
            while line := stream.readline(_LONGEST_LINE):
                self._take(line)
        exit_code = self._process.wait()
        with self._lock:
            self._state = replace(
                self._state,
                is_running=False,
                current=None,
                exit_code=exit_code,
                said=tuple(self._said),
                real_seconds=real_seconds() - self._began,
            )

    def _take(self, line: bytes) -> None:
        try:
            told = msgspec.json.decode(line, type=dict[str, Any])
            kind = told["progress"]
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
            text = line.decode("utf-8", "replace").strip()
            with self._lock:
                if text:
                    self._said.append(text[:_LONGEST_SAID])
                    self._state = replace(self._state, said=tuple(self._said))
            return
        with self._lock, suppress(KeyError, TypeError):
            self._state = _after(self._state, kind, told)


def _after(state: RunState, kind: object, told: Mapping[str, Any]) -> RunState:
    if kind == "begin":
        return replace(state, cases=told["cases"])
    if kind == "case":
        return replace(state, current=told["id"])
    if kind == "report":
        return replace(state, report_id=told["id"])
    if kind != "result":
        return state
    status = told["status"]
    by_status = {**state.by_status, status: state.by_status.get(status, 0) + 1}
    found = state.found
    if status not in ("PASS", "SKIP") and not told["known"] and len(found) < MOST_FOUND:
        found = (*found, FoundCase(told["id"], told["title"], told["level"], status))
    return replace(state, by_status=by_status, found=found)
