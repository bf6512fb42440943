"""Whatever a client sends costs bounded work, and the next client is answered."""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import pairwise
from unittest import mock

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.connection import Connection
from mockserver.receiver.inboxes import Inboxes
from tests.receiver.fake_transport import Client, FakeLoop

OLD = b"POST /inbox/a HTTP/1.0\r\n\r\n"
NEW = b"POST /inbox/a HTTP/1.1\r\n\r\n"
NEW_OFFER = b"POST /inbox/a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
EXPECTING = b"POST /inbox/a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
LOST = b"GET /elsewhere HTTP/1.1\r\nConnection: close\r\n\r\n"
NEXT = b"POST /inbox/next HTTP/1.1\r\nContent-Length: 0\r\n\r\n"

CONNECTIONS = [
    [],
    [b"Connection: close"],
    [b"Connection: keep-alive"],
    [b"Connection: Upgrade", b"Upgrade: h2c"],
    [b"Connection: close, Upgrade", b"Upgrade: h2c"],
    [b"Proxy-Connection: Upgrade", b"Upgrade: h2c"],
]
#: How a body is announced, and the body; also too short and too long.
BODIES = [
    ([], b""),
    ([], b"hi"),
    ([b"Content-Length: 2"], b"hi"),
    ([b"Content-Length: 1"], b"hi"),
    ([b"Content-Length: 3"], b"hi"),
    ([b"Content-Length: 2", b"Expect: 100-continue"], b"hi"),
    ([b"Content-Length: 1048577"], b"hi"),
    ([b"Transfer-Encoding: chunked"], b"2\r\nhi\r\n0\r\n\r\n"),
    ([b"Transfer-Encoding: chunked"], b"2;x=y\r\nhi\r\n0\r\nUpgrade: h2c\r\n\r\n"),
    ([b"Transfer-Encoding: chunked"], b"zz\r\n"),
    ([b"Transfer-Encoding: gzip"], b"hi"),
]
ODD_METHODS = [b"GET", b"HEAD", b"CONNECT", b"DESCRIBE", b"PRI", b"M-SEARCH"]
ODD_TARGETS = [b"/elsewhere", b"a.test:443", b"http://x/inbox/a", b"/inbox/other", b"*"]
ODD_VERSIONS = [b" HTTP/0.9", b" HTTP/2.0", b" RTSP/1.0", b""]
SCRIPTS = ["200", "200@20ms,200", "hang", "close", "close@20ms", "reset", "malformed"]
SCRIPTS += ["truncated", "drip:body", "102", "redirect:http://x/"]


def usually(value: bytes, odd: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.sampled_from([value] * 2 * len(odd) + odd)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    line = draw(usually(b"POST", ODD_METHODS)) + b" " + draw(usually(b"/inbox/a", ODD_TARGETS))
    version = draw(usually(b" HTTP/1.1", ODD_VERSIONS) | st.just(b" HTTP/1.0"))
    announced, body = draw(st.sampled_from(BODIES))
    fields = draw(st.permutations(draw(st.sampled_from(CONNECTIONS)) + announced))
    return b"\r\n".join([line + version, *fields, b"", body])


surplus = st.sampled_from([b"x", b"\r\n", b"\0", b"\r\n\r\nx"]) | st.binary(max_size=20)
pipelines = st.lists(requests() | requests() | surplus, max_size=4).map(b"".join)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """Return a pipeline with a part of it replaced, taken out or doubled."""
    data = draw(pipelines)
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 10)))
    return data[:start] + draw(st.just(data[start:end] * 2) | surplus | st.just(b"")) + data[end:]


class Endless(BaseException):
    """Ends what would not end otherwise; nothing catches it on the way."""


class WatchedReceiver:
    """A receiver without sockets, whose parsers are fed no more often than they may be.

    Args:
        script: What its inbox `a` does.

    Attributes:
        connections: Those that have not ended.
        raised: What a connection raised where its parser called it.
    """

    def __init__(self, script: str) -> None:
        self.loop = FakeLoop()
        self.inboxes = Inboxes()
        self.inboxes.behave("a", parse_script(script))
        self.connections: set[Connection] = set()
        self.raised: list[BaseException] = []
        self._feeds_left = 0

    def client(self) -> Client:
        with self._watched():
            return Client(self.loop, self.inboxes, self.connections)

    def send(self, client: Client, piece: bytes) -> None:
        """Let one piece arrive, and no more work be done on it than it is worth."""
        # Once, and for every head that ends in it once more and once again without an offer.
        self._feeds_left = 1 + 2 * piece.count(b"\n")
        with self._watched():
            client.send(piece)

    def count_feed(self, data: bytes | memoryview) -> None:
        if not self._feeds_left:
            raise Endless(bytes(data))
        self._feeds_left -= 1

    def _watched(self) -> AbstractContextManager[object]:
        return mock.patch.object(
            httptools, "HttpRequestParser", lambda connection: WatchedParser(connection, self)
        )


