"""The sandbox that is attacked, in a process of its own. Its postbacks go nowhere."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from mockserver import Sandbox, SocketOptions
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.opening import open_ledger
from mockserver.web.app import create_app
from mockserver.web.server import QUICK_IN_MEMORY, WAITING_FOR_NOTHING, ApiServer

ROOT = Path(__file__).parents[2]


class Look(NamedTuple):
    """What the process has; the memory in MiB."""

    threads: int
    descriptors: int
    memory: int


class Target:
    """The process, as the fuzzer sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.api_port, self.receiver_port = self._answer()

    def look(self) -> Look:
        assert self._process.stdin is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        return Look(*self._answer())

    def exit_code(self) -> int | None:
        """Return how the process has ended; None if it has not."""
        return self._process.poll()

    def _answer(self) -> list[int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the sandbox has ended"
        answer: list[int] = json.loads(line)
        return answer


class Nowhere:
    """Takes the postbacks to all URLs but inboxes: mutated ones may lead anywhere."""

    batch = 1

    def send(self, attempt: DueAttempt) -> Outcome:
        return Outcome(OutcomeKind.REFUSED, timedelta(0), error="nothing is sent by a fuzzer")


@contextmanager
def target(place: str = "memory://") -> Iterator[Target]:
    """Serve a sandbox with its ledger at a place."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz.served", place],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Target(process)
        finally:
            process.kill()


def main(place: str) -> None:
    """Serve until standard input ends."""
    # What ends a process without a word says at least where.
    faulthandler.enable()
    sockets = SocketOptions()
    with Sandbox(ledger=open_ledger(place), sockets=sockets, transport=Nowhere()) as sandbox:
        quick = QUICK_IN_MEMORY if place == "memory://" else WAITING_FOR_NOTHING
        server = ApiServer(create_app(sandbox), quick_paths=quick)
        server.start()
        _say(server.port, int(sandbox.receiver_url.rpartition(":")[2]))
        for _ in sys.stdin:
            _say(threading.active_count(), len(os.listdir("/dev/fd")), _memory())
        server.stop()


def _memory() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return pages * resource.getpagesize() // 2**20


def _say(*facts: int) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
