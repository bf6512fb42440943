"""What tests of the receiver send, and how they wait for what it does."""

from __future__ import annotations

import time

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox

POST = b"POST /inbox/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"POST /inbox/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def ended(inbox: Inbox, count: int) -> list[str | None]:
    """Return the ends of the requests once none is under way."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        ends = [request.end for request in inbox.wait_for(count)]
        if None not in ends:
            break
    return ends


def read_until(client: RawClient, wanted: bytes, count: int = 1) -> bytes:
    """Return everything up to the end, or until `wanted` was seen `count` times."""
    client.socket.settimeout(3)
    data = b""
    while data.count(wanted) < count:
        try:
            piece = client.socket.recv(65536)
        except (TimeoutError, ConnectionResetError):
            break
        if not piece:
            break
        data += piece
    return data
