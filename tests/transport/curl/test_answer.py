"""What is kept of an answer, whole or broken off."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from mockserver.core.outcome import KEPT_BODY_BYTES, OutcomeKind
from tests.transport.exchanges import post_to
from tests.transport.servers import Connection, closing_after, dripping, keeping_alive


def test_a_response_is_kept_as_it_came() -> None:
    head = b"HTTP/1.1 418 I'm a teapot\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\nContent-Length: 5\r\n\r\n"
    outcome = post_to(keeping_alive(head + b"\x00tea\xff"))
    assert outcome.kind is OutcomeKind.RESPONSE
    assert outcome.status == 418
    assert outcome.headers == (("X-B", "2"), ("x-a", "1"), ("X-B", "3"), ("Content-Length", "5"))
    assert outcome.body == b"\x00tea\xff"
    assert outcome.error is None
    assert timedelta(0) < outcome.elapsed < timedelta(seconds=10)
    assert outcome.elapsed_real_seconds == pytest.approx(outcome.elapsed.total_seconds())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    ],
)
def test_every_way_to_frame_a_response_is_read(answer: bytes) -> None:
    outcome = post_to(closing_after(answer))
    assert (outcome.status, outcome.body, outcome.error) == (200, b"ok", None)


def test_a_body_that_drips_was_an_answer() -> None:
    start = b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n"
    outcome = post_to(dripping(start, b"x"), seconds=0.3)
    assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 503)
    assert set(outcome.body) == {ord("x")}
    assert "not finished" in (outcome.error or "")
    assert outcome.elapsed == timedelta(seconds=0.3)
    assert outcome.elapsed_real_seconds < 1.3


def test_a_body_that_never_comes_was_an_answer() -> None:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
        connection.wait_for_stop()

    outcome = post_to(behave, seconds=0.3)
    assert (outcome.status, outcome.body) == (200, b"")
    assert "not finished" in (outcome.error or "")


def test_a_long_body_is_cut() -> None:
    cut = threading.Event()

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.send(b"x" * 10_000)
        except OSError:
            cut.set()

    outcome = post_to(behave)
    assert outcome.status == 200
    assert outcome.body == b"x" * KEPT_BODY_BYTES
    assert outcome.error is None
    assert cut.is_set()


@pytest.mark.parametrize("length", [KEPT_BODY_BYTES - 1, KEPT_BODY_BYTES, KEPT_BODY_BYTES + 1])
def test_a_body_is_kept_up_to_the_limit(length: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    outcome = post_to(keeping_alive(head + b"x" * length))
    assert len(outcome.body) == min(length, KEPT_BODY_BYTES)
    assert outcome.error is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
    ],
)
def test_a_body_that_breaks_off_was_an_answer(answer: bytes) -> None:
    outcome = post_to(closing_after(answer))
    assert (outcome.status, outcome.body) == (200, b"ok")
    assert "not finished" in (outcome.error or "")
