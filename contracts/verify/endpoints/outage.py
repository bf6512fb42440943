"""Breaks endpoints in what they do while they are down, or when they come up again.

Those in this process have a small proxy in front of them, which answers while they are down. At
the port of the others nobody listens while they are down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, Serve, Served
from contracts.verify.endpoints.serving import PATIENT, EndpointServer, running
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: An event counts as old if it happened this long before the endpoint was last started.
OLD = timedelta(minutes=10)
#: The answer of a proxy while the shop behind it is down.
UNAVAILABLE = ShopAnswer(503, (("Retry-After", "60"),))


class RestartingShop(Shop):
    """A shop that is taken down and up again.

    Attributes:
        up_at: When it was last taken up again, aware; None if it never was.
    """

    up_at: datetime | None = None

    def go_down(self) -> None:
        """Note that it is taken down; a good shop has everything on disk already."""

    def come_up(self) -> None:
        """Note that it is taken up again."""
        self.up_at = datetime.now(UTC)

    def is_old(self, row: Row) -> bool:
        """Return whether an event happened long before the last start."""
        if self.up_at is None or not row["at"].isdigit():
            return False
        at = datetime.fromtimestamp(int(row["at"]) / 1000, UTC)
        return at < self.up_at - OLD


class PortOperator:
    """Takes the server of a shop down and up again, at the same port."""

    description = "this process"

    def __init__(self, server: EndpointServer, shop: RestartingShop) -> None:
        self._server, self._shop = server, shop

    def down(self) -> None:
        """Stop the server; see `Operator`."""
        self._server.stop()
        self._shop.go_down()

    def up(self) -> None:
        """Start it again; see `Operator`."""
        self._shop.come_up()
        self._server.start()


class Proxy:
    """A proxy in front of a shop in this process, which takes it down and up again.

    Args:
        shop: The shop behind it.
        instead: What it answers while the shop is down.
    """

    description = "this process"

    def __init__(self, shop: RestartingShop, instead: ShopAnswer = UNAVAILABLE) -> None:
        self._shop, self._front = shop, _Front(shop.store, shop.clock, instead)
        self._is_up = True

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Any:
        """Answer a request, from the shop if it is up."""
        return (self._shop if self._is_up else self._front)(environ, start_response)

    def down(self) -> None:
        """Take the shop down; see `Operator`."""
        self._is_up = False
        self._shop.go_down()

    def up(self) -> None:
        """Take it up again; see `Operator`."""
        self._shop.come_up()
        self._is_up = True


class _Front(Shop):
    """Gives the same answer to every request."""

    def __init__(self, store: Store, clock: ManualClock, instead: ShopAnswer) -> None:
        super().__init__(store, clock)
        self._instead = instead

    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        return self._instead


MakeRestarting = Callable[[Store, ManualClock], RestartingShop]


def restarted_behind_a_proxy(
    make: MakeRestarting = RestartingShop, instead: ShopAnswer = UNAVAILABLE
) -> Serve:
    """Return what runs a shop in this process that can be taken down and up again.

    Args:
        make: Makes the shop.
        instead: What the proxy answers while the shop is down.
    """

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        clock = ManualClock()
        proxy = Proxy(make(store, clock), instead)
        yield Served(app=proxy, operator=proxy, clock=clock)

    return serve


def restarted_at_its_port(make: MakeRestarting = RestartingShop) -> Serve:
    """Return what runs a shop at a port at which nobody listens while it is down.

    Args:
        make: Makes the shop.
    """

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        shop = make(store, ManualClock())
        with running(EndpointServer(shop)) as server:
            yield Served(server.origin, operator=PortOperator(server, shop), timeout=PATIENT)

    return serve


class _LosesTheLast(RestartingShop):
    """Writes an event to disk when the next one comes."""

    def go_down(self) -> None:
        if self.store.rows:
            self.store.drop_last()


class _KeepsInMemory(RestartingShop):
    """Keeps events only in memory."""

    def go_down(self) -> None:
        self.store.clear()


class _RefusesOld(RestartingShop):
    """Refuses old events."""

    def check(self, row: Row) -> ShopAnswer | None:
        return ShopAnswer(422) if self.is_old(row) else None


class _IgnoresOld(RestartingShop):
    """Answers 200 to old events and does not store them."""

    def keep(self, row: Row) -> bool:
        return not self.is_old(row) and super().keep(row)


_PAGE = ShopAnswer(
    200,
    (("Content-Type", "text/html"),),
    b"<h2>We will be back soon</h2><p>Our shop is being improved.</p>",
)

DEVIANTS: tuple[EndpointVariant, ...] = (
    EndpointVariant(
        "loses-the-last-at-restart",
        "store",
        "Writes an event to disk when the next one comes, so that a restart loses the last.",
        restarted_behind_a_proxy(_LosesTheLast),
    ),
    EndpointVariant(
        "keeps-all-in-memory",
        "store",
        "Keeps everything in memory only.",
        restarted_behind_a_proxy(_KeepsInMemory),
    ),
    EndpointVariant(
        "maintenance-page-with-200",
        "outage",
        "Its proxy shows a maintenance page with 200 while it is down.",
        restarted_behind_a_proxy(instead=_PAGE),
    ),
    EndpointVariant(
        "not-found-while-down",
        "outage",
        "Its proxy answers 404 while it is down.",
        restarted_behind_a_proxy(instead=ShopAnswer(404)),
    ),
    EndpointVariant(
        "refuses-the-backlog",
        "outage",
        "Answers 422 to what happened long before it was started.",
        restarted_at_its_port(_RefusesOld),
    ),
    EndpointVariant(
        "loses-the-backlog",
        "outage",
        "Answers 200 to what happened long before it was started, and does not store it.",
        restarted_behind_a_proxy(_IgnoresOld),
    ),
)
