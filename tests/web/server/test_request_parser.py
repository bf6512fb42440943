"""What is no request is refused in words, wherever it comes, and its connection is closed."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache

import pytest

from mockserver import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.certificates import server_context, trusting_context
from tests.web.server.served_apart import Served, descriptors_allowed, served_apart

TARGETS = ("/api", "/_sandbox/health")
HOST = b"Host: localhost\r\n"
#: More than a head may have, and more than a body may have.
HUGE_HEAD = 400_000
HUGE_BODY = 3_000_000

#: What is wrong, what is sent (TARGET stands for a path) and what it is answered with.
MALFORMED: dict[str, tuple[bytes, int]] = {
    "garbage": (b"\0\0garbage\r\n\r\n", 400),
    "garbage without an end": (b"\0\0garbage", 400),
    "a TLS handshake": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400),
    "no method": (b"TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no version": (b"GET TARGET\r\n" + HOST + b"\r\n", 400),
    "no slash in the version": (b"GET TARGET HTTP1.1\r\n" + HOST + b"\r\n", 400),
    "four words": (b"GET TARGET HTTP/1.1 more\r\n" + HOST + b"\r\n", 400),
    "two spaces": (b"GET  TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a space in front": (b" GET TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method in small letters": (b"get TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method that is no word": (b"GE(T TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "the protocol in small letters": (b"GET TARGET http/1.1\r\n" + HOST + b"\r\n", 400),
    "HTTP/9.9": (b"GET TARGET HTTP/9.9\r\n" + HOST + b"\r\n", 505),
    "HTTP/2.0": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "NUL in the path": (b"GET TARGET\0 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab in the path": (b"GET TARGET\tX HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab for a space": (b"GET\tTARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CR before the end of the first line": (b"GET TARGET HTTP/1.1\r\r\n" + HOST + b"\r\n", 400),
    "LF before the end of the first line": (b"GET TARGET HTTP/1.1\n\r\n" + HOST + b"\r\n", 400),
    "blank lines and a space in front": (
        b"\r\n\r\n GET TARGET HTTP/1.1\r\n" + HOST + b"\r\n",
        400,
    ),
    "a vertical tab in front": (b"\x0bGET TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a bad address": (b"GET http://[::1TARGET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no Host": (b"GET TARGET HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"Host: example.com\r\n\r\n", 400),
    "NUL in a header": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400),
    "a header without a colon": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"nothing\r\n\r\n", 400),
    "a header without a name": (b"GET TARGET HTTP/1.1\r\n" + HOST + b": a\r\n\r\n", 400),
    "a space before the colon": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n", 400),
    "a space in the name": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"X Y: a\r\n\r\n", 400),
    "a first header that continues": (b"GET TARGET HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n", 400),
    "bare LF everywhere": (b"GET TARGET HTTP/1.1\nHost: localhost\n\n", 400),
    "bare LF after the first line": (b"GET TARGET HTTP/1.1\n" + HOST + b"\r\n", 400),
    "bare LF after a header": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: a\nY: b\r\n\r\n", 400),
    "bare CR everywhere": (b"GET TARGET HTTP/1.1\rHost: localhost\r\r", 400),
    "bare CR in a header": (b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n", 400),
    "two lengths": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        400,
    ),
    "a negative length": (b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    "a length with a sign": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc",
        400,
    ),
    "a length that is no number": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: abc\r\n\r\n",
        400,
    ),
    "a length of 5,000 digits": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        400,
    ),
    "a bad length that waits for its turn": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: -1\r\n\r\n",
        400,
    ),
    "an unknown transfer encoding": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: nonsense\r\n\r\n",
        501,
    ),
    "chunked and then something": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        501,
    ),
    "chunked twice": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
        400,
    ),
    "an empty transfer encoding": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding:\r\n\r\n",
        400,
    ),
    "chunked in HTTP/1.0": (
        b"POST TARGET HTTP/1.0\r\n"
        + HOST
        + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunked and a length": (
        b"POST TARGET HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a chunk without a size": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
        400,
    ),
    "a chunk of negative size": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n",
        400,
    ),
    "a chunk that is longer than its size": (
        b"POST TARGET HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        400,
    ),
    "a body that is too large": (
        b"POST TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999\r\n\r\nabc",
        413,
    ),
    "chunks that are too large": (
        b"POST TARGET HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n"
        + b"x" * HUGE_BODY,
        413,
    ),
    "a huge header": (
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: " + b"x" * HUGE_HEAD + b"\r\n\r\n",
        431,
    ),
    "a huge path": (
        b"GET TARGET?x=" + b"x" * HUGE_HEAD + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        431,
    ),
    "many headers": (
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: y\r\n" * (HUGE_HEAD // 6) + b"\r\n",
        431,
    ),
}

#: Requests whose answers name them.
VALID = (
    (b"GET /api?action=first HTTP/1.1\r\n" + HOST + b"\r\n", 400, b"unknown action 'first'"),
    (b"GET /_sandbox/second HTTP/1.1\r\n" + HOST + b"\r\n", 404, b"nothing is at /_sandbox/second"),
    (
        b"POST /api HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nContent-Length: 18\r\n\r\n"
        + b'{"action":"third"}',
        400,
        b"unknown action 'third'",
    ),
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


def answers_in(received: bytes) -> list[Answer]:
    """Return the answers, each of which says how long it is."""
    answers = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version in ("HTTP/1.0", "HTTP/1.1")
        headers = [(name, value.strip()) for name, _, value in (li.partition(":") for li in lines)]
        answer = Answer(int(status), headers, b"")
        (length,) = answer.header("Content-Length")
        body, received = rest[: int(length)], rest[int(length) :]
        assert len(body) == int(length)
        answers.append(Answer(answer.status, headers, body))
    return answers


@cache
def client_context() -> ssl.SSLContext:
    """Return the context of all clients: to read the system's certificates takes a while."""
    return trusting_context()


