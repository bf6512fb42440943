"""How postbacks leave: to the addresses that were found first, and nowhere else."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from contracts.verify.sender import SocketPostbackSender, Trust
from mockserver.core.outcome import OutcomeKind
from mockserver.transport.resolved_host import ResolvedHost, resolve_host
from tests.transport.servers import OK, Connection, RawServer, hanging, keeping_alive

DEAD = "http://127.0.0.1:1"


@contextmanager
def sending(
    resolved_host: ResolvedHost, seconds: float = 5, **options: Any
) -> Iterator[SocketPostbackSender]:
    sender = SocketPostbackSender(resolved_host, timeout=timedelta(seconds=seconds), **options)
    try:
        yield sender
    finally:
        sender.close()


def host_of(server: RawServer, host: str = "partner.test", *addresses: str) -> ResolvedHost:
    return ResolvedHost("http", host, server.port, addresses or ("127.0.0.1",))


def targets(paths: Sequence[str], server: RawServer, host: str = "partner.test") -> list[str]:
    return [f"http://{host}:{server.port}{path}" for path in paths]


def test_outcomes_come_in_the_order_of_their_urls() -> None:
    def behave(connection: Connection) -> None:
        while (head := connection.read_request()) is not None:
            number = int(head.split()[1][1:])
            connection.pause(0.02 * (4 - number))
            connection.send(f"HTTP/1.1 20{number} X\r\nContent-Length: 0\r\n\r\n".encode())

    with RawServer(behave) as server, sending(host_of(server)) as sender:
        urls = targets(["/0", "/1", "/2", "/3"], server)
        outcomes = sender.post(urls, at_once=4)
        assert [outcome.status for outcome in outcomes] == [200, 201, 202, 203]
        assert sender.post([]) == []


def test_no_more_are_under_way_than_told() -> None:
    most = 0
    under_way: set[int] = set()

    def behave(connection: Connection) -> None:
        nonlocal most
        while connection.read_request() is not None:
            under_way.add(connection.number)
            most = max(most, len(under_way))
            connection.pause(0.01)
            under_way.discard(connection.number)
            connection.send(OK)

    with RawServer(behave) as server, sending(host_of(server)) as sender:
        outcomes = sender.post(targets(["/"] * 12, server), at_once=3)
    assert [outcome.status for outcome in outcomes] == [200] * 12
    assert most <= 3


def test_fresh_postbacks_have_connections_of_their_own() -> None:
    with RawServer(keeping_alive()) as server, sending(host_of(server)) as sender:
        sender.post(targets(["/"] * 4, server), fresh=True)
        assert [number for number, _ in server.requests] == [1, 2, 3, 4]


def test_the_timeout_is_the_one_that_was_given() -> None:
    with RawServer(hanging) as server, sending(host_of(server), 0.2) as sender:
        (outcome,) = sender.post(targets(["/"], server))
    assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, timedelta(seconds=0.2))


def test_header_fields_go_out_with_each_postback() -> None:
    with (
        RawServer(keeping_alive()) as server,
        sending(host_of(server), headers=[("X-Gateway", "a: b"), ("X-Two", "2")]) as sender,
    ):
        sender.post(targets(["/"], server))
        assert b"\r\nX-Gateway: a: b\r\nX-Two: 2\r\n" in server.requests[0][1]


# Addresses


def test_a_name_is_dialled_where_it_was_whatever_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["127.0.0.1"], ["192.0.2.7"]])
    with RawServer(keeping_alive()) as server:
        url = f"http://partner.test:{server.port}/in"
        resolved_host = resolve_host(url, resolve=lambda host, port: next(answers))

        def asked_again(*_: object, **__: object) -> None:
            raise AssertionError("the name was looked up again")

        monkeypatch.setattr(socket, "getaddrinfo", asked_again)
        with sending(resolved_host) as sender:
            outcomes = [sender.post([url], fresh=fresh)[0] for fresh in (True, False, True)]
    assert [outcome.status for outcome in outcomes] == [200, 200, 200]


@pytest.mark.parametrize("other", ["localhost", "127.0.0.2", "other.test"])
def test_a_url_of_another_host_is_not_sent(other: str) -> None:
    with (
        RawServer(keeping_alive()) as server,
        sending(host_of(server, "partner.test", "127.0.0.3")) as sender,
    ):
        (outcome,) = sender.post(targets(["/"], server, other))
        assert outcome.kind in (OutcomeKind.BLOCKED, OutcomeKind.DNS)
        assert server.requests == []


def test_one_of_several_addresses_can_be_chosen() -> None:
    with RawServer(keeping_alive()) as server:
        resolved_host = host_of(server, "partner.test", "127.0.0.2", "127.0.0.1")
        with sending(resolved_host) as sender:
            urls = targets(["/"], server)
            assert sender.post(urls, address="127.0.0.1")[0].status == 200
            assert sender.post(urls, address="127.0.0.2")[0].kind is OutcomeKind.REFUSED
            assert sender.post(urls)[0].status == 200


def test_an_address_in_place_of_a_name_is_dialled_as_it_is() -> None:
    with RawServer(keeping_alive()) as server:
        for host in ("127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "ada:key@127.0.0.1"):
            url = f"http://{host}:{server.port}/in"
            with sending(resolve_host(url)) as sender:
                assert sender.post([url])[0].status == 200, host


# Proxies


def test_the_environment_chooses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD)
    with RawServer(keeping_alive()) as server, sending(host_of(server)) as sender:
        assert sender.post(targets(["/"], server))[0].status == 200


def test_a_proxy_that_is_given_is_told_where_to() -> None:
    resolved_host = ResolvedHost("http", "partner.test", 80, ("192.0.2.7",))
    with RawServer(keeping_alive()) as proxy, sending(resolved_host, proxy=proxy.url) as sender:
        assert sender.post(["http://partner.test/in?x=1"])[0].status == 200
        assert proxy.targets == ["http://partner.test/in?x=1"]


def test_even_a_proxy_is_not_dialled_at_a_metadata_address() -> None:
    resolved_host = ResolvedHost("http", "partner.test", 80, ("192.0.2.7",))
    with sending(resolved_host, proxy="http://169.254.169.254:80") as sender:
        (outcome,) = sender.post(["http://partner.test/in"])
    assert outcome.kind is OutcomeKind.BLOCKED


def test_certificates_are_judged_unless_told() -> None:
    assert Trust() == Trust(ca_file=None, verify=True)
