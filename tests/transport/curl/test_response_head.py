from __future__ import annotations

import pytest

from mockserver.transport.curl.response_head import ResponseHead, read_head

FINAL = [b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", b"a:c \r\n", b"\r\n"]
FIELDS = (("A", "b"), ("a", "c"))


def test_fields_keep_their_order_and_their_names() -> None:
    assert read_head(FINAL) == ResponseHead(200, FIELDS)


@pytest.mark.parametrize("count", range(4))
def test_a_part_of_a_head_is_no_head(count: int) -> None:
    assert read_head(FINAL[:count]) is None


def test_interim_responses_do_not_count() -> None:
    interim = [b"HTTP/1.1 100 Continue\r\n", b"\r\n", b"HTTP/1.1 103 Early Hints\r\n"]
    interim += [b"Link: x\r\n", b"\r\n"]
    assert read_head(interim) is None
    assert read_head([*interim, *FINAL[:-1]]) is None
    assert read_head([*interim, *FINAL]) == ResponseHead(200, FIELDS)


def test_switching_protocols_is_final() -> None:
    assert read_head([b"HTTP/1.1 101 Switching\r\n", b"\r\n"]) == ResponseHead(101, ())


def test_trailers_are_not_part_of_it() -> None:
    assert read_head([*FINAL, b"Trailer: x\r\n", b"\r\n"]) == ResponseHead(200, FIELDS)


def test_bare_line_feeds_end_lines_too() -> None:
    lines = [b"HTTP/1.0 404 Not Found\n", b"A: b\n", b"\n"]
    assert read_head(lines) == ResponseHead(404, (("A", "b"),))


def test_folded_lines_are_joined() -> None:
    lines = [b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", b"\t c\r\n", b"D: e\r\n", b"\r\n"]
    assert read_head(lines) == ResponseHead(200, (("A", "b c"), ("D", "e")))


def test_a_long_head_is_read_all_the_same() -> None:
    lines = [b"HTTP/1.1 200 OK\r\n", b"A: " + b"x" * 9000 + b"\r\n", b"\r\n"]
    assert read_head(lines) == ResponseHead(200, (("A", "x" * 9000),))


def test_bytes_beyond_ascii_are_kept() -> None:
    lines = [b"HTTP/1.1 200 \xe4\r\n", b"A: \xe4\xf6\r\n", b"\r\n"]
    assert read_head(lines) == ResponseHead(200, (("A", "\xe4\xf6"),))
