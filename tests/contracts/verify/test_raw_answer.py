"""One answer is taken out of the bytes of a connection, and what is wrong with it is noted."""

from __future__ import annotations

import pytest

from contracts.verify import raw_answer
from tests.contracts.verify.raw_servers import OK, answering, asked
from tests.transport.servers import Behaviour, closing_after, keeping_alive, resetting

# Whole answers


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b""),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500, b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x\r\ni\r\n0\r\n\r\n",
            200,
            b"hi",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hi"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + OK, 200, b"hi"),
    ],
)
def test_one_whole_answer(answer: bytes, status: int, body: bytes) -> None:
    for behaviour in (
        keeping_alive(answer),
        answering(*(answer[n : n + 1] for n in range(len(answer)))),
    ):
        got = asked(behaviour)
        assert (got.status, got.body, got.surplus, got.error) == (status, body, False, "")
        assert not any(name == "Link" for name, _ in got.headers)


def test_header_fields_are_kept_as_they_came() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-A: \xfc\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
    got = asked(keeping_alive(answer))
    assert got.headers == [("X-A", "ü"), ("x-a", "2"), ("Content-Length", "0")]


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    got = asked(closing_after(b"HTTP/1.1 200 OK\r\n\r\nhi"))
    assert (got.status, got.body, got.error, got.surplus) == (200, b"hi", "", False)


def test_an_answer_to_head_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    got = asked(keeping_alive(head), "HEAD")
    assert (got.status, got.body, got.surplus, got.error) == (200, b"", False, "")
    continued = asked(keeping_alive(b"HTTP/1.1 100 Continue\r\n\r\n" + head), "HEAD")
    assert (continued.status, continued.surplus, continued.error) == (200, False, "")


# Answers that go on


@pytest.mark.parametrize(
    "pieces",
    [
        (OK + OK,),
        (OK, OK),
        (OK + b"more",),
        (OK, b"more"),
        (b"HTTP/1.1 204 No Content\r\n\r\nhi",),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + OK,),
        (OK + b"HTTP/1.1 100 Continue\r\n\r\n",),
    ],
)
def test_bytes_that_nobody_asked_for_are_seen(pieces: tuple[bytes, ...]) -> None:
    got = asked(answering(*pieces))
    assert got.surplus
    assert not got.error
    assert got.body in (b"hi", b"")


@pytest.mark.parametrize("pieces", [(OK,), (OK[:-2], b"hi")])
def test_a_body_behind_the_answer_to_head_is_surplus(pieces: tuple[bytes, ...]) -> None:
    got = asked(answering(*pieces), "HEAD")
    assert (got.status, got.body, got.surplus, got.error) == (200, b"", True, "")


# Answers that are none


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        (closing_after(b""), None, "the connection was closed without an answer"),
        (closing_after(b"HTTP/1.1 200 O"), None, "the answer was cut off"),
        (closing_after(b"HTTP/1.1 100 Continue\r\n\r\n"), None, "the answer was cut off"),
        (closing_after(OK[:-1]), 200, "the answer was cut off"),
        (
            closing_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
            200,
            "the answer was cut off",
        ),
        (keeping_alive(b"SSH-2.0-OpenSSH_9.2\r\n"), None, "not HTTP: "),
        (keeping_alive(b"<html>hello</html>"), None, "not HTTP: "),
        (keeping_alive(b"\x00\x15\x03\x01\x00"), None, "not HTTP: "),
        (resetting, None, "Connection reset"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(
    behaviour: Behaviour, status: int | None, error: str
) -> None:
    got = asked(behaviour)
    assert got.status == status
    assert error in got.error


def test_of_a_huge_answer_the_beginning_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_answer, "_MOST_BYTES", 10_000)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
    got = asked(answering(answer))
    assert (got.status, got.surplus, got.error) == (200, False, "")
    assert len(got.body) >= 9_000
