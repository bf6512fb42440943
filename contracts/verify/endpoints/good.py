"""Builds good endpoints of different kinds, on which no case of level MUST may fail.

FastAPI is imported only when its endpoint is served.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask

from contracts.verify.endpoints.certificates import NEEDS as CERTIFICATES
from contracts.verify.endpoints.certificates import over_tls
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, Served, in_process
from contracts.verify.endpoints.nginx import nginx_before
from contracts.verify.endpoints.outage import restarted_at_its_port
from contracts.verify.endpoints.serving import LOOPBACK, PATIENT, over_sockets
from contracts.verify.endpoints.shop import PATH, Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.web.server import ApiServer

#: A second less than the timeout of Leanplum.
_ALMOST = DEFAULT_TIMEOUT - timedelta(seconds=1)
_POLL_REAL_SECONDS = 0.01
_STOP_REAL_SECONDS = 5.0


def keep(store: Store, values: Mapping[str, str]) -> None:
    """Store an event once."""
    shop = Shop(store, ManualClock())
    shop.keep(dict(values))


# Flask


@contextmanager
def _flask(store: Store) -> Iterator[Served]:
    app = flask.Flask(__name__)

    @app.post(PATH)
    def receive() -> str:
        keep(store, flask.request.args.to_dict())
        return "thank you"

    server = ApiServer(app, LOOPBACK, 0)
    server.start()
    try:
        yield Served(server.url, timeout=PATIENT)
    finally:
        server.stop()


# FastAPI


@contextmanager
def _fastapi(store: Store) -> Iterator[Served]:
    from fastapi import FastAPI, Request

    app = FastAPI()

    async def receive(request: Request) -> dict[str, bool]:
        keep(store, dict(request.query_params))
        return {"ok": True}

    # FastAPI cannot look up the name in the annotation of an inner function.
    receive.__annotations__["request"] = Request
    app.post(PATH)(receive)
    yield Served(app=app)


# The standard library


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Threads
    # Sends head and body in one piece: the second of two small ones would be delayed by TCP.
    wbufsize = -1

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        keep(self.server.store, {name: values[-1] for name, values in query.items()})
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


class _Threads(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, store: Store) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.store = store
        self._open: dict[Any, Thread] = {}
        self._lock = Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread with a name, by which tests notice a thread that is left behind."""
        serving = Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="postbacks-endpoint-client",
            daemon=True,
        )
        with self._lock:
            self._open[request] = serving
        serving.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing about clients that have gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Close the connections that are still open."""
        with self._lock:
            open_now = dict(self._open)
        for request, serving in open_now.items():
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
            serving.join(_STOP_REAL_SECONDS)


@contextmanager
def _http_server(store: Store) -> Iterator[Served]:
    with _Threads(store) as server:
        listening = Thread(
            target=server.serve_forever, args=(_POLL_REAL_SECONDS,), name="postbacks-endpoint"
        )
        listening.start()
        try:
            port = server.server_address[1]
            yield Served(f"http://{LOOPBACK}:{port}", timeout=PATIENT)
        finally:
            server.shutdown()
            listening.join()
            server.end()


# nginx


@contextmanager
def _behind_nginx(store: Store) -> Iterator[Served]:
    with (
        _http_server(store) as served,
        TemporaryDirectory(prefix="postbacks-") as folder,
        nginx_before(served.origin, Path(folder)) as port,
    ):
        yield replace(served, origin=f"http://{LOOPBACK}:{port}")


# Shops


class _SaysNothing(Shop):
    """Answers 204."""

    def new(self, row: Row) -> ShopAnswer:
        return ShopAnswer(204)


class _TakesItsTime(Shop):
    """Answers a second before it would be too late."""

    def new(self, row: Row) -> ShopAnswer:
        self.spend(_ALMOST)
        return super().new(row)


GOOD: tuple[EndpointVariant, ...] = (
    EndpointVariant("good-flask", "good", "Flask behind waitress, with threads.", _flask),
    EndpointVariant(
        "good-fastapi",
        "good",
        "FastAPI in this process, with an answer in JSON.",
        _fastapi,
        needs=("fastapi",),
    ),
    EndpointVariant(
        "good-standard-library",
        "good",
        "http.server with a thread for each connection; it answers 201.",
        _http_server,
    ),
    EndpointVariant(
        "good-204",
        "good",
        "Answers 204, without a body.",
        over_sockets(make=_SaysNothing),
    ),
    EndpointVariant(
        "good-slow",
        "good",
        "Takes 29 seconds for each answer.",
        in_process(_TakesItsTime),
    ),
    EndpointVariant(
        "good-behind-nginx",
        "good",
        "nginx in front of http.server, without connections that are kept between them.",
        _behind_nginx,
        needs=("nginx",),
    ),
    EndpointVariant(
        "good-tls",
        "good",
        "TLS with a certificate that is trusted and valid for a year.",
        over_tls(),
        needs=CERTIFICATES,
    ),
    EndpointVariant(
        "good-restarted",
        "good",
        "Nobody listens at its port while it is down, and it keeps everything on disk.",
        restarted_at_its_port(),
    ),
)
