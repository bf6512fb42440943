"""Which forms of an answer are read."""

from __future__ import annotations

import pytest

from mockserver.client.probe_answer import ProbeFailed, Stored, read_stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0", Stored(0)),
        ("17", Stored(17)),
        (" 17\r\n", Stored(17)),
        ("\ufeff17\n", Stored(17)),
        ("", Stored(0, ())),
        ("\n \r\n", Stored(0, ())),
        ("[]", Stored(0, ())),
        ('\ufeff["a", "b"]', Stored(2, ("a", "b"))),
        ('[{"user": "a"}, {}]', Stored(2, ({"user": "a"}, {}))),
        ("a\nb\n", Stored(2, ("a", "b"))),
        ("a\r\n\r\nb\r\n", Stored(2, ("a", "b"))),
        ("\ufeffa", Stored(1, ("a",))),
        ("a \u2028b\n c\x85d", Stored(2, ("a \u2028b", " c\x85d"))),
        ("007", Stored(1, ("007",))),
        ('["é", "\\u00e9"]', Stored(2, ("é", "é"))),
    ],
)
def test_numbers_arrays_and_lines_are_read(text: str, stored: Stored) -> None:
    assert read_stored(text, "source") == stored


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "1.0",
        "1.5",
        "1e3",
        "NaN",
        "Infinity",
        "-Infinity",
        '"17"',
        "null",
        "true",
        "{}",
        '{"count": 17}',
        '{"user": "a"}\n{"user": "b"}',
        "[1, 2",
        "<!doctype html>\n<html>login</html>",
        "\ufeff<html>",
        "9" * 5_000,
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused_with_what_it_takes(text: str) -> None:
    with pytest.raises(ProbeFailed, match=r"^the probe 'source' answered .*lines of text"):
        read_stored(text, "source")


def test_of_a_long_answer_the_beginning_is_shown() -> None:
    with pytest.raises(ProbeFailed) as caught:
        read_stored(f"<html>{'x' * 10_000}", "source")
    assert len(str(caught.value)) < 300


def test_numbers_stay_as_they_are_written() -> None:
    (entry,) = (
        read_stored('[{"m": 5.838201947316225E15, "n": 5838201947316225}]', "s").entries or ()
    )
    assert entry == {"m": "5.838201947316225E15", "n": "5838201947316225"}
