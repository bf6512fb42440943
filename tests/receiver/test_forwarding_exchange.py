"""What becomes of a request that an inbox forwards: at the endpoint, at the sender, on record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import OutcomeKind
from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.journal import ReceivedRequest
from mockserver.receiver.server import Receiver
from mockserver.time.clocks import RunningClock
from tests.certificates import ca_file_in, server_context
from tests.receiver.clients import ended
from tests.receiver.endpoints import (
    OK,
    Act,
    endpoint,
    free_port,
    resets,
    says,
    says_and_stays,
)

WAYS = ("in process", "sockets", "tls")


@pytest.fixture(params=WAYS)
def sockets(request: pytest.FixtureRequest, tmp_path: Path) -> SocketOptions | None:
    """Return how the receiver is reached."""
    if request.param == "in process":
        return None
    tls = request.param == "tls"
    return SocketOptions(
        tls_context=server_context() if tls else None,
        ca_file=ca_file_in(tmp_path) if tls else None,
    )


def sent_to(act: Act, sockets: SocketOptions | None, script: str = "forward:{}") -> Seen:
    with endpoint(act) as own, Sandbox(sockets=sockets) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(script.format(own.url))
        sandbox.inboxes.forwarder.limit = timedelta(seconds=1.3)
        sandbox.add_postback(f"{inbox.url}/sub%20path?user={{{{User ID}}}}&x=%2F")
        delivery = sandbox.trigger("email.open", user_id="a b").deliveries[0]
        (request,) = inbox.requests
        return Seen(delivery.attempts[0].outcome, request, own.got, sandbox.now())


class Seen:
    def __init__(self, outcome, request: ReceivedRequest, got, now) -> None:  # type: ignore[no-untyped-def]
        self.outcome = outcome
        self.request = request
        self.forwarded = request.forwarded
        self.got = got
        self.now = now


# The engine's postbacks, however they reach the inbox


def test_the_endpoint_gets_the_request_and_the_sender_its_answer(
    sockets: SocketOptions | None,
) -> None:
    head = b"HTTP/1.1 422 No\r\nX-Why: bad\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
    said = head + b"\x00\xffabc"
    seen = sent_to(says(said), sockets)
    (got,) = seen.got
    assert got.startswith(b"POST /hook/sub%20path?user=a%20b&x=%2F HTTP/1.1\r\n")
    assert (seen.outcome.kind, seen.outcome.status) == (OutcomeKind.RESPONSE, 422)
    assert seen.outcome.body == b"\x00\xffabc"
    assert ("X-Why", "bad") in seen.outcome.headers
    assert seen.outcome.elapsed == timedelta(0), "an endpoint takes no time of a standing clock"
    assert seen.forwarded is not None
    assert seen.forwarded.url.endswith("/hook/sub%20path?user=a%20b&x=%2F")
    assert (seen.forwarded.status, seen.forwarded.reason) == (422, b"No")
    assert seen.forwarded.headers[0] == (b"X-Why", b"bad")
    assert seen.forwarded.body == b"\x00\xffabc"
    assert seen.forwarded.error is None
    assert seen.forwarded.real_seconds > 0
    assert (seen.request.end, seen.request.status) == ("answered", 422)
    assert seen.outcome.request_id == seen.request.id


@pytest.mark.parametrize(
    ("act", "start", "because"),
    [
        (resets(), "the connection was reset", "reset the connection before an answer"),
        (says(), "the connection was closed", "closed the connection without a whole answer"),
        (says(b"220 mail\r\n"), "the answer is not HTTP", "answered what is no HTTP"),
        (says(b"HTTP/1.1 2"), "the connection was closed", "closed the connection"),
    ],
    ids=["reset", "closed", "not HTTP", "half a status line"],
)
def test_what_is_no_answer_reaches_the_sender_as_what_it_is(
    sockets: SocketOptions | None, act: Act, start: str, because: str
) -> None:
    seen = sent_to(act, sockets)
    assert seen.outcome.kind is OutcomeKind.RESET
    assert seen.outcome.error is not None
    assert seen.outcome.error.startswith(start)
    assert because in seen.outcome.error
    assert seen.forwarded is not None
    assert (seen.forwarded.status, seen.forwarded.error is None) == (None, False)


def test_a_dead_endpoint_is_a_reset_and_says_why(sockets: SocketOptions | None) -> None:
    port = free_port()
    with Sandbox(sockets=sockets) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:http://localhost:{port}/hook")
        sandbox.add_postback(inbox.url)
        delivery = sandbox.trigger("email.open").deliveries[0]
        (request,) = inbox.requests
        outcome = delivery.attempts[0].outcome
        assert outcome.kind is OutcomeKind.RESET
        assert outcome.error is not None
        assert outcome.error.endswith(f": nobody listens at localhost:{port} (Connection refused)")
        assert "libcurl" not in outcome.error
        assert delivery.state == "pending", "it is tried again, as a dead endpoint is"
    assert request.forwarded is not None
    assert request.forwarded.error == f"nobody listens at localhost:{port} (Connection refused)"
    assert request.end == "reset"


def test_a_hanging_endpoint_is_a_timeout_of_thirty_seconds(sockets: SocketOptions | None) -> None:
    began = time.perf_counter()
    seen = sent_to(says_and_stays(b"HTTP/1.1 200 OK\r\nX-"), sockets)
    assert 1.2 < time.perf_counter() - began < 10
    assert seen.outcome.kind is OutcomeKind.TIMEOUT
    assert seen.outcome.elapsed == timedelta(seconds=30)
    assert seen.outcome.request_id == seen.request.id
    assert seen.forwarded is not None
    assert (seen.forwarded.end, seen.forwarded.error) == ("silent", "no answer within 1.3 s")
    assert (seen.request.end, seen.request.status) == ("timed-out", None)
    assert seen.request.ended_at == seen.request.arrived_at + timedelta(seconds=30)


@pytest.mark.parametrize(
    "act",
    [
        says_and_stays(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
        says_and_stays(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        says_and_stays(b"HTTP/1.1 200 OK\r\n\r\nhalf"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
        resets(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
    ],
    ids=["stalls", "stalls in chunks", "stalls without a length", "closes", "resets"],
)
def test_a_head_in_time_is_an_answer_whatever_becomes_of_the_body(
    sockets: SocketOptions | None, act: Act
) -> None:
    seen = sent_to(act, sockets)
    assert (seen.outcome.kind, seen.outcome.status) == (OutcomeKind.RESPONSE, 200)
    assert seen.outcome.body == b"half"
    assert seen.outcome.error is not None
    assert seen.outcome.error.startswith("the body of the answer was not finished")
    assert seen.forwarded is not None
    assert (seen.forwarded.is_whole, seen.forwarded.body) == (False, b"half")
    assert seen.forwarded.error is not None


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nwhole",
        b"HTTP/1.0 200 OK\r\n\r\nwhole",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwholeand more",
    ],
    ids=["chunked", "up to the end", "HTTP/1.0", "interim ones first", "surplus"],
)
@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_every_framing_of_a_body_is_understood(said: bytes, byte_by_byte: bool) -> None:
    pieces = [said[at : at + 1] for at in range(len(said))] if byte_by_byte else [said]
    seen = sent_to(says(*pieces), SocketOptions())
    assert (seen.outcome.status, seen.outcome.body, seen.outcome.error) == (200, b"whole", None)
    assert seen.forwarded is not None
    assert seen.forwarded.is_whole


@pytest.mark.parametrize("status", [199, 200, 204, 205, 299, 304, 302, 404, 500, 599])
def test_every_status_is_passed_back(sockets: SocketOptions | None, status: int) -> None:
    length = b"" if status in (204, 304) else b"Content-Length: 0\r\n"
    final = b"HTTP/1.1 %d Own Words\r\n%bLocation: /else\r\n\r\n" % (status, length)
    seen = sent_to(says(final), sockets)
    if status == 199:
        # An interim answer alone is none.
        assert seen.outcome.kind is OutcomeKind.RESET
    else:
        assert (seen.outcome.kind, seen.outcome.status) == (OutcomeKind.RESPONSE, status)
        assert ("Location", "/else") in seen.outcome.headers


def test_a_late_answer_is_forwarded_at_once_and_held_back(sockets: SocketOptions | None) -> None:
    late = sent_to(says(OK), sockets, "forward:{}@29.9s")
    assert (late.outcome.status, late.outcome.elapsed) == (200, timedelta(seconds=29.9))
    seen = sent_to(says(OK), sockets, "forward:{}@30s")
    assert seen.outcome.kind is OutcomeKind.TIMEOUT
    assert len(seen.got) == 1, "the endpoint has it, and its sender does not know"
    assert seen.forwarded is not None
    assert seen.forwarded.status == 200


def test_sixty_five_hours_of_a_dead_endpoint_reach_it_when_it_is_back(
    sockets: SocketOptions | None,
) -> None:
    port = free_port()
    with Sandbox(sockets=sockets) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:http://127.0.0.1:{port}")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.open")
        sandbox.advance("64h")
        with endpoint(says(OK)) as own:
            inbox.behave(f"forward:{own.url}")
            sandbox.run_until_idle()
        delivery = sandbox.deliveries[0]
        assert delivery.state == "delivered"
        assert delivery.offsets_in_hours == [0, 1, 3, 7, 15, 25, 35, 45, 55, 65]
        delivery = sandbox.resend(delivery.id)
        assert delivery.attempts[-1].outcome.kind is OutcomeKind.RESET, "a resend is forwarded, too"


def test_an_endpoint_may_look_at_the_sandbox_while_it_answers() -> None:
    seen: list[int] = []

    def look(connection: object, own: object) -> None:
        seen.append(sum(len(delivery.attempts) for delivery in sandbox.deliveries))
        connection.sendall(OK)  # type: ignore[attr-defined]

    # Without sockets, where what inboxes get is recorded in batches.
    with Sandbox() as sandbox, endpoint(look) as own:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"reset*3,forward:{own.url}")
        sandbox.add_postback(inbox.url)
        for _ in range(3):
            sandbox.trigger("email.open")
        sandbox.run_until_idle()
    # Each attempt that was made before is on record.
    assert seen == [3, 4, 5]


def test_what_was_forwarded_is_in_the_feed_before_its_attempt() -> None:
    with endpoint() as own, Sandbox() as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:{own.url}")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.open")
        kinds = [happening.kind for happening in sandbox.feed.after(0)]
        (facts,) = [each.payload for each in sandbox.feed.after(0) if each.kind == "forward"]
    assert kinds == ["rule", "event", "forward", "attempt"]
    assert facts["url"] == own.url
    assert (facts["inbox"], facts["status"], facts["error"]) == ("crm", 200, None)
    assert (facts["delivery_id"], facts["attempt_number"]) == (1, 1)


# A clock that runs


def test_on_a_running_clock_an_endpoint_takes_the_time_that_it_takes() -> None:
    def slowly(connection: object, own: object) -> None:
        time.sleep(0.3)
        connection.sendall(OK)  # type: ignore[attr-defined]

    with (
        endpoint(slowly) as own,
        Sandbox(clock=RunningClock(), sockets=SocketOptions()) as sandbox,
    ):
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:{own.url}")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.open")
        (request,) = inbox.wait_for(1)
        until = time.monotonic() + 10
        while not sandbox.attempts and time.monotonic() < until:
            time.sleep(0.01)
        outcome = sandbox.attempts[0].outcome
    assert outcome.status == 200
    assert timedelta(seconds=0.3) <= outcome.elapsed < timedelta(seconds=5)
    assert request.ended_at is not None
    assert request.ended_at - request.arrived_at >= timedelta(seconds=0.29)


def test_an_advance_waits_for_the_endpoint_and_accounts_no_time() -> None:
    def when_told(connection: object, own: object) -> None:
        arrived.set()
        go_on.wait(10)
        connection.sendall(OK)  # type: ignore[attr-defined]

    import threading

    arrived, go_on = threading.Event(), threading.Event()
    with (
        endpoint(when_told) as own,
        Sandbox(clock=RunningClock(), sockets=SocketOptions()) as sandbox,
    ):
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:{own.url}")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.open")
        assert arrived.wait(10)
        threading.Timer(0.3, go_on.set).start()
        sandbox.advance("10h")
        (attempt,) = sandbox.attempts
    assert (attempt.outcome.status, attempt.outcome.elapsed) == (200, timedelta(0))


# Other senders


@pytest.fixture
def forwarding(inbox: Inbox, inboxes: Inboxes) -> Iterator[Inbox]:
    yield inbox
    inboxes.stop_forwarding()


def test_another_sender_gets_the_answer_on_a_connection_that_stays(
    client: RawClient, forwarding: Inbox
) -> None:
    with endpoint(says(OK)) as own:
        forwarding.behave(f"forward:{own.url}/*2,503".replace("/*", "*"))
        first = client.exchange(
            b"PUT /inbox/a/x/..//y?q=%zz&q HTTP/1.1\r\nhOST: me\r\nX-B: 2\r\nConnection: x-drop\r\n"
            b"X-Drop: 1\r\nx-a: \xff\r\nX-B: 1\r\nTransfer-Encoding: chunked\r\n"
            b"Keep-Alive: 5\r\nTE: trailers\r\n\r\n"
            b"3\r\na\x00b\r\n0\r\n\r\n"
        )
        second = client.exchange(b"HEAD /inbox/a HTTP/1.1\r\nHost: me\r\n\r\n")
        assert client.post("/inbox/a").status == 503
    assert (first.status, first.body) == (200, b"ok")
    assert own.got[0] == (
        b"PUT /hook/x/..//y?q=%%zz&q HTTP/1.1\r\nhOST: 127.0.0.1:%d\r\nX-B: 2\r\nx-a: \xff\r\n"
        b"X-B: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\na\x00b" % own.port
    )
    assert b"Content-Length: 2" in second.data
    assert second.body == b""
    assert own.got[1].startswith(b"HEAD /hook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert ended(forwarding, 3) == ["answered"] * 3


def test_what_the_endpoint_answers_is_recorded_although_the_sender_has_gone(
    client: RawClient, forwarding: Inbox
) -> None:
    with endpoint(
        lambda connection, own: (own.stopping.wait(0.3), connection.sendall(OK))[0]
    ) as own:  # type: ignore[func-returns-value]
        forwarding.behave(f"forward:{own.url}")
        assert client.post("/inbox/a", silence=0.05).ending == "silent"
        client.socket.close()
        assert ended(forwarding, 1) == ["client-gone"]
        until = time.monotonic() + 10
        while forwarding.requests[0].forwarded is None and time.monotonic() < until:
            time.sleep(0.01)
    forwarded = forwarding.requests[0].forwarded
    assert forwarded is not None
    assert forwarded.status == 200


def test_a_pipeline_is_answered_in_its_order(client: RawClient, forwarding: Inbox) -> None:
    with endpoint() as own:
        forwarding.behave(f"forward:{own.url},201,202")
        request = b"POST /inbox/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        data = client.exchange(request * 3).data
        until = time.monotonic() + 5
        while data.count(b"HTTP/1.1") < 3 and time.monotonic() < until:
            data += client.exchange(b"", 0.5).data
    statuses = [part[:3] for part in data.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"201", b"202"]


def test_a_stop_ends_what_is_being_forwarded_at_once() -> None:
    with endpoint(says_and_stays(b"")) as own:
        inboxes = Inboxes()
        receiver = Receiver(inboxes)
        receiver.start()
        inbox = inboxes.inbox("a", receiver.url)
        inbox.behave(f"forward:{own.url}")
        with RawClient("127.0.0.1", receiver.port) as client:
            assert client.post("/inbox/a", silence=0.1).ending == "silent"
            began = time.perf_counter()
            inboxes.stop_forwarding()
            receiver.stop()
        assert time.perf_counter() - began < 5
        until = time.monotonic() + 5
        while inbox.requests[0].forwarded is None and time.monotonic() < until:
            time.sleep(0.01)
        assert inbox.requests[0].forwarded is not None


def test_a_clock_that_stands_is_not_moved_by_it() -> None:
    with endpoint() as own, Sandbox(clock=ManualClock()) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave(f"forward:{own.url}")
        sandbox.add_postback(inbox.url)
        before = sandbox.now()
        sandbox.trigger("email.open")
        assert sandbox.now() == before
