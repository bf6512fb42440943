"""Reaches a sandbox from the outside: through HTTP, or as a call in this process.

`sandbox_client` has a method for every call of the control API, and `wire` carries a request.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.client.address import DEFAULT_URL as DEFAULT_URL
    from mockserver.client.sandbox_client import Refused as Refused
    from mockserver.client.sandbox_client import SandboxClient as SandboxClient
    from mockserver.client.wire import HttpWire as HttpWire
    from mockserver.client.wire import Reply as Reply
    from mockserver.client.wire import Wire as Wire
    from mockserver.client.wire import WsgiWire as WsgiWire

__all__ = [
    "DEFAULT_URL",
    "HttpWire",
    "Refused",
    "Reply",
    "SandboxClient",
    "Wire",
    "WsgiWire",
]

_CLIENT, _WIRE = "mockserver.client.sandbox_client", "mockserver.client.wire"

_HOMES = {
    "DEFAULT_URL": "mockserver.client.address",
    "HttpWire": _WIRE,
    "Refused": _CLIENT,
    "Reply": _WIRE,
    "SandboxClient": _CLIENT,
    "Wire": _WIRE,
    "WsgiWire": _WIRE,
}


def __getattr__(name: str) -> Any:
    # Who needs a wire only does not wait for the import of the client.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
