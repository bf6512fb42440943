"""What goes over the wire, and which outcome comes of what comes back."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.options import CurlRoute
from mockserver.transport.curl.transport import CurlTransport
from mockserver.transport.protocol import ConcurrentTransport
from tests.transport.exchanges import attempt_at, curl_transport, post
from tests.transport.servers import (
    Behaviour,
    Connection,
    RawServer,
    closing_after,
    dripping,
    hanging,
    keeping_alive,
    resetting,
)


def post_to(behaviour: Behaviour, *, seconds: float = 10) -> Outcome:
    with RawServer(behaviour) as server:
        transport = curl_transport(seconds=seconds)
        try:
            return post(transport, f"{server.url}/x")
        finally:
            transport.close()


def outcome_of(url: str, transport: CurlTransport | None = None) -> Outcome:
    transport = transport or curl_transport()
    try:
        return post(transport, url)
    finally:
        transport.close()


def test_it_is_a_concurrent_transport() -> None:
    assert isinstance(CurlTransport(), ConcurrentTransport)
    assert CurlTransport().capacity == 64


def test_the_request_has_just_what_http_needs() -> None:
    with RawServer(keeping_alive()) as server:
        outcome_of(f"{server.url}/in?user=ada%2Bnews&x=%E4%20%2F#fragment")
        ((_, head),) = server.requests
    assert head.decode() == (
        "POST /in?user=ada%2Bnews&x=%E4%20%2F HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\n"
        "Accept: */*\r\n"
        "Content-Length: 0\r\n"
        "\r\n"
    )


@pytest.mark.parametrize(
    "path",
    ["/a/../b/./c", "/%7euser/%2E%2E/", "//x", "/a%c3%a4?b=%C3%A4&&", "/?", "/x?y?/../z", "/'|^`"],
)
def test_the_url_is_sent_as_it_is(path: str) -> None:
    with RawServer(keeping_alive()) as server:
        outcome_of(server.url + path)
        assert server.targets == [path]


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("#fragment", "/"),
        ("?x=%c3%a4", "/?x=%c3%a4"),
        ("/a#b?c", "/a"),
        ("/a b?c d", "/a%20b?c%20d"),
        ("/\xe4?\xe4#\xe4", "/%C3%A4?%C3%A4"),
    ],
)
def test_what_a_url_leaves_out_or_may_not_hold_is_put_right(rest: str, target: str) -> None:
    with RawServer(keeping_alive()) as server:
        transport = curl_transport()
        # One handle for all: what one URL needed must not stick to the next.
        for url in (f"{server.url}/before", f"HTTP{server.url[4:]}{rest}", f"{server.url}/after"):
            post(transport, url)
        transport.close()
        assert server.targets == ["/before", target, "/after"]


def test_a_response_is_kept_as_it_came() -> None:
    head = b"HTTP/1.1 418 I'm a teapot\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\nContent-Length: 5\r\n\r\n"
    outcome = post_to(keeping_alive(head + b"\x00tea\xff"))
    assert outcome.kind is OutcomeKind.RESPONSE
    assert outcome.status == 418
    assert outcome.headers == (("X-B", "2"), ("x-a", "1"), ("X-B", "3"), ("Content-Length", "5"))
    assert outcome.body == b"\x00tea\xff"
    assert outcome.error is None
    assert timedelta(0) < outcome.elapsed < timedelta(seconds=10)
    assert outcome.elapsed_real_seconds == pytest.approx(outcome.elapsed.total_seconds())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    ],
)
def test_every_way_to_frame_a_response_is_read(answer: bytes) -> None:
    outcome = post_to(closing_after(answer))
    assert (outcome.status, outcome.body, outcome.error) == (200, b"ok", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 407, 417, 421, 503])
def test_no_status_causes_another_request(status: int) -> None:
    with RawServer(keeping_alive()) as other:
        answer = (
            f"HTTP/1.1 {status} Somehow\r\nLocation: {other.url}/\r\nRetry-After: 0\r\n"
            "WWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        )
        with RawServer(keeping_alive(answer.encode())) as server:
            assert outcome_of(f"{server.url}/").status == status
            assert len(server.requests) == 1
        assert other.requests == []


def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(keeping_alive()) as proxy, RawServer(keeping_alive()) as server:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert outcome_of(f"{server.url}/").status == 200
        assert proxy.connections == 0


# --- time ------------------------------------------------------------------------------


def check_timeout(outcome: Outcome, seconds: float) -> None:
    assert outcome.kind is OutcomeKind.TIMEOUT
    assert outcome.status is None
    assert outcome.elapsed == timedelta(seconds=seconds)
    assert seconds <= outcome.elapsed_real_seconds < seconds + 1
    assert f"within {seconds:g} seconds" in (outcome.error or "")


def test_a_server_that_hangs_is_a_timeout() -> None:
    check_timeout(post_to(hanging, seconds=0.3), 0.3)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "fields", "value", "interim"],
)
def test_a_head_that_drips_is_a_timeout_in_all(start: bytes, piece: bytes) -> None:
    check_timeout(post_to(dripping(start, piece), seconds=0.3), 0.3)


def test_a_body_that_drips_was_an_answer() -> None:
    start = b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n"
    outcome = post_to(dripping(start, b"x"), seconds=0.3)
    assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 503)
    assert set(outcome.body) == {ord("x")}
    assert "not finished" in (outcome.error or "")
    assert outcome.elapsed == timedelta(seconds=0.3)
    assert outcome.elapsed_real_seconds < 1.3


def test_a_body_that_never_comes_was_an_answer() -> None:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
        connection.wait_for_stop()

    outcome = post_to(behave, seconds=0.3)
    assert (outcome.status, outcome.body) == (200, b"")
    assert "not finished" in (outcome.error or "")


def test_each_attempt_has_its_own_deadline() -> None:
    deadlines = {1: timedelta(seconds=0.1), 2: timedelta(seconds=0.3)}
    with RawServer(hanging) as server:
        transport = CurlTransport(deadline_of=lambda attempt: deadlines[attempt.delivery_id])
        attempts = [attempt_at(server.url + "/", number) for number in (1, 2, 1)]
        for attempt in attempts:
            # Asked for more while it waits, it is to wait for this one alone.
            once = iter([[attempt]])
            ((_, outcome),) = next(transport.exchange(lambda _places, once=once: next(once, [])))
            assert outcome.elapsed == deadlines[attempt.delivery_id]
        transport.close()


def test_waiting_takes_no_processor_time() -> None:
    with RawServer(hanging) as server:
        transport = curl_transport(seconds=0.5)
        before = time.process_time()
        post(transport, f"{server.url}/")
        assert time.process_time() - before < 0.2
        transport.close()


# --- bodies ----------------------------------------------------------------------------


def test_a_long_body_is_cut() -> None:
    cut = threading.Event()

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.send(b"x" * 10_000)
        except OSError:
            cut.set()

    outcome = post_to(behave)
    assert outcome.status == 200
    assert outcome.body == b"x" * KEPT_BODY_BYTES
    assert outcome.error is None
    assert cut.is_set()


@pytest.mark.parametrize("length", [KEPT_BODY_BYTES - 1, KEPT_BODY_BYTES, KEPT_BODY_BYTES + 1])
def test_a_body_is_kept_up_to_the_limit(length: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    outcome = post_to(keeping_alive(head + b"x" * length))
    assert len(outcome.body) == min(length, KEPT_BODY_BYTES)
    assert outcome.error is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
    ],
)
def test_a_body_that_breaks_off_was_an_answer(answer: bytes) -> None:
    outcome = post_to(closing_after(answer))
    assert (outcome.status, outcome.body) == (200, b"ok")
    assert "not finished" in (outcome.error or "")


# --- failures --------------------------------------------------------------------------


def check_failure(outcome: Outcome, kind: OutcomeKind, text: str) -> None:
    assert outcome.kind is kind
    assert text in (outcome.error or "")
    assert "\n" not in (outcome.error or "")
    assert (outcome.status, outcome.headers, outcome.body) == (None, (), b"")


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


# --- certificates ----------------------------------------------------------------------


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
