"""A sandbox on real ports, as one thing: started, restarted, stopped, and nothing left open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import AddressUnavailable, LedgerUnusable, ServerUnreachable
from mockserver.ledger.opening import open_ledger
from mockserver.live import LiveSandbox
from mockserver.web.shapes import AdvanceRequest, EventRequest

APP = "YOUR_APP_ID"


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Look for threads after every test, not only at the end of the session."""
    before = ours()
    yield
    assert ours() == before


def ours() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return sorted(name for name in names if name.startswith("postbacks-"))


def addresses(live: LiveSandbox) -> tuple[str, str]:
    return live.url, live.sandbox.receiver_url


def failing_delivery(client: SandboxClient) -> int:
    """Let an event happen whose delivery stays pending; return the id of the delivery."""
    client.add_postback(APP, client.behave("failing", "503").url)
    answer = client.trigger(EventRequest(name="email.click"))
    return answer.deliveries[0].id


def test_it_answers_at_its_url_on_a_clock_that_stands_still() -> None:
    with LiveSandbox() as live:
        client = SandboxClient(live.url)
        clock = client.clock()
        assert (clock.mode, clock.now) == ("manual", DEFAULT_START_AT)
        assert urlsplit(live.url).hostname == "127.0.0.1"
        assert addresses(live)[0] != addresses(live)[1]


def test_a_postback_goes_over_sockets() -> None:
    with LiveSandbox() as live:
        client = SandboxClient(live.url)
        inbox = client.behave("fine", "200")
        assert inbox.url.startswith(live.sandbox.receiver_url)
        client.add_postback(APP, inbox.url)
        (delivery,) = client.trigger(EventRequest(name="email.click")).deliveries
        assert delivery.state == "delivered"
        assert len(client.requests("fine").requests) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "0.0.0.0"])
@pytest.mark.parametrize(
    "path",
    [
        "/_sandbox/reset",
        "/_sandbox/deliveries/1/resend",
        f"/api?action=addPostback&appId={APP}&clientKey=YOUR_DATA_EXPORT_KEY&apiVersion=1.0.6"
        "&type=messageEvents&postbackUrl=http://127.0.0.1:1/",
    ],
)
def test_a_postback_never_reaches_the_sandbox_itself(path: str, host: str) -> None:
    with LiveSandbox() as live:
        client = SandboxClient(live.url)
        rule = client.add_postback(APP, f"http://{host}:{urlsplit(live.url).port}{path}")
        (delivery,) = client.trigger(EventRequest(name="email.click")).deliveries
        (attempt,) = delivery.attempts
        assert (delivery.state, attempt.outcome) == ("rejected", "blocked")
        assert "is this sandbox's own API" in (attempt.error or "")
        # Nor by hand, nor after a restart.
        assert [made.outcome for made in client.resend(delivery.id).attempts] == ["blocked"] * 2
        assert [kept.postback_id for kept in client.app(APP).rules] == [rule]
        live.restart()
        client.add_postback(APP, f"http://{host}:{urlsplit(live.url).port}{path}")
        (again,) = client.trigger(EventRequest(name="email.click")).deliveries
        assert [made.outcome for made in again.attempts] == ["blocked"]
        assert len(client.app(APP).rules) == 1


def test_what_was_pending_when_it_stopped_does_not_reach_it_either(tmp_path: Path) -> None:
    """It knows its port before anything in it can send."""
    with LiveSandbox() as free:
        port = urlsplit(free.url).port
    assert port is not None
    with LiveSandbox(tmp_path / "a.db") as elsewhere:
        client = SandboxClient(elsewhere.url)
        client.add_postback(APP, f"http://127.0.0.1:{port}/_sandbox/reset")
        (delivery,) = client.trigger(EventRequest(name="email.click")).deliveries
        assert (delivery.state, delivery.attempts[0].outcome) == ("pending", "refused")
    with LiveSandbox(tmp_path / "a.db", port=port) as live:
        client = SandboxClient(live.url)
        client.advance(AdvanceRequest(until="idle"))
        attempts = client.delivery(delivery.id).attempts
        assert [made.outcome for made in attempts] == ["refused", "blocked"]
        assert len(client.app(APP).rules) == 1


def test_it_is_gone_after_stop_and_its_ports_are_free() -> None:
    live = LiveSandbox()
    live.start()
    urls = addresses(live)
    live.stop()
    with pytest.raises(ServerUnreachable):
        SandboxClient(live.url).health()
    for url in urls:
        port = urlsplit(url).port
        assert port is not None
        socket.create_server(("127.0.0.1", port)).close()


