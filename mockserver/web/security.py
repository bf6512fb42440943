"""Keeps strangers, rebound names and pages of other sites away from the sandbox.

Every request is checked before its route: its Host, what a browser says of the page that sent it,
and, on the control API, a token.

Any page in a developer's browser can have it send requests to 127.0.0.1: an image, a form, a
frame, a script. Such a page neither reads nor changes anything here, whatever the method:

- `Origin` must be this server's own. A page of another site, `null` (a file, a frame with
  `sandbox`, the referrer policy `no-referrer`), and what no browser writes are refused.
- Without Origin, as of an image, a link or a GET form, `Sec-Fetch-Site` must be `same-origin`, or
  `none`, which is what was typed into the address bar.
- A browser that says neither is refused too. It is an old one, or it called by an address that
  it trusts less than 127.0.0.1, such as 0.0.0.0 or the one in the local network.
- A program says neither, and is no browser: it may call.

One page of another origin is let in: one on loopback may POST to Leanplum's API, as a form that a
developer tries out at http://localhost:3000 does. A browser calls that `cross-site`; but only
this machine serves pages whose Origin is a loopback name, and no other page can forge one. It is
POST only: the GET of a form or an image has no Origin, and a script of another origin could not
read what it gets. The control API, which needs no key, is closed to such a page too.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from mockserver.core.errors import PostbacksError
from mockserver.core.tokens import check_token
from mockserver.web.login_cookie import is_logged_in


class UntrustedHost(PostbacksError):
    """The Host header names a host that this server does not answer for."""

    code = "untrusted-host"
    http_status = 403


class ForeignOrigin(PostbacksError):
    """A page of another site is calling, or a browser that does not say which page is."""

    code = "foreign-origin"
    http_status = 403


class TokenNeeded(PostbacksError):
    """The control API of this server needs a bearer token."""

    code = "token-needed"
    http_status = 401


class Guard:
    """Checks every request before anything else reads it.

    Args:
        hosts: Names the server answers for, beside loopback ones and plain addresses.
        token: What `Authorization: Bearer` must carry on the control API; None for nothing.

    Raises:
        InvalidValue: No header can carry this token.
    """

    def __init__(self, hosts: frozenset[str] = frozenset(), token: str | None = None) -> None:
        if token is not None:
            check_token(token)
        self._hosts = frozenset(_as_clients_write(host) for host in hosts)
        self._token = token

    def check(self, request: Request, *, is_control: bool) -> None:
        """Let a request pass.

        Raises:
            UntrustedHost: A name was pointed at this address that is not this server's.
            ForeignOrigin: A browser sent it for a page of another site, or does not say for which.
            TokenNeeded: The control API was called without its token.
        """
        self._check_host(_host_of(request))
        _check_page(request)
        if is_control and self._token is not None:
            self._check_token(request, self._token)

    def _check_host(self, host: str) -> None:
        if not _is_local_host(host) and _name_of(f"http://{host}") not in self._hosts:
            raise UntrustedHost(
                f"this sandbox does not answer for the host {host!r}; call it as localhost or "
                "by its address, or start it with --allow-host NAME"
            )

    def _check_token(self, request: Request, token: str) -> None:
        # A browser that has logged in; `_check_page` has let its own pages in alone.
        if "HTTP_COOKIE" in request.environ and is_logged_in(request, token):
            return
        authorization = request.headers.get("Authorization", "")
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
            raise TokenNeeded(
                "this needs the header 'Authorization: Bearer TOKEN' with the token that "
                "`postbacks serve` printed (command line: --token or POSTBACKS_TOKEN; browser: the "
                "form of the page)"
            )


def _check_page(request: Request) -> None:
    # From the environment, as all here that every request is asked for: `headers` takes longer.
    origin = request.environ.get("HTTP_ORIGIN")
    site = request.environ.get("HTTP_SEC_FETCH_SITE")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        if not (_takes_forms(request) and _is_loopback_origin(origin)):
            raise ForeignOrigin(f"{_page_of(origin)} may not call this; {_instead(request)}")
    elif site is None:
        if origin is None and _is_browser(request):
            raise ForeignOrigin(
                "a browser that does not say which page sends a request may not call this; use "
                "a current one and the host 127.0.0.1 or localhost (a program that calls itself "
                f"a browser can add the header 'Sec-Fetch-Site: none'), or {_instead(request)}"
            )
    elif site not in _OWN_SITES:
        raise ForeignOrigin(
            f"a page of another site (Sec-Fetch-Site: {site}) may not call this; type the "
            f"address into the address bar, or {_instead(request)}"
        )


#: What `Sec-Fetch-Site` says of this server's own pages, and of the address bar.
_OWN_SITES = frozenset({"same-origin", "none"})


def _takes_forms(request: Request) -> bool:
    return request.method == "POST" and request.path.rstrip("/") == "/api"


def _instead(request: Request) -> str:
    if request.path.rstrip("/") == "/api":
        return "call it from a program like curl, or by POST from a page at http://localhost"
    return "call it from a program like curl"


#: As a browser writes it: no path, no user info, the address in its usual form.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def _is_loopback_origin(origin: str) -> bool:
    found = _ORIGIN.fullmatch(origin)
    return found is not None and _is_loopback(found[1].strip("[]"))


def _page_of(origin: str) -> str:
    if origin != "null":
        return f"a page of {origin}"
    return (
        "a page that does not say where it is from (Origin: null, as from a file, a sandboxed "
        "frame, or with the referrer policy no-referrer)"
    )


def _is_browser(request: Request) -> bool:
    # No image, form or script can change the first or leave out the second. Programs that call
    # themselves Mozilla, as PowerShell does, do not ask for a language.
    sent = request.environ
    agent: str = sent.get("HTTP_USER_AGENT", "")
    return agent.startswith("Mozilla/") and "HTTP_ACCEPT_LANGUAGE" in sent


def _name_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _host_of(request: Request) -> str:
    # Flask takes no underscore in it, which names of containers have.
    sent: str = request.environ.get("HTTP_HOST", "")
    return sent if _WITH_UNDERSCORES.fullmatch(sent) else request.host


_WITH_UNDERSCORES = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?")


def _as_clients_write(host: str) -> str:
    """Return a name as it is found in `Host`: in small letters, without port, in ASCII."""
    name = _name_of(f"http://{host}") or host.lower()
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


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
