"""A live sandbox over TLS: API and receiver, and the same outcomes as without."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue
from mockserver.live import LiveSandbox
from mockserver.time.clocks import RunningClock
from mockserver.web.shapes import AdvanceRequest, DeliveryJson, EventRequest
from tests.certificates import ca_file_in, server_context

APP = "YOUR_APP_ID"
SCRIPTS = [
    "200", "404", "503*2,200", "200@31s", "200@29s", "hang", "reset", "close", "malformed",
    "truncated", "drip", "drip:body", "redirect:https://example.com/",
]  # fmt: skip


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return ca_file_in(tmp_path)


@pytest.fixture
def live(ca_file: Path) -> Iterator[LiveSandbox]:
    with LiveSandbox(tls_context=server_context(), ca_file=ca_file) as live:
        yield live
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if name.startswith("postbacks-")] == []


@pytest.fixture
def client(live: LiveSandbox, ca_file: Path) -> SandboxClient:
    return SandboxClient(live.url, ca_file=ca_file)


def delivery_of(client: SandboxClient, script: str, name: str) -> DeliveryJson:
    """Let one postback go to an inbox that follows a script; return it when it has ended."""
    rule = client.add_postback(APP, client.behave(name, script).url)
    (delivery,) = client.trigger(EventRequest(name="email.click")).deliveries
    list(client.advances(AdvanceRequest(until="idle")))
    client.delete_postback(APP, rule)
    return client.delivery(delivery.id)


def test_api_and_receiver_are_https(live: LiveSandbox, client: SandboxClient) -> None:
    assert live.url.startswith("https://127.0.0.1:")
    assert live.sandbox.receiver_url.startswith("https://127.0.0.1:")
    assert client.behave("a", "200").url == f"{live.sandbox.receiver_url}/inbox/a"
    assert client.health().receiver_url == live.sandbox.receiver_url


def test_every_behaviour_has_the_outcome_that_it_has_without(client: SandboxClient) -> None:
    def seen(delivery: DeliveryJson) -> tuple[object, ...]:
        attempts = [
            (item.started_at, item.outcome, item.status, item.elapsed_seconds, item.body)
            for item in delivery.attempts
        ]
        return delivery.state, attempts

    with LiveSandbox() as plain:
        plain_client = SandboxClient(plain.url)
        for number, script in enumerate(SCRIPTS):
            name = f"inbox-{number}"
            over_tls = delivery_of(client, script, name)
            assert seen(over_tls) == seen(delivery_of(plain_client, script, name)), script
            ends = [request.end for request in client.requests(name).requests]
            assert ends == [request.end for request in plain_client.requests(name).requests]


def test_attempts_and_received_requests_are_tied_together(client: SandboxClient) -> None:
    delivery = delivery_of(client, "503*3,200", "a")
    requests = client.requests("a").requests
    assert [attempt.request_id for attempt in delivery.attempts] == [
        request.id for request in requests
    ]
    assert [(request.delivery_id, request.attempt_number) for request in requests] == [
        (delivery.id, number) for number in (1, 2, 3, 4)
    ]


def test_connections_are_used_again(client: SandboxClient) -> None:
    client.add_postback(APP, client.behave("a", "200").url)
    for _ in range(20):
        client.trigger(EventRequest(name="email.click"))
        # A server is trusted to keep connections only after it was seen to, in real time.
        time.sleep(0.005)
    assert len({request.client for request in client.requests("a").requests}) < 15


def test_it_is_the_same_after_a_restart(tmp_path: Path, ca_file: Path) -> None:
    context = server_context()
    with LiveSandbox(tmp_path / "a.db", tls_context=context, ca_file=ca_file) as live:
        urls = live.url, live.sandbox.receiver_url
        live.restart()
        assert (live.url, live.sandbox.receiver_url) == urls
        assert delivery_of(SandboxClient(live.url, ca_file=ca_file), "200", "a").state == (
            "delivered"
        )


def test_who_listens_everywhere_is_called_at_loopback(ca_file: Path) -> None:
    with LiveSandbox(host="0.0.0.0", tls_context=server_context(), ca_file=ca_file) as live:
        client = SandboxClient(live.url, ca_file=ca_file)
        assert delivery_of(client, "200", "a").state == "delivered"


def test_it_may_be_called_by_name(ca_file: Path) -> None:
    context = server_context("localhost")
    with LiveSandbox(host="localhost", tls_context=context, ca_file=ca_file) as live:
        assert live.url.startswith("https://localhost:")
        client = SandboxClient(live.url, ca_file=ca_file)
        assert delivery_of(client, "503,200", "a").state == "delivered"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_context_that_will_not_do_is_told_before_anything_listens(
    host: str, ca_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    live = LiveSandbox(path, host=host, tls_context=server_context("x.example"), ca_file=ca_file)
    with pytest.raises(InvalidValue, match=f"not believed at {host}"):
        live.start()
    # The file is free again.
    with LiveSandbox(path):
        pass


def test_a_file_without_certificates_is_told_also_without_tls(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"ca_file '.*missing\.pem' cannot be used"):
        LiveSandbox(ca_file=tmp_path / "missing.pem").start()


def test_a_partner_of_ones_own_is_reached_over_tls(ca_file: Path) -> None:
    """The file counts for every https URL, not for the receiver alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with server_context().wrap_socket(connection, server_side=True) as secured:
                lines.append(secured.recv(65536).split(b"\r\n")[0])
                secured.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        serving = threading.Thread(target=serve)
        serving.start()
        with Sandbox(sockets=SocketOptions(ca_file=ca_file)) as sandbox:
            assert sandbox.receiver_url.startswith("http://")
            sandbox.add_postback(f"https://127.0.0.1:{listener.getsockname()[1]}/in")
            (delivery,) = sandbox.trigger("email.click").deliveries
            assert delivery.state == "delivered"
        serving.join(timeout=5)
        assert lines == [b"POST /in HTTP/1.1"]


