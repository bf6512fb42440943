"""Starts the programs that benchmarks measure against: nginx as a sink, wrk as a load.

A case whose program is not installed is skipped with the reason; nothing else takes its place.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Skipped
from benchmarks.processes import free_port, json_of, on_core, stopping

_NGINX_PATHS = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"

# One process that keeps nothing and never tires of a connection.
_NGINX_CONFIG = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ return 200; }}
  }}
}}
"""

_WRK_REPORT = """
function done(summary, latency, requests)
  io.write(string.format(
    '\\n{"requests": %d, "microseconds": %d, "refused": %d, "timeouts": %d}\\n',
    summary.requests, summary.duration, summary.errors.status, summary.errors.timeout))
end
"""


def without_nginx() -> str | None:
    """Return why nginx cannot be used; None if it can."""
    return None if _nginx() else "nginx is not installed (`apt-get install nginx-light`)"


def without_wrk() -> str | None:
    """Return why wrk cannot be used; None if it can."""
    return None if shutil.which("wrk") else "wrk is not installed (`apt-get install wrk`)"


@contextmanager
def nginx() -> Iterator[int]:
    """Run an nginx that answers 200 to everything; yield its port.

    Raises:
        Skipped: It is not installed.
    """
    program = _nginx()
    if program is None:
        raise Skipped(str(without_nginx()))
    with tempfile.TemporaryDirectory(prefix="postbacks-nginx-") as folder:
        port = free_port()
        config = Path(folder, "nginx.conf")
        config.write_text(_NGINX_CONFIG.format(port=port))
        with on_core("server"):
            process = subprocess.Popen(
                [program, "-p", folder, "-c", str(config)], stderr=subprocess.DEVNULL
            )
        with stopping(process):
            wait_for_port(port, process)
            yield port


def wrk(
    port: int,
    path: str = "/",
    *,
    connections: int,
    seconds: float,
    method: str = "POST",
    script: str = "",
) -> Mapping[str, float]:
    """Load a server on loopback from one thread and return its answers per second.

    Args:
        port: Where it listens.
        path: Path and query of every request.
        connections: How many, each with one request under way.
        seconds: How long; at least one second.
        method: Of every request.
        script: Lua that replaces what is sent.

    Raises:
        Skipped: wrk is not installed.
        RuntimeError: An answer was not a 2xx, or none came.
    """
    reason = without_wrk()
    if reason:
        raise Skipped(reason)
    with tempfile.NamedTemporaryFile("w", prefix="postbacks-wrk-", suffix=".lua") as lua:
        lua.write(f'wrk.method = "{method}"\n{script}\n{_WRK_REPORT}')
        lua.flush()
        url = f"http://127.0.0.1:{port}{path}"
        size = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        found = json_of(["wrk", *size, "-s", lua.name, url])
    if found["refused"] or found["timeouts"] or not found["requests"]:
        raise RuntimeError(f"{url} answered something other than 2xx, or nothing: {found}")
    return {"per second": found["requests"] / found["microseconds"] * 1e6}


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens on a loopback port.

    Raises:
        RuntimeError: The process that should has ended, or took ten seconds.
    """
    give_up = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port} (exit status {process.returncode})")


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path=_NGINX_PATHS)
