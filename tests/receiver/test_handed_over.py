"""Connections that another server has accepted are answered as inboxes answer theirs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta

import pytest

from mockserver.net.memory_tls import MemoryTls
from mockserver.receiver.answers import ReceiverAnswer
from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.handed_over import HandedOver
from mockserver.receiver.journal import End
from mockserver.receiver.rendered import answer_of
from mockserver.receiver.told_answer import ToldAnswer
from tests.certificates import server_context


class Exchange:
    """One connection that is handed over, seen from its client."""

    def __init__(self, handed: HandedOver, script: str, tls: MemoryTls | None = None) -> None:
        self.ended = threading.Event()
        self.end: tuple[End, int | None] | None = None
        accepted, self.client = socket.socketpair()
        self.client.settimeout(5)
        answer = answer_of(parse_script(script)[0], "POST", "close")
        handed.take(accepted, ToldAnswer(answer, self._told), tls)

    def _told(self, end: End, status: int | None) -> None:
        self.end = (end, status)
        self.ended.set()

    def everything(self) -> bytes:
        data = b""
        with suppress(ConnectionResetError):
            while piece := self.client.recv(65_536):
                data += piece
        return data

    def how_it_ended(self) -> tuple[End, int | None] | None:
        assert self.ended.wait(5)
        return self.end


Begin = Callable[..., Exchange]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Return what hands a connection over; its end here is closed in the end."""
    with ExitStack() as stack:

        def begun(handed: HandedOver, script: str, tls: MemoryTls | None = None) -> Exchange:
            exchange = Exchange(handed, script, tls)
            stack.callback(exchange.client.close)
            return exchange

        yield begun


@pytest.fixture
def handed() -> Iterator[HandedOver]:
    handed = HandedOver()
    yield handed
    handed.stop()


@pytest.mark.parametrize(
    ("script", "status", "end"),
    [
        ("200", 200, "answered"),
        ("503@20ms", 503, "answered"),
        ("drip@1ms", 200, "answered"),
        ("truncated", 200, "closed"),
        ("close", None, "closed"),
        ("reset", None, "reset"),
        ("malformed", None, "closed"),
    ],
)
def test_it_is_answered_and_the_connection_ended(
    begin: Begin, script: str, status: int | None, end: End, handed: HandedOver
) -> None:
    exchange = begin(handed, script)
    data = exchange.everything()
    assert (f"HTTP/1.1 {status}".encode() in data) == (status is not None)
    assert exchange.how_it_ended() == (end, status)


def test_a_client_that_goes_is_noticed(begin: Begin, handed: HandedOver) -> None:
    exchange = begin(handed, "hang")
    exchange.client.close()
    assert exchange.how_it_ended() == ("client-gone", None)


def test_a_hang_is_ended_by_a_reset_and_others_can_follow(begin: Begin, handed: HandedOver) -> None:
    first = [begin(handed, "hang") for _ in range(3)]
    # Those that were taken before are begun before it is answered.
    assert begin(handed, "200").everything()
    handed.end_all()
    assert [each.how_it_ended() for each in first] == [("cancelled", None)] * 3
    assert [each.everything() for each in first] == [b""] * 3
    assert begin(handed, "200").how_it_ended() == ("answered", 200)


def test_a_stop_ends_all_and_takes_no_more(begin: Begin) -> None:
    handed = HandedOver()
    hung = begin(handed, "stall")
    handed.stop()
    assert hung.how_it_ended() in [("cancelled", None), ("cancelled", 200)]
    late = begin(handed, "200")
    assert late.how_it_ended() == ("cancelled", None)
    assert late.everything() == b""
    handed.end_all()
    handed.stop()


def test_no_thread_runs_before_the_first_one() -> None:
    names = [thread.name for thread in threading.enumerate()]
    HandedOver().stop()
    HandedOver().end_all()
    assert [thread.name for thread in threading.enumerate()] == names


def test_only_so_many_are_kept_and_the_oldest_goes(begin: Begin) -> None:
    handed = HandedOver(most_connections=2)
    first, second, third = (begin(handed, "hang") for _ in range(3))
    assert first.how_it_ended() == ("closed", None)
    assert second.end is None
    assert third.end is None
    handed.stop()


def test_the_end_is_told_once(handed: HandedOver) -> None:
    told: list[End] = []
    accepted, client = socket.socketpair()
    answer = ReceiverAnswer(0, b"", b"", None, wait=timedelta(0))
    handed.take(accepted, ToldAnswer(answer, lambda end, _: told.append(end)))
    client.close()
    handed.end_all()
    handed.stop()
    assert len(told) == 1


def test_whoever_fails_to_be_told_ends_no_other(begin: Begin, handed: HandedOver) -> None:
    def fails(end: End, status: int | None) -> None:
        raise LookupError

    accepted, client = socket.socketpair()
    handed.take(accepted, ToldAnswer(answer_of(parse_script("close")[0], "POST"), fails))
    with closing(client):
        client.settimeout(5)
        assert client.recv(1) == b""
    assert begin(handed, "200").how_it_ended() == ("answered", 200)


def test_over_tls_it_goes_on_encrypted(begin: Begin, handed: HandedOver) -> None:
    # A client that has not even begun to shake hands gets nothing, and the loop goes on.
    exchange = begin(handed, "200", MemoryTls(server_context()))
    assert exchange.everything() == b""
    assert begin(handed, "200").how_it_ended() == ("answered", 200)
