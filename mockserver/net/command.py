"""Runs the commands that users give to a run: probes, and those that take an endpoint down or up.

A command that takes too long is killed, with everything that it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple


class Ended(NamedTuple):
    """A command that has ended.

    Attributes:
        code: Its exit code.
        output: Its standard output.
        complaint: The last line of its error output.
    """

    code: int
    output: str
    complaint: str


def run_command(command: str | Sequence[str], real_seconds: float) -> Ended:
    """Run a command to its end: a text by the shell, a list of words without one.

    A process that it put into the background goes on running and is not waited for.

    Raises:
        TimeoutError: It took longer; it was killed with everything that it had started.
        OSError: It cannot be run.
    """
    # Files, not pipes: a pipe stays open as long as a process in the background holds it.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = process.wait(real_seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise TimeoutError from None
        except BaseException:
            # Ctrl-C does not reach the command: it runs in another session.
            _end(process)
            raise
        for file in (output, errors):
            file.seek(0)
        complaints = _as_text(errors.read()).strip().splitlines() or [""]
        return Ended(code, _as_text(output.read()), complaints[-1])


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _as_text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")