def connected(port: int, tls: bool) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    if not tls:
        return plain
    # The end must be announced, else it is an error.
    return client_context().wrap_socket(
        plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False
    )


def until_the_end(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def check_refusal(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    assert answer.header("Connection") == ["close"]
    assert answer.header("Content-Type") == ["application/problem+json"]
    problem = json.loads(answer.body)
    assert problem["type"].startswith("urn:postbacks:problem:")
    assert problem["status"] == status
    assert problem["title"]
    assert " " in problem["detail"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module", params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def port(sandbox: Sandbox, tls: bool) -> Iterator[int]:
    server = ApiServer(create_app(sandbox), tls_context=server_context() if tls else None)
    server.start()
    yield server.port
    server.stop()


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MALFORMED)
def test_it_is_refused_after_what_came_before_is_answered(
    name: str, target: str, before: int, port: int, tls: bool
) -> None:
    malformed, status = MALFORMED[name]
    sent = b"".join(request for request, _, _ in VALID[:before])
    with connected(port, tls) as client:
        client.sendall(sent + malformed.replace(b"TARGET", target.encode()))
        answers = answers_in(until_the_end(client))
    assert len(answers) == before + 1
    for answer, (_, expected, named) in zip(answers, VALID[:before], strict=False):
        assert answer.status == expected
        assert named in answer.body
    check_refusal(answers[-1], status)


@pytest.mark.parametrize("name", [n for n, (sent, _) in MALFORMED.items() if len(sent) < 1000])
def test_it_is_refused_also_if_it_comes_byte_by_byte(name: str, port: int, tls: bool) -> None:
    malformed, status = MALFORMED[name]
    with connected(port, tls) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for byte in malformed.replace(b"TARGET", b"/api"):
                client.sendall(bytes([byte]))
        except OSError:
            # It need not be heard to the end.
            pass
        (answer,) = answers_in(until_the_end(client))
    check_refusal(answer, status)


@pytest.mark.parametrize("name", MALFORMED)
def test_it_is_refused_on_a_connection_that_was_used(name: str, port: int, tls: bool) -> None:
    malformed, status = MALFORMED[name]
    with connected(port, tls) as client:
        for request, expected, named in VALID:
            client.sendall(request)
            received = b""
            while named not in received:
                piece = client.recv(65536)
                assert piece
                received += piece
            assert received.startswith(b"HTTP/1.1 %d " % expected)
        client.sendall(malformed.replace(b"TARGET", b"/_sandbox/health"))
        received = until_the_end(client)
    check_refusal(answers_in(received[received.index(b"HTTP/1.") :])[-1], status)


@pytest.mark.parametrize("at", range(1, 4))
def test_a_body_is_no_head_however_the_end_of_that_is_cut(at: int, port: int, tls: bool) -> None:
    head = b"POST /_sandbox/odd HTTP/1.1\r\n" + HOST + b"Content-Length: 6\r\n\r\n"
    with connected(port, tls) as client:
        client.sendall(head[:-at])
        time.sleep(0.05)
        client.sendall(head[-at:] + b"\n\r\0\r\n\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 404 ")


def test_nothing_after_it_is_answered(port: int, tls: bool) -> None:
    request = VALID[0][0]
    with connected(port, tls) as client:
        client.sendall(request + b"GET /api HTTP/1.1\r\nX : a\r\n\r\n" + request)
        answers = answers_in(until_the_end(client))
    assert len(answers) == 2
    assert b"unknown action" not in answers[1].body


def test_a_large_body_is_refused_although_nobody_reads_it(port: int, tls: bool) -> None:
    """The client sends all of it before it looks, and must not lose the answer by that."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=client_context())
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    )
    with closing(connection):
        connection.request("POST", "/_sandbox/events", b"x" * HUGE_BODY)
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["status"] == 413


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\nGET TARGET HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\nGET TARGET HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET TARGET HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n",
        b"GET http://localhostTARGET HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET TARGET HTTP/1.1\r\nHost:localhost \t\r\nX:\r\nY: caf\xc3\xa9\r\n\r\n",
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n\r\n",
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
        b"GET TARGET HTTP/1.1\r\n" + HOST + b"Content-Length: 6\r\n\r\n\n\r\0\r\n\n",
        b"GET TARGET HTTP/1.1\r\n"
        + HOST
        + b"TRANSFER-ENCODING: Chunked\r\n\r\n3;a=b\r\n\n\r\0\r\n0\r\nX: y\r\n\r\n",
    ],
)
def test_what_only_looks_odd_is_answered(sent: bytes, port: int, tls: bool) -> None:
    sent = sent.replace(b"TARGET", b"/_sandbox/odd")
    with connected(port, tls) as client:
        client.sendall(sent + b"GET /api?action=last HTTP/1.1\r\n" + HOST + b"\r\n")
        received = b""
        while b"unknown action 'last'" not in received:
            piece = client.recv(65536)
            assert piece, received
            received += piece
    odd, last = answers_in(received)
    assert odd.status == 404
    assert b"nothing is at /_sandbox/odd" in odd.body
    assert last.status == 400


@pytest.fixture
def served(tls: bool) -> Iterator[Served]:
    with served_apart(tls=tls) as served:
        yield served


def health(served: Served, tls: bool) -> int:
    with connected(served.port, tls) as client:
        client.sendall(b"GET /_sandbox/health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        return answers_in(until_the_end(client))[0].status


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_hundred_and_fifty_leave_nothing_behind(before: int, served: Served, tls: bool) -> None:
    at_first = served.look()
    assert health(served, tls) == 200
    sent = b"".join(request for request, _, _ in VALID[:before])
    small = [case for case in MALFORMED.values() if len(case[0]) < 10_000]
    for number in range(150):
        malformed, status = small[number % len(small)]
        target = TARGETS[number % 2].encode()
        with connected(served.port, tls) as client:
            client.sendall(sent + malformed.replace(b"TARGET", target))
            check_refusal(answers_in(until_the_end(client))[-1], status)
    assert health(served, tls) == 200
    assert served.settled(at_first["descriptors"]) == at_first["descriptors"]
    assert served.look()["threads"] == at_first["threads"]


def test_who_never_closes_is_closed(served: Served, tls: bool) -> None:
    at_first = served.look()
    with descriptors_allowed(1024), ExitStack() as stack:
        for number in range(150):
            client = stack.enter_context(connected(served.port, tls))
            client.sendall(VALID[number % 3][0] + b"\0\0garbage\r\n\r\n")
        assert health(served, tls) == 200
        # All of them are still open here.
        assert served.settled(at_first["descriptors"]) == at_first["descriptors"]
        assert health(served, tls) == 200
