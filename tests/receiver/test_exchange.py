"""How a request is answered on a socket, and when its end is in the journal."""

from __future__ import annotations

import asyncio.selector_events
from datetime import timedelta

import freezegun
import pytest

from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.journal import ReceivedRequest
from mockserver.receiver.link import SendingAttempt
from mockserver.receiver.server import Receiver
from tests.receiver.clients import POST, ended


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


def test_a_head_request_gets_no_body(client: RawClient, inbox: Inbox) -> None:
    inbox.behave([{"kind": "status", "body": "hello"}])
    client.socket.sendall(b"HEAD /inbox/a HTTP/1.1\r\nHost: x\r\n\r\n")
    again = client.post("/inbox/a")
    assert again.data.count(b"Content-Length: 5") == 2
    assert again.data.count(b"hello") <= 1


def test_an_answer_says_whether_the_connection_stays(receiver: Receiver, inbox: Inbox) -> None:
    for request, wanted in (
        (b"GET /inbox/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"Connection: keep-alive"),
        (b"GET /inbox/a HTTP/1.1\r\nConnection: close\r\n\r\n", b"Connection: close"),
    ):
        with RawClient("127.0.0.1", receiver.port) as client:
            assert wanted in client.exchange(request).data


def test_connection_close_in_a_script_closes(client: RawClient, inbox: Inbox) -> None:
    inbox.behave([{"kind": "status", "headers": [["Connection", "close"]]}])
    assert client.exchange(POST).data.count(b"Connection: close") == 1
    assert client.exchange(b"", 1).ending in ("closed", "enough")
    client.socket.settimeout(1)
    assert client.socket.recv(1) == b""


def test_an_interim_status_is_no_end_of_a_conversation(client: RawClient, inbox: Inbox) -> None:
    inbox.behave("102")
    client.socket.sendall(POST)
    client.socket.settimeout(1)
    data = b""
    while piece := client.socket.recv(65536):
        data += piece
    assert data.startswith(b"HTTP/1.1 102")
    assert inbox.requests[0].end == "closed"


def test_the_end_is_in_the_journal_before_the_answer_is_out(
    client: RawClient, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    transport = vars(asyncio.selector_events)["_SelectorSocketTransport"]
    write = transport.write

    def watched(self: object, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 200"):
            seen.extend(request.end for request in inbox.requests)
        write(self, data)

    monkeypatch.setattr(transport, "write", watched)
    client.exchange(POST)
    assert seen == ["answered"]


def test_delays_are_real_while_a_test_has_frozen_time(client: RawClient, inbox: Inbox) -> None:
    inbox.behave("200@50ms")
    with freezegun.freeze_time("2026-01-01"):
        seen = client.exchange(POST, 2)
    assert seen.status == 200


def test_delays_are_not_cut_short_by_a_frozen_clock_that_ticks(
    client: RawClient, inbox: Inbox
) -> None:
    inbox.behave("200@30s")
    with freezegun.freeze_time("2026-01-01") as frozen:
        client.socket.sendall(POST)
        inbox.wait_for(1)
        frozen.tick(3600)
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)


class Link:
    """The engine's end, for one virtual sender."""

    def __init__(self, virtual: bool) -> None:
        self.virtual = virtual
        self.elapsed: list[timedelta | None] = []

    def attempt_at(self, client_port: int) -> SendingAttempt | None:
        return SendingAttempt(7, 1, self.virtual, timedelta(seconds=30))

    def answered_after(
        self, client_port: int, elapsed: timedelta | None, request: ReceivedRequest
    ) -> None:
        self.elapsed.append(elapsed)

    def hurry(self, client_port: int) -> None:
        self.virtual = True


def test_a_drip_that_is_hurried_is_finished_at_once(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes, link=Link(virtual=False))
    receiver.start()
    try:
        inbox = inboxes.inbox("a", receiver.url)
        inbox.behave("drip@500ms")
        with RawClient("127.0.0.1", receiver.port) as client:
            client.socket.sendall(POST)
            assert client.socket.recv(1) == b"H"
            receiver.hurry()
            rest = client.exchange(b"", 0.4)
        assert rest.ending != "silent" or rest.data.endswith(b"drip")
        assert (b"H" + rest.data).count(b"HTTP/1.1 200 OK\r\n") == 1
    finally:
        receiver.stop()


def test_a_virtual_hang_is_not_left_under_way(inboxes: Inboxes) -> None:
    link = Link(virtual=True)
    receiver = Receiver(inboxes, link=link)
    receiver.start()
    try:
        inbox = inboxes.inbox("a", receiver.url)
        inbox.behave("hang")
        with RawClient("127.0.0.1", receiver.port) as client:
            assert client.exchange(POST, 1).ending in ("closed", "reset")
        assert [request.end for request in inbox.requests] == ["timed-out"]
        assert link.elapsed == [None]
    finally:
        receiver.stop()
