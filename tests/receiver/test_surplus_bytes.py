"""What is sent behind a request: whatever it is, the next client is answered."""

from __future__ import annotations

import ctypes
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from unittest import mock

import pytest

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.server import Receiver
from tests.certificates import TlsRawClient, server_context, trusting_context

#: How long anything here may take; far more than it does.
LIMIT_REAL_SECONDS = 2.0

Dial = Callable[[], RawClient]

OLD = b"POST /inbox/a HTTP/1.0\r\n"
NEW = b"POST /inbox/a HTTP/1.1\r\n"
LOST = b"GET /elsewhere HTTP/1.1\r\n"
TUNNEL = b"CONNECT a.test:443 HTTP/1.1\r\n"
CLOSE = b"Connection: close\r\n"
OFFER = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
TWO = b"Content-Length: 2\r\n"
END = b"\r\n"
GARBAGE = b"\0\xff garbage\r\n\r\n"

#: What is sent at once, and the statuses of all that comes back before the connection ends.
#: What follows the last request of a connection is dropped; elsewhere it is a request, or a 400.
SHAPES: dict[str, tuple[bytes, list[int]]] = {
    "old-byte": (OLD + END + b"x", [200]),
    "old-line-break-and-byte": (OLD + END + b"\r\nx", [200]),
    "old-garbage": (OLD + END + GARBAGE, [200]),
    "old-request": (OLD + END + NEW + END, [200]),
    "old-offer": (OLD + END + NEW + OFFER + END, [200]),
    "old-tunnel": (OLD + END + TUNNEL + END, [200]),
    "old-body-too-long": (OLD + TWO + END + b"hix", [200]),
    "old-chunked-byte": (OLD + CHUNKED + END + b"2\r\nhi\r\n0\r\n\r\nx", [200]),
    "old-much": (OLD + END + b"x" * 10_000, [200]),
    "old-that-stays": (OLD + b"Connection: keep-alive\r\n" + END + GARBAGE, [200, 400]),
    "old-lost": (b"GET /elsewhere HTTP/1.0\r\n\r\nx", [404]),
    "old-head": (b"HEAD /inbox/a HTTP/1.0\r\n\r\nx", [200]),
    "old-with-offer": (OLD + OFFER + END + b"x", [200]),
    "old-with-offer-body-too-long": (OLD + OFFER + TWO + END + b"hix", [200]),
    "old-with-offer-that-stays": (
        OLD + b"Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n" + TWO + END + b"hi" + GARBAGE,
        [200, 400],
    ),
    "older-byte": (b"GET /inbox/a\r\n\r\nx", [200]),
    "close-byte": (NEW + CLOSE + END + b"x", [200]),
    "close-body-too-long": (NEW + CLOSE + TWO + END + b"hix", [200]),
    "close-chunked-byte": (NEW + CLOSE + CHUNKED + END + b"0\r\n\r\nx", [200]),
    "close-request": (NEW + CLOSE + END + NEW + END, [200]),
    "close-twice": ((NEW + CLOSE + END) * 2, [200]),
    "close-expect": (NEW + CLOSE + TWO + b"Expect: 100-continue\r\n\r\nhix", [100, 200]),
    "close-lost": (LOST + CLOSE + END + LOST + END, [404]),
    "close-second": (NEW + END + NEW + CLOSE + END + b"x", [200, 200]),
    "close-offer-body-too-long": (
        NEW + b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n" + TWO + END + b"hix",
        [200],
    ),
    "tunnel-close": (TUNNEL + CLOSE + END + b"x", [404]),
    "tunnel-old": (b"CONNECT a.test:443 HTTP/1.0\r\n\r\nx", [404]),
    "tunnel-garbage": (TUNNEL + END + GARBAGE, [404, 400]),
    "tunnel-body": (TUNNEL + TWO + END + b"hi" + END, [404, 400]),
    "tunnel-request": (TUNNEL + END + NEW + CLOSE + END, [404, 200]),
    "tunnel-twice": ((TUNNEL + END) * 2 + GARBAGE, [404, 404, 400]),
    "offer-twice": ((NEW + OFFER + END) * 2 + GARBAGE, [200, 200, 400]),
    "offer-body-too-long": (NEW + OFFER + TWO + END + b"hi" + GARBAGE, [200, 400]),
    "offer-of-no-request": (NEW + OFFER + b"Transfer-Encoding: gzip\r\n\r\nhi", [400]),
    "offer-of-rtsp": (b"DESCRIBE /inbox/a RTSP/1.0\r\n" + OFFER + END, [400]),
    "body-too-long": (NEW + TWO + END + b"hi" + GARBAGE, [200, 400]),
    "bad-chunk": (NEW + CHUNKED + END + b"zz\r\n", [400]),
    "garbage": (GARBAGE, [400]),
    "two-lengths": (NEW + TWO + b"Content-Length: 3\r\n\r\nhix", [400]),
    "http-2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "tls-within": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]),
}

