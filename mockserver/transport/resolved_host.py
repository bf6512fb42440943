"""Looks up the addresses of an endpoint's host, and decides whether a run may send to them.

The endpoint may be in production. So the user must name a host that is not this machine a second
time (--allow-host), and its addresses stay the same from the beginning of a run to the end.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import unquote, urlsplit

from mockserver.core.errors import PostbacksError
from mockserver.transport.addresses import AddressGuard

#: Returns the addresses of a host, given its name and port.
Resolve = Callable[[str, int], list[str]]


#: The addresses of `localhost`, whichever of them the system knows.
LOCALHOST = ("127.0.0.1", "::1")


class HostNotAllowed(PostbacksError):
    """The user has not allowed postbacks to this host, or it is never allowed."""

    code = "host-not-allowed"
    exit_code = 2


class HostUnknown(PostbacksError):
    """The name of the host has no address."""

    code = "host-unknown"
    exit_code = 3


@dataclass(frozen=True, slots=True)
class ResolvedHost:
    """The host of an endpoint, with its addresses.

    Attributes:
        scheme: `http` or `https`.
        host: The name or address in the URL, without brackets.
        port: That of the URL, or else the usual one of the scheme.
        addresses: IP addresses as texts, all of them allowed.
    """

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def is_tls(self) -> bool:
        """Return whether it is reached through TLS."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Return whether it is on this machine, whatever its name."""
        return all(map(is_loopback_address, self.addresses))

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def resolved(self, addresses: Collection[str] = ()) -> tuple[str, ...]:
        """Return the entry for libcurl's CURLOPT_RESOLVE, so that it looks nothing up itself.

        Args:
            addresses: The addresses to use; all unless given.
        """
        if ":" in self.host or self.host in self.addresses:
            return ()
        chosen = ",".join(
            f"[{each}]" if ":" in each else each for each in addresses or self.addresses
        )
        return (f"{self.host}:{self.port}:{chosen}",)


def resolve_host(
    url: str, *, allowed_hosts: Collection[str] = (), resolve: Resolve | None = None
) -> ResolvedHost:
    """Look up the host of a postbackUrl.

    Args:
        url: A template, or a URL.
        allowed_hosts: Hosts besides this machine that the user allows, with or without a port.
        resolve: Looks names up; the system does unless given.

    Raises:
        HostUnknown: The host has no address.
        HostNotAllowed: It is not on this machine and not in `allowed_hosts`, or it has a
            link-local or metadata address, to which nothing is ever sent.
    """
    parts = urlsplit(url.partition("{{")[0])
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    port = parts.port or _PORTS[scheme]
    _check_letters(host)
    known = tuple(dict.fromkeys((resolve or system_addresses)(host, port)))
    # As libcurl does, by which a sandbox delivers: `localhost` is this machine by either address.
    both = LOCALHOST if is_localhost(host) and known else ()
    addresses = tuple(dict.fromkeys((*known, *both)))
    if not addresses:
        raise HostUnknown(f"the host {host} has no address; is its name right?")
    resolved_host = ResolvedHost(scheme, host, port, addresses)
    guard = AddressGuard()
    for address in addresses:
        reason = guard.reason(address)
        if reason is not None:
            # The rest of the reason names a setting of the library, which a run does not have.
            what = reason.partition("; ")[0]
            raise HostNotAllowed(f"the host {host}: {what}; nothing is ever sent there")
    if not resolved_host.is_loopback and not any(
        _names(entry, resolved_host) for entry in allowed_hosts
    ):
        raise HostNotAllowed(
            f"{host} is not on this machine, and a run sends it real requests; if that may be "
            f"done, say --allow-host {host}"
        )
    return resolved_host


def is_localhost(host: str) -> bool:
    """Return whether a name means this machine, whatever the system says."""
    return _canonical(host) == "localhost" or _canonical(host).endswith(".localhost")


def system_addresses(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows of a host; none if it knows none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    # A scope like %eth0 is no part of an address.
    return [str(each[4][0]).partition("%")[0] for each in found]


def _check_letters(host: str) -> None:
    # HTTP clients differ in how they look up other letters; some do not know them at all.
    if host.isascii() and "%" not in host:
        return
    ascii_host = _canonical(unquote(host))
    advice = f"; write it as {ascii_host}" if re.fullmatch(r"[a-z0-9.-]+", ascii_host) else ""
    raise HostUnknown(f"the host {host} is not written as names are looked up{advice}")


def _names(entry: str, resolved_host: ResolvedHost) -> bool:
    """Return whether an entry of the allowed hosts means this host."""
    with_port = re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d+)", entry)
    host, port = with_port.groups() if with_port else (entry, None)
    return _canonical(host) == _canonical(resolved_host.host) and port in (
        None,
        str(resolved_host.port),
    )


def _canonical(host: str) -> str:
    """Return one spelling for all spellings of the same host."""
    host = host.lower().strip("[]").removesuffix(".")
    with suppress(ValueError):
        return str(ip_address(host))
    with suppress(UnicodeError):
        return host.encode("idna").decode()
    return host


def is_loopback_address(text: str) -> bool:
    """Return whether a literal address is this machine."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        # The kernel connects to the IPv4 address inside.
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


_PORTS = {"http": 80, "https": 443}
