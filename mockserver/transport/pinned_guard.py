"""Lets a run connect only to the addresses that its host had when it began."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.transport.addresses import AddressGuard


@dataclass(frozen=True)
class PinnedGuard(AddressGuard):
    """Allows only the addresses that were found when the run began.

    Attributes:
        addresses: Literal addresses.
    """

    addresses: frozenset[str] = frozenset()

    def reason(self, address: str, port: int | None = None, url: str = "") -> str | None:
        if address not in self.addresses:
            return f"{address} is none of the addresses that the host had when the run began"
        return super().reason(address, port, url)
