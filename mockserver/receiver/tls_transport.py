"""Speaks TLS between a socket and a connection of the receiver, which notices nothing of it.

asyncio has TLS of its own. It is not used, because it does not close a socket before the client
has agreed (or 30 seconds are over), cannot end one direction alone, and keeps a connection that
shakes hands to itself, so that it cannot be ended at once when the receiver stops.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

from mockserver.net.memory_tls import MemoryTls


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """A transport to the connection above it, and a protocol to the socket below it.

    An end in order is announced (close_notify) before the socket is closed; an abort is not.

    Args:
        tls: What encrypts it, or the server's context to make that from.
        above: What gets the decrypted bytes.
    """

    def __init__(self, tls: MemoryTls | ssl.SSLContext, above: asyncio.Protocol) -> None:
        super().__init__()
        self._above = above
        self._below: asyncio.Transport
        self._tls = tls if isinstance(tls, MemoryTls) else MemoryTls(tls)
        self._paused = False
        self._ended = False

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in a new connection, so that it can be ended even before the handshake."""
        self._below = cast(asyncio.Transport, transport)
        self._above.connection_made(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the socket is closed."""
        self._ended = True
        self._above.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Decrypt what has come."""
        if not self._ended:
            self._tls.feed(data)
            self._take_in()

    def pause_writing(self) -> None:
        """Pass on that the client does not read."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it does again."""
        self._above.resume_writing()

    # Called by the connection

    def write(self, data: Any) -> None:
        """Encrypt and send."""
        if self._ended:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError:
            self.abort()
            return
        self._flush()

    def can_write_eof(self) -> bool:
        """Return that one direction can be ended alone."""
        return True

    def write_eof(self) -> None:
        """Announce the end, and read on: what comes from now on is dropped."""
        self._announce_end()
        self._below.write_eof()

    def close(self) -> None:
        """Announce the end and close, without waiting for the client to agree."""
        self._announce_end()
        self._below.close()

    def abort(self) -> None:
        """Close at once and unannounced."""
        self._ended = True
        self._below.abort()

    def is_closing(self) -> bool:
        """Return whether nothing more is sent or received."""
        return self._below.is_closing()

    def pause_reading(self) -> None:
        """Stop reading, so that what the client sends has to wait at the client."""
        self._paused = True
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Go on with what has been decrypted, and then with what comes."""
        self._paused = False
        self._below.resume_reading()
        # Not at once: the connection may be in the middle of a request.
        asyncio.get_running_loop().call_soon(self._take_in)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the socket; `ssl_object` tells that this is TLS."""
        if name == "ssl_object":
            return self._tls.object
        return self._below.get_extra_info(name, default)

    # Within

    def _take_in(self) -> None:
        try:
            while not self._paused and not self._ended:
                data = self._tls.read()
                if data is None:
                    break
                if data:
                    self._above.data_received(data)
                else:
                    self.close()
            self._flush()
        except ssl.SSLError:
            # The alert that tells the client is in the buffer.
            self._ended = True
            self._flush()
            self._below.close()

    def _announce_end(self) -> None:
        if not self._ended:
            self._ended = True
            self._tls.end()
            self._flush()

    def _flush(self) -> None:
        data = self._tls.outgoing()
        if data and not self._below.is_closing():
            self._below.write(data)