class WatchedParser(httptools.HttpRequestParser):  # type: ignore[misc]
    """A parser that tells its receiver of what it is given."""

    def __init__(self, connection: Connection, receiver: WatchedReceiver) -> None:
        super().__init__(connection)
        self._receiver = receiver

    def feed_data(self, data: bytes | memoryview) -> None:
        self._receiver.count_feed(data)
        try:
            super().feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._receiver.raised.append(error.__context__ or error)
            raise


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted(min(cut, len(data)) for cut in cuts)
    return [data[start:end] for start, end in pairwise([0, *ends, len(data)])]


@given(
    data=pipelines | mutants() | st.binary(max_size=100),
    cuts=st.lists(st.integers(0, 400), max_size=4),
    end=st.sampled_from(["eof", "reset", "open"]),
    script=st.sampled_from(SCRIPTS),
)
@example(OLD + b"x", [], "open", "200")
@example(NEW + b"x", [], "open", "close")
@example(NEW + EXPECTING, [], "open", "close")
@example(LOST + b"x", [], "open", "200@20ms")
@example(NEW + LOST + b"x", [], "open", "200@20ms")
@example(NEW_OFFER + b"Transfer-Encoding: gzip\r\n\r\nhi", [], "eof", "200")
def test_any_bytes_are_bounded_work(data: bytes, cuts: list[int], end: str, script: str) -> None:
    receiver = WatchedReceiver(script)
    client = receiver.client()
    for piece in pieces_of(data, cuts):
        receiver.send(client, piece)
    if end == "eof":
        client.end()
    elif end == "reset":
        client.reset()
    receiver.loop.run()

    assert receiver.raised == []
    ends = [request.end for request in receiver.inboxes.journal.requests()]
    if client.transport.has_ended:
        assert receiver.connections == set()
        assert None not in ends
    else:
        assert end == "open"
        hangs = script == "hang" and None in ends
        assert hangs or (client.can_send and None not in ends)

    another = receiver.client()
    receiver.send(another, NEXT)
    assert another.transport.sent.startswith(b"HTTP/1.1 200 OK\r\n")


@given(
    data=pipelines | mutants(),
    cuts=st.lists(st.integers(0, 400), min_size=1, max_size=4),
    script=st.sampled_from(SCRIPTS),
)
def test_it_is_all_the_same_where_bytes_are_cut(data: bytes, cuts: list[int], script: str) -> None:
    seen = []
    for pieces in ([data], pieces_of(data, cuts)):
        receiver = WatchedReceiver(script)
        client = receiver.client()
        for piece in pieces:
            receiver.send(client, piece)
        receiver.loop.run()
        journal = receiver.inboxes.journal.requests()
        got = [(request.request_line, request.headers, request.body) for request in journal]
        seen.append((client.transport.sent, client.transport.has_ended, got))
    assert seen[0] == seen[1]


def test_a_pipeline_of_many_heads_is_no_long_head() -> None:
    receiver = WatchedReceiver("200")
    client = receiver.client()
    receiver.send(client, NEXT * 4000 + NEXT[:-1])
    receiver.send(client, NEXT[-1:])
    assert client.transport.sent.count(b"HTTP/1.1 200 OK\r\n") == 4001


@pytest.mark.parametrize("error", [httptools.HttpParserUpgrade(0), httptools.HttpParserError("no")])
def test_a_parser_that_takes_nothing_ends_the_connection(error: Exception) -> None:
    receiver = WatchedReceiver("200")
    with mock.patch.object(WatchedParser, "feed_data", side_effect=[error, Endless]):
        client = receiver.client()
        receiver.send(client, NEXT)
    receiver.loop.run()
    assert client.transport.sent.startswith(b"HTTP/1.1 400 ")
    assert receiver.connections == set()
