"""Programs that tests start, and pages that a browser without a window is shown."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

#: A host that the browser finds at 127.0.0.1, though it is a site of its own.
FOREIGN_HOST = "evil.example"


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed")
    return found


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown_in_browser(url: str, folder: Path) -> str:
    """Return the document that a browser ends up with; `folder` gets its profile."""
    browser = program("chromium", "chromium-browser", "google-chrome")
    return run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
         f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1",
         "--virtual-time-budget=5000", "--dump-dom", url]
    )  # fmt: skip


@contextmanager
def pages(by_path: Mapping[str, str]) -> Iterator[int]:
    """Serve pages on loopback, by path, and hand out the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = by_path.get(self.path, "").encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
