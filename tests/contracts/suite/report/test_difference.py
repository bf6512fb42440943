"""Where two texts part."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.suite.report.difference import MOST_WORDS, Part, marked

texts = st.text("ab 1\n", max_size=30)


def test_the_words_that_differ_are_marked() -> None:
    expected, actual = marked("status 400 of 3", "status 200 of 3")
    assert expected == [Part("status "), Part("400", True), Part(" of 3")]
    assert actual == [Part("status "), Part("200", True), Part(" of 3")]


def test_several_differences_are_marked_one_by_one() -> None:
    expected, _ = marked(
        "a long line, 1 word, a long line, 2", "a long line, 7 word, a long line, 9"
    )
    assert [part.text for part in expected if part.differs] == ["1", "2"]


def test_texts_with_little_in_common_are_not_marked() -> None:
    assert marked("Invalid access key", "Forbidden") == (
        [Part("Invalid access key")],
        [Part("Forbidden")],
    )


def test_equal_texts_are_not_marked() -> None:
    assert marked("same", "same") == ([Part("same")], [Part("same")])


def test_long_middles_are_marked_whole() -> None:
    shared = "shared " * MOST_WORDS
    middle = "x " * MOST_WORDS
    expected, actual = marked(f"{shared}{middle}end", f"{shared}yend")
    assert [part.text for part in expected if part.differs] == [f"{middle}end"]
    assert "".join(part.text for part in actual) == f"{shared}yend"


@given(texts, texts)
def test_parts_joined_are_the_texts_and_unmarked_parts_are_shared(one: str, other: str) -> None:
    left, right = marked(one, other)
    assert "".join(part.text for part in left) == one
    assert "".join(part.text for part in right) == other
    if any(part.differs for part in left + right):
        assert _shared(left) == _shared(right)


def _shared(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if not part.differs)
