"""What all requests of a transport share: names, header fields, proxies, certificates."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver.core.outcome import OutcomeKind
from mockserver.transport.curl.transport import CurlRoute, CurlTransport
from tests.transport.exchanges import (
    attempts_at,
    check_failure,
    curl_transport,
    outcome_of,
    post,
    run,
)
from tests.transport.servers import (
    OK,
    Behaviour,
    Connection,
    RawServer,
    closing_after,
    hanging,
    keeping_alive,
)

#: Nobody listens there.
DEAD = "http://127.0.0.1:1"
PROXY_VARIABLES = (
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
)


@contextmanager
def routed(
    route: CurlRoute | None = None, *, keep_alive: bool = True, seconds: float = 10
) -> Iterator[CurlTransport]:
    deadline = timedelta(seconds=seconds)
    transport = CurlTransport(
        capacity=1, deadline_of=lambda attempt: deadline, route=route, keep_alive=keep_alive
    )
    try:
        yield transport
    finally:
        transport.close()


@pytest.fixture
def proxied_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, DEAD)
    monkeypatch.setenv("no_proxy", "")


# Names


def test_a_resolved_name_is_dialled_at_the_address_that_it_had() -> None:
    with RawServer(keeping_alive()) as server:
        route = CurlRoute(resolved=(f"partner.example:{server.port}:127.0.0.1",))
        with routed(route) as transport:
            outcome = post(transport, f"http://Partner.example:{server.port}/in?x=1")
        ((_, head),) = server.requests
    assert outcome.status == 200
    assert f"\r\nHost: Partner.example:{server.port}\r\n".encode() in head


def test_the_second_address_of_a_name_is_dialled_when_the_first_is_dead() -> None:
    with RawServer(keeping_alive()) as server:
        route = CurlRoute(resolved=(f"partner.example:{server.port}:[::1],127.0.0.1",))
        with routed(route) as transport:
            assert post(transport, f"http://partner.example:{server.port}/").status == 200


# Header fields


def test_header_fields_go_out_beside_those_of_a_postback() -> None:
    with RawServer(keeping_alive()) as server:
        with routed(CurlRoute(headers=("X-Gateway: 1", "X-Other: a, b"))) as transport:
            post(transport, f"{server.url}/in")
        ((_, head),) = server.requests
    assert head.decode() == (
        "POST /in HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\n"
        "Accept: */*\r\n"
        "X-Gateway: 1\r\n"
        "X-Other: a, b\r\n"
        "Content-Length: 0\r\n"
        "\r\n"
    )


# Proxies


@pytest.mark.usefixtures("proxied_environment")
def test_proxies_of_the_environment_are_not_used() -> None:
    with RawServer(keeping_alive()) as server:
        route = CurlRoute(resolved=(f"partner.example:{server.port}:127.0.0.1",))
        with routed(route) as transport:
            assert post(transport, f"http://partner.example:{server.port}/").status == 200


@pytest.mark.usefixtures("proxied_environment")
def test_the_proxy_of_a_route_is_used_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with RawServer(keeping_alive()) as proxy:
        with routed(CurlRoute(proxy=proxy.url)) as transport:
            assert post(transport, "http://partner.example/in?x=1").status == 200
        assert proxy.connections == 1


def test_a_proxy_is_told_the_whole_url_but_for_its_user_info() -> None:
    with RawServer(keeping_alive()) as proxy:
        with routed(CurlRoute(proxy=proxy.url)) as transport:
            post(transport, "http://ada:key@partner.example:81/in?x=%c3%a4#f")
            post(transport, "http://partner.example?x=1")
        assert proxy.targets == [
            "http://partner.example:81/in?x=%c3%a4",
            "http://partner.example/?x=1",
        ]


def test_header_fields_are_not_shown_to_a_proxy_that_only_opens_the_way() -> None:
    with RawServer(
        closing_after(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    ) as proxy:
        with routed(CurlRoute(headers=("X-Gateway: 1",), proxy=proxy.url)) as transport:
            post(transport, "https://partner.example/in")
        ((_, head),) = proxy.requests
    assert head.startswith(b"CONNECT partner.example:443 HTTP/1.1\r\n")
    assert b"X-Gateway" not in head


def test_what_a_proxy_answers_before_the_way_is_open_is_no_answer_of_the_endpoint() -> None:
    with (
        RawServer(keeping_alive(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")) as proxy,
        routed(CurlRoute(proxy=proxy.url)) as transport,
    ):
        outcome = post(transport, "https://partner.example/in")
    assert (outcome.kind, outcome.status) == (OutcomeKind.REFUSED, None)
    assert "502" in (outcome.error or "")


def test_an_open_way_on_which_nothing_comes_is_a_timeout() -> None:
    def silent(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connection.wait_for_stop()

    with RawServer(silent) as proxy, routed(CurlRoute(proxy=proxy.url), seconds=0.3) as transport:
        outcome = post(transport, "https://partner.example/in")
    assert (outcome.kind, outcome.status) == (OutcomeKind.TIMEOUT, None)


@pytest.mark.parametrize(
    ("proxy", "whole"),
    [("", False), (DEAD, True), ("proxy.example:3128", True), ("SOCKS5://127.0.0.1", False)],
)
def test_only_a_proxy_for_http_is_told_whole_urls(proxy: str, whole: bool) -> None:
    assert CurlRoute(proxy=proxy).names_whole_urls is whole


# Connections


def test_without_keep_alive_each_attempt_has_a_connection_of_its_own() -> None:
    with RawServer(keeping_alive()) as server:
        with routed(keep_alive=False) as transport:
            for _ in range(3):
                urls = [f"{server.url}/{number}" for number in range(3)]
                assert all(
                    outcome.status == 200 for _, outcome in run(transport, attempts_at(urls))
                )
        assert [number for number, _ in server.requests] == list(range(1, 10))


def test_without_keep_alive_a_connection_is_closed_after_its_answer() -> None:
    ended: list[bytes | None] = []

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)
        ended.append(connection.read_request())

    with RawServer(behave) as server, routed(keep_alive=False) as transport:
        post(transport, server.url)
        post(transport, server.url)
        server.wait_for_requests(2)
    assert ended == [None, None]


# Certificates


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    path = tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    extra = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([*command.split(), *extra, *files], check=True, capture_output=True)
    return path


def serving_tls(certificate: Path) -> Behaviour:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    def behave(connection: Connection) -> None:
        with context.wrap_socket(connection.take_socket(), server_side=True) as secured:
            while secured.recv(65536):
                secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return behave


def test_a_certificate_of_ones_own_is_not_trusted_unless_given(certificate: Path) -> None:
    with RawServer(serving_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        check_failure(outcome_of(url), OutcomeKind.TLS, "not trusted")
        assert outcome_of(url, curl_transport(ca_file=str(certificate))).status == 204
        assert outcome_of(url, curl_transport(verify_tls=False)).status == 204


def test_the_environment_may_name_the_certificates(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RawServer(serving_tls(certificate)) as server:
        assert outcome_of(server.url.replace("http:", "https:")).status == 204


def test_a_missing_certificate_file_is_tls(tmp_path: Path) -> None:
    with RawServer(hanging) as server:
        transport = curl_transport(ca_file=str(tmp_path / "missing.pem"))
        outcome = outcome_of(server.url.replace("http:", "https:"), transport)
    check_failure(outcome, OutcomeKind.TLS, "missing.pem")
