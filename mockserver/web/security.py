"""Who may talk to the sandbox: no page of another site, no rebound name, no stranger.

Decides: which Host and Origin headers are believed, and when a token is needed. Place in
the flow: before every route. Must not import: the sandbox.
"""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from mockserver.core.errors import PostbacksError


class UntrustedHost(PostbacksError):
    """The Host header names a host that this server does not answer for."""

    code = "untrusted-host"
    http_status = 403


class ForeignOrigin(PostbacksError):
    """A page of another site is calling."""

    code = "foreign-origin"
    http_status = 403


class TokenNeeded(PostbacksError):
    """The control API of this server needs a bearer token."""

    code = "token-needed"
    http_status = 401


class Guard:
    """What is checked of a request before it is looked at.

    Args:
        hosts: Names the server answers for, beside loopback ones and plain addresses.
        token: What `Authorization: Bearer` must carry on the control API; None for nothing.
    """

    def __init__(self, hosts: frozenset[str] = frozenset(), token: str | None = None) -> None:
        self._hosts = hosts
        self._token = token

    def check(self, request: Request, *, is_control: bool) -> None:
        """Let a request pass.

        Raises:
            UntrustedHost: A name was pointed at this address that is not this server's.
            ForeignOrigin: A browser sent it for a page of another site.
            TokenNeeded: The control API was called without its token.
        """
        self._check_host(request.host)
        self._check_origin(request, is_control)
        if is_control and self._token is not None:
            self._check_token(request.headers.get("Authorization", ""), self._token)

    def _check_host(self, host: str) -> None:
        if not _is_local_host(host) and _name_of(f"http://{host}") not in self._hosts:
            raise UntrustedHost(
                f"this sandbox does not answer for the host {host!r}; call it as localhost or "
                "by its address, or start it with --allow-host NAME"
            )

    def _check_origin(self, request: Request, is_control: bool) -> None:
        origin = request.headers.get("Origin")
        if origin is None:
            return
        same = origin == f"{request.scheme}://{request.host}"
        name = _name_of(origin)
        # A form on a developer's own page, or in a file, may register rules: it needs a key.
        local_form = not is_control and (
            origin == "null" or (name is not None and _is_loopback(name))
        )
        if not (same or local_form):
            raise ForeignOrigin(
                f"a page of {origin} may not call this; call it from a program, or from a page "
                "that this server has sent"
            )

    def _check_token(self, authorization: str, token: str) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
            raise TokenNeeded(
                "this needs the header 'Authorization: Bearer TOKEN' with the token that "
                "`postbacks serve` printed (command line: --token or POSTBACKS_TOKEN)"
            )


def _name_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _is_local_host(host: str) -> bool:
    # Remembered, because those who call say the same every time.
    name = _name_of(f"http://{host}")
    if name is None:
        return False
    # A plain address cannot be rebound: whoever typed it meant this machine.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return _is_loopback(name)
    return True
