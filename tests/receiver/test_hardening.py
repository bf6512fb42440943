"""What clients do that no well-behaved test does."""

from __future__ import annotations

import asyncio.selector_events
import select
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import freezegun
import pytest

from mockserver.core.errors import AddressUnavailable, InvalidBehaviour
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.delivery.wiring import SocketOptions
from mockserver.net.raw_client import RawClient
from mockserver.receiver.behaviours import Hang, StatusAnswer, parse_script
from mockserver.receiver.in_process import InProcessReceiver
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.journal import Journal, ReceivedRequest
from mockserver.receiver.link import SendingAttempt
from mockserver.receiver.server import Receiver
from mockserver.sandbox import Sandbox

CHUNKED = b"POST /inbox/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
POST = b"POST /inbox/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


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


def read_until(client: RawClient, wanted: bytes, count: int = 1) -> bytes:
    """Return everything up to the end, or until `wanted` was seen `count` times."""
    client.socket.settimeout(3)
    data = b""
    while data.count(wanted) < count:
        try:
            piece = client.socket.recv(65536)
        except (TimeoutError, ConnectionResetError):
            break
        if not piece:
            break
        data += piece
    return data


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


def test_a_reset_leaves_idle_connections_alone(
    client: RawClient, receiver: Receiver, inbox: Inbox
) -> None:
    assert client.exchange(POST).status == 200
    receiver.reset()
    again = client.exchange(POST, 1)
    assert (again.status, again.ending) == (200, "enough")


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


def test_two_receivers_on_one_port_fail_before_either_starts(inboxes: Inboxes) -> None:
    first = Receiver(inboxes)
    try:
        with pytest.raises(AddressUnavailable):
            Receiver(inboxes, port=first.port)
    finally:
        first.stop()


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


# Values


def received(target: str) -> ReceivedRequest:
    journal = Journal()
    line = f"GET {target} HTTP/1.1".encode("latin-1")
    return journal.arrived("a", "GET", target, line, (), b"", ("127.0.0.1", 1), "200")


def test_any_target_that_a_socket_takes_can_be_read() -> None:
    assert received("http://[/inbox/a?x=1").path == "/inbox/a"
    assert received("http://[/inbox/a?x=1").query == {"x": "1"}
    assert received("/inbox/a?x=[1]&y=%E2%82%AC").query == {"x": "[1]", "y": "€"}


def test_waiting_counts_what_was_evicted_and_stays_cheap() -> None:
    journal = Journal(max_requests=2)
    for _ in range(5):
        journal.arrived("a", "GET", "/inbox/a", b"", (), b"", ("127.0.0.1", 1), "200")
    began = time.perf_counter()
    assert len(journal.wait_for("a", 5, 0.5)) == 2
    assert time.perf_counter() - began < 0.3


def test_a_list_may_hold_shorthand() -> None:
    assert parse_script(["503*9", {"kind": "hang"}, StatusAnswer()]) == parse_script(
        "503*9,hang,200"
    )


@pytest.mark.parametrize(
    "script",
    [
        "503*" + "9" * 5000,
        "9" * 5000,
        [StatusAnswer(status=9999)],
        [StatusAnswer(times=0)],
        [{"kind": "status", "body": "a", "body_base64": "Yg=="}],
        [{"kind": "truncated", "status": 204}],
        [{"kind": "status", "status": 204, "body": "x"}],
        "hang@5s",
        [Hang(delay=5)],
        [7],
        [
            {
                "kind": "status",
                "headers": [["Transfer-Encoding", "chunked"], ["Content-Length", "3"]],
                "body": "abc",
                "delay": float("nan"),
            }
        ],
    ],
)
def test_what_cannot_be_done_is_refused(script: object) -> None:
    with pytest.raises(InvalidBehaviour):
        parse_script(script)  # type: ignore[arg-type]


def test_the_two_receivers_agree_on_an_interim_status() -> None:
    inboxes = Inboxes(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    in_process = InProcessReceiver(
        inboxes, "http://receiver.test", timeout_of=lambda attempt: timedelta(seconds=30)
    )
    inboxes.behave("a", parse_script("102"))
    url = "http://receiver.test/inbox/a"
    attempt = DueAttempt(1, "app", url, 1, datetime(2026, 1, 1, tzinfo=UTC), False, 1)
    assert in_process.send(attempt).kind is OutcomeKind.RESET


@pytest.mark.parametrize("user_info", ["ada:secret", "ada", "a%40b:p%3Aq", ":", "ada:", "a%3Ab"])
def test_user_info_is_sent_alike_with_and_without_a_socket(user_info: str) -> None:
    sent = []
    for sockets in (None, SocketOptions()):
        with Sandbox(sockets=sockets) as sandbox:
            inbox = sandbox.inbox("a")
            sandbox.add_postback(inbox.url.replace("://", f"://{user_info}@") + "?x=1#part")
            sandbox.trigger("push.open")
            (request,) = inbox.requests
            names = [(name, value) for name, value in request.headers if name != b"Host"]
            sent.append((request.method, request.target, names))
    assert sent[0] == sent[1]


def test_sockets_are_free_of_threads_and_descriptors_afterwards(inboxes: Inboxes) -> None:
    before = threading.active_count()
    for _ in range(20):
        receiver = Receiver(inboxes)
        receiver.start()
        with socket.create_connection(("127.0.0.1", receiver.port)):
            receiver.stop()
    assert threading.active_count() == before
