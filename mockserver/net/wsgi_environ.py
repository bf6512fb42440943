"""Makes the environment in which a WSGI application in this process is called."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

#: Header fields that CGI names without a prefix.
_UNPREFIXED = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE"})


def wsgi_environ(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes = b"",
    *,
    scheme: str = "http",
    host: str,
    port: int | str,
    multithread: bool,
) -> dict[str, Any]:
    """Return what a WSGI server would make of a request (PEP 3333).

    Args:
        method: E.g. `POST`.
        target: Path and query as they are in the request line.
        headers: All that are sent, `Host` and `Content-Length` among them.
        body: The whole body.
        scheme: Of the URL.
        host: The name of the server.
        port: Its port.
        multithread: Whether the application may be called from several threads at once.
    """
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in _UNPREFIXED else f"HTTP_{key}"] = value
    return environ
