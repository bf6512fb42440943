"""What a TLS transport does with bytes that no real socket delivers in this order."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from mockserver.receiver.tls_transport import TlsTransport
from tests.certificates import server_context, trusting_context


class Below(asyncio.Transport):
    """The socket's side: keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.calls: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def taken(self) -> bytes:
        data, self.written = self.written, b""
        return data

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def write_eof(self) -> None:
        self.calls.append("write_eof")

    def pause_reading(self) -> None:
        self.calls.append("pause_reading")

    def resume_reading(self) -> None:
        self.calls.append("resume_reading")


class Above(asyncio.Protocol):
    """The connection's side: pauses after every piece, if told to."""

    def __init__(self) -> None:
        self.pauses = False
        self.got: list[bytes] = []
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.append(error)

    def data_received(self, data: bytes) -> None:
        self.got.append(data)
        if self.pauses:
            assert isinstance(self.transport, TlsTransport)
            self.transport.pause_reading()


class Client:
    """The other end, in memory."""

    def __init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting_context().wrap_bio(
            self.incoming, self.outgoing, server_hostname="localhost"
        )

    def sees(self, data: bytes) -> bytes:
        self.incoming.write(data)
        return self.tls.read(65536)


@pytest.fixture
def above() -> Above:
    return Above()


@pytest.fixture
def below() -> Below:
    return Below()


@pytest.fixture
def transport(above: Above, below: Below) -> TlsTransport:
    transport = TlsTransport(server_context(), above)
    transport.connection_made(below)
    return transport


@pytest.fixture
def client(transport: TlsTransport, below: Below) -> Client:
    """Return a client that has shaken hands."""
    client = Client()
    for _ in range(3):
        try:
            client.tls.do_handshake()
        except ssl.SSLWantReadError:
            transport.data_received(client.outgoing.read())
            client.incoming.write(below.taken())
    transport.data_received(client.outgoing.read())
    client.incoming.write(below.taken())
    return client


def test_what_came_before_a_pause_waits_for_its_end_and_for_no_other_byte(
    transport: TlsTransport, client: Client, above: Above
) -> None:
    for piece in (b"a", b"b", b"c"):
        client.tls.write(piece)
    above.pauses = True
    transport.data_received(client.outgoing.read())
    assert above.got == [b"a"]

    async def go_on() -> None:
        transport.resume_reading()
        # The connection may be in the middle of something.
        assert above.got == [b"a"]
        await asyncio.sleep(0)
        assert above.got == [b"a", b"b"]
        above.pauses = False
        transport.resume_reading()
        await asyncio.sleep(0)

    asyncio.run(go_on())
    assert above.got == [b"a", b"b", b"c"]


def test_every_byte_may_come_alone(transport: TlsTransport, client: Client, above: Above) -> None:
    client.tls.write(b"hello")
    for byte in client.outgoing.read():
        transport.data_received(bytes([byte]))
    assert above.got == [b"hello"]


def test_half_an_end_is_announced_and_what_comes_after_it_is_dropped(
    transport: TlsTransport, client: Client, above: Above, below: Below
) -> None:
    transport.write(b"refused")
    transport.write_eof()
    assert below.calls == ["write_eof"]
    assert client.sees(below.taken()) == b"refused"
    assert client.tls.read(1) == b""
    client.tls.write(b"more")
    transport.data_received(client.outgoing.read())
    transport.write(b"too late")
    assert (above.got, below.written) == ([], b"")
    transport.abort()
    assert below.calls == ["write_eof", "abort"]


def test_an_abort_is_not_announced(transport: TlsTransport, client: Client, below: Below) -> None:
    transport.abort()
    transport.close()
    assert below.written == b""
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.read(1)


def test_a_client_that_announces_its_end_is_answered_with_an_end(
    transport: TlsTransport, client: Client, above: Above, below: Below
) -> None:
    client.tls.write(b"bye")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    transport.data_received(client.outgoing.read())
    assert (above.got, below.calls) == ([b"bye"], ["close"])
    client.incoming.write(below.taken())
    client.tls.unwrap()


def test_who_speaks_no_tls_is_told_by_an_alert(transport: TlsTransport, below: Below) -> None:
    transport.data_received(b"\x16\x03\x01\x00\x05hello")
    assert below.calls == ["close"]
    # 21 is the type of an alert's record.
    assert below.written[:1] == b"\x15"


def test_bytes_that_were_changed_on_their_way_end_it(
    transport: TlsTransport, client: Client, above: Above, below: Below
) -> None:
    client.tls.write(b"hello")
    data = bytearray(client.outgoing.read())
    data[-1] ^= 1
    transport.data_received(bytes(data))
    assert (above.got, below.calls) == ([], ["close"])


def test_a_lost_connection_takes_and_sends_no_more(
    transport: TlsTransport, client: Client, above: Above, below: Below
) -> None:
    client.tls.write(b"hello")
    transport.connection_lost(None)
    transport.data_received(client.outgoing.read())
    transport.write(b"hello")
    assert (above.lost, above.got, below.written) == ([None], [], b"")
