"""`postbacks serve` in a process of its own, as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mockserver.client.sandbox_client import SandboxClient

FREE_PORTS = ("--port", "0", "--receiver-port", "0")


class Served:
    """A running `postbacks serve --json`, and what it said."""

    def __init__(self, process: subprocess.Popen[str], facts: dict[str, Any]) -> None:
        self.process = process
        self.facts = facts
        self.client = SandboxClient(facts["api_url"], facts["token"], ca_file=facts["ca_file"])

    def stop(self, signal_number: int) -> tuple[int, str]:
        """Return the exit code, and what was said on stderr."""
        self.process.send_signal(signal_number)
        _, complaints = self.process.communicate(timeout=20)
        return self.process.returncode, complaints


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "POSTBACKS" not in name}
    return kept | {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")} | more


def spawn(
    home: Path, *arguments: str, enter: Sequence[str] = (), **variables: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*enter, sys.executable, "-m", "mockserver", "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home, **variables),
        cwd=home,
    )


@contextmanager
def serve(
    home: Path, *arguments: str, enter: Sequence[str] = (), **variables: str
) -> Iterator[Served]:
    process = spawn(home, "--json", *FREE_PORTS, *arguments, enter=enter, **variables)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()
        yield Served(process, json.loads(line))
    finally:
        process.kill()
        process.communicate()


def refused(
    home: Path, *arguments: str, enter: Sequence[str] = (), **variables: str
) -> tuple[int, str]:
    """Return the exit code and the one line of a `serve` that does not get to serve."""
    process = spawn(home, *arguments, enter=enter, **variables)
    try:
        said, complaints = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert said == ""
    assert complaints.count("\n") == 1, complaints
    return process.returncode, complaints
