"""Where requests may be forwarded to, how many at a time, and how a destination is written."""

from __future__ import annotations

import ssl
import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest

from mockserver.core.errors import InvalidBehaviour, InvalidValue
from mockserver.core.forwarded import Forwarded
from mockserver.net.raw_client import RawClient
from mockserver.receiver import forwarder as module
from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.forwarder import Forwarder
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.journal import ReceivedRequest
from mockserver.receiver.server import Receiver
from tests.receiver.endpoints import endpoint, says_and_stays


def request(target: str = "/inbox/a", method: str = "POST", body: bytes = b"") -> ReceivedRequest:
    journal = Inboxes().journal
    line = f"{method} {target} HTTP/1.1".encode("latin-1")
    return journal.arrived("a", method, target, line, (), body, ("127.0.0.1", 1), "forward")


def send(forwarder: Forwarder, url: str, received: ReceivedRequest | None = None) -> Forwarded:
    return forwarder.send(url, received or request(), timedelta(seconds=5))


@pytest.mark.parametrize(
    ("path", "target", "expected"),
    [
        ("", "/inbox/a", "/"),
        ("/", "/inbox/a", "/"),
        ("/hook", "/inbox/a", "/hook"),
        ("/hook/", "/inbox/a", "/hook/"),
        ("/hook", "/inbox/a/", "/hook/"),
        ("/hook/", "/inbox/a/", "/hook/"),
        ("/hook/", "/inbox/a/b/../c", "/hook/b/../c"),
        ("", "/inbox/a?x=1", "/?x=1"),
        ("/hook", "/inbox/a?x=1&&y=%00", "/hook?x=1&&y=%00"),
        ("/hook", "/inbox/a/inbox/a?/inbox/a", "/hook/inbox/a?/inbox/a"),
        ("/hook", "http://h/inbox/a/b?x", "/hook/b?x"),
        ("/hook", "/inbox/a#f", "/hook#f"),
        ("/hook", "/inbox/a?\xe4", "/hook?\xe4"),
    ],
)
def test_what_stands_behind_the_inbox_is_added(path: str, target: str, expected: str) -> None:
    with endpoint() as own:
        base = f"http://127.0.0.1:{own.port}"
        forwarded = send(Forwarder(), base + path, request(target))
        assert forwarded.status == 200
        assert own.got[0].startswith(f"POST {expected} HTTP/1.1\r\n".encode("latin-1"))
        assert forwarded.url == base + expected


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_goes_on(method: str) -> None:
    with endpoint() as own:
        assert send(Forwarder(), own.url, request(method=method, body=b"abc")).status == 200
    assert own.got[0].startswith(f"{method} /hook HTTP/1.1\r\n".encode())
    assert own.got[0].endswith(b"\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")


@pytest.mark.parametrize(
    "url",
    ["http://localhost", "HTTP://LOCALHOST:1/", "https://shop.example/a,b;c", "http://[::1]:80/x"],
)
def test_what_is_a_destination_is_read_in_shorthand_with_all_that_follows(url: str) -> None:
    script = parse_script(f"503,forward:{url}@31s*2,200")
    assert [each.forwards_to for each in script] == [None, url, None]
    assert (script[1].times, script[1].delay_time) == (2, timedelta(seconds=31))


def test_what_is_refused_for_certain_is_refused_when_it_is_told() -> None:
    forwarder = Forwarder(judge=lambda address, port, url: f"{address} is closed")
    for url, address in (("http://127.1.2.3:5/", "127.1.2.3"), ("http://localhost/", "127.0.0.1")):
        with pytest.raises(InvalidBehaviour) as caught:
            forwarder.check(url)
        assert str(caught.value) == f"nothing can be forwarded to {url}: {address} is closed"
    # Only where it leads to tells.
    forwarder.check("http://shop.example/")


def test_a_url_that_is_refused_is_not_looked_up() -> None:
    forwarder = Forwarder(refuses=lambda url: "not named")
    with pytest.raises(InvalidBehaviour, match="not named"):
        forwarder.check("http://shop.example/")
    forwarded = send(forwarder, "http://shop.example/")
    assert (forwarded.end, forwarded.error) == ("reset", "not named")


def test_so_many_at_a_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNDER_WAY", 2)
    done: list[Forwarded] = []
    all_done = threading.Semaphore(0)

    def tell(forwarded: Forwarded) -> None:
        done.append(forwarded)
        all_done.release()

    with endpoint(says_and_stays(b"")) as own:
        forwarder = Forwarder()
        for _ in range(3):
            forwarder.begin(own.url, request(), timedelta(seconds=30), tell)
        assert all_done.acquire(timeout=10)
        assert done[0].error is not None
        assert done[0].error.startswith("2 requests are being forwarded, which is the maximum")
        forwarder.stop()
        for _ in range(2):
            assert all_done.acquire(timeout=10)
    assert [each.status for each in done] == [None] * 3
    # A place is free again, but nobody begins after a stop.
    assert send(forwarder, own.url).end == "reset"


def test_two_receivers_that_forward_to_each_other_come_to_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_UNDER_WAY", 20)
    with ExitStack() as stack:
        both = [Inboxes(), Inboxes()]
        receivers = [Receiver(inboxes) for inboxes in both]
        for receiver, inboxes in zip(receivers, both, strict=True):
            receiver.start()
            stack.callback(receiver.stop)
            stack.callback(inboxes.stop_forwarding)
        for inboxes, other in zip(both, reversed(receivers), strict=True):
            inboxes.inbox("a", "").behave(f"forward:{other.url}/inbox/a")
        with RawClient("127.0.0.1", receivers[0].port) as client:
            assert client.post("/inbox/a", silence=20).ending == "reset"
        requests = [request for inboxes in both for request in inboxes.journal.requests()]
    assert len(requests) == 41
    errors = [each.forwarded.error or "" for each in requests if each.forwarded is not None]
    assert sum("is it a loop" in error for error in errors) == 1


def test_a_failure_of_our_own_is_told_and_nobody_waits_for_ever() -> None:
    def fail(address: str, port: int | None, url: str) -> str | None:
        raise LookupError("no such thing")

    done = threading.Event()
    told: list[Forwarded] = []

    def tell(forwarded: Forwarded) -> None:
        told.append(forwarded)
        done.set()

    with endpoint() as own:
        Forwarder(judge=fail).begin(own.url, request(), timedelta(seconds=5), tell)
        assert done.wait(10)
    assert (told[0].end, told[0].error) == ("reset", "LookupError: no such thing")


def test_certificates_that_cannot_be_read_are_the_reason() -> None:
    def trust() -> ssl.SSLContext:
        raise InvalidValue("ca_file 'x' cannot be used")

    forwarded = send(Forwarder(trust=trust), "https://127.0.0.1:1/")
    assert (forwarded.end, forwarded.error) == ("reset", "ca_file 'x' cannot be used")
