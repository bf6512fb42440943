"""Tells whether the client of a connection has gone, for answers that take long to make."""

from __future__ import annotations

import select
import socket

#: What Linux reports of a connection that the other side has closed, whatever is left to read.
_CLOSED = getattr(select, "POLLRDHUP", 0)


def has_gone(connection: socket.socket) -> bool:
    """Return whether the other side has closed the connection; nothing is read from it."""
    try:
        if _CLOSED:
            poller = select.poll()
            poller.register(connection, _CLOSED)
            return bool(poller.poll(0))
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        # It was closed at this side.
        return True
