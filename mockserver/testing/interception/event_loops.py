"""Leads connections of uvloop, which connects in C, to the server on loopback."""

from __future__ import annotations

import socket
from types import ModuleType
from typing import Any

from mockserver.testing.interception import strict
from mockserver.testing.interception.connections import led
from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, is_leanplums, name_of
from mockserver.testing.interception.names import addresses
from mockserver.testing.interception.patches import Patches, pass_through


def lead_event_loops(patches: Patches, uvloop: ModuleType) -> None:
    """Put the methods of loops in that look names up and connect.

    Args:
        patches: Takes them out again.
        uvloop: The module.
    """
    patches.put_in(uvloop.Loop, "getaddrinfo", _getaddrinfo)
    patches.put_in(uvloop.Loop, "create_connection", _create_connection)


def _getaddrinfo(replaced: Any) -> Any:
    async def getaddrinfo(
        loop: Any,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        if name_of(host) in LEANPLUM_HOSTS:
            return addresses(socket, host, port, family, type, proto)
        strict.check(host)
        return await replaced(loop, host, port, family=family, type=type, proto=proto, flags=flags)

    return pass_through(getaddrinfo, replaced)


def _create_connection(replaced: Any) -> Any:
    async def create_connection(
        loop: Any, protocol_factory: Any, host: Any = None, port: Any = None, **named: Any
    ) -> Any:
        if is_leanplums(host):
            if named.get("ssl") and named.get("server_hostname") is None:
                named["server_hostname"] = name_of(host)
            host, port = led((host, port))
            named.pop("family", None)
        elif host is not None:
            strict.check(host)
        return await replaced(loop, protocol_factory, host, port, **named)

    return pass_through(create_connection, replaced)
