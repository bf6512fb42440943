"""Judges which addresses a postback may be sent to, as a socket is about to be opened.

A name is resolved before that, so it cannot get another address between the check and its use.

The sandbox's own API is never connected to: a rule could change or empty the sandbox by a postback
to it.

The networks are listed here, and not taken from `ipaddress.is_global`, because that differs
between Python versions and calls multicast, NAT64 and 6to4 addresses global.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal, get_args

from mockserver.core.errors import InvalidValue

#: `local` is for a developer's own machine: loopback and private networks may be reached.
#: `public` is for a sandbox that several people share: only the public internet may be.
AddressPolicy = Literal["local", "public"]

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class AddressGuard:
    """Judges addresses under a policy.

    Attributes:
        policy: See `AddressPolicy`.
        allowed: Addresses or networks that are allowed whatever the policy says, e.g.
            `10.1.0.0/16`.
        api_port: Where the sandbox's own API listens; nothing is sent to that port of this
            machine, by whichever of its addresses. None if it has no port.

    Raises:
        InvalidValue: There is no such policy, or an entry of `allowed` is no network.
    """

    policy: AddressPolicy = "local"
    allowed: tuple[str, ...] = ()
    api_port: int | None = None

    _networks: tuple[_Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the values and read the networks."""
        if self.policy not in get_args(AddressPolicy):
            raise InvalidValue(
                f"addresses cannot be {self.policy!r}; allowed: "
                + ", ".join(get_args(AddressPolicy))
            )
        networks = tuple(_parse_network(text) for text in self.allowed)
        object.__setattr__(self, "_networks", networks)

    def reason(self, address: str, port: int | None = None) -> str | None:
        """Return why nothing is sent to a port of the literal `address`, or None if it may be.

        Args:
            address: As the system writes it.
            port: None where it does not matter yet.
        """
        if port is not None and port == self.api_port and _is_this_machine(address):
            shown = f"[{address}]" if ":" in address else address
            return (
                f"{shown}:{port} is this sandbox's own API, where no postback is sent because it "
                "could change the sandbox; let postbackUrl lead to your endpoint, or to an inbox "
                "of the receiver"
            )
        return _reason(self.policy, self._networks, address)


@lru_cache(maxsize=4096)
def _reason(policy: AddressPolicy, allowed: tuple[_Network, ...], text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return f"{text!r} is no IP address, so nothing is sent there"
    if any(address in network for network in allowed):
        return None
    for candidate in _with_embedded(address):
        for network, what in _NEVER:
            if candidate in network:
                return (
                    f"{_described(address, candidate)} is {what}; nothing is sent there unless "
                    f'AddressGuard(allowed=["{text}"]) says so'
                )
        for network, what in _NOT_PUBLIC if policy == "public" else ():
            if candidate in network:
                return (
                    f"{_described(address, candidate)} is {what}, where nothing is sent while "
                    'addresses is "public"; set addresses to "local" to allow it'
                )
    return None


def _is_this_machine(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(
        candidate.is_loopback or candidate.is_unspecified or _is_ours(candidate)
        for candidate in _with_embedded(address)
    )


def _is_ours(address: _Address) -> bool:
    # An address is ours if one can listen at it. Asked every time, because addresses change.
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _described(address: _Address, candidate: _Address) -> str:
    return str(address) if candidate is address else f"{address} (stands for {candidate})"


def _with_embedded(address: _Address) -> Iterator[_Address]:
    # A v4-mapped address *is* the IPv4 one: the kernel dials that, so only it is judged.
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    yield address
    if not isinstance(address, IPv6Address):
        return
    bits = int(address)
    for network, shift, flip in _EMBEDDING:
        if address in network:
            yield IPv4Address(((bits >> shift) ^ flip) & 0xFFFFFFFF)


def _parse_network(text: str) -> _Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise InvalidValue(
            f"AddressGuard(allowed=...) does not understand {text!r}; write an address or network "
            "like 10.1.2.3 or 10.1.0.0/16"
        ) from None


def _networks(*lines: str) -> tuple[tuple[_Network, str], ...]:
    pairs = (line.split(maxsplit=1) for line in lines)
    return tuple((ip_network(network), what) for network, what in pairs)


# Where an IPv6 address carries an IPv4 one: (network, bits to its right, mask to undo).
_EMBEDDING: tuple[tuple[IPv6Network, int, int], ...] = (
    (IPv6Network("::/96"), 0, 0),
    (IPv6Network("64:ff9b::/96"), 0, 0),
    (IPv6Network("64:ff9b:1::/48"), 0, 0),
    (IPv6Network("2002::/16"), 80, 0),
    (IPv6Network("2001::/32"), 0, 0xFFFFFFFF),
)

# Blocked under either policy: nobody's receiver is there, and credentials may be.
_NEVER = _networks(
    "169.254.0.0/16 a link-local address, where clouds keep their metadata",
    "100.100.100.200/32 a cloud's metadata address",
    "168.63.129.16/32 a cloud's host agent",
    "192.0.0.192/32 a cloud's metadata address",
    "0.0.0.0/32 the unspecified address",
    "224.0.0.0/4 a multicast address",
    "255.255.255.255/32 the broadcast address",
    "fe80::/10 a link-local address",
    "fd00:ec2::254/128 a cloud's metadata address",
    "fd20:ce::254/128 a cloud's metadata address",
    "::/128 the unspecified address",
    "ff00::/8 a multicast address",
)

_NOT_PUBLIC = _networks(
    "0.0.0.0/8 an address of this network",
    "10.0.0.0/8 a private address",
    "100.64.0.0/10 a carrier's shared address",
    "127.0.0.0/8 a loopback address",
    "172.16.0.0/12 a private address",
    "192.0.0.0/24 a protocol assignment",
    "192.0.2.0/24 a documentation address",
    "192.88.99.0/24 a 6to4 relay",
    "192.168.0.0/16 a private address",
    "198.18.0.0/15 a benchmarking address",
    "198.51.100.0/24 a documentation address",
    "203.0.113.0/24 a documentation address",
    "240.0.0.0/4 a reserved address",
    "::1/128 a loopback address",
    "::/96 an IPv4-compatible address",
    "64:ff9b::/96 a NAT64 address",
    "64:ff9b:1::/48 a local NAT64 address",
    "100::/64 a discard address",
    "2001::/32 a Teredo address",
    "2001:db8::/32 a documentation address",
    "2002::/16 a 6to4 address",
    "3fff::/20 a documentation address",
    "5f00::/16 a segment routing address",
    "fc00::/7 a private address",
    "fec0::/10 a site-local address",
)
