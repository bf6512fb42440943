"""Starts the processes of a load, hears what they say, and ends them.

Nothing here loads Locust. The master and the workers on this machine are children with a session of
their own, so that Ctrl-C of a terminal reaches this process alone; they end when it does, whatever
ends it.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from mockserver.load.job import Job
from mockserver.load.lines import LineReader
from mockserver.net.monotonic import real_seconds

#: How long workers are waited for, in real seconds, unless told.
WAIT_SECONDS = 30.0
#: How long children may take to end, in real seconds.
_END_REAL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workers of a load are.

    Attributes:
        local: How many are started on this machine.
        expected: How many there are in all.
        bind: The address at which the master waits for them.
        port: Its port; 0 for any that is free.
        wait_seconds: How long it waits.
    """

    local: int = 1
    expected: int = 1
    bind: str = "127.0.0.1"
    port: int = 0
    wait_seconds: float = WAIT_SECONDS


class Crew:
    """A master, and the workers on this machine, from the beginning of a block to its end.

    Args:
        job: What they are to send.
        place: Where the workers are.
        allowed_hosts: Hosts beyond this machine that the user has named.

    Attributes:
        port: Where the master waits for workers, once it has said so.
        is_gone: Whether the master has ended.
        workers: The processes on this machine.
    """

    def __init__(self, job: Job, place: Place, allowed_hosts: Sequence[str] = ()) -> None:
        self.port: int | None = None
        self.is_gone = False
        self.workers: list[subprocess.Popen[bytes]] = []
        self._job = job
        self._place = place
        self._allowed_hosts = list(allowed_hosts)
        self._told_of: set[int] = set()

    def __enter__(self) -> Self:
        place = self._place
        self._master = start_child(
            "master",
            {
                "job": self._job.as_json(),
                "workers": place.expected,
                "bind": place.bind,
                "port": place.port,
                "wait_seconds": place.wait_seconds,
            },
        )
        assert self._master.stdout is not None
        self._reader = LineReader(self._master.stdout.fileno())
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._master.stdout, selectors.EVENT_READ)
        return self

    @property
    def master_pid(self) -> int:
        """Return the process of the master."""
        return self._master.pid

    def hear(self, seconds: float) -> list[Mapping[str, Any]]:
        """Return what the master says, waiting so many real seconds for it at most."""
        self._tell_of_the_dead()
        if self.is_gone or not self._selector.select(seconds):
            return []
        said = self._reader.read()
        self.is_gone = self._reader.is_at_end
        for line in said:
            if line["kind"] == "listening":
                self.port = line["port"]
                self._start_workers(line["port"])
        return list(said)

    def stop(self) -> None:
        """Have everything ended now; `hear` tells the last that was counted."""
        self._say({"stop": True})

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for process in (self._master, *self.workers):
            # Its end is what they wait for.
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
        give_up = real_seconds() + _END_REAL_SECONDS
        for process in (self._master, *self.workers):
            try:
                process.wait(max(0.0, give_up - real_seconds()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _start_workers(self, port: int) -> None:
        for _ in range(self._place.local):
            settings = {
                "host": "127.0.0.1" if self._place.bind in ("*", "0.0.0.0") else self._place.bind,
                "port": port,
                "wait_seconds": self._place.wait_seconds,
                "allowed_hosts": self._allowed_hosts,
            }
            self.workers.append(start_child("worker", settings, is_heard=False))

    def _tell_of_the_dead(self) -> None:
        for process in self.workers:
            if process.pid not in self._told_of and process.poll() is not None:
                self._told_of.add(process.pid)
                self._say({"died": process.pid})

    def _say(self, document: Mapping[str, Any]) -> None:
        assert self._master.stdin is not None
        with suppress(OSError):
            self._master.stdin.write(json.dumps(document).encode() + b"\n")
            self._master.stdin.flush()


def start_child(
    role: str, settings: Mapping[str, Any], *, is_heard: bool = True
) -> subprocess.Popen[bytes]:
    """Start a process that loads Locust, and tell it what it has to know.

    Args:
        role: `master` or `worker`.
        settings: The first line of its input.
        is_heard: Whether somebody reads what it says.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver.load.child", role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if is_heard else subprocess.DEVNULL,
        start_new_session=True,
        env=_environment(),
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
    return process


def _environment() -> dict[str, str]:
    """Return the environment of a child: Locust's own settings are not those of a load."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    # The child must find this very package, wherever this process has found it.
    return kept | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
