"""Wakes a thread that waits for sockets, from any other thread.

Decides: nothing. Place in the flow: inside the transport over sockets, so that an attempt
that falls due does not wait for those under way. Must not import: anything of this package.
"""

from __future__ import annotations

import socket
from contextlib import suppress


class Waker:
    """A socket that becomes readable when somebody calls `wake`."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._woken = False

    def fileno(self) -> int:
        """Return what a `select` watches."""
        return self._reader.fileno()

    def wake(self) -> None:
        """Wake whoever waits, or whoever waits next; after `close` do nothing."""
        if not self._woken:
            self._woken = True
            with suppress(OSError):
                self._writer.send(b"\0")

    def take(self) -> bool:
        """Return whether there was a call of `wake` since the last time."""
        if not self._woken:
            return False
        with suppress(OSError):
            self._reader.recv(4096)
        # Only now, so that a call from here on writes again.
        self._woken = False
        return True

    def close(self) -> None:
        """Release the sockets."""
        self._reader.close()
        self._writer.close()
