"""Makes the request that an application in this process gets: the one libcurl would send."""

from __future__ import annotations

import base64
import re
import socket
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes


class ApplicationRequest(NamedTuple):
    """A request as the curl transport would write it.

    Attributes:
        path: The target up to the first question mark, still percent-encoded.
        query: What follows that question mark.
        headers: In order, names as sent.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]


def request_of(url: str) -> ApplicationRequest | str:
    """Return the request of a POST to `url`, or the reason why none is sent."""
    url = url.partition("#")[0]
    found = _URL(url)
    if found is None:
        return f"blocked: postbacks go to http:// and https:// only, got {url[:200]!r}"
    scheme, target = found[1].lower(), found[3]
    usual_port = 443 if scheme == "https" else 80
    user, password, host, port = _authority(found[2])
    number = int(port or usual_port)
    if not host or number > 65535 or b"\0" in user + password or _CONTROL(target):
        return f"blocked: {url[:200]!r} is no URL that can be posted to"
    target = _UNCLEAN.sub(lambda text: quote(text[0], safe=""), target)
    target = target if target.startswith("/") else f"/{target}"
    field = host if number == usual_port else f"{host}:{number}"
    headers = [(b"Host", field.encode()), (b"Accept", b"*/*"), (b"Content-Length", b"0")]
    if user or password:
        credentials = base64.b64encode(user + b":" + password)
        headers.insert(1, (b"Authorization", b"Basic " + credentials))
    path, _, query = target.partition("?")
    return ApplicationRequest(scheme, host.strip("[]"), number, path, query, target, tuple(headers))


def _authority(text: str) -> tuple[bytes, bytes, str, str]:
    """Return user, password, host and port as libcurl reads them; no host if it refuses them."""
    found = _AUTHORITY(text)
    user, password, raw_host, port = found.groups("") if found else ("", "", "", "")
    host = unquote(raw_host, errors="surrogateescape")
    if _CONTROL(text) or (_NOT_IN_A_HOST(host) and raw_host[:1] != "["):
        return b"", b"", "", ""
    if _NUMBERS(host):
        with suppress(OSError):
            host = socket.inet_ntoa(socket.inet_aton(host))
    return unquote_to_bytes(user), unquote_to_bytes(password), host, port


_URL = re.compile(r"(https?)://([^/?]*)(.*)", re.IGNORECASE | re.DOTALL).fullmatch
_AUTHORITY = re.compile(
    r"(?:([^:@ ]*)(?::([^@ ]*))?@)?(\[[0-9a-fA-F:.]+\]|[^:@\[]*)(?::([0-9]{0,9}))?"
).fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]").search
_UNCLEAN = re.compile(r"[^!-~]+")
_NOT_IN_A_HOST = re.compile(r"[\x00-,/:;<=>?@\[\\\]^`{|}\x7f\ud800-\udfff]").search
_NUMBERS = re.compile(r"[0-9][0-9a-fA-FxX.]*").fullmatch
