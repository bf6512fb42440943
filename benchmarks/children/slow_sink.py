"""Answers every request with 200, after a while.

Usage: `python -m benchmarks.children.slow_sink MILLISECONDS`. It knows just enough of HTTP
to be quick: requests have no body, so each ends with an empty line.
"""

from __future__ import annotations

import asyncio
import sys
import threading

from benchmarks.children.serving import announce, wait_for_the_end

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class SlowSink(asyncio.Protocol):
    """One connection.

    Args:
        loop: Where it waits.
        seconds: How long an answer takes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete, later."""
        *complete, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for _ in complete:
            self._loop.call_later(self._seconds, self._transport.write, ANSWER)


async def main() -> None:
    """Serve until standard input is closed."""
    seconds = float(sys.argv[1]) / 1000
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server = await loop.create_server(lambda: SlowSink(loop, seconds), "127.0.0.1", 0, backlog=1024)
    announce(server.sockets[0].getsockname()[1])

    def wait() -> None:
        wait_for_the_end()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
