"""Speaks TLS on a connection to the API, which waitress does not.

No proxy stands in front of waitress: it sees the client's own address, and is stopped as it is
without TLS. What cannot be sent yet is kept encrypted here.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from typing import Any

from mockserver.net.memory_tls import LARGEST_RECORD, MemoryTls
from mockserver.web.server.connection import Connection

_READ_BYTES = 64 * 1024


class TlsChannel(Connection):
    """One connection to the API, encrypted.

    The handshake takes place within the first reads, so that nobody waits for it.

    Args:
        context: The server's.
        arguments: Those of a connection, in order.
        named: The others, by their names.
    """

    def __init__(self, context: ssl.SSLContext, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.begin_tls(context)

    def begin_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from the next byte on."""
        self._tls = MemoryTls(context)
        self._decrypted = b""
        #: Encrypted, and not taken by the socket yet.
        self._unsent = bytearray()
        #: How much of what waitress wants to send that is.
        self._owed = 0
        # Waitress reads in one thread and writes in others; OpenSSL bears one at a time.
        self._tls_lock = threading.Lock()
        # Waitress offers again what the socket did not take, at most so much at a time.
        self.sendbuf_len = LARGEST_RECORD

    @property
    def tls(self) -> MemoryTls:
        """Return what encrypts it."""
        return self._tls

    def writable(self) -> bool:
        """Return whether something waits for room in the socket."""
        return bool(self._unsent or super().writable())

    def handle_read(self) -> None:
        """Take in what has come, as far as it is whole records."""
        try:
            with self._tls_lock:
                received = self.socket.recv(_READ_BYTES)
                # What comes after the end is thrown away, and its end noticed.
                lingers = self.lingers_until is not None
                decrypted = received if lingers else self._decrypt(received)
        except BlockingIOError:
            return
        except OSError:
            # The client is gone, or speaks no TLS.
            decrypted = b""
        if decrypted is not None:
            self._decrypted = decrypted
            super().handle_read()

    def recv(self, buffer_size: int) -> bytes:
        """Return what has been decrypted; nothing means that the client has gone."""
        data, self._decrypted = self._decrypted, b""
        if not data:
            self.handle_close()
        return data

    def handle_write(self) -> None:
        """Send what waits, of TLS's own and then of waitress's."""
        with self._tls_lock, suppress(OSError):
            self._flush()
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send a part of `data`; return how much of it the socket has taken for certain.

        What has been encrypted and was not taken is what the next call begins with.
        """
        try:
            with self._tls_lock:
                if not self._owed:
                    self._owed = self._tls.write(memoryview(data)[:LARGEST_RECORD])
                self._flush()
                if self._unsent:
                    return 0
                owed, self._owed = self._owed, 0
                return owed
        except OSError:
            if do_close:
                self.handle_close()
            return 0

    def handle_close(self) -> None:
        """Announce the end and close, without waiting for the client to agree."""
        if self.told is None:
            self._announce_end()
        elif self._unsent and self.will_close:
            # Whoever takes the connection over begins with what it encrypts itself.
            return
        super().handle_close()

    def _announce_end(self) -> None:
        with self._tls_lock:
            self._tls.end()
            with suppress(OSError):
                self._flush()
            self._unsent.clear()

    def _decrypt(self, data: bytes) -> bytes | None:
        """Return what `data` completes: None if that is nothing yet, `b""` at the end."""
        if not data:
            return b""
        pieces = []
        self._tls.feed(data)
        try:
            while piece := self._tls.read():
                pieces.append(piece)
        finally:
            self._flush()
        if piece is None:
            return b"".join(pieces) or None
        return b"".join(pieces)

    def _flush(self) -> None:
        self._unsent += self._tls.outgoing()
        # Another thread may close it meanwhile, which is an error like others.
        opened = self.socket
        if self._unsent and opened is not None:
            with suppress(BlockingIOError):
                del self._unsent[: opened.send(self._unsent)]
