"""Says where the inboxes of a sandbox may forward to, and whose certificates they trust there."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from mockserver.net.trust import client_context
from mockserver.receiver.forwarder import Forwarder
from mockserver.transport.addresses import AddressGuard, is_this_machine


def forwarder_of(
    guard: AddressGuard,
    receiver_port: int | None,
    *,
    ca_file: str | Path | None,
    verify_tls: bool,
    limit: timedelta,
) -> Forwarder:
    """Return who forwards for a sandbox: to where postbacks may go, but never to itself.

    Args:
        guard: Of the transport that sends postbacks.
        receiver_port: Of the sandbox's own receiver; None if it has no port.
        ca_file: The certificates that are trusted in place of the system's.
        verify_tls: Whether certificates are checked.
        limit: How long an endpoint is waited for.
    """
    return Forwarder(
        judge=_judge(guard, receiver_port),
        trust=lambda: _trust(ca_file, verify_tls),
        limit=limit,
    )


def _judge(
    guard: AddressGuard, receiver_port: int | None
) -> Callable[[str, int | None, str], str | None]:
    own = {
        guard.api_port: "API, which it could change",
        receiver_port: "receiver: it would be a loop",
    }

    def judge(address: str, port: int | None, url: str) -> str | None:
        if port is not None and port in own and is_this_machine(address):
            shown = f"[{address}]" if ":" in address else address
            return (
                f"{shown}:{port} is this sandbox's own {own[port]}; name the port of your endpoint"
            )
        return guard.reason(address, port, url)

    return judge


def _trust(ca_file: str | Path | None, verify_tls: bool) -> ssl.SSLContext:
    context = client_context(ca_file if verify_tls else None)
    if not verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
