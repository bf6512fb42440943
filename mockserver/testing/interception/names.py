"""Lets Leanplum's names resolve to an address that stands in for it: the lookups of `socket`."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from mockserver.testing.interception import strict
from mockserver.testing.interception.hosts import (
    LEANPLUM_HOSTS,
    STAND_IN,
    STAND_IN_V6,
    is_leanplums,
    name_of,
)
from mockserver.testing.interception.patches import Patches, pass_through


def lead_names(patches: Patches, socket: ModuleType) -> None:
    """Put the functions in that look names up.

    Args:
        patches: Takes them out again.
        socket: The module.
    """
    c_module = socket._socket  # noqa: SLF001
    patches.put_in(socket, "getaddrinfo", partial(_getaddrinfo, socket))
    # For those who have imported the name of the other before: it looks this one up when called.
    patches.put_in(c_module, "getaddrinfo", partial(_getaddrinfo, socket))
    patches.put_in(socket, "gethostbyname", _gethostbyname)
    patches.put_in(socket, "gethostbyname_ex", _gethostbyname_ex)


def addresses(
    socket: ModuleType, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0
) -> list[tuple[Any, ...]]:
    """Return what `getaddrinfo` says of one of Leanplum's names.

    Args:
        socket: The module.
        host: The name, for the canonical one.
        port: A number, the name of a service, or None.
        family: Only addresses of this family.
        type: Only sockets of this type.
        proto: Only this protocol.
    """
    number = _port(socket, port)
    is_v6 = family == socket.AF_INET6
    address = (STAND_IN_V6, number, 0, 0) if is_v6 else (STAND_IN, number)
    chosen = socket.AF_INET6 if is_v6 else socket.AF_INET
    kinds = (
        (socket.SOCK_STREAM, socket.IPPROTO_TCP),
        (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
        (socket.SOCK_RAW, 0),
    )
    found = [
        (chosen, kind, protocol, name_of(host), address)
        for kind, protocol in kinds
        if type in (0, kind) and proto in (0, protocol)
    ]
    if not found or family not in (0, socket.AF_INET, socket.AF_INET6):
        raise socket.gaierror(socket.EAI_FAMILY, "ai_family not supported")
    return found


def _getaddrinfo(socket: ModuleType, replaced: Any) -> Any:
    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if name_of(host) not in LEANPLUM_HOSTS:
            strict.check(host)
            return replaced(host, port, *rest, **named)
        family, type_, proto, _ = (*rest, 0, 0, 0, 0)[:4]
        return addresses(
            socket,
            host,
            port,
            named.get("family", family),
            named.get("type", type_),
            named.get("proto", proto),
        )

    return pass_through(getaddrinfo, replaced)


def _gethostbyname(replaced: Any) -> Any:
    def gethostbyname(hostname: Any) -> Any:
        if is_leanplums(hostname):
            return STAND_IN
        strict.check(hostname)
        return replaced(hostname)

    return pass_through(gethostbyname, replaced)


def _gethostbyname_ex(replaced: Any) -> Any:
    def gethostbyname_ex(hostname: Any) -> Any:
        if is_leanplums(hostname):
            return name_of(hostname), [], [STAND_IN]
        strict.check(hostname)
        return replaced(hostname)

    return pass_through(gethostbyname_ex, replaced)


def _port(socket: ModuleType, port: Any) -> int:
    if isinstance(port, bytes):
        port = port.decode("ascii")
    if isinstance(port, str) and not port.isdigit():
        try:
            return int(socket.getservbyname(port))
        except OSError:
            raise socket.gaierror(
                socket.EAI_SERVICE, "Servname not supported for ai_socktype"
            ) from None
    return int(port or 0)
