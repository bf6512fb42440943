"""Says where a sandbox sends to and whom it trusts there, for whoever sends beside the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLContext

    from mockserver.core.send_to import SendTo
    from mockserver.transport.addresses import AddressGuard


@dataclass(frozen=True, slots=True)
class Reach:
    """Where postbacks go.

    Attributes:
        guard: Judges addresses.
        ca_file: A PEM file with the certificates to trust; the system's unless given.
        verify_tls: Whether certificates are checked at all.
    """

    guard: AddressGuard
    ca_file: str | Path | None = None
    verify_tls: bool = True

    @property
    def named(self) -> SendTo | None:
        """Return the hosts that are sent to besides near ones; None if any is."""
        return self.guard.send_to

    def client_tls(self) -> SSLContext:
        """Return how certificates are checked where something is sent to https."""
        import ssl

        from mockserver.net.trust import client_context

        context = client_context(self.ca_file)
        if not self.verify_tls:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
