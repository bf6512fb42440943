"""Reads and keeps the hosts that `postbacks serve` may send to besides those that are near.

Near is what is on this machine or in a private network. A host is named by name, or by address; a
name is compared with that in the URL, wherever it leads, and an address with the one connected to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import AllowedHost, Host, allowed_host
from mockserver.core.networks import NEVER, Address, Network, is_near, plain, with_embedded

#: What is written for every host there is.
EVERY_HOST = "*"


@dataclass(frozen=True, slots=True)
class SendTo:
    """The hosts that are named.

    Attributes:
        hosts: Names, and addresses in the place of names.
        networks: Networks, for any port.
        is_every_host: Whether `*` is among them.
    """

    hosts: tuple[AllowedHost, ...] = ()
    networks: tuple[Network, ...] = ()
    is_every_host: bool = False

    @property
    def names_addresses(self) -> bool:
        """Return whether there is an entry that a name fits by the address it resolves to."""
        return bool(self.networks) or any(_address(each.name) is not None for each in self.hosts)

    def names(self, host: Host) -> bool:
        """Return whether the host of a URL is named, whatever it resolves to."""
        return self.is_every_host or any(each.allows(host) for each in self.hosts)

    def allows(self, host: Host | None, address: Address, port: int | None) -> bool:
        """Return whether a connection may be opened.

        Args:
            host: That of the URL; None if it is written in an unusual way.
            address: What is about to be connected to.
            port: The port there; None where it does not matter yet.
        """
        if self.is_every_host or (host is not None and self.names(host)):
            return True
        address = plain(address)
        if any(address in network for network in self.networks):
            return True
        literal = str(address)
        return any(
            each.name == literal and (port is None or each.port in (None, port))
            for each in self.hosts
        )


def send_to(entries: Iterable[object], place: str = "send_to") -> SendTo:
    """Return the hosts that a user names.

    Args:
        entries: `shop.example`, `shop.example:8443`, `*.shop.example`, `203.0.113.7`,
            `203.0.113.0/24`, or `*` for every host.
        place: What the message begins with.

    Raises:
        InvalidValue: One of them is no host, or one to which nothing is ever sent.
    """
    hosts: list[AllowedHost] = []
    networks: list[Network] = []
    is_every_host = False
    for entry in entries:
        if isinstance(entry, str) and entry.strip() == EVERY_HOST:
            is_every_host = True
            continue
        network = _network(entry)
        if network is not None:
            _check_ever(network, entry, place)
            networks.append(network)
            continue
        host = allowed_host(entry, place)
        address = _address(host.name)
        if address is not None:
            _check_ever(ip_network(address), entry, place)
            host = AllowedHost(str(plain(address)), host.port)
        hosts.append(host)
    return SendTo(tuple(hosts), tuple(networks), is_every_host)


def first_near(entries: Iterable[str]) -> str | None:
    """Return the first entry that names only addresses that are near; None if there is none."""
    for entry in entries:
        named = send_to([entry])
        literals = [_address(host.name) for host in named.hosts]
        found = [network[0] for network in named.networks] + [each for each in literals if each]
        ends = [network[-1] for network in named.networks]
        if found and all(map(is_near, [*found, *ends])):
            return entry
    return None


def entry_for(host: Host | None, address: str = "") -> str:
    """Return what is to be written so that a postback may go there.

    Args:
        host: That of the URL; None if it is written in an unusual way.
        address: What it was about to be sent to; empty if that is not known.
    """
    name = "" if host is None else host.name.removesuffix(".")
    literal = _address(name)
    if literal is not None:
        return str(plain(literal))
    try:
        allowed_host(name, "")
    except InvalidValue:
        return address or name
    return name


def _network(entry: object) -> Network | None:
    """Return the network that is written, with its slash; None if it is something else."""
    if not isinstance(entry, str) or "/" not in entry:
        return None
    try:
        network = ip_network(entry.strip(), strict=False)
    except ValueError:
        return None
    first = plain(network.network_address)
    if first.version != network.version and network.prefixlen >= 96:
        return ip_network(f"{first}/{network.prefixlen - 96}")
    return network


def _address(name: str) -> Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _check_ever(network: Network, entry: object, place: str) -> None:
    is_one = network.prefixlen == network.max_prefixlen
    candidates = (
        map(ip_network, with_embedded(network.network_address)) if is_one else iter((network,))
    )
    for candidate in candidates:
        for never, what in NEVER:
            if candidate.version == never.version and candidate.subnet_of(never):  # type: ignore[arg-type]
                raise InvalidValue(
                    f"{place} cannot have {entry!r}, which is {what}: nothing is ever sent there"
                )
