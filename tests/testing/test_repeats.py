"""Tests that what repeats itself is shown once, and that nothing else is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from

from mockserver.testing import Leanplum
from mockserver.testing.problems import problems_text
from mockserver.testing.repeats import folded
from tests.testing.pytest_runs import run

BLOCK = ["ERROR    shop:app.py:875 Exception on /in [POST]", "Traceback:", "  File", "LookupError"]


@pytest.mark.parametrize("times", [2, 3, 10, 1000])
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_block_that_follows_itself_is_shown_once(length: int, times: int) -> None:
    block = BLOCK[:length]
    shown = folded("\n".join(["before", *block * times, "after"])).splitlines()
    if length * (times - 1) < 3:
        assert shown == ["before", *block * times, "after"]
        return
    often = "once more" if times == 2 else f"{times - 1} more times"
    assert shown == ["before", *block, f"... (the same {often})", "after"]


def test_what_does_not_repeat_itself_stays_as_it_is() -> None:
    for text in ("", "\n", "a", "a\na\n", "a\nb\na\nb", "order 1 failed\norder 2 failed\n" * 2):
        assert folded(text) == text
    numbers = "".join(f"order {number} failed\n" for number in range(10))
    assert folded(numbers) == numbers


def test_times_and_addresses_do_not_matter() -> None:
    lines = [
        f"2026-01-01 0{hour}:00:00,{hour}11 at <Shop 0x7f00aa{hour}1bc0> failed"
        for hour in range(9)
    ]
    assert folded("\n".join(lines)).splitlines() == [
        lines[0],
        "... (the same 8 more times, the last at 2026-01-01 08:00:00,811)",
    ]


def test_a_traceback_between_other_lines_is_named() -> None:
    traceback = 'Traceback (most recent call last):\n  File "x", line 1\n    f()\nLookupError: no'
    text = "\n".join(f"attempt {number} failed\n{traceback}" for number in range(3))
    assert folded(text) == (
        f"attempt 0 failed\n{traceback}\n"
        "attempt 1 failed\n... (the same traceback as above: LookupError: no)\n"
        "attempt 2 failed\n... (the same traceback as above: LookupError: no)"
    )


def test_a_text_that_ends_in_a_traceback_is_whole() -> None:
    text = "a\nb\nc\nTraceback (most recent call last):"
    assert folded(text) == text


@given(lists(sampled_from("abc"), min_size=1, max_size=12), integers(1, 12))
def test_what_is_shown_comes_in_its_order(letters: list[str], times: int) -> None:
    lines = letters * times
    rest = iter(lines)
    kept = [line for line in folded("\n".join(lines)).splitlines() if not line.startswith("...")]
    assert all(line in rest for line in kept)
    assert set(kept) == set(lines)
    assert len(kept) <= len(lines)


def test_the_same_traceback_of_several_deliveries_is_shown_once() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        raise LookupError("no user")

    with Leanplum() as leanplum:
        leanplum.partner("https://shop.example/", application)
        leanplum.add_postback("https://shop.example/in?user={{User ID}}")
        for user in ("ada", "bob", "cy"):
            leanplum.trigger("push.open", user_id=user)
        leanplum.run_until_idle()
        problems = problems_text(leanplum.problems())
        with pytest.raises(AssertionError) as failure:
            leanplum.assert_delivered()
    for text in (problems, str(failure.value)):
        assert text.count("Traceback (most recent call last)") == 1
        assert text.count("... (the same traceback as above: LookupError: no user)") == 2


# In a run of pytest

SOURCE = """
    import logging, sys

    def application(environ, start_response):
        logging.getLogger("orders").error("the shop is down")
        print("down", file=sys.stderr)
        try:
            raise LookupError("no user")
        except LookupError:
            logging.getLogger("orders").exception("no luck")
        start_response("503 Busy", [])
        return []

    def test_it(leanplum):
        leanplum.partner("https://shop.example/", application)
        leanplum.add_postback("https://shop.example/in")
        leanplum.trigger("push.open")
        leanplum.run_until_idle()
        leanplum.assert_delivered()
    """


def test_what_ten_attempts_log_is_shown_once(pytester: pytest.Pytester) -> None:
    shown = run(pytester, SOURCE).stdout.str()
    assert shown.count("the shop is down") == 1
    assert shown.count("no luck") == 1
    assert shown.count("(the same 9 more times)") == 2
    assert shown.count("\ndown\n") == 1


def test_everything_is_shown_on_request(pytester: pytest.Pytester) -> None:
    shown = run(pytester, SOURCE, "-vv").stdout.str()
    assert shown.count("the shop is down") == 10
    assert "more times" not in shown


def test_other_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    source = """
        def test_it():
            print("again\\n" * 10)
            assert False
        """
    assert run(pytester, source).stdout.str().count("again\n") == 10
