"""Opens listening sockets, and says under which host they are reached."""

from __future__ import annotations

import errno
import socket

from mockserver.core.errors import AddressUnavailable

#: How many connections the system accepts before the server does.
_BACKLOG = 1024


def listening_socket(host: str, port: int, server: str = "") -> socket.socket:
    """Return a socket that listens and does not block.

    Args:
        host: An address of this machine, or a name of it.
        port: 0 picks a free one.
        server: Who listens, for the message of an error, e.g. `the receiver`.

    Raises:
        AddressUnavailable: Something else listens there, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio turns off Nagle's algorithm for the connections it
    # accepts: it would gather up what is sent in small pieces.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two sockets may be bound to one port until one of them listens.
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except (OSError, UnicodeError, TypeError) as error:
        # A name that cannot be encoded is an error of its type, in Python's eyes.
        listener.close()
        cannot = f"{server} cannot listen".lstrip()
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressUnavailable(
            f"{cannot} at {host} port {port}: {reason}; {_way_out(error)}"
        ) from None
    return listener


def _way_out(error: Exception) -> str:
    """Return what a user can do who cannot listen somewhere."""
    if isinstance(error, socket.gaierror | UnicodeError | TypeError):
        return "it is no name that is known here; choose an address of this machine, as 127.0.0.1"
    code = getattr(error, "errno", None)
    if code == errno.EADDRNOTAVAIL:
        return "this machine has no such address; choose one that it has, as 127.0.0.1"
    if code == errno.EACCES:
        return "choose a port above 1023 (0 picks a free one)"
    return "choose another port (0 picks a free one) or stop what listens there"


def reached_at(host: str) -> str:
    """Return the host that clients on this machine call a server by that listens at `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def origin_of(scheme: str, host: str, port: int) -> str:
    """Return the beginning of a server's URLs, e.g. `http://[::1]:8780`."""
    return f"{scheme}://{host_in_url(host)}:{port}"


def host_in_url(host: str) -> str:
    """Return a host as URLs and `Host` fields have it: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
