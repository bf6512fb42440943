"""An endpoint of known strength, in a process of its own: `python -m tests.load.sink ...`.

Arguments: `--rate` (answers a second; 0 for as many as it can), `--queue` (how many more may wait),
`--freeze AFTER FOR` (stands still, in seconds from the first request), `--port`, `--status`. It
prints its port, and ends when its input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Sink:
    """A sink that runs."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?user={{{{User ID}}}}&at={{{{Trigger time}}}}"


@contextmanager
def sink(*arguments: object) -> Iterator[Sink]:
    command = [sys.executable, "-m", "tests.load.sink", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Sink(int(process.stdout.readline()), process)
        finally:
            process.kill()


class _Server(asyncio.Protocol):
    free_at = 0.0
    froze_at: float | None = None
    options: argparse.Namespace

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            _, _, self._data = self._data.partition(b"\r\n\r\n")
            self._answer_request()

    def _answer_request(self) -> None:
        options, loop = self.options, asyncio.get_running_loop()
        now = loop.time()
        if options.freeze:
            after, lasts = options.freeze
            if _Server.froze_at is None:
                _Server.froze_at = now + after
            elif now > _Server.froze_at:
                options.freeze = None
                time.sleep(lasts)
        if not options.rate:
            self._send(options.status)
            return
        begins = max(now, _Server.free_at)
        if begins - now > options.queue / options.rate:
            self._send(503)
            return
        _Server.free_at = begins + 1 / options.rate
        loop.call_at(_Server.free_at, self._send, options.status)

    def _send(self, status: int) -> None:
        self._transport.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)


async def _serve(options: argparse.Namespace) -> None:
    _Server.options = options
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Server, "127.0.0.1", options.port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    _parser = argparse.ArgumentParser()
    _parser.add_argument("--rate", type=float, default=0)
    _parser.add_argument("--queue", type=float, default=0)
    _parser.add_argument("--freeze", type=float, nargs=2)
    _parser.add_argument("--port", type=int, default=0)
    _parser.add_argument("--status", type=int, default=200)
    asyncio.run(_serve(_parser.parse_args()))
