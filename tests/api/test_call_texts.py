"""What was sent is masked and cut when it is read, and what is long is not kept as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.api.call_texts import LONGEST_ANSWER, CallTexts
from mockserver.api.masking import LONGEST_NAME, LONGEST_VALUE, MOST_ARGUMENTS, Masked

KEY = "a-key-that-nobody-sees"


def test_no_secret_is_shown_whenever_it_is_read() -> None:
    texts = CallTexts(Masked({"clientKey": KEY, "v": f"a {KEY} b"}), f"not with {KEY}")
    for _ in range(2):
        assert texts.arguments == {"clientKey": "***", "v": "a *** b"}
        assert texts.answer == "not with ***"


@pytest.mark.parametrize(
    "arguments",
    [
        {"a": "x" * (LONGEST_VALUE + 1)},
        {"x" * (LONGEST_NAME + 1): "1"},
        {"a": ["x" * 100] * 100},
        {str(number): "1" for number in range(MOST_ARGUMENTS + 1)},
    ],
)
def test_long_arguments_are_not_kept_as_they_were_sent(arguments: dict[str, Any]) -> None:
    sent = dict(arguments)
    texts = CallTexts(Masked(sent, [KEY]), f"x {KEY}")
    shown = texts.arguments
    sent.clear()
    assert texts.arguments == shown != {}
    assert texts.answer == "x ***"
    assert texts.size < 2 * (LONGEST_VALUE + 100 * MOST_ARGUMENTS)


@pytest.mark.parametrize("longer", [0, 1])
def test_a_long_answer_is_cut(longer: int) -> None:
    answer = "x" * (LONGEST_ANSWER + longer)
    texts = CallTexts(Masked({}), answer)
    assert (texts.answer == answer) == (not longer)
    assert texts.answer.startswith("x" * LONGEST_ANSWER)
    assert LONGEST_ANSWER <= texts.size < LONGEST_ANSWER + 100


@pytest.mark.parametrize("value", ["text", 7, True, None, 1.5, ["a", "b"], {"a": {"b": 1}}])
def test_every_kind_of_value_has_a_size_and_a_text(value: Any) -> None:
    texts = CallTexts(Masked({"name": value}), "")
    assert texts.size >= len("name") + len(texts.arguments["name"])
