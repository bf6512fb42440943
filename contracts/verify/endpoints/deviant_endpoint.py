"""Serves an endpoint, good or broken, so that the cases can be aimed at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, Self

from contracts.suite.request_budget import RequestBudget
from contracts.suite.vocabulary import Profile
from contracts.verify.endpoints.shop import PATH, QUERY, Row, Shop, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.operator import Operator
from contracts.verify.postbacks import Subscription
from contracts.verify.sender import SocketPostbackSender, Trust
from contracts.verify.subject import EndpointSubject
from mockserver.client.probe import FunctionProbe, Probe
from mockserver.core.catalog import event_kind
from mockserver.core.clock import ManualClock
from mockserver.core.models import ParametersEncoding
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.core.template import Template
from mockserver.transport.resolved_host import Resolve, resolve_host
from mockserver.web.server import ApiServer

#: Used instead of 30 seconds where real time passes.
SHORT_TIMEOUT = timedelta(seconds=1.5)
#: One event of each channel; a shop stores them all.
KEPT = tuple(map(event_kind, ("email.click", "push.open", "in-app.banner.select")))
#: The origin in the URL of an endpoint in this process; nothing is sent there.
NOWHERE = "http://endpoint.test"
#: Those needs of deviants that are programs; the others are Python modules.
PROGRAMS = frozenset({"nginx"})
_MOST_REQUESTS = 900


@dataclass(frozen=True, slots=True)
class Served:
    """How a running endpoint is reached.

    Attributes:
        origin: Scheme, host and port.
        app: The application, if it is in this process; then no port is open.
        ca_file: A file with the certificate of the authority that signed its own.
        operator: Takes it down and up again.
        resolve: Returns the addresses of its host; the system does unless given.
        timeout: How long an answer over sockets may take, in real time.
        clock: The clock that the application moves to spend time.
    """

    origin: str = NOWHERE
    app: Any = None
    ca_file: str | None = None
    operator: Operator | None = None
    resolve: Resolve | None = None
    timeout: timedelta = SHORT_TIMEOUT
    clock: ManualClock = field(default_factory=ManualClock)


#: Runs an endpoint on a store, as long as the context is entered.
Serve = Callable[[Store], AbstractContextManager[Served]]


@dataclass(frozen=True, slots=True)
class EndpointVariant:
    """An endpoint for the proof: broken in exactly one way, or a good one.

    Attributes:
        name: In kebab case, e.g. `counts-duplicates`.
        area: The area of the cases about it: the middle part of their ids, in lower case.
        change: How it differs from a good endpoint, as a sentence.
        serve: Runs it.
        path: The path at which it receives postbacks.
        recording: The URLs that the cases about recordings send.
        needs: Modules and programs that it cannot run without.
        kept: Names of the events that it stores; those of `KEPT` unless given.
        encoding: How its rule writes Parameters.
        probe: Answers what is stored, as its user's probe would; the rows themselves unless given.
    """

    name: str
    area: str
    change: str
    serve: Serve
    path: str = PATH
    recording: Sequence[str] = (f"{NOWHERE}{PATH}?user=u-1&event=Open&at=1767225600000",)
    needs: Sequence[str] = ()
    kept: Sequence[str] = tuple(kind.name for kind in KEPT)
    encoding: ParametersEncoding = "once"
    probe: Callable[[Sequence[Row]], str] | None = None


def missing_needs(deviant: EndpointVariant) -> list[str]:
    """Return the modules and programs that an endpoint needs and this machine lacks."""
    return [need for need in deviant.needs if not _is_there(need)]


class DeviantEndpoint:
    """An endpoint that can be sent postbacks; use it as a context manager."""

    endpoint: EndpointSubject

    def __init__(self, deviant: EndpointVariant) -> None:
        self.deviant = deviant
        self.store = Store()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            served = stack.enter_context(self.deviant.serve(self.store))
            self.endpoint = self._endpoint(served)
            stack.callback(self.endpoint.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _probe(self) -> Probe:
        answer, rows = self.deviant.probe, self.store.rows
        if answer is None:
            return FunctionProbe(lambda: list(rows))
        return FunctionProbe(lambda: answer(list(rows)))

    def _endpoint(self, served: Served) -> EndpointSubject:
        url = f"{served.origin}{self.deviant.path}{QUERY}"
        common: dict[str, Any] = {
            "subscription": Subscription(
                Template(url),
                parameters_encoding=self.deviant.encoding,
                kept=tuple(map(event_kind, self.deviant.kept)),
            ),
            "probe": self._probe(),
            "operator": served.operator,
            "recording": self.deviant.recording,
            "budget": RequestBudget(_MOST_REQUESTS),
            "profile": Profile.FULL,
            "run": "proof",
        }
        if served.app is not None:
            sender = InProcessPostbackSender(served.app, DEFAULT_TIMEOUT, served.clock)
            return EndpointSubject(sender=sender, others=sender, **common)
        resolved_host = resolve_host(url, resolve=served.resolve)
        trust = Trust(served.ca_file)
        return EndpointSubject(
            sender=SocketPostbackSender(resolved_host, timeout=served.timeout, trust=trust),
            resolved_host=resolved_host,
            trust=trust,
            timeout=served.timeout,
            **common,
        )


def in_process(make: Callable[[Store, ManualClock], Any] = Shop) -> Serve:
    """Return what runs an application in this process, on a clock that only it moves."""

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        clock = ManualClock()
        yield Served(app=make(store, clock), clock=clock)

    return serve


def on_a_port(make: Callable[[Store, ManualClock], Any] = Shop) -> Serve:
    """Return what runs a WSGI application on a port of its own, with threads."""

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        server = ApiServer(make(store, ManualClock()), "127.0.0.1", 0)
        server.start()
        try:
            yield Served(server.url)
        finally:
            server.stop()

    return serve


def _is_there(need: str) -> bool:
    if need in PROGRAMS:
        return shutil.which(need) is not None
    return find_spec(need) is not None
