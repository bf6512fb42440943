"""Knows the networks that addresses belong to, for who decides where postbacks go.

The networks are listed here, and not taken from `ipaddress.is_global`, because that differs
between Python versions and calls multicast, NAT64 and 6to4 addresses global.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def with_embedded(address: Address) -> Iterator[Address]:
    """Yield an address, and the IPv4 one that it carries, if any."""
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


def plain(address: Address) -> Address:
    """Return the IPv4 address that a v4-mapped one is; any other as it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def is_near(address: Address) -> bool:
    """Return whether an address is a loopback one, or in a private network.

    NAT64 is translated at the edge of one's own network, so what counts is the address inside. What
    goes to a 6to4 or a Teredo address goes to a relay on the internet, whatever it has inside.
    Networks for examples, benchmarks and later use are nobody's own: they are not near.
    """
    if any(address in network for network in _RELAYED):
        return False
    return any(each in network for each in with_embedded(address) for network in _NEAR)


def _networks(*lines: str) -> tuple[tuple[Network, str], ...]:
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

#: Where nothing is ever sent: nobody's receiver is there, and credentials may be.
NEVER = _networks(
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

#: What is not the public internet.
NOT_PUBLIC = _networks(
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

_NEAR: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            # Carriers' own, and what overlay networks such as Tailscale use.
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
            "fec0::/10",
        ),
    )
)
_RELAYED = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
