"""The server's side of TLS, against OpenSSL's own client."""

from __future__ import annotations

import ssl
from contextlib import suppress

import pytest

from mockserver.net.memory_tls import LARGEST_RECORD, MemoryTls
from tests.certificates import server_context, trusting_context


class Client:
    """A client whose bytes go to a `MemoryTls` and back only when it is told to."""

    def __init__(self) -> None:
        self.server = MemoryTls(server_context())
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting_context().wrap_bio(
            self._incoming, self._outgoing, server_hostname="localhost"
        )

    def swap(self) -> None:
        """Let both sides have what the other has written."""
        self.server.feed(self._outgoing.read())
        self._incoming.write(self.server.outgoing())

    def shake_hands(self) -> None:
        """Go through the handshake, which takes place within the server's reads."""
        for _ in range(3):
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            self.swap()
            assert self.server.read() is None
            self.swap()

    def sent(self, data: bytes) -> bytes:
        """Return what the client writes for `data`."""
        self.tls.write(data)
        return self._outgoing.read()


@pytest.fixture
def client() -> Client:
    return Client()


def test_bytes_get_through_in_both_directions(client: Client) -> None:
    client.shake_hands()
    client.tls.write(b"question")
    client.swap()
    assert client.server.read() == b"question"
    assert client.server.read() is None, "nothing more has come"
    assert client.server.write(b"answer") == 6
    client.swap()
    assert client.tls.read() == b"answer"


def test_half_a_record_is_waited_for(client: Client) -> None:
    client.shake_hands()
    record = client.sent(b"question")
    client.server.feed(record[:10])
    assert client.server.read() is None
    client.server.feed(record[10:])
    assert client.server.read() == b"question"


def test_a_record_is_read_at_once_and_the_next_after_it(client: Client) -> None:
    client.shake_hands()
    client.server.feed(client.sent(b"a" * LARGEST_RECORD) + client.sent(b"b"))
    assert client.server.read() == b"a" * LARGEST_RECORD
    assert client.server.read() == b"b"


def test_the_end_of_the_client_is_no_bytes(client: Client) -> None:
    client.shake_hands()
    with suppress(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.swap()
    assert client.server.read() == b""


def test_its_own_end_is_announced_without_waiting(client: Client) -> None:
    client.shake_hands()
    client.server.end()
    client.server.end()
    client.swap()
    # OpenSSL tells the end of the other side apart from a connection that broke.
    assert client.tls.read() == b""


def test_what_is_no_tls_is_an_error_with_an_alert(client: Client) -> None:
    client.server.feed(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
    with pytest.raises(ssl.SSLError):
        client.server.read()
    assert client.server.outgoing(), "the client is told"


def test_nothing_can_be_written_before_the_handshake(client: Client) -> None:
    with pytest.raises(ssl.SSLError):
        client.server.write(b"answer")
    client.server.end()


def test_it_tells_what_was_agreed(client: Client) -> None:
    client.shake_hands()
    assert client.server.object.version() in {"TLSv1.2", "TLSv1.3"}
