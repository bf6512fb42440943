"""Scripts of behaviours, read and written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.errors import InvalidBehaviour
from mockserver.receiver import behaviours as module
from mockserver.receiver.behaviours import (
    Behaviour,
    Close,
    Drip,
    Hang,
    Malformed,
    Redirect,
    Reset,
    StatusAnswer,
    Truncated,
    format_script,
    parse_script,
)
from mockserver.receiver.faults.base import Fault
from mockserver.receiver.faults.registry import all_faults

FAULTS = all_faults()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200", [StatusAnswer()]),
        ("503*9,200", [StatusAnswer(status=503, times=9), StatusAnswer()]),
        (" 503 , 200 ", [StatusAnswer(status=503), StatusAnswer()]),
        ("200@31s", [StatusAnswer(delay="31s")]),
        ("503@500ms*9", [StatusAnswer(status=503, delay="500ms", times=9)]),
        ("hang", [Hang()]),
        ("hang*10", [Hang(times=10)]),
        ("reset,close", [Reset(), Close()]),
        ("malformed,truncated", [Malformed(), Truncated()]),
        ("drip", [Drip()]),
        ("drip@100ms", [Drip(interval="100ms")]),
        ("drip:body@2s*2", [Drip(part="body", interval="2s", times=2)]),
        ("redirect:https://example.com/x", [Redirect(location="https://example.com/x")]),
        (
            "redirect:https://h/?a=1,2,200",
            [Redirect(location="https://h/?a=1,2"), StatusAnswer()],
        ),
    ],
)
def test_shorthand(text: str, expected: list[Behaviour]) -> None:
    assert list(parse_script(text)) == expected


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("", "item 1"),
        ("503,bang", "item 2 of the script, 'bang'"),
        ("50", "cannot be used"),
        ("600", "cannot be used"),
        ("503*0", "cannot be used"),
        ("200@soon", "no duration"),
        ("200@-1s", "no duration"),
        ("redirect:", "is none of"),
        ("hang:x", "is none of"),
        ("drip:feet", "is none of"),
        ([], "at least one"),
        ([{"kind": "status", "status": 99}], "item 1"),
        ([{"kind": "status", "colour": "red"}], "colour"),
        ([{"kind": "status", "delay": -1}], "0 is the least"),
        ([{"kind": "status", "body_base64": "%"}], "item 1"),
        ([{"kind": "status", "headers": [["a b", "x"]]}], "no name of a header field"),
        ([{"kind": "status", "headers": [["a", "x\r\ny"]]}], "cannot be sent"),
        ([{"kind": "redirect", "location": "x\r\ny"}], "cannot be sent"),
    ],
)
def test_what_cannot_be_read_is_named(script: Any, named: str) -> None:
    with pytest.raises(InvalidBehaviour) as caught:
        parse_script(script)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


durations = st.sampled_from(["500ms", "1s", "31s", "2m", "1h"])
times = st.integers(1, 20)
behaviours = st.one_of(
    st.builds(StatusAnswer, status=st.integers(100, 599), delay=durations, times=times),
    st.builds(Hang, times=times),
    st.builds(Reset, delay=durations, times=times),
    st.builds(Close, times=times),
    st.builds(Malformed, times=times),
    st.builds(Truncated, times=times),
    st.builds(Drip, part=st.sampled_from(["headers", "body"]), interval=durations, times=times),
    st.builds(Redirect, location=st.just("https://example.com/a,b"), times=times),
)


@given(st.lists(behaviours, min_size=1, max_size=5))
def test_what_shorthand_can_say_reads_back_as_it_was(script: list[Behaviour]) -> None:
    again = parse_script(format_script(script))
    assert format_script(again) == format_script(script)
    assert [type(item) for item in again] == [type(item) for item in script]
    assert [item.times for item in again] == [item.times for item in script]
    assert [item.delay_time for item in again] == [item.delay_time for item in script]


def test_durations_may_be_seconds() -> None:
    (behaviour,) = parse_script([{"kind": "status", "delay": 1.5}])
    assert behaviour.delay_time == timedelta(seconds=1.5)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_struct_is_found_here_by_its_name(fault: type[Fault]) -> None:
    assert getattr(module, fault.__name__) is fault


def test_any_other_name_is_unknown() -> None:
    with pytest.raises(ImportError, match="Bang"):
        from mockserver.receiver.behaviours import Bang  # noqa: F401
    assert not hasattr(module, "__wrapped__")


def test_a_list_may_hold_shorthand() -> None:
    assert parse_script(["503*9", {"kind": "hang"}, StatusAnswer()]) == parse_script(
        "503*9,hang,200"
    )


@pytest.mark.parametrize(
    "script",
    [
        "503*" + "9" * 5000,
        "9" * 5000,
        [StatusAnswer(status=9999)],
        [StatusAnswer(times=0)],
        [{"kind": "status", "body": "a", "body_base64": "Yg=="}],
        [{"kind": "truncated", "status": 204}],
        [{"kind": "status", "status": 204, "body": "x"}],
        "hang@5s",
        [Hang(delay=5)],
        [7],
        [
            {
                "kind": "status",
                "headers": [["Transfer-Encoding", "chunked"], ["Content-Length", "3"]],
                "body": "abc",
                "delay": float("nan"),
            }
        ],
    ],
)
def test_what_cannot_be_done_is_refused(script: object) -> None:
    with pytest.raises(InvalidBehaviour):
        parse_script(script)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("99", "its status must be at least 100"),
        ("600", "its status must be at most 599"),
        ("200*0", "its times must be at least 1"),
    ],
)
def test_a_number_that_is_out_of_range_is_said_in_plain_words(script: str, reason: str) -> None:
    with pytest.raises(InvalidBehaviour) as refused:
        parse_script(script)
    assert reason in str(refused.value)
    assert "Expected `int`" not in str(refused.value)
