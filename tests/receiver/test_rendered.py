"""The answer of a behaviour is rendered once, and known to be plain or not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.rendered import answer_of, plain_answer_of


def test_an_answer_is_rendered_once_for_each_kind_of_request() -> None:
    (fault,) = parse_script("503")
    assert answer_of(fault, "POST") is answer_of(fault, "POST")
    assert answer_of(fault, "POST") != answer_of(fault, "POST", "close")
    assert b"Connection: close\r\n" in answer_of(fault, "POST", "close").head


def test_the_delay_is_added_to_it() -> None:
    (fault,) = parse_script("503@31s")
    assert answer_of(fault, "POST").wait == timedelta(seconds=31)


@pytest.mark.parametrize("script", ["200", "404", "503*9", "204", "redirect:http://h/"])
def test_what_is_sent_at_once_on_a_connection_that_stays_is_plain(script: str) -> None:
    fault = parse_script(script)[0]
    plain = plain_answer_of(fault)
    assert plain is not None
    answer = answer_of(fault, "POST")
    assert (plain.status, plain.data) == (answer.status, answer.everything)


@pytest.mark.parametrize(
    "script",
    ["200@1ms", "hang", "close", "reset", "drip", "drip:body", "truncated", "102", "stall"],
)
def test_what_takes_time_or_ends_the_connection_is_not(script: str) -> None:
    assert plain_answer_of(parse_script(script)[0]) is None