#: The same for inboxes that end the connection themselves, and for those that take their time.
SCRIPTED: dict[str, tuple[str, bytes, list[int]]] = {
    "close": ("close", NEW + END + GARBAGE, []),
    "close-offer": ("close", NEW + OFFER + END + GARBAGE, []),
    "close-expect": ("close", NEW + END + NEW + TWO + b"Expect: 100-continue\r\n\r\n", []),
    "close-large": ("close", NEW + END + NEW + b"Content-Length: 1048577\r\n\r\n", []),
    "reset": ("reset", NEW + END + GARBAGE, []),
    "malformed": ("malformed", NEW + END + GARBAGE, []),
    "truncated": ("truncated", NEW + END + GARBAGE, [200]),
    "interim": ("102", NEW + END + GARBAGE, [102]),
    "slow-old": ("200@20ms", OLD + END + b"x", [200]),
    "slow-close": ("200@20ms", NEW + CLOSE + END + GARBAGE, [200]),
    "slow-garbage": ("200@20ms", NEW + END + GARBAGE, [200, 400]),
    "slow-then-lost-old": ("200@20ms", NEW + END + LOST + CLOSE + END + GARBAGE, [200, 404]),
    "slow-then-old": ("200@20ms", NEW + END + OLD + END + GARBAGE, [200, 200]),
}


@pytest.fixture
def inboxes() -> Inboxes:
    return Inboxes()


@pytest.fixture(params=["http", "https"])
def receiver(request: pytest.FixtureRequest, inboxes: Inboxes) -> Iterator[Receiver]:
    """A receiver whose thread, if it is stuck, fails its test and not the whole run."""
    context = server_context() if request.param == "https" else None
    receiver = Receiver(inboxes, tls_context=context)
    receiver.start()
    yield receiver
    # To stop it is to wait for its thread, for ever if that is stuck.
    turns = threading.Event()
    receiver._loop.call_soon_threadsafe(turns.set)
    if turns.wait(LIMIT_REAL_SECONDS):
        receiver.stop()
    else:
        interrupt(receiver._thread)
        pytest.fail("the receiver's thread is stuck")


@pytest.fixture(scope="module")
def trust() -> ssl.SSLContext:
    return trusting_context()


@pytest.fixture
def dial(receiver: Receiver, trust: ssl.SSLContext) -> Dial:
    if receiver.url.startswith("https"):
        return lambda: TlsRawClient("127.0.0.1", receiver.port, trust)
    return lambda: RawClient("127.0.0.1", receiver.port)


@pytest.mark.parametrize(("sent", "statuses"), SHAPES.values(), ids=SHAPES)
def test_the_next_client_is_answered(sent: bytes, statuses: list[int], dial: Dial) -> None:
    with dial() as client:
        client.socket.sendall(sent)
        answered = statuses_until_the_end(client)
    assert next_status(dial) == 200
    assert answered == statuses


@pytest.mark.parametrize(("script", "sent", "statuses"), SCRIPTED.values(), ids=SCRIPTED)
def test_the_next_client_is_answered_whatever_the_inbox_does(
    script: str, sent: bytes, statuses: list[int], dial: Dial, inboxes: Inboxes
) -> None:
    inboxes.inbox("a", "").behave(script)
    with dial() as client:
        client.socket.sendall(sent)
        answered = statuses_until_the_end(client)
    assert next_status(dial) == 200
    assert answered == statuses


@pytest.mark.parametrize("behind", [b"x", GARBAGE, NEW + END], ids=["byte", "garbage", "request"])
def test_bytes_behind_a_request_that_hangs_and_is_the_last_are_dropped(
    behind: bytes, dial: Dial, inboxes: Inboxes
) -> None:
    inbox = inboxes.inbox("a", "")
    inbox.behave("hang")
    with dial() as client:
        client.socket.sendall(OLD + END)
        inbox.wait_for(1, LIMIT_REAL_SECONDS)
        client.socket.sendall(behind)
        assert client.exchange(b"", 0.1).ending == "silent"
        assert next_status(dial) == 200
    assert [request.target for request in inbox.requests] == ["/inbox/a"]


def statuses_until_the_end(client: RawClient) -> list[int]:
    """Return the status of every answer; fail if the connection does not end."""
    client.socket.settimeout(LIMIT_REAL_SECONDS)
    data = b""
    while True:
        try:
            piece = client.socket.recv(65536)
        except ConnectionResetError:
            break
        except TimeoutError:
            pytest.fail(f"the connection did not end; until then came {data!r}")
        if not piece:
            break
        data += piece
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def next_status(dial: Dial) -> int | None:
    """Return what a new client's request is answered with; None if it is not, in time."""
    with dial() as client:
        return client.post("/inbox/next", LIMIT_REAL_SECONDS).status


def interrupt(thread: threading.Thread) -> None:
    """End a thread that runs in circles, and would slow down every test after this one."""
    # Else pytest tells of the thread's end in the next test.
    with mock.patch.object(threading, "excepthook"):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
        )
        thread.join(LIMIT_REAL_SECONDS)