def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    live = LiveSandbox()
    live.stop()
    live.start()
    live.stop()
    live.stop()
    with live:
        SandboxClient(live.url).health()
    live.stop()


def test_an_error_in_between_stops_it() -> None:
    with pytest.raises(RuntimeError), LiveSandbox():
        raise RuntimeError


def test_with_a_file_a_restart_finds_everything(tmp_path: Path) -> None:
    with LiveSandbox(tmp_path / "a.db") as live:
        client = SandboxClient(live.url)
        before, first = addresses(live), live.sandbox
        delivery_id = failing_delivery(client)
        client.advance(AdvanceRequest(by="30m"))
        live.restart()
        assert addresses(live) == before
        assert live.sandbox is not first
        assert client.clock().now == DEFAULT_START_AT + timedelta(minutes=30)
        delivery = client.delivery(delivery_id)
        assert (delivery.state, len(delivery.attempts)) == ("pending", 1)
        # What an inbox does is not kept: it answers 200 now.
        client.advance(AdvanceRequest(by="30m"))
        assert client.delivery(delivery_id).state == "delivered"


def test_without_a_file_a_restart_begins_with_nothing() -> None:
    with LiveSandbox() as live:
        client = SandboxClient(live.url)
        before = addresses(live)
        failing_delivery(client)
        client.advance(AdvanceRequest(by="30m"))
        live.restart()
        assert addresses(live) == before
        assert client.clock().now == DEFAULT_START_AT
        assert client.deliveries().deliveries == []
        assert client.app(APP).rules == []


def test_it_restarts_again_and_again(tmp_path: Path) -> None:
    with LiveSandbox(tmp_path / "a.db") as live:
        before = addresses(live)
        for number in range(3):
            client = SandboxClient(live.url)
            client.advance(AdvanceRequest(by="1h"))
            live.restart()
            assert addresses(live) == before
            assert client.clock().now == DEFAULT_START_AT + timedelta(hours=number + 1)


def test_another_one_goes_on_with_the_same_file(tmp_path: Path) -> None:
    with LiveSandbox(tmp_path / "a.db") as live:
        delivery_id = failing_delivery(SandboxClient(live.url))
    with LiveSandbox(tmp_path / "a.db") as live:
        assert SandboxClient(live.url).delivery(delivery_id).state == "pending"


def test_a_file_that_is_in_use_is_refused_and_nothing_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with LiveSandbox(path) as live:
        before = ours()
        second = LiveSandbox(path)
        with pytest.raises(LedgerUnusable):
            second.start()
        assert ours() == before
        second.stop()
        SandboxClient(live.url).health()
    with second:
        SandboxClient(second.url).health()


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerUnusable):
        LiveSandbox(path).start()
    with pytest.raises(LedgerUnusable):
        LiveSandbox(tmp_path / "missing" / "a.db").start()


@pytest.mark.parametrize("which", [0, 1], ids=["api", "receiver"])
def test_a_port_that_was_taken_meanwhile_is_told_and_nothing_is_left_open(
    tmp_path: Path, which: int
) -> None:
    path = tmp_path / "a.db"
    live = LiveSandbox(path)
    live.start()
    port = urlsplit(addresses(live)[which]).port
    assert port is not None
    live.stop()
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(AddressUnavailable):
            live.start()
        assert ours() == []
        # The file is free again.
        open_ledger(str(path)).close()
        live.stop()
    live.start()
    live.stop()


@pytest.mark.parametrize("has_file", [True, False])
def test_starting_twice_leaves_the_first_one_alone(tmp_path: Path, has_file: bool) -> None:
    with LiveSandbox(tmp_path / "a.db" if has_file else None) as live:
        client = SandboxClient(live.url)
        failing_delivery(client)
        with pytest.raises((AddressUnavailable, LedgerUnusable)):
            live.start()
        assert len(client.deliveries().deliveries) == 1


def test_who_waits_for_something_does_not_keep_it_from_stopping() -> None:
    live = LiveSandbox()
    live.start()
    answers: list[object] = []

    def wait() -> None:
        try:
            answers.append(SandboxClient(live.url).feed(0, timeout_real_seconds=30))
        except ServerUnreachable as error:
            answers.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    live.stop()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert len(answers) == 1
