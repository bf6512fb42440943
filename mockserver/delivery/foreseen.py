"""Foresees for whoever adds a rule that its postbacks will be refused, as far as its URL tells.

No name is looked up: who adds a rule should not wait for that, and it may resolve otherwise later.
"""

from __future__ import annotations

from ipaddress import ip_address

from mockserver.core.hosts import host_of, is_loopback
from mockserver.core.send_to import entry_for
from mockserver.transport.addresses import AddressGuard

#: The last label of names that are never public.
_NEVER_PUBLIC = frozenset({"test", "invalid", "localhost", "local", "internal", "lan"})


def foreseen_refusal(url: str, guard: AddressGuard) -> str | None:
    """Return in a sentence that postbacks to `url` will be refused, or may be; None if not.

    Args:
        url: A template, or a URL.
        guard: Of the transport that will send them.
    """
    host = host_of(url)
    if host is None or guard.send_to is None:
        return None
    try:
        literal = str(ip_address(host.name))
    except ValueError:
        literal = ""
    if literal:
        reason = guard.reason(literal, host.port, url)
        return None if reason is None else f"postbacks to {host.name} will be refused: {reason}"
    if guard.send_to.names(host):
        return None
    if guard.policy == "local" and (is_loopback(host.name) or _is_never_public(host.name)):
        return None
    entry = entry_for(host)
    where = "this machine or a private network" if guard.policy == "local" else "a named address"
    return (
        f"postbacks to {host.name} will be refused unless it resolves to {where}; start serve with "
        f"--send-to {entry}"
    )


def _is_never_public(name: str) -> bool:
    """Return whether a name is one of a private network, as containers have: `crm`, `crm.local`."""
    labels = name.removesuffix(".").split(".")
    return len(labels) == 1 or labels[-1] in _NEVER_PUBLIC or labels[-2:] == ["home", "arpa"]
