"""What is shown of the exceptions of an application."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver.transport.application.failure import (
    BrokenApplication,
    line_of,
    traceback_of,
)
from mockserver.transport.application.request import request_of


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_fits_a_line() -> None:
    def caught(call: Callable[[], object]) -> str:
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            call()
        return line_of(raised.value)

    assert line_of(ValueError()) == "ValueError"
    assert line_of(ValueError("a\nb")) == "ValueError: a"
    assert line_of(BrokenApplication("no answer")) == "no answer"
    assert line_of(Unprintable("x")) == "Unprintable"
    assert caught(lambda: int("x")).endswith(f"(test_failure.py:{_line_of_last_lambda()})")
    # Raised in a library, it is told where the application called that.
    assert "(test_failure.py:" in caught(lambda: pytest.fail("no"))


def test_a_traceback_tells_of_the_application_and_of_where_it_went() -> None:
    def frames_of(call: Callable[[], object]) -> list[str]:
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            call()
        lines = traceback_of(raised.value).splitlines()
        return [line.rpartition(", in ")[2] for line in lines if line.startswith("  File ")]

    def own() -> object:
        return json.loads("{")

    def through_a_library() -> object:
        return next(filter(lambda _item: own(), ThreadPoolExecutor(1).map(lambda _: own(), [1])))

    assert frames_of(own)[:3] == ["frames_of", "own", "loads"], (
        "its own, and where it went from there"
    )
    assert "result_iterator" not in frames_of(through_a_library), "no libraries in between"
    assert frames_of(through_a_library)[:3] == ["frames_of", "through_a_library", "<lambda>"]
    # What this package does when the application calls it, the exception says.
    assert frames_of(lambda: request_of(None))[-1] == "<lambda>"  # type: ignore[arg-type]

    def chained() -> None:
        try:
            own()
        except ValueError as error:
            raise LookupError from error

    assert frames_of(chained)[-2:] == ["frames_of", "chained"]
    assert frames_of(chained)[:2] == ["chained", "own"]


def test_of_an_application_that_is_installed_every_frame_is_shown() -> None:
    with pytest.raises(ValueError, match="larger") as raised:
        random.sample([], 1)
    beyond_this_file = raised.tb.tb_next
    text = traceback_of(raised.value.with_traceback(beyond_this_file))
    assert [line for line in text.splitlines() if line.endswith(", in sample")]


def _line_of_last_lambda() -> int:
    code = test_an_exception_fits_a_line.__code__
    lambdas = [each for each in code.co_consts if getattr(each, "co_name", "") == "<lambda>"]
    return int(lambdas[0].co_firstlineno)