def test_certificates_are_checked_all_the_same(live: LiveSandbox) -> None:
    """A receiver of somebody else, whose authority is not in the file, is not delivered to."""
    with Sandbox(sockets=SocketOptions()) as other:
        other.add_postback(live.sandbox.receiver_url + "/inbox/a")
        (delivery,) = other.trigger("email.click").deliveries
        assert delivery.attempts[0].outcome.kind == "tls"
    assert live.sandbox.inbox("a").requests == []


def test_a_hung_attempt_on_a_running_clock_is_hurried_over_tls(ca_file: Path) -> None:
    options = SocketOptions(tls_context=server_context(), ca_file=ca_file)
    with Sandbox(clock=RunningClock(DEFAULT_START_AT), sockets=options) as sandbox:
        inbox = sandbox.inbox("a")
        inbox.behave("hang,200")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.click")
        assert len(inbox.wait_for(1)) == 1
        began = time.perf_counter()
        sandbox.advance(hours=2)
        assert time.perf_counter() - began < 5
        assert [attempt.outcome.kind for attempt in sandbox.attempts] == ["timeout", "response"]


def test_it_stops_at_once_with_connections_that_idle_hang_or_shake_hands(ca_file: Path) -> None:
    live = LiveSandbox(tls_context=server_context(), ca_file=ca_file)
    live.start()
    opened: list[socket.socket] = []
    for url in (live.url, live.sandbox.receiver_url):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        opened.append(socket.create_connection(address))
        secured = ssl.create_default_context(cafile=ca_file).wrap_socket(
            socket.create_connection(address), server_hostname="127.0.0.1"
        )
        opened.append(secured)
    live.sandbox.inbox("a").behave("hang")
    opened[-1].sendall(b"POST /inbox/a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(live.sandbox.inbox("a").wait_for(1)) == 1
    began = time.perf_counter()
    live.stop()
    took = time.perf_counter() - began
    for one in opened:
        one.close()
    # A hundredth of this is what is meant; machines under load are given the rest.
    assert took < 1
