"""A sandbox served by a process of its own, which can be robbed of descriptors and looked at.

`python -m tests.web.server.served_apart` is that process; a test uses `served_apart`.
"""

from __future__ import annotations

import json
import os
import resource
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from mockserver import Sandbox, SocketOptions
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.certificates import authority

ROOT = Path(__file__).parents[3]


class Served:
    """The other process, as the test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        ports = self._answer()
        self.port: int = ports["port"]
        self.receiver_port: int = ports["receiver_port"]

    def exhaust(self) -> None:
        """Leave the process no descriptor."""
        self._tell("exhaust")

    def free(self) -> None:
        """Give back what `exhaust` has taken."""
        self._tell("free")

    def look(self) -> dict[str, Any]:
        """Return how many `descriptors` and `threads` it has, and its `cpu_seconds` so far."""
        return self._tell("look")

    def settled(self, descriptors: int) -> int:
        """Return how many descriptors it has as soon as there are so few, or time is up."""
        deadline = time.monotonic() + 10
        while (now := int(self.look()["descriptors"])) > descriptors:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return now

    @contextmanager
    def using_less_than(self, share: float) -> Iterator[None]:
        """Check that it does not use more than this part of a processor meanwhile."""
        began, before = time.monotonic(), self.look()["cpu_seconds"]
        yield
        used = self.look()["cpu_seconds"] - before
        assert used < share * (time.monotonic() - began)

    def _tell(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def served_apart(*, descriptors: int = 1024, tls: bool = False) -> Iterator[Served]:
    """Serve a sandbox from another process that may have so many descriptors."""
    with ExitStack() as stack:
        certificate = stack.enter_context(_certificate_file()) if tls else ""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.server.served_apart", str(descriptors), certificate],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.enter_context(process)
        try:
            yield Served(process)
            assert process.poll() is None, "it has ended"
        finally:
            process.kill()


@contextmanager
def _certificate_file() -> Iterator[str]:
    issued = authority().issue_cert("127.0.0.1")
    with issued.private_key_and_cert_chain_pem.tempfile() as path:
        yield path


@contextmanager
def descriptors_allowed(count: int) -> Iterator[None]:
    """Let this process have so many descriptors, if it may."""
    import pytest

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < count:
        pytest.skip(f"needs {count} descriptors; the hard limit is {before[1]}")
    if before[0] != resource.RLIM_INFINITY and before[0] < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def main(descriptors: int, certificate: str) -> None:
    """Serve until standard input ends, and do what it says."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    taken: list[int] = []
    with Sandbox(sockets=SocketOptions()) as sandbox:
        context = None
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        server = ApiServer(create_app(sandbox), tls_context=context)
        server.start()
        receiver_port = int(sandbox.receiver_url.rpartition(":")[2])
        _say(port=server.port, receiver_port=receiver_port)
        for line in sys.stdin:
            if line.strip() == "exhaust":
                with suppress(OSError):
                    while True:
                        taken.append(os.dup(0))
            elif line.strip() == "free":
                while taken:
                    os.close(taken.pop())
            _say(
                # One of them is the folder that is being read.
                descriptors=0 if taken else len(os.listdir("/dev/fd")),
                threads=threading.active_count(),
                cpu_seconds=time.process_time(),
            )
        server.stop()


def _say(**facts: float) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
