"""Reads the hosts of URLs and the hosts that a user allows, for who decides where postbacks go.

A URL is read so strictly that libcurl cannot take another host from it: what is written in any
unusual way has no host here, and whoever decides by the host refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from mockserver.core.errors import InvalidValue

_USUAL_PORTS = {"http": 80, "https": 443}

_URL = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@\s\\]*@)?"
    r"(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_IPV4 = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_ENTRY = re.compile(r"(\[[^\]]*\]|[^:]*):([0-9]+)")
_NAME = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


class Host(NamedTuple):
    """Where a URL leads to: a name in small letters without the last dot, or an address."""

    name: str
    port: int


def host_of(url: str) -> Host | None:
    """Return the host of a URL and its port; None if it is written in any unusual way."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    port = int(found["port"] or _USUAL_PORTS[found["scheme"].lower()])
    name = found["host"].lower()
    if not 0 < port < 65536 or name.strip(".") != name.removesuffix(".") or ".." in name:
        return None
    if name[0] == "[":
        try:
            return Host(str(IPv6Address(name[1:-1])), port)
        except ValueError:
            return None
    return Host(name, port)


def is_loopback(name: str) -> bool:
    """Return whether a host is a loopback address in its usual form, or a name for one.

    `localhost` and names below it are such by definition (RFC 6761): no client looks them up.
    With a dot at the end some do, and `127.1` or `0x7f.1` are read by some only.
    """
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return name == "::1" or (name.startswith("127.") and _is_ipv4(name))


def _is_ipv4(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return _IPV4.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host that a user has allowed: `shop.example`, `shop.example:8443` or `*.shop.example`.

    Attributes:
        name: In small letters, without the last dot; `*.` before it means all names below it, and
            not the name itself.
        port: The only port that is allowed; None for all.
    """

    name: str
    port: int | None = None

    def allows(self, host: Host) -> bool:
        """Return whether this is the host, by its name and port alone."""
        if self.port not in (None, host.port):
            return False
        name = host.name.removesuffix(".")
        return name.endswith(self.name[1:]) if self.name[0] == "*" else name == self.name


def allowed_host(text: object, place: str) -> AllowedHost:
    """Return the host that a user allows.

    Args:
        text: As it was written.
        place: What the message begins with, e.g. `allow_host`.

    Raises:
        InvalidValue: It is no host.
    """
    expected = f"{place} takes a host like 'shop.example', 'shop.example:8443' or '*.shop.example'"
    if not isinstance(text, str):
        raise InvalidValue(f"{expected}, got {text!r}")
    written = text.strip().lower()
    if written == "*":
        raise InvalidValue(f"{expected}, and no '*' alone: name where postbacks may go")
    if "/" in written or "@" in written:
        host = host_of(text.strip())
        better = "" if host is None else f": write {host.name!r}"
        raise InvalidValue(f"{expected}, got {text!r}{better}")
    port = None
    found = None if _is_ipv6(written) else _ENTRY.fullmatch(written)
    if found is not None:
        written, port = found[1], int(found[2])
        if not 0 < port < 65536:
            raise InvalidValue(f"{expected}, got {text!r}: ports go from 1 to 65535")
    written = written.removesuffix(".")
    if _is_ipv6(written.strip("[]")):
        return AllowedHost(str(IPv6Address(written.strip("[]"))), port)
    if not _NAME.fullmatch(written):
        hint = "" if written.isascii() else ": write it as it is looked up, beginning with 'xn--'"
        raise InvalidValue(f"{expected}, got {text!r}{hint}")
    if re.fullmatch(r"[0-9.]+|0x.*", written) and not _is_ipv4(written):
        raise InvalidValue(f"{expected}, got {text!r}: an address has four numbers")
    return AllowedHost(written, port)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
