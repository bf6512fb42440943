"""Breaks endpoints that are good as long as one postback comes at a time.

A mistake with threads must show every time here. So the first postback on a new connection is held
for a moment, in which the others of a burst arrive, each on a connection of its own. Postbacks one
after the other on one connection are not held.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition, Lock
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, Serve, Served
from contracts.verify.endpoints.serving import (
    NUMBER,
    PATIENT,
    Client,
    EndpointServer,
    Request,
    Talk,
    over_sockets,
    running,
)
from contracts.verify.endpoints.shop import Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: How long the first request on a new connection is held.
_MOMENT = timedelta(milliseconds=60)
#: How many new connections may be served together, where that is limited.
_FEW = 2
#: How many requests are accepted in this time, where the rate is limited.
_RATE = 8
_WINDOW_REAL_SECONDS = 30.0


def _with(make: Callable[[], Talk]) -> Serve:
    """Return what runs a good shop whose connections are served by a new `Talk`."""

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        with running(EndpointServer(Shop(store, ManualClock()), make())) as server:
            yield Served(server.origin, timeout=PATIENT)

    return serve


class _FewAtOnce:
    """Serves no more than two new connections together, as with a small pool to a database.

    Args:
        refuse: Refuses a request while two others are served.
    """

    def __init__(self, refuse: Callable[[Client, Request], None]) -> None:
        self._refuse = refuse
        self._lock = Lock()
        self._busy = 0

    def __call__(self, client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            if request.number > 1 or self._enter(client):
                client.answer(request, shop.handle(request.environ))
            else:
                self._refuse(client, request)
                return

    def _enter(self, client: Client) -> bool:
        with self._lock:
            is_free = self._busy < _FEW
            self._busy += is_free
        if is_free:
            client.pause(_MOMENT)
            with self._lock:
                self._busy -= 1
        return is_free


class _Limited:
    """Accepts no more than eight requests within half a minute from all clients together."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: deque[float] = deque(maxlen=_RATE)

    def __call__(self, client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            is_taken = self._take()
            client.answer(request, shop.handle(request.environ) if is_taken else ShopAnswer(429))

    def _take(self) -> bool:
        now = time.monotonic()
        with self._lock:
            full = len(self._taken) == _RATE
            if full and now - self._taken[0] < _WINDOW_REAL_SECONDS:
                return False
            self._taken.append(now)
            return True


class _OneAtATime:
    """Serves new connections one after the other, as if each waited for the same lock."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __call__(self, client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            if request.number == 1:
                with self._lock:
                    client.pause(_MOMENT)
            client.answer(request, shop.handle(request.environ))


class _LooksFirst(Shop):
    """Looks whether an event is stored, and stores it afterwards.

    Requests with the same event wait for each other between the two steps.
    """

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._looks: dict[Hashable, int] = {}
        self._changed = Condition()

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        row = self.parse(environ["QUERY_STRING"])
        identity = self.identity(row)
        is_new = not self.store.has(identity)
        if is_new and environ[NUMBER] == 1:
            self._meet(identity)
        # Another request may have stored it meanwhile; this endpoint does not look again.
        if is_new and not self.store.add(row, identity):
            self.store.add_anyway(row)
        return self.new(row)

    def _meet(self, identity: Hashable) -> None:
        with self._changed:
            self._looks[identity] = self._looks.get(identity, 0) + 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._looks[identity] > 1, _MOMENT.total_seconds())


def _fail(client: Client, request: Request) -> None:
    client.answer(request, ShopAnswer(500))


def _reset(client: Client, request: Request) -> None:
    client.reset()


DEVIANTS: tuple[EndpointVariant, ...] = (
    EndpointVariant(
        "fails-in-a-burst",
        "load",
        "Answers 500 to whoever connects while two others do.",
        _with(lambda: _FewAtOnce(_fail)),
    ),
    EndpointVariant(
        "limits-the-rate",
        "load",
        "Answers 429 to more than eight requests in half a minute.",
        _with(_Limited),
    ),
    EndpointVariant(
        "resets-in-a-burst",
        "load",
        "Resets the connection of whoever connects while two others do.",
        _with(lambda: _FewAtOnce(_reset)),
    ),
    EndpointVariant(
        "one-at-a-time",
        "load",
        "Works on those who connect one after the other, each for 60 ms.",
        _with(_OneAtATime),
    ),
    EndpointVariant(
        "looks-before-it-stores",
        "load",
        "Looks whether an event is stored, and stores it a moment later.",
        over_sockets(make=_LooksFirst),
    ),
)
