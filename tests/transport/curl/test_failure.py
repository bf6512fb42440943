"""Which kind of outcome, and which line, comes of an attempt without an answer."""

from __future__ import annotations

import errno
from datetime import timedelta
from time import sleep

import pytest

from mockserver.core.outcome import OutcomeKind
from mockserver.core.send_to import send_to
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.keep_alive import SETTLING_REAL_SECONDS
from mockserver.transport.curl.options import CurlRoute
from mockserver.transport.curl.transport import CurlTransport
from tests.transport.exchanges import check_failure, curl_transport, outcome_of, post, post_to
from tests.transport.servers import (
    Connection,
    RawServer,
    closing_after,
    hanging,
    keeping_alive,
    resetting,
)


def test_a_connection_closed_without_an_answer_is_a_reset() -> None:
    outcome = post_to(closing_after(b""))
    check_failure(outcome, OutcomeKind.RESET, "closed without an answer")


def test_a_reset_connection_is_a_reset() -> None:
    check_failure(post_to(resetting), OutcomeKind.RESET, "the connection was reset")


def test_a_reset_that_meets_the_request_on_its_way_is_a_reset() -> None:
    with RawServer(lambda connection: connection.reset()) as server:
        transport = curl_transport()
        kinds = {post(transport, f"{server.url}/").kind for _ in range(100)}
        transport.close()
    assert kinds == {OutcomeKind.RESET}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 200 OK\r\nX",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_half_a_head_is_a_reset(answer: bytes) -> None:
    outcome = post_to(closing_after(answer))
    check_failure(outcome, OutcomeKind.RESET, "closed")


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/3.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
def test_what_is_not_http_is_a_reset(answer: bytes) -> None:
    check_failure(post_to(closing_after(answer)), OutcomeKind.RESET, "HTTP/1.1")


def test_a_head_without_end_is_a_reset() -> None:
    outcome = post_to(closing_after(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400_000 + b"\r\n\r\n"))
    check_failure(outcome, OutcomeKind.RESET, "too large")


def test_a_port_where_nobody_listens_is_refused() -> None:
    with RawServer(hanging) as server:
        url = server.url
    check_failure(outcome_of(url), OutcomeKind.REFUSED, "Connection refused")


def test_a_host_without_an_address_is_dns() -> None:
    check_failure(outcome_of("http://nonexistent.invalid/"), OutcomeKind.DNS, "has no address")


def test_plain_http_behind_an_https_url_is_tls() -> None:
    def behave(connection: Connection) -> None:
        connection.read_something()
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(behave) as server:
        outcome = outcome_of(server.url.replace("http:", "https:"))
    check_failure(outcome, OutcomeKind.TLS, "TLS handshake")


def test_a_metadata_address_is_blocked() -> None:
    outcome = outcome_of("http://169.254.169.254/latest/meta-data/")
    check_failure(outcome, OutcomeKind.BLOCKED, "blocked: 169.254.169.254 is a link-local")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost"])
def test_every_spelling_of_a_blocked_address_is_blocked(host: str) -> None:
    with RawServer(keeping_alive()) as server:
        url = f"http://{host}:{server.port}/"
        transport = curl_transport(guard=AddressGuard("public"))
        check_failure(outcome_of(url, transport), OutcomeKind.BLOCKED, 'set addresses to "local"')
        assert server.connections == 0


#: Ways to write an address of this machine.
OURS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1",
    "0177.0.0.1", "0x7F.0x0.0x0.0x1", "127.0.0.2", "127.255.255.254", "localhost", "LocalHost",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]", "user:secret@127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_our_own_api_is_not_sent_to_by_any_spelling(host: str) -> None:
    with RawServer(keeping_alive()) as server:
        transport = curl_transport(guard=AddressGuard(api_port=server.port))
        outcome = outcome_of(f"http://{host}:{server.port}/_sandbox/reset", transport)
        check_failure(outcome, OutcomeKind.BLOCKED, f":{server.port} is this sandbox's own API")
        assert (outcome.error or "").startswith("blocked: ")
        assert server.connections == 0


@pytest.mark.parametrize("addresses", ["127.0.0.1", "[::1]", "[::1],127.0.0.1", "127.0.0.1,[::1]"])
def test_our_own_api_is_not_sent_to_by_a_name(addresses: str) -> None:
    with RawServer(keeping_alive()) as server:
        transport = CurlTransport(
            guard=AddressGuard(api_port=server.port),
            route=CurlRoute(resolved=(f"partner.example:{server.port}:{addresses}",)),
        )
        outcome = outcome_of(f"https://partner.example:{server.port}/api", transport)
        check_failure(outcome, OutcomeKind.BLOCKED, "is this sandbox's own API")
        assert server.connections == 0


