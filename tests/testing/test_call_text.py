"""How the calls of the API are shown below a failed test."""

from __future__ import annotations

from mockserver.testing.call_text import SHOWN_CALLS, newest_calls
from tests.api.test_calls import call


def test_there_is_nothing_to_show_without_calls() -> None:
    assert newest_calls([]) == ""


def test_the_newest_are_shown_and_the_others_counted() -> None:
    lines = newest_calls([call(number) for number in range(1, SHOWN_CALLS + 3)]).splitlines()
    assert lines[0] == "(2 earlier calls)"
    assert lines[1] == "3. 12:00:00  addPostback of A: 200"
    assert len(lines) == SHOWN_CALLS + 1
    assert "earlier" not in newest_calls([call(number) for number in range(SHOWN_CALLS)])


def test_what_is_told_already_is_left_out() -> None:
    calls = [call(1, status=400, refused="no type"), call(2)]
    told = "refused: addPostback was refused with 400: no type"
    assert newest_calls(calls, without=told) == "2. 12:00:00  addPostback of A: 200"
    assert newest_calls(calls, without="something else").count("\n") == 1


def test_warnings_stand_below_and_lines_fit() -> None:
    text = newest_calls([call(warnings=("argument 'channel' is not known " * 5,))])
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "  argument 'channel'" in text
