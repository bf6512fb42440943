"""One exchange with an endpoint, in bytes: addresses, limits, certificates, time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.net.monotonic import real_seconds
from mockserver.net.trust import client_context
from mockserver.receiver.dialling import (
    LARGEST_BODY,
    LARGEST_HEAD,
    Got,
    Target,
    exchange,
)
from tests.certificates import ca_file_in, server_context
from tests.receiver.endpoints import OK, endpoint, free_port, says, says_and_stays

REQUEST = b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def allow(address: str, port: int) -> None:
    return None


def sent(
    port: int,
    host: str = "127.0.0.1",
    *,
    tls: ssl.SSLContext | None = None,
    seconds: float = 5.0,
    judge: Callable[[str, int], str | None] = allow,
) -> Got:
    return exchange(Target(host, port, tls), REQUEST, judge, real_seconds() + seconds)


def test_every_address_of_a_name_is_tried() -> None:
    tried: list[str] = []

    def look(address: str, port: int) -> None:
        tried.append(address)

    with endpoint() as own:
        # It listens at 127.0.0.1 only, and `localhost` may be ::1 first.
        assert sent(own.port, "localhost", judge=look).status == 200
    assert tried[-1] == "127.0.0.1"


def test_an_address_that_is_refused_is_not_dialled() -> None:
    with endpoint() as own:
        got = sent(own.port, judge=lambda address, port: f"{address}:{port} is closed")
        assert (got.end, got.error) == ("reset", f"127.0.0.1:{own.port} is closed")
        assert own.got == []


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".example", "x" * 300])
def test_a_name_without_an_address_is_said(host: str) -> None:
    got = sent(80, host)
    assert got.end == "reset"
    assert got.error is not None
    assert got.error.startswith(f"the host {host} has no address (")


@pytest.mark.parametrize(
    ("size", "is_whole"),
    [(LARGEST_BODY - 1, True), (LARGEST_BODY, True), (LARGEST_BODY + 1, False)],
)
def test_a_body_may_have_a_mebibyte(size: int, is_whole: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    with endpoint(says(head, b"x" * size)) as own:
        got = sent(own.port)
    assert (got.status, len(got.body)) == (200, min(size, LARGEST_BODY))
    assert got.is_whole is is_whole
    assert (got.error is None) is is_whole


@pytest.mark.parametrize("size", [LARGEST_HEAD // 2, LARGEST_HEAD * 2])
def test_a_head_has_a_limit(size: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Long: %b\r\nContent-Length: 2\r\n\r\nok" % (b"x" * size)
    with endpoint(says(head)) as own:
        got = sent(own.port)
    assert (got.end == "answered") is (size < LARGEST_HEAD)
    if got.end != "answered":
        assert got.error is not None
        assert str(LARGEST_HEAD) in got.error


@pytest.mark.parametrize("interval", [0.02, 0.2])
def test_the_time_is_one_for_all_however_an_endpoint_drips(interval: float) -> None:
    def drip(connection: socket.socket, own: object) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
            connection.sendall(bytes([byte]))
            time.sleep(interval)

    with endpoint(drip) as own:
        began = time.perf_counter()
        got = sent(own.port, seconds=0.6)
        took = time.perf_counter() - began
    assert got.end == "silent"
    assert 0.5 < took < 3


def test_an_endpoint_that_does_not_read_is_one_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        request = REQUEST[:-2] + b"X: " + b"x" * 50_000_000 + b"\r\n\r\n"
        target = Target("127.0.0.1", listener.getsockname()[1], None)
        got = exchange(target, request, allow, real_seconds() + 0.5)
    assert got.end == "silent"


def test_an_answer_to_a_head_has_no_body() -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    with endpoint(says_and_stays(said)) as own:
        target = Target("127.0.0.1", own.port, None)
        until = real_seconds() + 5
        got = exchange(target, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", allow, until, is_head=True)
    assert (got.status, got.is_whole, got.body) == (200, True, b"")


# Certificates


def test_a_certificate_that_is_trusted_is_spoken_with(tmp_path: Path) -> None:
    trusting = client_context(ca_file_in(tmp_path))
    with endpoint(says(OK), tls=server_context()) as own:
        assert sent(own.port, tls=trusting).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_one_that_is_not_trusted_says_how_it_would_be(host: str) -> None:
    with endpoint(says(OK), tls=server_context()) as own:
        got = sent(own.port, host, tls=ssl.create_default_context())
    assert got.end == "reset"
    assert got.error is not None
    assert got.error.startswith(f"the TLS handshake with {host}:{own.port} failed: ")
    assert "--ca-file" in got.error
    assert "--insecure" in got.error


def test_an_endpoint_without_tls_is_said(tmp_path: Path) -> None:
    with endpoint(says(b"HTTP/1.1 400 Bad\r\n\r\n")) as own:
        got = sent(own.port, tls=client_context(ca_file_in(tmp_path)), seconds=2)
    assert got.end in ("reset", "silent")


def test_nobody_listens() -> None:
    port = free_port()
    got = sent(port)
    assert (got.end, got.error) == (
        "reset",
        f"nobody listens at 127.0.0.1:{port} (Connection refused)",
    )
