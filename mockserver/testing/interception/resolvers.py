"""Answers for aiohttp when it asks DNS itself, through aiodns and c-ares, and not the system."""

from __future__ import annotations

import socket
from types import ModuleType
from typing import Any

from mockserver.testing.interception import strict
from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, name_of
from mockserver.testing.interception.names import addresses
from mockserver.testing.interception.patches import Patches, pass_through
from mockserver.testing.interception.refusal import refused

#: The questions of an `aiodns.DNSResolver` that begin with a name.
_QUESTIONS = ("query", "query_dns", "getaddrinfo", "gethostbyname")


def lead_aiohttp(patches: Patches, resolver: ModuleType) -> None:
    """Put the method in with which aiohttp asks.

    Args:
        patches: Takes it out again.
        resolver: The module `aiohttp.resolver`.
    """
    patches.put_in(resolver.AsyncResolver, "resolve", _resolve)


def refuse_aiodns(patches: Patches, aiodns: ModuleType) -> None:
    """Put the methods in with which anybody else asks.

    Args:
        patches: Takes them out again.
        aiodns: The module.
    """
    for name in _QUESTIONS:
        patches.put_in(aiodns.DNSResolver, name, _ask)


def _resolve(replaced: Any) -> Any:
    async def resolve(resolver: Any, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        if name_of(host) not in LEANPLUM_HOSTS:
            return await replaced(resolver, host, port, family)
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": port,
                "family": found,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for found, _, _, _, address in addresses(socket, host, port, family, socket.SOCK_STREAM)
        ]

    return pass_through(resolve, replaced)


def _ask(replaced: Any) -> Any:
    def ask(resolver: Any, host: Any, *rest: Any, **named: Any) -> Any:
        if name_of(host) in LEANPLUM_HOSTS:
            raise refused(
                f"a question about {name_of(host)}",
                "aiodns asks the network itself",
                ["let the client look names up with the system"],
            )
        strict.check(host)
        return replaced(resolver, host, *rest, **named)

    return pass_through(ask, replaced)
