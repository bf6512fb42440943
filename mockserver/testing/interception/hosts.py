"""Tells which hosts are Leanplum's, and which are this machine, for all who look at addresses."""

from __future__ import annotations

import ipaddress
import re

#: The names of Leanplum's API.
LEANPLUM_HOSTS = frozenset({"api.leanplum.com", "www.leanplum.com"})
#: The same for regular expressions, in any case.
LEANPLUM_HOSTS_PATTERN = "|".join(map(re.escape, sorted(LEANPLUM_HOSTS)))

#: What these names resolve to meanwhile. Nothing listens there, and nobody else uses it: whoever
#: connects to it has looked up one of them.
STAND_IN = "127.76.112.1"
STAND_IN_V6 = f"::ffff:{STAND_IN}"
LOOPBACK = "127.0.0.1"
LOOPBACK_V6 = f"::ffff:{LOOPBACK}"


def name_of(host: object) -> str:
    """Return a host as it is compared: small letters, ASCII, no dot at the end.

    Args:
        host: Text or bytes, as clients pass it; anything else is nobody's name.
    """
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return ""
    name = host.strip("[]").rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode().lower().rstrip(".")
        except UnicodeError:
            return name
    return name


def is_leanplums(host: object) -> bool:
    """Return whether a host is one of Leanplum's API, or what stands in for it."""
    name = name_of(host)
    return name in LEANPLUM_HOSTS or name in (STAND_IN, STAND_IN_V6)


def is_this_machine(host: object) -> bool:
    """Return whether a host is a loopback address or name, or none at all (to listen anywhere)."""
    name = name_of(host)
    if not name or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or (mapped or address).is_unspecified
