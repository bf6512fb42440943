"""Lets clients believe the certificate of the server on loopback, and no other of Leanplum's.

A context of `ssl` that is to shake hands with Leanplum is replaced, for that connection, by one
that trusts the stand-in alone. So whoever got to the real one in spite of all, by an address that
it knew or through a proxy, fails there before it has sent a key.
"""

from __future__ import annotations

from functools import cache, partial
from types import ModuleType
from typing import Any

from mockserver.testing.interception import server
from mockserver.testing.interception.connections import peer_of
from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, name_of
from mockserver.testing.interception.patches import Patches, pass_through
from mockserver.testing.interception.refusal import refused

_WAYS_OUT = (
    "let the client look the name up with the system (`socket.getaddrinfo`)",
    "make the client, or its connections, within the test",
)


def lead_handshakes(patches: Patches, ssl: ModuleType) -> None:
    """Put the methods in that begin TLS, and those that go on with it.

    Args:
        patches: Takes them out again.
        ssl: The module.
    """
    genuine = _genuine(ssl)
    patches.put_in(genuine, "wrap_socket", partial(_wrap_socket, ssl))
    patches.put_in(genuine, "wrap_bio", partial(_wrap_bio, ssl))
    # Connections that were made before, and are kept: their next request would leave.
    for kind in (ssl.SSLSocket, ssl.SSLObject):
        for name in ("write", "send"):
            if name in vars(kind):
                patches.put_in(kind, name, partial(_write, ssl))


def _wrap_socket(ssl: ModuleType, replaced: Any) -> Any:
    def wrap_socket(
        context: Any,
        sock: Any,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        name = name_of(server_hostname)
        peer = peer_of(sock)
        is_ours = server.is_its_address(peer)
        if not server_side and (name in LEANPLUM_HOSTS or (is_ours and not name)):
            if peer is not None and not is_ours:
                raise refused(f"TLS with {name} at {peer[0]}", "that is not its sandbox", _WAYS_OUT)
            context = _trusting(ssl)
            # The certificate has names, and not the address that one may have connected to.
            server_hostname, session = name or min(LEANPLUM_HOSTS), None
        return replaced(
            context,
            sock,
            server_side=server_side,
            do_handshake_on_connect=do_handshake_on_connect,
            suppress_ragged_eofs=suppress_ragged_eofs,
            server_hostname=server_hostname,
            session=session,
        )

    return pass_through(wrap_socket, replaced)


def _wrap_bio(ssl: ModuleType, replaced: Any) -> Any:
    def wrap_bio(
        context: Any,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        name = name_of(server_hostname)
        if not server_side and name in LEANPLUM_HOSTS:
            context, server_hostname, session = _trusting(ssl), name, None
        return replaced(
            context,
            incoming,
            outgoing,
            server_side=server_side,
            server_hostname=server_hostname,
            session=session,
        )

    return pass_through(wrap_bio, replaced)


def _write(ssl: ModuleType, replaced: Any) -> Any:
    def write(connection: Any, data: Any, *flags: Any) -> Any:
        name = name_of(connection.server_hostname)
        is_leanplums = name in LEANPLUM_HOSTS and not connection.server_side
        if is_leanplums and connection.context is not _trusting(ssl):
            raise refused(
                f"a call on a connection to {name} that was made before",
                "it leads to the real one",
                _WAYS_OUT[1:],
            )
        return replaced(connection, data, *flags)

    return pass_through(write, replaced)


@cache
def _trusting(ssl: ModuleType) -> Any:
    """Return the context that trusts the server on loopback."""
    context = _genuine(ssl)(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(server.AUTHORITY_FILE))
    return context


def _genuine(ssl: ModuleType) -> Any:
    # truststore puts a subclass in its place, which calls the genuine one.
    return next(kind for kind in reversed(ssl.SSLContext.__mro__) if kind.__module__ == "ssl")
