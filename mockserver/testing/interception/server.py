"""Serves Leanplum's API on loopback for every client that needs a socket, once for a process.

It is started by the first connection to Leanplum and goes on until the process ends, because
clients keep connections: each request is answered for the test that is running by then.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.testing.interception import active
from mockserver.testing.interception.active import StartResponse
from mockserver.testing.interception.hosts import (
    LEANPLUM_HOSTS,
    LOOPBACK,
    LOOPBACK_V6,
    is_leanplums,
    name_of,
)

if TYPE_CHECKING:
    from mockserver.web.server import ApiServer

_FOLDER = Path(__file__).parent
#: The certificate of the authority that the server's is issued by.
AUTHORITY_FILE = _FOLDER / "authority.pem"
#: The server's own, with its key.
_SERVER_FILE = _FOLDER / "server.pem"

_starting = threading.Lock()
#: The server, and the process that has started it.
_running: tuple[ApiServer, int] | None = None


def port() -> int:
    """Return the port on loopback at which it answers; it is started if need be."""
    running = _running
    if running is None or not _is_for_this_process(running[1]):
        running = _start()
    return running[0].port


def is_its_address(address: Any) -> bool:
    """Return whether an address is where it answers."""
    running = _running
    return (
        running is not None
        and isinstance(address, tuple)
        and len(address) >= 2
        and address[0] in (LOOPBACK, LOOPBACK_V6)
        and address[1] == running[0].port
    )


def stop() -> None:
    """Stop it, if it runs in this process; the next connection starts it again."""
    global _running
    with _starting:
        running, _running = _running, None
        if running is not None and running[1] == os.getpid():
            running[0].stop()


def _is_for_this_process(started_by: int) -> bool:
    # A process that was forked while a test ran belongs to that test: its calls go to the parent.
    return started_by == os.getpid() or not active.began_here()


def _start() -> tuple[ApiServer, int]:
    global _running
    with _starting:
        running = _running
        if running is not None and _is_for_this_process(running[1]):
            return running
        import ssl

        from mockserver.web.server import ApiServer
        from mockserver.web.server.either_channel import EitherChannel

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(_SERVER_FILE))
        server = ApiServer(
            answer,
            LOOPBACK,
            tls_context=context,
            channel=EitherChannel.maker(context, is_leanplums),
        )
        server.start()
        _running = (server, os.getpid())
        return _running


def answer(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    """Answer one request for the test whose it is: a WSGI application."""
    host = environ.get("HTTP_HOST", "").rpartition("@")[2]
    name = name_of(host.partition(":")[0])
    if name not in LEANPLUM_HOSTS:
        return _refuse(start, "403 Forbidden", f"only Leanplum is reached through this, got {host}")
    one = active.whose(lambda: _app_id_of(environ))
    if one is None:
        return _refuse(
            start,
            "503 Service Unavailable",
            "this connection was kept from a test that is over, and no `leanplum` is there now; "
            "use the fixture in this test as well, or close the client at the end of its test",
        )
    environ["HTTP_HOST"] = name
    return one.answers.serve(environ, start)


def _app_id_of(environ: dict[str, Any]) -> str | None:
    from mockserver.web.app_ids import app_id_of

    return app_id_of(environ)


def _refuse(start: StartResponse, status: str, why: str) -> list[bytes]:
    import json

    text = json.dumps({"response": [{"success": False, "error": {"message": why}}]}).encode()
    fields = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
    start(status, fields)
    return [text]


def _before_fork() -> None:
    # Else a child would start one of its own, and what it registers would not be seen here.
    if active.is_anybody():
        port()


atexit.register(stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
