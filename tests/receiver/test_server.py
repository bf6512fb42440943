"""The receiver as a socket sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mockserver.core.errors import AddressUnavailable
from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver


@pytest.fixture
def inboxes() -> Inboxes:
    return Inboxes()


@pytest.fixture
def receiver(inboxes: Inboxes) -> Iterator[Receiver]:
    receiver = Receiver(inboxes)
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def inbox(inboxes: Inboxes, receiver: Receiver) -> Inbox:
    return inboxes.inbox("a", receiver.url)


@pytest.fixture
def client(receiver: Receiver) -> Iterator[RawClient]:
    with RawClient("127.0.0.1", receiver.port) as client:
        yield client


def ended(inbox: Inbox, count: int) -> list[str | None]:
    """Return the ends of the requests once none is under way."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        ends = [request.end for request in inbox.wait_for(count)]
        if None not in ends:
            break
    return ends


def test_raw_bytes_are_kept_in_order(client: RawClient, inbox: Inbox) -> None:
    target = "/inbox/a/deep/er?x=%7B%22a%22%7D&y=a+b#no"
    request = (
        f"PATCH {target} HTTP/1.1\r\nHost: somewhere\r\nX-B: 1\r\nx-a:  two \r\nX-B: 3\r\n"
        "Content-Length: 5\r\n\r\nh\x00\xffll"
    )
    assert client.exchange(request).status == 200
    (got,) = inbox.requests
    assert got.method == "PATCH"
    assert got.target == target
    assert got.request_line == f"PATCH {target} HTTP/1.1".encode()
    assert [name for name, _ in got.headers] == [
        b"Host", b"X-B", b"x-a", b"X-B", b"Content-Length"
    ]  # fmt: skip
    assert got.body == b"h\x00\xffll"
    assert got.client == ("127.0.0.1", client.port)
    assert got.attempt is None
    assert got.end == "answered"
    assert got.ended_at is not None
    assert got.ended_at >= got.arrived_at


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_is_taken(method: str, client: RawClient, inbox: Inbox) -> None:
    assert client.exchange(f"{method} /inbox/a HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    assert [request.method for request in inbox.requests] == [method]


def test_a_head_request_gets_no_body(client: RawClient, inbox: Inbox) -> None:
    inbox.behave([{"kind": "status", "body": "hello"}])
    client.socket.sendall(b"HEAD /inbox/a HTTP/1.1\r\nHost: x\r\n\r\n")
    again = client.post("/inbox/a")
    assert again.data.count(b"Content-Length: 5") == 2
    assert again.data.count(b"hello") <= 1


def test_other_paths_are_told_where_inboxes_are(client: RawClient, inboxes: Inboxes) -> None:
    seen = client.post("/somewhere")
    assert seen.status == 404
    assert b"/inbox/<name>" in seen.body
    assert client.post("/inbox/a").status == 200
    assert len(inboxes.journal.requests()) == 1


def test_connections_are_kept_and_requests_may_be_pipelined(
    client: RawClient, inbox: Inbox
) -> None:
    count = 2000
    client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * count)
    data = b""
    while data.count(b"HTTP/1.1 200") < count:
        data += client.socket.recv(65536)
    assert len(inbox.requests) == count


def test_pipelined_requests_are_answered_in_order(client: RawClient, inbox: Inbox) -> None:
    inbox.behave("201@50ms,202")
    client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\nContent-Length: 0\r\n\r\n" * 2)
    data = b""
    while data.count(b"\r\n\r\n") < 2:
        data += client.socket.recv(65536)
    assert data.index(b"201 Created") < data.index(b"202 Accepted")


def test_http_1_0_and_connection_close_end_the_connection(receiver: Receiver, inbox: Inbox) -> None:
    for request in (
        b"POST /inbox/a HTTP/1.0\r\n\r\n",
        b"POST /inbox/a HTTP/1.1\r\nConnection: close\r\n\r\n",
    ):
        with RawClient("127.0.0.1", receiver.port) as client:
            assert client.exchange(request).status == 200
            assert client.exchange(b"").ending in ("closed", "enough")
            assert client.socket.recv(1) == b""


def test_a_chunked_body_is_put_together(client: RawClient, inbox: Inbox) -> None:
    client.exchange(
        b"POST /inbox/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert [request.body for request in inbox.requests] == [b"abcde"]


def test_a_client_that_waits_for_100_is_told_to_go_on(client: RawClient, inbox: Inbox) -> None:
    head = b"POST /inbox/a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert client.exchange(head).status == 100
    assert client.exchange(b"ok").status == 200
    assert inbox.requests[0].body == b"ok"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"not http at all\r\n\r\n", 400),
        (b"POST /inbox/a HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /inbox/a HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (
            b"POST /inbox/a HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n" + b"x" * 1_048_577,
            413,
        ),
    ],
)
def test_what_is_no_request_or_too_large_is_refused(
    request_bytes: bytes, status: int, client: RawClient, inbox: Inbox
) -> None:
    assert client.exchange(request_bytes).status == status
    assert inbox.requests == []


