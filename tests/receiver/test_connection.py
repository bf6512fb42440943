"""How requests are read off a connection, whatever clients do, and recorded as they arrive."""

from __future__ import annotations

import select
import time

import pytest

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver
from tests.receiver.clients import CHUNKED, POST, read_until


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


def test_a_client_that_offers_an_upgrade_is_served_as_if_it_had_not(
    client: RawClient, inbox: Inbox
) -> None:
    # Java's HttpClient offers h2c on every first request.
    request = (
        b"POST /inbox/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nContent-Length: 2\r\n\r\nhi"
    )
    client.socket.sendall(request)
    assert client.exchange(b"").status == 200
    again = client.exchange(POST, 1)
    assert (again.status, again.ending) == (200, "enough")
    assert [request.body for request in inbox.requests] == [b"hi", b""]


@pytest.mark.parametrize(("length", "body"), [(b"0", b""), (b"2", b"hi")])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_offer_of_an_upgrade_is_recorded_as_it_was_sent(
    version: bytes, length: bytes, body: bytes, client: RawClient, inbox: Inbox
) -> None:
    fields = [
        (b"Connection", b"keep-alive, Upgrade"),
        (b"X-A", b"1"),
        (b"upgrade", b"h2c"),
        (b"Content-Length", length),
    ]
    head = b"POST /inbox/a HTTP/%b\r\n" % version + b"".join(
        b"%b: %b\r\n" % each for each in fields
    )
    assert client.exchange(head + b"\r\n" + body).status == 200
    (got,) = inbox.requests
    assert got.request_line == b"POST /inbox/a HTTP/%b" % version
    assert list(got.headers) == fields
    assert got.body == body


def test_a_client_that_offers_an_upgrade_can_be_kept_hanging(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("hang")
    request = b"GET /inbox/a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    assert client.exchange(request, 0.1).ending == "silent"
    assert [request.end for request in inbox.requests] == [None]


def test_a_pipelined_request_is_recorded_while_the_one_before_it_hangs(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("hang")
    client.socket.sendall(POST * 2)
    assert [request.end for request in inbox.wait_for(2, 1)] == [None, None]


def test_garbage_behind_a_hanging_request_is_not_its_answer(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("hang")
    seen = client.exchange(POST + b"garbage\r\n\r\n", 0.1)
    assert (seen.ending, seen.data) == ("silent", b"")


def test_a_404_in_the_middle_of_a_pipeline_does_not_stall_it(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("200@20ms,200")
    client.socket.sendall(POST + b"GET /elsewhere HTTP/1.1\r\n\r\n" + POST)
    data = read_until(client, b"HTTP/1.1 200", 2)
    assert data.count(b"HTTP/1.1 200") == 2
    assert data.count(b"HTTP/1.1 404") == 1


def test_a_404_to_head_has_no_body(client: RawClient, inbox: Inbox) -> None:
    client.socket.sendall(b"HEAD /elsewhere HTTP/1.1\r\n\r\n" + POST)
    data = read_until(client, b"HTTP/1.1 200")
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404")
    assert rest.startswith(b"HTTP/1.1 200")


def test_a_pipeline_behind_a_hang_is_taken_in_within_bounds(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("hang")
    client.socket.setblocking(False)
    big = b"POST /inbox/a HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    sent = 0
    while select.select([], [client.socket], [], 0.3)[1] and sent < 100_000_000:
        sent += client.socket.send(big[sent % len(big) :])
    assert sent < 50_000_000


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"POST /inbox/a HTTP/1.1\r\n", b"X-Padding: " + b"x" * 4000 + b"\r\n"),
        (b"POST /inbox/a?", b"x" * 4000),
        (b"POST /inbox/a HTTP/1.1\r\nX-Padding: ", b"x" * 20_000),
        (CHUNKED + b"0\r\n", b"X-Padding: " + b"x" * 4000 + b"\r\n"),
        (CHUNKED + b"0\r\nX-Padding: ", b"x" * 20_000),
        (CHUNKED + b"2;", b"x" * 20_000),
    ],
    ids=["fields", "target", "field", "trailers", "trailer", "chunk"],
)
def test_a_head_or_trailer_without_an_end_is_refused(
    start: bytes, more: bytes, client: RawClient, inbox: Inbox
) -> None:
    client.socket.sendall(start + more * 18)
    assert client.exchange(b"", 1).status == 431
    assert inbox.requests == []


def test_a_body_that_is_announced_too_large_is_refused_at_once(
    client: RawClient, inbox: Inbox
) -> None:
    seen = client.exchange(
        b"POST /inbox/a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 1
    )
    assert seen.status == 413


def test_a_chunked_body_without_an_end_is_refused(client: RawClient, inbox: Inbox) -> None:
    client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for _ in range(17):
        client.socket.sendall(chunk)
    assert client.exchange(b"", 1).status == 413


def test_a_body_in_tiny_chunks_is_put_together_in_time(client: RawClient, inbox: Inbox) -> None:
    client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    began = time.perf_counter()
    client.socket.sendall(b"1\r\nx\r\n" * 400_000 + b"0\r\n\r\n")
    assert client.exchange(b"", 20).status == 200
    assert time.perf_counter() - began < 4
    assert len(inbox.requests[0].body) == 400_000
