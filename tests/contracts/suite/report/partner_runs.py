"""Runs at small endpoints on loopback, and an endpoint that keeps what reaches it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from contracts.suite.generated import Effort
from contracts.suite.registry import endpoint_cases
from contracts.suite.results import RunReport, RunTarget
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant, on_a_port
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer
from contracts.verify.lint import remarks
from mockserver.web.server import ApiServer

from .samples import run_of

#: Those that send what breaks a careless endpoint, and little else.
CASES = frozenset(
    {
        "PB-ANSWER-EVENTS",
        "PB-VALUES-EMPTY",
        "PB-VALUES-CHARACTERS",
        "PB-PAYLOAD-DOCUMENTS",
        "PB-REPEAT-TEN",
        "PB-LOAD-BURST",
        "PB-STORE-POST-ONLY",
    }
)


class RefusesBounces(Shop):
    """Knows one event less than there are, and says so."""

    def check(self, row: Row) -> ShopAnswer | None:
        if row["event"] == "Bounce":
            return ShopAnswer(400, (("Content-Type", "text/html"),), b'<b>no & "no"</b>')
        return None


def run_at(make: Callable[..., Any] = Shop, cases: Iterable[str] = CASES) -> RunReport:
    """Return the report of a run of a few cases at an endpoint on a port."""
    chosen = [case for case in endpoint_cases() if case.id in set(cases)]
    with DeviantEndpoint(EndpointVariant("sample", "", "", on_a_port(make))) as served:
        endpoint = served.endpoint
        results = [run_case(case, endpoint, Effort(shrink=False), Names()) for case in chosen]
        return run_of(
            results,
            target=RunTarget(endpoint.kind, endpoint.url, endpoint.description),
            seed=None,
            remarks=remarks(endpoint.subscription),
            latency=endpoint.latency(),
            traffic=endpoint.traffic(),
        )


class Keeper:
    """Answers everything, and keeps method, path and decoded query of what was asked.

    Attributes:
        seen: In the order of arrival.
        headers: Those of the last request, as WSGI names them.
    """

    def __init__(self, refuses: Callable[[dict[str, str]], bool] = lambda values: False) -> None:
        self.seen: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.headers: dict[str, str] = {}
        self._refuses = refuses
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="strict")
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        with self._lock:
            self.seen.append((environ["REQUEST_METHOD"], path, pairs))
            self.headers = {
                name: value for name, value in environ.items() if name.startswith("HTTP_")
            }
        status = "400 Bad Request" if self._refuses(dict(pairs)) else "204 No Content"
        start(status, [("Content-Length", "0")] if status.startswith("4") else [])
        return [b""]


@contextmanager
def kept_by(keeper: Callable[..., Iterable[bytes]]) -> Iterator[str]:
    """Serve on a free port of loopback; yield the origin."""
    server = ApiServer(keeper, "127.0.0.1", 0)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