def test_status_headers_and_body_are_as_told(client: RawClient, inbox: Inbox) -> None:
    inbox.behave(
        [
            {
                "kind": "status",
                "status": 299,
                "headers": [["X-A", "1"], ["Content-Type", "text/x"]],
                "body_base64": "AAH/",
            }
        ]
    )
    seen = client.post("/inbox/a")
    assert seen.status == 299
    assert seen.body == b"\x00\x01\xff"
    assert b"X-A: 1\r\nContent-Type: text/x\r\n" in seen.data


def test_a_hung_request_is_in_the_journal_while_it_hangs_and_blocks_nobody(
    client: RawClient, receiver: Receiver, inbox: Inbox
) -> None:
    inbox.behave("hang,200")
    hung = client.post("/inbox/a", silence=0.05)
    assert (hung.ending, hung.data) == ("silent", b"")
    assert [request.end for request in inbox.requests] == [None]
    with RawClient("127.0.0.1", receiver.port) as other:
        assert other.post("/inbox/a").status == 200
    client.socket.close()
    assert ended(inbox, 2) == ["client-gone", "answered"]


def test_a_reset_ends_what_hangs_and_nothing_of_it_comes_back(
    client: RawClient, receiver: Receiver, inboxes: Inboxes, inbox: Inbox
) -> None:
    inbox.behave("hang")
    client.post("/inbox/a", silence=0.05)
    (hung,) = inbox.requests
    receiver.reset()
    inboxes.reset()
    assert client.exchange(b"").ending in ("closed", "reset")
    assert hung.end == "cancelled"
    assert inbox.requests == []


def test_a_reset_and_a_close_reach_the_other_side(receiver: Receiver, inbox: Inbox) -> None:
    inbox.behave("reset,close")
    for ending in ("reset", "closed"):
        with RawClient("127.0.0.1", receiver.port) as client:
            seen = client.post("/inbox/a")
            assert (seen.ending, seen.data) == (ending, b"")
    assert ended(inbox, 2) == ["reset", "closed"]


def test_malformed_and_truncated_answers(receiver: Receiver, inbox: Inbox) -> None:
    inbox.behave("malformed,truncated")
    with RawClient("127.0.0.1", receiver.port) as client:
        assert not client.post("/inbox/a").data.startswith(b"HTTP")
    with RawClient("127.0.0.1", receiver.port) as client:
        seen = client.post("/inbox/a")
        assert (seen.status, seen.ending, seen.body) == (200, "closed", b"cut off")


def test_a_delay_and_a_drip_take_real_time_for_a_foreign_client(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("200@60ms,drip@1ms,drip:body@10ms,redirect:https://example.com/,200")
    delayed = client.post("/inbox/a")
    assert delayed.status == 200
    assert delayed.real_seconds >= 0.055
    dripped = client.post("/inbox/a")
    assert dripped.status == 200
    assert len(dripped.arrivals) > 10
    body = client.post("/inbox/a")
    assert body.body == b"drip"
    assert len(body.arrivals) > 2
    assert b"Location: https://example.com/" in client.post("/inbox/a").data
    assert client.post("/inbox/a").status == 200
    assert ended(inbox, 5) == ["answered"] * 5


def test_stopping_with_hung_connections_is_quick_and_leaves_no_thread(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes)
    receiver.start()
    inbox = inboxes.inbox("a", receiver.url)
    inbox.behave("hang")
    clients = [RawClient("127.0.0.1", receiver.port) for _ in range(5)]
    for client in clients:
        client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\n\r\n")
    inbox.wait_for(5)
    began = time.perf_counter()
    receiver.stop()
    assert time.perf_counter() - began < 1
    assert {request.end for request in inbox.requests} == {"cancelled"}
    for client in clients:
        client.socket.close()
    assert "postbacks-receiver" not in [thread.name for thread in threading.enumerate()]


def test_a_receiver_that_was_never_started_can_be_stopped(inboxes: Inboxes) -> None:
    Receiver(inboxes).stop()


def test_a_port_that_is_taken_is_said_in_one_line(receiver: Receiver, inboxes: Inboxes) -> None:
    with pytest.raises(AddressUnavailable, match=f"port {receiver.port}.*choose another"):
        Receiver(inboxes, port=receiver.port)


def test_who_listens_everywhere_is_called_at_loopback(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes, host="0.0.0.0")
    try:
        assert receiver.url == f"http://127.0.0.1:{receiver.port}"
    finally:
        receiver.stop()
