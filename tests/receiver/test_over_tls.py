"""Over TLS the receiver does all that it does without, and what only TLS has."""

from __future__ import annotations

import inspect
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver
from mockserver.receiver.tls_transport import TlsTransport
from tests.certificates import TlsRawClient, server_context, trusting_context
from tests.receiver import test_connection, test_exchange, test_server
from tests.receiver.clients import POST, ended

#: The fixtures that have another meaning here: what takes one of them is run again.
_OVERRIDDEN = {"client", "receiver"}
_OTHERS = (test_connection, test_exchange, test_server)
#: They look at what only plain HTTP shows; each has its like below.
_NOT_THESE = {
    # Python's own client takes a reset for an end while it reads TLS.
    "test_a_reset_and_a_close_reach_the_other_side",
    "test_a_pipeline_behind_a_hang_is_taken_in_within_bounds",
    "test_the_end_is_in_the_journal_before_the_answer_is_out",
}

AGAIN = {
    name: test
    for module in _OTHERS
    for name, test in vars(module).items()
    if name.startswith("test_")
    and name not in _NOT_THESE
    and _OVERRIDDEN & set(inspect.signature(test).parameters)
}
globals().update(AGAIN)


@pytest.fixture(autouse=True)
def _clients_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in _OTHERS:
        monkeypatch.setattr(module, "RawClient", TlsRawClient)


@pytest.fixture
def receiver(inboxes: Inboxes) -> Iterator[Receiver]:
    receiver = Receiver(inboxes, tls_context=server_context())
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def client(receiver: Receiver) -> Iterator[TlsRawClient]:
    with TlsRawClient("127.0.0.1", receiver.port) as client:
        yield client


def test_most_of_the_other_tests_are_run_again() -> None:
    assert len(AGAIN) >= 30


def test_its_url_and_what_it_tells_of_itself_are_https(
    client: TlsRawClient, receiver: Receiver
) -> None:
    assert receiver.url == f"https://127.0.0.1:{receiver.port}"
    assert f"{receiver.url}/inbox/".encode() in client.post("/elsewhere").body


def test_a_reset_is_one_of_tcp_and_comes_without_a_word_of_tls(
    receiver: Receiver, inbox: Inbox
) -> None:
    """What is below TLS is looked at: not a byte after the request, and ECONNRESET."""
    inbox.behave("reset")
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as below:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                below.sendall(outgoing.read())
                incoming.write(below.recv(65536))
        below.sendall(outgoing.read())
        # What the server says after the handshake (session tickets) comes before the request.
        while select.select([below], [], [], 0.2)[0]:
            assert below.recv(65536)
        tls.write(POST)
        below.sendall(outgoing.read())
        with pytest.raises(ConnectionResetError):
            below.recv(65536)
    assert ended(inbox, 1) == ["reset"]


@pytest.mark.parametrize("script", ["close", "malformed", "truncated"])
def test_an_end_in_order_is_announced_and_the_socket_is_closed_at_once(
    script: str, receiver: Receiver, inbox: Inbox
) -> None:
    inbox.behave(script)
    client = TlsRawClient("127.0.0.1", receiver.port, strict=True)
    # An end that is not announced would be an SSLEOFError.
    assert client.post("/inbox/a").ending == "closed"
    # The client has not agreed to the end, and the socket is closed all the same.
    below = socket.socket(fileno=client.socket.detach())
    with below:
        below.settimeout(5)
        assert below.recv(1) == b""


def test_every_byte_of_a_drip_is_a_record_of_its_own(client: TlsRawClient, inbox: Inbox) -> None:
    inbox.behave("drip@1ms")
    seen = client.post("/inbox/a")
    assert seen.status == 200
    # The body follows in one.
    assert len(seen.arrivals) == seen.data.index(b"\r\n\r\n") + 4 + 1


def test_the_end_is_in_the_journal_before_an_encrypted_answer_is_out(
    client: TlsRawClient, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    write = TlsTransport.write

    def watched(self: TlsTransport, data: bytes) -> None:
        seen.extend(request.end for request in inbox.requests)
        write(self, data)

    inbox.behave("503@1ms")
    monkeypatch.setattr(TlsTransport, "write", watched)
    assert client.post("/inbox/a").status == 503
    assert seen == ["answered"]


def test_who_is_stuck_in_the_handshake_does_not_keep_it_from_stopping(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes, tls_context=server_context())
    receiver.start()
    silent = [socket.create_connection(("127.0.0.1", receiver.port), 5) for _ in range(3)]
    silent[1].sendall(b"\x16\x03\x01")
    with TlsRawClient("127.0.0.1", receiver.port) as idle:
        assert idle.post("/inbox/a").status == 200
        began = time.perf_counter()
        receiver.stop()
        took = time.perf_counter() - began
    for one in silent:
        with one:
            assert one.recv(1) == b""
    assert took < 1
    assert "postbacks-receiver" not in [thread.name for thread in threading.enumerate()]


def test_a_client_that_speaks_no_tls_is_sent_away_and_nobody_else_notices(
    receiver: Receiver, client: TlsRawClient, inbox: Inbox
) -> None:
    with RawClient("127.0.0.1", receiver.port) as plain:
        assert not plain.post("/inbox/a").data.startswith(b"HTTP")
    assert client.post("/inbox/a").status == 200
    assert len(inbox.requests) == 1


def test_a_client_that_does_not_trust_it_is_no_request(receiver: Receiver, inbox: Inbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        TlsRawClient("127.0.0.1", receiver.port, ssl.create_default_context())
    assert inbox.requests == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_what_its_context_allows(
    version: ssl.TLSVersion, receiver: Receiver, inbox: Inbox
) -> None:
    context = trusting_context()
    context.minimum_version = context.maximum_version = version
    inbox.behave([{"kind": "status", "body": "x" * 300_000}])
    with TlsRawClient("127.0.0.1", receiver.port, context) as client:
        body = b"y" * 300_000
        head = f"POST /inbox/a HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        assert client.exchange(head + body).body == b"x" * 300_000
    assert [request.body for request in inbox.requests] == [body]


def test_a_client_that_sends_without_end_is_taken_in_within_bounds(
    client: TlsRawClient, inbox: Inbox
) -> None:
    inbox.behave("hang,200")
    client.socket.settimeout(1)
    big = b"POST /inbox/a HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    with pytest.raises(TimeoutError):
        client.socket.sendall(big * 32)
    assert len(inbox.requests) <= 6


def test_a_client_that_does_not_read_for_a_while_gets_everything_in_order(
    client: TlsRawClient, inbox: Inbox
) -> None:
    inbox.behave([{"kind": "status", "body": "#" * 500_000}])
    count = 40
    client.socket.sendall(POST * count)
    assert len(inbox.wait_for(5)) >= 5
    client.socket.settimeout(5)
    left = 500_000 * count
    while left > 0:
        data = client.socket.recv(1 << 20)
        assert data
        left -= data.count(b"#")
    assert left == 0
    assert [request.end for request in inbox.requests] == ["answered"] * count
