"""A request that no inbox takes is answered with a problem, whatever its client then does."""

from __future__ import annotations

import json

import pytest

from mockserver.receiver.refusals import refusal_of


@pytest.mark.parametrize(("keep_alive", "field"), [(True, b"keep-alive"), (False, b"close")])
def test_it_is_a_problem_that_says_what_to_do(keep_alive: bool, field: bytes) -> None:
    refusal = refusal_of(404, 'no inbox "ä"', "POST", keep_alive)
    head, _, body = refusal.answer.everything.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\n")
    assert head.endswith(b"Connection: " + field)
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": 'no inbox "ä"',
    }
    assert (refusal.keep_alive, refusal.done, refusal.reads_on) == (keep_alive, True, True)


def test_head_is_told_the_length_and_sent_no_body() -> None:
    head = refusal_of(413, "too large", "HEAD", keep_alive=False).answer
    whole = refusal_of(413, "too large", "POST", keep_alive=False).answer
    assert (head.head, head.body) == (whole.head, b"")
