"""Judges which addresses a postback may be sent to, as a socket is about to be opened.

A name is resolved before that, so it cannot get another address between the check and its use.

The sandbox's own API is never connected to: a rule could change or empty the sandbox by a postback
to it. `postbacks serve` is closed: what is neither on this machine nor in a private network is
connected to only if the user has named it.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Literal, get_args

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import Host, host_of
from mockserver.core.networks import (
    NEVER,
    NOT_PUBLIC,
    Address,
    Network,
    is_near,
    plain,
    with_embedded,
)
from mockserver.core.send_to import SendTo, entry_for

#: `local` is for a developer's own machine: loopback and private networks may be reached.
#: `public` is for a sandbox that several people share: only the public internet may be.
AddressPolicy = Literal["local", "public"]


@dataclass(frozen=True)
class AddressGuard:
    """Judges addresses under a policy.

    Attributes:
        policy: See `AddressPolicy`.
        allowed: Addresses or networks that are allowed whatever the policy says, e.g.
            `10.1.0.0/16`.
        api_port: Where the sandbox's own API listens; nothing is sent to that port of this
            machine, by whichever of its addresses. None if it has no port.
        send_to: What may be reached besides this machine and private networks; None for all that
            the policy allows.

    Raises:
        InvalidValue: There is no such policy, or an entry of `allowed` is no network.
    """

    policy: AddressPolicy = "local"
    allowed: tuple[str, ...] = ()
    api_port: int | None = None
    send_to: SendTo | None = None

    _networks: tuple[Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the values and read the networks."""
        if self.policy not in get_args(AddressPolicy):
            raise InvalidValue(
                f"addresses cannot be {self.policy!r}; allowed: "
                + ", ".join(get_args(AddressPolicy))
            )
        networks = tuple(_parse_network(text) for text in self.allowed)
        object.__setattr__(self, "_networks", networks)

    def reason(self, address: str, port: int | None = None, url: str = "") -> str | None:
        """Return why nothing is sent to a port of the literal `address`, or None if it may be.

        Args:
            address: As the system writes it.
            port: None where it does not matter yet.
            url: What is posted to; its host may be one of `send_to`.
        """
        if port is not None and port == self.api_port and is_this_machine(address):
            shown = f"[{address}]" if ":" in address else address
            return (
                f"{shown}:{port} is this sandbox's own API, where no postback is sent because it "
                "could change the sandbox; let postbackUrl lead to your endpoint, or to an inbox "
                "of the receiver"
            )
        refused = _reason(self.policy, self._networks, address, self.send_to is not None)
        if refused is not None or self.send_to is None:
            return refused
        if self.policy == "local" and _is_near(address):
            return None
        return self._closed(self.send_to, ip_address(address), port, host_of(url))

    def _closed(
        self, send_to: SendTo, address: Address, port: int | None, host: Host | None
    ) -> str | None:
        if any(address in network for network in self._networks):
            return None
        if send_to.allows(host, address, port):
            return None
        if self.policy == "local" and _is_reached_here(plain(address)):
            return None
        return _why_closed(host, plain(address))


@lru_cache(maxsize=4096)
def _is_near(text: str) -> bool:
    # Asked for every attempt, and most go to the same few addresses.
    return is_near(ip_address(text))


def _why_closed(host: Host | None, address: Address) -> str:
    entry = entry_for(host, str(address))
    is_name = host is not None and entry == host.name.removesuffix(".")
    what = f"{entry} ({address})" if is_name and entry != str(address) else str(address)
    return (
        f"serve is closed for {what}, which is neither on this machine nor in a private network: "
        f"start it with --send-to {entry}"
    )


@lru_cache(maxsize=4096)
def _reason(
    policy: AddressPolicy, allowed: tuple[Network, ...], text: str, is_closed: bool
) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return f"{text!r} is no IP address, so nothing is sent there"
    if any(address in network for network in allowed):
        return None
    for candidate in with_embedded(address):
        for network, what in NEVER:
            if candidate in network:
                # Who is closed by `send_to` is told of that, and has no guard of his own.
                unless = "" if is_closed else f' unless AddressGuard(allowed=["{text}"]) says so'
                described = _described(address, candidate)
                return f"{described} is {what}; nothing is sent there{unless}"
        for network, what in NOT_PUBLIC if policy == "public" else ():
            if candidate in network:
                return (
                    f"{_described(address, candidate)} is {what}, where nothing is sent while "
                    'addresses is "public"; set addresses to "local" to allow it'
                )
    return None


def is_this_machine(text: str) -> bool:
    """Return whether a literal address is one of this machine's."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(
        candidate.is_loopback or candidate.is_unspecified or _is_ours(candidate)
        for candidate in with_embedded(address)
    )


def _is_ours(address: Address) -> bool:
    # An address is ours if one can listen at it. Asked every time, because addresses change.
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _is_reached_here(address: Address) -> bool:
    """Return whether the system would reach an address without leaving this machine.

    What goes to an address of one's own has the same address as its sender. To have a datagram's
    socket connected sends nothing, and unlike `bind` it does not depend on settings of the system.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _ANY_PORT))
            return ip_address(probe.getsockname()[0]) == address
    except OSError:
        return False


#: Of a datagram that is never sent.
_ANY_PORT = 9


def _described(address: Address, candidate: Address) -> str:
    return str(address) if candidate is address else f"{address} (stands for {candidate})"


def _parse_network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise InvalidValue(
            f"AddressGuard(allowed=...) does not understand {text!r}; write an address or network "
            "like 10.1.2.3 or 10.1.0.0/16"
        ) from None
