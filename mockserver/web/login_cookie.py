"""Makes and checks the cookie that stands for the token in a browser.

A browser cannot send the header `Authorization` with a stream of events, and a token in a URL ends
up in histories and logs. So a form trades the token for a cookie that no script can read. It holds
no token but a digest of it: whoever finds it in a file of the browser cannot give it to a program
as the token.

Cookies know no ports, so the name has the port in it: two sandboxes on one machine keep apart.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import Request, Response

_MEANT_FOR = b"the page of postbacks"


def cookie_name(request: Request) -> str:
    """Return what the cookie is called at the address that was asked."""
    port = request.host.rpartition(":")[2]
    return f"postbacks-{port if port.isdigit() else request.scheme}"


def is_logged_in(request: Request, token: str) -> bool:
    """Return whether a request carries the cookie for this token."""
    given = request.cookies.get(cookie_name(request), "")
    return hmac.compare_digest(given.encode(), _value(token).encode())


def log_in(request: Request, answer: Response, token: str) -> None:
    """Have the browser send the cookie from now on, until it is closed.

    It is sent to no other site, and for requests of other sites not at all. There is no path in it:
    a browser then takes the folder of the address that it asked for, also behind a path prefix.
    """
    answer.set_cookie(
        cookie_name(request),
        _value(token),
        path=None,
        secure=request.scheme == "https",
        httponly=True,
        samesite="Strict",
    )


def log_out(request: Request, answer: Response) -> None:
    """Have the browser forget the cookie."""
    answer.delete_cookie(
        cookie_name(request),
        path=None,
        secure=request.scheme == "https",
        httponly=True,
        samesite="Strict",
    )


def _value(token: str) -> str:
    return hmac.new(token.encode(), _MEANT_FOR, hashlib.sha256).hexdigest()
