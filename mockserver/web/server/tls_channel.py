"""A connection to the API over TLS, which waitress does not speak.

Decides: how waitress's bytes become TLS records and back. Place in the flow: `api_server` has
waitress make its connections here. Must not import: Flask, the sandbox.

No proxy stands in front of waitress: it keeps the client's address, its threads and the way it
is stopped.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from functools import partial
from typing import Any

from mockserver.net.monotonic import real_seconds
from mockserver.web.server.connection import Connection

_READ_BYTES = 64 * 1024
#: Of one TLS record: what is encrypted before it is known that the socket takes it.
_LARGEST_RECORD = 16 * 1024


def tls_channels(context: ssl.SSLContext) -> partial[TlsChannel]:
    """Return what waitress is to make connections with, in place of its own class."""
    return partial(TlsChannel, context)


class TlsChannel(Connection):
    """One of waitress's connections, encrypted.

    The handshake takes place within the first reads, so that nobody waits for it.
    """

    def __init__(self, context: ssl.SSLContext, *arguments: Any, **named: Any) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._secured = False
        self._decrypted = b""
        #: Encrypted, and not taken by the socket yet.
        self._unsent = bytearray()
        #: How much of what waitress wants to send that is.
        self._owed = 0
        # Waitress reads in one thread and writes in others; OpenSSL bears one at a time.
        self._tls_lock = threading.Lock()
        super().__init__(*arguments, **named)
        # Of what is not taken, waitress reads as much again for the next record.
        self.sendbuf_len = _LARGEST_RECORD

    def writable(self) -> bool:
        """Return whether something waits for room in the socket."""
        return super().writable() or (self.lingers_until is None and bool(self._unsent))

    def handle_read(self) -> None:
        """Take in what has come, as far as it is whole records."""
        if self.lingers_until is not None:
            super().handle_read()
            return
        try:
            with self._tls_lock:
                decrypted = self._decrypt(self.socket.recv(_READ_BYTES))
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
                    self._owed = self._tls.write(memoryview(data)[:_LARGEST_RECORD])
                self._flush()
                if self._unsent:
                    return 0
                self.since = real_seconds()
                owed, self._owed = self._owed, 0
                return owed
        except OSError:
            if do_close:
                self.handle_close()
            return 0

    def handle_close(self) -> None:
        """Announce the end and close, without waiting for the client to agree."""
        self._announce_end()
        super().handle_close()

    def close(self) -> None:
        """Do the same when the server stops."""
        self._announce_end()
        super().close()

    def _announce_end(self) -> None:
        with self._tls_lock:
            # It wants to read the client's agreement.
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            with suppress(OSError):
                self._flush()

    def _decrypt(self, data: bytes) -> bytes | None:
        """Return what `data` completes: None if that is nothing yet, `b""` at the end."""
        if not data:
            return b""
        pieces = []
        self._incoming.write(data)
        try:
            if not self._secured:
                self._tls.do_handshake()
                self._secured = True
            while piece := self._tls.read(_LARGEST_RECORD):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            return b"".join(pieces) or None
        finally:
            self._flush()
        return b"".join(pieces)

    def _flush(self) -> None:
        self._unsent += self._outgoing.read()
        # Another thread may close it meanwhile, which is an error like others.
        opened = self.socket
        if self._unsent and opened is not None:
            with suppress(BlockingIOError):
                del self._unsent[: opened.send(self._unsent)]
