"""Breaks endpoints in how they treat a connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, Served
from contracts.verify.endpoints.serving import (
    LOOPBACK,
    Client,
    EndpointServer,
    Request,
    answer_all,
    over_sockets,
    running,
    written,
)
from contracts.verify.endpoints.shop import Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: The host name of endpoints with several addresses, or with a certificate.
HOST = "shop.test"
#: An address of this machine at which nobody listens.
_DEAD = "127.0.0.2"
#: A short timeout, so that an answer that must be late need not take long.
_SOON = timedelta(seconds=0.1)
#: How many answers are sent normally before one is sent byte by byte.
_WHOLE = 7
_DRIP = timedelta(milliseconds=50)


@contextmanager
def _nobody(store: Store) -> Iterator[Served]:
    # Bound, so that no other program gets the port, but not listening.
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        yield Served(f"http://{LOOPBACK}:{bound.getsockname()[1]}")


def _reset(client: Client, shop: Shop) -> None:
    if client.read() is not None:
        client.reset()


def _speak_smtp(client: Client, shop: Shop) -> None:
    client.write(b"220 mail.shop.test ESMTP ready\r\n")
    client.read()


def _close(client: Client, shop: Shop) -> None:
    client.read()


def _answer_twice(client: Client, shop: Shop) -> None:
    while (request := client.read()) is not None:
        wrong = ShopAnswer(500, (), b"something went wrong on the way out")
        client.write(written(request, shop.handle(request.environ)) + written(request, wrong))


def _say_less(client: Client, shop: Shop) -> None:
    while (request := client.read()) is not None:
        # A comment is appended to every page, and Content-Length does not count it.
        client.write(written(request, shop.handle(request.environ)) + b"<!-- shop 1.0 -->")


def _fail_first(client: Client, shop: Shop) -> None:
    while (request := client.read()) is not None:
        is_first = request.number == 1
        client.answer(request, ShopAnswer(503) if is_first else shop.handle(request.environ))


class _Dripping:
    """Sends the head of every eighth answer byte by byte, as a broken filter would."""

    def __init__(self) -> None:
        self._answers = 0

    def __call__(self, client: Client, shop: Shop) -> None:
        while (request := client.read()) is not None:
            self._answers += 1
            answer = shop.handle(request.environ)
            if self._answers % (_WHOLE + 1):
                client.answer(request, answer)
            else:
                self._drip(client, request, answer)

    def _drip(self, client: Client, request: Request, answer: ShopAnswer) -> None:
        for byte in written(request, answer):
            client.write(bytes([byte]))
            client.pause(_DRIP)


@contextmanager
def _dripping(store: Store) -> Iterator[Served]:
    with running(EndpointServer(Shop(store, ManualClock()), _Dripping())) as server:
        yield Served(server.origin, timeout=_SOON)


@contextmanager
def _two_addresses(store: Store) -> Iterator[Served]:
    with running(EndpointServer(Shop(store, ManualClock()))) as server:
        yield Served(f"http://{HOST}:{server.port}", resolve=lambda host, port: [LOOPBACK, _DEAD])


DEVIANTS: tuple[EndpointVariant, ...] = (
    EndpointVariant(
        "nobody-listens",
        "reach",
        "Nothing listens at the port, as behind a firewall that refuses.",
        _nobody,
    ),
    EndpointVariant(
        "resets-connections",
        "reach",
        "Reads a request and resets the connection.",
        over_sockets(_reset),
    ),
    EndpointVariant(
        "speaks-no-http",
        "reach",
        "A mail server listens at the port.",
        over_sockets(_speak_smtp),
    ),
    EndpointVariant(
        "closes-without-answer",
        "reach",
        "Reads a request and closes the connection without a byte.",
        over_sockets(_close),
    ),
    EndpointVariant(
        "one-address-dead",
        "reach",
        "Its host has two addresses, and it listens at one of them.",
        _two_addresses,
    ),
    EndpointVariant(
        "mixes-answers",
        "reach",
        "Sends an answer that belongs to no request after each that does.",
        over_sockets(_answer_twice),
    ),
    EndpointVariant(
        "longer-than-announced",
        "reach",
        "Sends more bytes than its Content-Length says.",
        over_sockets(_say_less),
    ),
    EndpointVariant(
        "one-connection-at-a-time",
        "reach",
        "Serves the next connection when the client has closed the one before.",
        over_sockets(answer_all, one_at_a_time=True, timeout=_SOON),
    ),
    EndpointVariant(
        "first-of-a-connection-fails",
        "reach",
        "Answers 503 to the first request of each connection.",
        over_sockets(_fail_first),
    ),
    EndpointVariant(
        "drips-its-head",
        "answer",
        "Sends the head of every eighth answer so slowly that it is never whole in time.",
        _dripping,
    ),
)
