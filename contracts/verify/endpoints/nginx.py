"""Puts an nginx in front of an endpoint, without privileges, and ends it by its process id."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from contracts.verify.endpoints.serving import LOOPBACK
from mockserver.core.errors import PostbacksError

_START_REAL_SECONDS = 20.0
_STOP_REAL_SECONDS = 5.0
_POLL_REAL_SECONDS = 0.01

_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    large_client_header_buffers 4 16k;
    server {{
        listen {address}:{port};
        location / {{ proxy_pass {origin}; }}
    }}
}}
"""


class NginxFailed(PostbacksError):
    """The nginx of a good endpoint does not serve."""

    code = "nginx-failed"


@contextmanager
def nginx_before(origin: str, folder: Path) -> Iterator[int]:
    """Run an nginx that passes everything on, and yield its port.

    Args:
        origin: Scheme, host and port of the server behind it.
        folder: The folder for its files.

    Raises:
        NginxFailed: It is not installed, or does not listen.
    """
    program = shutil.which("nginx")
    if program is None:
        raise NginxFailed("nginx is not on the PATH; install it, or leave this endpoint out")
    port = _free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(address=LOOPBACK, port=port, origin=origin), encoding="utf-8"
    )
    said = folder / "said.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _await(process, port, said)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(_STOP_REAL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _START_REAL_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), 1.0):
            return
        time.sleep(_POLL_REAL_SECONDS)
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    raise NginxFailed(f"nginx does not listen at port {port}: {said[-300:] or 'it says nothing'}")


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        return int(bound.getsockname()[1])
