"""Encrypts and decrypts a server's connection in memory; its owner moves the bytes.

Both servers use it, because the TLS of asyncio waits for the client before it closes a socket and
cannot end one direction alone, and waitress has no TLS.
"""

from __future__ import annotations

import ssl
from contextlib import suppress

#: The most that one TLS record holds.
LARGEST_RECORD = 16 * 1024


class MemoryTls:
    """The server's side of one TLS connection. Not for two threads at once.

    After each call, `outgoing` has bytes that are to be sent to the client.

    Args:
        context: The server's.

    Attributes:
        object: What the `ssl` module knows of the connection.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._secured = False

    def feed(self, data: bytes) -> None:
        """Take in bytes that came from the client."""
        self._incoming.write(data)

    def read(self) -> bytes | None:
        """Return the next piece that can be decrypted; shake hands first.

        Returns:
            None if the client has to send more before that; `b""` if it announced the end.

        Raises:
            ssl.SSLError: The client speaks no TLS, or breaks its rules. `outgoing` may have an
                alert that tells it so.
        """
        try:
            if not self._secured:
                self.object.do_handshake()
                self._secured = True
            return self.object.read(LARGEST_RECORD)
        except ssl.SSLWantReadError:
            return None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Encrypt the beginning of `data`; return how many bytes of it that is.

        Raises:
            ssl.SSLError: The handshake has not ended, or the connection has.
        """
        return self.object.write(data)

    def end(self) -> None:
        """Announce the end (close_notify), and do not wait for the client to do the same."""
        with suppress(ssl.SSLError):
            self.object.unwrap()

    def outgoing(self) -> bytes:
        """Return what is to be sent to the client now, and forget it."""
        return self._outgoing.read()
