"""Finds out by its first bytes what a client speaks: TLS, plain HTTP, or HTTP to a proxy.

It is for a server that answers in the place of others, whatever the port and the scheme were. A
client that asks a proxy for a tunnel to one of them has reached its end already.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from mockserver.web.server.connection import Connection
from mockserver.web.server.tls_channel import TlsChannel

#: The first byte of a TLS record that has a handshake in it.
_HANDSHAKE = 0x16
_CONNECT = b"CONNECT "
_HEAD_END = b"\r\n\r\n"
_LONGEST_HEAD = 16 * 1024

#: Makes the connection for an accepted socket, out of waitress's arguments.
ChannelMaker = Callable[..., Connection]


class EitherChannel(Connection):
    """A connection of which nothing is known yet; it becomes one of the others.

    Args:
        context: What it speaks TLS with, if the client does.
        may_tunnel: Returns whether a host is answered for here.
        arguments: Those of a connection, in order.
        named: The others, by their names.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        may_tunnel: Callable[[str], bool],
        *arguments: Any,
        **named: Any,
    ) -> None:
        self._context = context
        self._may_tunnel = may_tunnel
        self._begun = b""
        super().__init__(*arguments, **named)

    @classmethod
    def maker(cls, context: ssl.SSLContext, may_tunnel: Callable[[str], bool]) -> ChannelMaker:
        """Return what makes connections that answer for some hosts."""
        return partial(cls, context, may_tunnel)

    def handle_read(self) -> None:
        """Look at the first bytes, and go on as what they are the beginning of."""
        try:
            seen = self.socket.recv(_LONGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            seen = b""
        if not seen:
            self.handle_close()
        elif self._begun or _CONNECT.startswith(seen[: len(_CONNECT)]):
            self._read_head()
        else:
            self._become(TlsChannel if seen[0] == _HANDSHAKE else Connection)

    def _read_head(self) -> None:
        """Take in a part of a request for a tunnel, and open it when the head is there."""
        self._begun += self.socket.recv(_LONGEST_HEAD - len(self._begun))
        head, end, rest = self._begun.partition(_HEAD_END)
        is_tunnel = self._begun.startswith(_CONNECT)
        may_be = is_tunnel or _CONNECT.startswith(self._begun)
        if not end and may_be and len(self._begun) < _LONGEST_HEAD:
            return
        if not (is_tunnel and end) or rest:
            self.handle_close()
            return
        host = head[len(_CONNECT) :].split(b" ", 1)[0].decode("latin-1").rpartition(":")[0]
        self._begun = b""
        if self._may_tunnel(host):
            self.socket.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        why = f"only Leanplum is reached through this proxy, not {host}\n".encode()
        length = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(why)}\r\n".encode()
        self.socket.send(length + b"Connection: close\r\nContent-Type: text/plain\r\n\r\n" + why)
        self.handle_close()

    def _become(self, kind: type[Connection]) -> None:
        # waitress knows connections by their identity, so it has to stay the same object.
        self.__class__ = kind
        if isinstance(self, TlsChannel):
            self.begin_tls(self._context)
        self.handle_read()
