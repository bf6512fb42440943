"""Serves an endpoint, good or broken, so that the cases can be aimed at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from contracts.suite.request_budget import RequestBudget
from contracts.suite.vocabulary import Profile
from contracts.verify.endpoints.shop import PATH, QUERY, Shop, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.operator import Operator
from contracts.verify.postbacks import Subscription
from contracts.verify.probe import FunctionProbe
from contracts.verify.resolved_host import Resolve, resolve_host
from contracts.verify.sender import SocketPostbackSender, Trust
from contracts.verify.subject import EndpointSubject
from mockserver.core.catalog import event_kind
from mockserver.core.clock import ManualClock
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.core.template import Template
from mockserver.web.server import ApiServer

#: What stands for the 30 seconds where they are real.
SHORT_TIMEOUT = timedelta(seconds=1.5)
#: Events of every channel: a shop keeps all.
KEPT = tuple(map(event_kind, ("email.click", "push.open", "in-app.banner.select")))
#: The origin in the URL of an endpoint in this process; nothing is sent there.
NOWHERE = "http://endpoint.test"
#: Of what deviants need, the programs; the rest are modules.
PROGRAMS = frozenset({"nginx"})
_MOST_REQUESTS = 900


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint that answers.

    Attributes:
        origin: Scheme, host and port.
        app: The application, if it is in this process; then no port is open.
        ca_file: What its certificate is signed by.
        operator: Takes it down and up again.
        resolve: The addresses that its host has.
        timeout: How long it may take over sockets, in real time.
        clock: What the application spends time on.
    """

    origin: str = NOWHERE
    app: Any = None
    ca_file: str | None = None
    operator: Operator | None = None
    resolve: Resolve | None = None
    timeout: timedelta = SHORT_TIMEOUT
    clock: ManualClock = field(default_factory=ManualClock)


#: Serves an endpoint that keeps what it gets in a store, as long as the context is entered.
Serve = Callable[[Store], AbstractContextManager[Served]]


@dataclass(frozen=True, slots=True)
class EndpointVariant:
    """An endpoint that is wrong in one way; or, among the good ones, in none.

    Attributes:
        name: In kebab case, e.g. `counts-duplicates`.
        area: The middle part of the ids of the cases that are about it, in lower case.
        change: What it does otherwise, as a sentence.
        serve: How it is served.
        path: Where it receives postbacks.
        recording: URLs that are sent in the cases about recordings.
        needs: Modules and programs without which it cannot be served.
    """

    name: str
    area: str
    change: str
    serve: Serve
    path: str = PATH
    recording: Sequence[str] = (f"{NOWHERE}{PATH}?user=u-1&event=Open&at=1767225600000",)
    needs: Sequence[str] = ()


def missing_needs(deviant: EndpointVariant) -> list[str]:
    """Return the modules and programs that an endpoint needs and that are not there."""
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _endpoint(self, served: Served) -> EndpointSubject:
        url = f"{served.origin}{self.deviant.path}{QUERY}"
        common: dict[str, Any] = {
            "subscription": Subscription(Template(url), kept=KEPT),
            "probe": FunctionProbe(lambda: list(self.store.rows)),
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
    """Return what serves an application in this process, on a clock that stands."""

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        clock = ManualClock()
        yield Served(app=make(store, clock), clock=clock)

    return serve


def on_a_port(make: Callable[[Store, ManualClock], Any] = Shop) -> Serve:
    """Return what serves a WSGI application on a port of its own, with threads."""

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
