"""What of a request or an answer goes on, and what belongs to one connection."""

from __future__ import annotations

import pytest

from mockserver.core.forwarded import Forwarded
from mockserver.receiver.forwarded import forwarded_answer, passed_on

HOP_BY_HOP = (
    b"Connection", b"Keep-Alive", b"Proxy-Connection", b"Proxy-Authenticate",
    b"Proxy-Authorization", b"TE", b"Trailer", b"Transfer-Encoding", b"Upgrade", b"Expect",
)  # fmt: skip


@pytest.mark.parametrize("name", HOP_BY_HOP)
@pytest.mark.parametrize("change", [bytes.lower, bytes.upper, bytes])
def test_what_is_about_a_connection_is_left_out(name: bytes, change: object) -> None:
    fields = ((b"A", b"1"), (change(name), b"x"), (b"A", b"2"))  # type: ignore[operator]
    assert passed_on(fields) == ((b"A", b"1"), (b"A", b"2"))


def test_what_connection_names_is_left_out_in_every_spelling() -> None:
    fields = (
        (b"Connection", b"close, X-One"),
        (b"x-one", b"1"),
        (b"X-Two", b"2"),
        (b"connection", b" x-TWO ,"),
        (b"X-Three", b""),
    )
    assert passed_on(fields) == ((b"X-Three", b""),)


def test_everything_else_goes_on_in_its_order_as_it_is() -> None:
    fields = ((b"b", b"\xff\x01"), (b"Set-Cookie", b"a"), (b"set-cookie", b""), (b"Via", b"x"))
    assert passed_on(fields) == fields


@pytest.mark.parametrize("connection", ["", "close", "keep-alive"])
def test_a_whole_answer_says_of_the_connection_what_the_inbox_says(connection: str) -> None:
    fields = ((b"Content-Length", b"2"), (b"Connection", b"keep-alive"))
    forwarded = Forwarded("http://x/", "answered", 200, b"Fine", fields, b"ok")
    answer = forwarded_answer(forwarded, "POST", connection)  # type: ignore[arg-type]
    assert answer.head.startswith(b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n")
    said = [line for line in answer.head.split(b"\r\n") if line.startswith(b"Connection")]
    assert said == ([b"Connection: " + connection.encode()] if connection else [])
    assert answer.end == "answered"


@pytest.mark.parametrize(
    ("method", "status", "length", "body"),
    [
        ("HEAD", 200, b"10", b""),
        ("POST", 204, None, b""),
        ("POST", 304, b"10", b""),
        ("POST", 200, None, b"abc"),
        ("POST", 200, None, b""),
    ],
)
def test_the_framing_fits_the_body(
    method: str, status: int, length: bytes | None, body: bytes
) -> None:
    fields = () if length is None else ((b"Content-Length", length),)
    answer = forwarded_answer(
        Forwarded("http://x/", "answered", status, b"", fields, body), method, ""
    )
    added = length is None and status == 200 and method != "HEAD"
    assert (b"Content-Length: %d\r\n" % len(body) in answer.head) is added
    assert answer.body == body
    assert answer.is_finished
