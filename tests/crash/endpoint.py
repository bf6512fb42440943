"""An endpoint that counts postbacks, in a process that nobody kills."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Endpoint:
    """How often each user's postback has arrived; the first two of each are answered 503."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = threading.Lock()
        self._arrived: Counter[str] = Counter()

    def take(self, user_id: str) -> int:
        """Count a postback; return the status to answer with."""
        with self._lock:
            self._arrived[user_id] += 1
            return 503 if self._arrived[user_id] <= 2 else 200

    def arrived(self) -> Counter[str]:
        """Return how many postbacks have come for each user."""
        with self._lock:
            return Counter(self._arrived)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A sandbox opens up to 64 connections at once. The system drops those that find no room, and
    # they are tried again only after one second, then three, then seven.
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever sends is killed in the middle of it."""


@contextmanager
def listening() -> Iterator[Endpoint]:
    """Run an endpoint on a free port of loopback."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            user_id = parse_qs(urlsplit(self.path).query)["u"][0]
            self.send_response(endpoint.take(user_id))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/in?u={{{{User ID}}}}"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
