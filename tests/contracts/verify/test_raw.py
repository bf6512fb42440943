"""One connection to an endpoint, looked at byte by byte."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.verify.raw import (
    NoConnection,
    RawConnection,
    certificate_expires_at,
    is_listening,
    tls_version,
)
from contracts.verify.sender import Trust
from mockserver.transport.resolved_host import ResolvedHost
from tests.contracts.verify.raw_servers import OK, answering, asked, host_of
from tests.transport import servers
from tests.transport.servers import Behaviour, RawServer, keeping_alive

# What is sent


def test_the_request_is_a_postback_byte_by_byte() -> None:
    with (
        RawServer(keeping_alive()) as server,
        RawConnection(host_of(server.port, "partner.test"), Trust(), 5) as connection,
    ):
        connection.request("POST", "/in?x=%c3%a4", [("X-Gateway", "ü")])
        connection.request("GET", "/")
        connection.request("HEAD", "/")
        heads = [head for _, head in server.requests]
    host = f"Host: partner.test:{server.port}\r\nAccept: */*\r\n".encode()
    assert heads == [
        b"POST /in?x=%c3%a4 HTTP/1.1\r\n" + host + b"X-Gateway: \xfc\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"\r\n",
        b"HEAD / HTTP/1.1\r\n" + host + b"\r\n",
    ]


def test_a_connection_can_be_left_without_reading() -> None:
    with RawServer(keeping_alive()) as server:
        with RawConnection(host_of(server.port), Trust(), 5) as connection:
            connection.send("POST", "/in")
        server.wait_for_requests(1)


# Several answers, and none in time


def test_the_next_answer_belongs_to_the_next_request() -> None:
    with (
        RawServer(keeping_alive(OK)) as server,
        RawConnection(host_of(server.port), Trust(), 5) as connection,
    ):
        for _ in range(3):
            got = connection.request("POST", "/")
            assert (got.status, got.surplus, got.error) == (200, False, "")
        assert server.connections == 1


def test_a_later_answer_may_take_as_long_as_the_first() -> None:
    def slow(connection: servers.Connection) -> None:
        while connection.read_request() is not None and connection.pause(0.15):
            connection.send(OK)

    with (
        RawServer(slow) as server,
        RawConnection(host_of(server.port), Trust(), 5) as connection,
    ):
        for _ in range(2):
            assert connection.request("POST", "/").error == ""


def test_an_answer_whose_body_does_not_end_has_a_status() -> None:
    got = asked(answering(OK[:-1]), real_seconds=0.1)
    assert (got.status, got.error) == (200, "no whole answer within 0.1 s")


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_told() -> None:
    got = asked(servers.hanging, real_seconds=0.1)
    assert got.status is None
    assert got.late


def test_an_answer_that_drips_is_waited_for_no_longer_than_told() -> None:
    behaviour = servers.dripping(b"HTTP/1.1 200 OK\r\nX-Drip: ", b".")
    got = asked(behaviour, real_seconds=0.3)
    assert (got.status, got.error) == (None, "no whole answer within 0.3 s")


# Opening


def test_the_second_address_is_dialled_when_nobody_listens_at_the_first() -> None:
    with RawServer(keeping_alive()) as server:
        resolved_host = ResolvedHost(
            "http", "partner.test", server.port, ("127.0.0.2", "127.0.0.1")
        )
        # The server listens on 127.0.0.1 only.
        with RawConnection(resolved_host, Trust(), 5) as connection:
            assert connection.request("POST", "/").status == 200
        assert is_listening(resolved_host)


def test_where_nobody_listens_nothing_opens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    resolved_host = host_of(port)
    assert not is_listening(resolved_host)
    with pytest.raises(NoConnection, match="no connection to 127"):
        RawConnection(resolved_host, Trust(), 5)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=partner.test "
        "-addext subjectAltName=DNS:partner.test -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


Serve = Callable[[ssl.TLSVersion], Behaviour]


@pytest.fixture
def over_tls(certificate: Path) -> Serve:
    def serve(newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Behaviour:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        context.maximum_version = newest

        def behave(connection: servers.Connection) -> None:
            with context.wrap_socket(connection.take_socket(), server_side=True) as wrapped:
                while wrapped.recv(65536):
                    wrapped.sendall(OK)

        return behave

    return serve


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_connection_through_tls(
    over_tls: Serve, certificate: Path, newest: ssl.TLSVersion
) -> None:
    trust = Trust(ca_file=str(certificate / "cert.pem"))
    with RawServer(over_tls(newest)) as server:
        resolved_host = host_of(server.port, "partner.test", "https")
        with RawConnection(resolved_host, trust, 5) as connection:
            assert connection.request("POST", "/").body == b"hi"
        expires_at = certificate_expires_at(resolved_host, trust, 5)
        assert tls_version(resolved_host, 5) == newest.name.replace("_", ".")
    assert expires_at is not None
    left = expires_at - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)


def test_a_certificate_that_is_not_trusted_or_for_another_host_opens_nothing(
    over_tls: Serve, certificate: Path
) -> None:
    trust = Trust(ca_file=str(certificate / "cert.pem"))
    with RawServer(over_tls(ssl.TLSVersion.TLSv1_3)) as server:
        resolved_host = host_of(server.port, "partner.test", "https")
        other = host_of(server.port, "other.test", "https")
        for where, judged in ((resolved_host, Trust()), (other, trust)):
            with pytest.raises(NoConnection, match="certificate verify failed"):
                RawConnection(where, judged, 5)
            with pytest.raises(ssl.SSLCertVerificationError):
                certificate_expires_at(where, judged, 5)
        unjudged = Trust(verify=False)
        assert certificate_expires_at(other, unjudged, 5) is None
        with RawConnection(other, unjudged, 5) as connection:
            assert connection.request("POST", "/").status == 200


def test_what_speaks_no_tls_opens_nothing() -> None:
    def plain(connection: servers.Connection) -> None:
        connection.read_something()
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(plain) as server:
        resolved_host = host_of(server.port, scheme="https")
        for opening in (
            lambda: RawConnection(resolved_host, Trust(), 5),
            lambda: certificate_expires_at(resolved_host, Trust(), 5),
            lambda: tls_version(resolved_host, 5),
        ):
            with pytest.raises((OSError, NoConnection), match=r".+"):
                opening()


def test_connections_are_closed_at_the_end() -> None:
    ended = threading.Event()

    def behave(connection: servers.Connection) -> None:
        while connection.read_request() is not None:
            connection.send(OK)
        ended.set()

    with RawServer(behave) as server:
        with RawConnection(host_of(server.port), Trust(), 5) as connection:
            connection.request("POST", "/")
        assert ended.wait(5)