@pytest.mark.parametrize("allowed", [(), ("127.0.0.0/8",)])
def test_any_other_port_of_this_machine_is_sent_to(allowed: tuple[str, ...]) -> None:
    with RawServer(keeping_alive()) as server, RawServer(keeping_alive()) as api:
        transport = curl_transport(guard=AddressGuard(allowed=allowed, api_port=api.port))
        assert outcome_of(f"{server.url}/in", transport).status == 200
        blocked = outcome_of(f"{api.url}/in", transport)
        assert (blocked.kind, api.connections) == (OutcomeKind.BLOCKED, 0)
    assert server.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_x",
        "127.0.0.1/x",
        "localhost",
        "//127.0.0.1/x",
        "",
        "http",
    ],
)
def test_another_scheme_is_blocked(url: str) -> None:
    check_failure(outcome_of(url), OutcomeKind.BLOCKED, "http:// and https:// only")


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://a b/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://[::1/",
        "http://x\x00y/",
        "http://127.0.0.1/\r\nX-Injected: yes",
        "http://127.0.0.1/\udcff",
        "http://127.0.0.1:1/" + "a" * 9_000_000,
    ],
    ids=lambda url: ascii(url[:30]),
)
def test_a_url_that_cannot_be_read_is_blocked(url: str) -> None:
    check_failure(outcome_of(url), OutcomeKind.BLOCKED, "no URL that can be posted to")


@pytest.mark.parametrize("url", ["http://%ff.invalid/", "http://b\xfccher.invalid/\xe4"])
def test_an_error_is_text_that_any_store_takes(url: str) -> None:
    outcome = outcome_of(url)
    assert outcome.kind in (OutcomeKind.DNS, OutcomeKind.BLOCKED)
    assert (outcome.error or "").encode()


#: Documentation addresses: nobody is there, and a mistake here would lead nowhere.
PUBLIC, PUBLIC_V6 = "203.0.113.7", "[2001:db8::7]"
NAME = "shop.example"


def closed(port: int, addresses: str, *entries: str) -> CurlTransport:
    """Return a transport that is closed but for `entries`, for a name with these addresses."""
    return CurlTransport(
        capacity=1,
        deadline_of=lambda _attempt: timedelta(seconds=5),
        guard=AddressGuard(send_to=send_to(entries)),
        route=CurlRoute(resolved=(f"{NAME}:{port}:{addresses}",)),
    )


@pytest.mark.parametrize("addresses", [PUBLIC, PUBLIC_V6, f"{PUBLIC},{PUBLIC_V6}"])
def test_a_public_address_is_refused_by_its_own_reason(addresses: str) -> None:
    outcome = outcome_of(f"http://{NAME}:8099/in", closed(8099, addresses))
    assert outcome.kind is OutcomeKind.BLOCKED
    shown = addresses.partition(",")[0].strip("[]")
    said = f"blocked: serve is closed for {NAME} ({shown}), which is neither"
    # Which of several is tried first is libcurl's affair.
    other = said.replace(shown, PUBLIC_V6.strip("[]"))
    assert (outcome.error or "").startswith((said, other))
    assert "libcurl" not in (outcome.error or "")


@pytest.mark.parametrize("addresses", ["127.0.0.1", f"{PUBLIC},127.0.0.1", f"127.0.0.1,{PUBLIC}"])
def test_of_several_addresses_the_one_of_this_machine_is_sent_to(addresses: str) -> None:
    with RawServer(keeping_alive()) as server:
        transport = closed(server.port, addresses)
        outcome = outcome_of(f"http://{NAME}:{server.port}/in", transport)
        assert (outcome.status, server.connections) == (200, 1)


@pytest.mark.parametrize("addresses", [f"{PUBLIC},127.0.0.1", f"127.0.0.1,{PUBLIC}"])
def test_what_failed_at_one_address_tells_that_another_was_refused(addresses: str) -> None:
    with RawServer(keeping_alive()) as server:
        port = server.port
    outcome = outcome_of(f"http://{NAME}:{port}/in", closed(port, addresses))
    check_failure(outcome, OutcomeKind.REFUSED, "nobody listens")
    assert f"was not tried: serve is closed for {NAME} ({PUBLIC})" in (outcome.error or "")


@pytest.mark.parametrize("entry", [NAME, "*.example", "*", PUBLIC, "203.0.113.0/24"])
def test_what_is_named_is_dialled(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[object] = []

    def no_socket(*arguments: object) -> None:
        dialled.append(arguments)
        raise OSError(errno.ENETUNREACH, "nothing leaves in a test")

    transport = closed(8099, PUBLIC, entry)
    monkeypatch.setattr("mockserver.transport.curl.connection.socket.socket", no_socket)
    with pytest.raises(OSError, match="nothing leaves"):
        outcome_of(f"http://{NAME}:8099/in", transport)
    assert len(dialled) == 1


def test_a_kept_connection_is_judged_again() -> None:
    """What is allowed may change meanwhile, as from one test to the next."""
    refused: list[str] = []

    class Changing(AddressGuard):
        def reason(self, address: str, port: int | None = None, url: str = "") -> str | None:
            return "not any more" if refused else None

    with RawServer(keeping_alive()) as server:
        transport = curl_transport(capacity=1, guard=Changing())
        for _ in range(4):
            assert post(transport, f"{server.url}/in").status == 200
            sleep(SETTLING_REAL_SECONDS)
        before = server.connections
        assert before < 4
        refused.append("")
        outcome = outcome_of(f"{server.url}/in", transport)
        assert (outcome.kind, outcome.error) == (OutcomeKind.BLOCKED, "blocked: not any more")
        assert server.connections == before
