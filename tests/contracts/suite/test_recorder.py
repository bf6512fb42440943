"""What a recorder counts, raises and shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from contracts.suite.recorder import Deviation, Recorder, shown
from contracts.suite.results import DeviationResult
from contracts.suite.vocabulary import Level

PROMISES = {"kept": "the body counts", "also": "the query counts"}


@pytest.fixture
def rec() -> Recorder:
    return Recorder()


def test_what_holds_is_counted_and_nothing_else(rec: Recorder) -> None:
    rec.expect({"a": [1]}, {"a": [1]}, "they are equal")
    rec.expect_that(True, "anything", 1, "it holds")
    rec.expect_verdict("kept", "kept", PROMISES, "both are allowed")
    assert (rec.checks, rec.last, rec.verdict) == (3, None, "kept")


def test_what_differs_is_raised_and_kept(rec: Recorder) -> None:
    with pytest.raises(Deviation) as raised:
        rec.expect(3, [4], "an app has three")
    assert raised.value.result() == DeviationResult("3", "[4]", "an app has three")
    assert str(raised.value) == "expected 3, got [4]: an app has three"
    assert rec.last is raised.value
    assert rec.checks == 1
    assert not raised.value.accepted


def test_an_expectation_in_words_is_shown_as_it_is(rec: Recorder) -> None:
    with pytest.raises(Deviation) as raised:
        rec.expect_that(False, "a whole number", "1", "the id is one")
    assert raised.value.result() == DeviationResult("a whole number", '"1"', "the id is one")


@pytest.mark.parametrize(
    ("seen", "actual", "accepted"),
    [
        ("also", "also (the query counts)", True),
        ("an answer of 500", "an answer of 500", False),
    ],
)
def test_a_verdict_that_was_not_promised(
    rec: Recorder, seen: str, actual: str, accepted: bool
) -> None:
    with pytest.raises(Deviation) as raised:
        rec.expect_verdict(seen, "kept", PROMISES, "why")
    assert raised.value.expected == "kept (the body counts)"
    assert (raised.value.actual, raised.value.accepted) == (actual, accepted)
    assert rec.verdict == seen


def test_an_example_begins_without_the_steps_of_the_one_before(rec: Recorder) -> None:
    rec.step("before")
    rec.begin_example()
    assert rec.steps == []
    rec.step("one")
    rec.step("two")
    assert (rec.steps, rec.examples) == (["one", "two"], 1)
    rec.begin_example()
    assert (rec.steps, rec.examples) == ([], 2)


def test_what_is_kept_is_not_changed_by_the_next_example(rec: Recorder) -> None:
    rec.begin_example()
    rec.step("kept")
    steps = rec.steps
    rec.begin_example()
    rec.step("other")
    assert steps == ["kept"]


NOON_AT = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", '"plain"'),
        ("", '""'),
        ('with "quotes"\nand lines', '"with \\"quotes\\"\\nand lines"'),
        ("Jürgen 😀", '"Jürgen 😀"'),
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (1.5, "1.5"),
        ([1, "a", None], '[1, "a", null]'),
        ((1, 2), "[1, 2]"),
        ({"b": 1, "a": [2]}, '{"a": [2], "b": 1}'),
        (NOON_AT, "2026-01-02T12:00:00+00:00"),
        ({"at": NOON_AT}, '{"at": "2026-01-02T12:00:00+00:00"}'),
        (timedelta(hours=1), "3600 s"),
        (timedelta(milliseconds=1500), "1.5 s"),
        ([timedelta(0)], '["0 s"]'),
        ({"b", "a"}, '["a", "b"]'),
        (frozenset({2, 1}), "[1, 2]"),
        ({NOON_AT}, '["2026-01-02T12:00:00+00:00"]'),
        (Level.MUST, '"MUST"'),
        ({1: "a", "b": 2}, "{1: 'a', 'b': 2}"),
    ],
)
def test_how_values_are_shown(value: Any, text: str) -> None:
    assert shown(value) == text


def test_what_cannot_be_written_as_json_is_shown_all_the_same() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert shown(endless) == "[[...]]"


@pytest.mark.parametrize("hours", [65, 24 * 12, 24 * 365])
def test_long_durations_that_differ_look_different(hours: int) -> None:
    """Seven digits of seconds are more than six: `:g` rounds them away."""
    exact = timedelta(hours=hours)
    assert shown(exact) == f"{hours * 3600} s"
    assert shown(exact) != shown(exact + timedelta(milliseconds=100))


def test_bytes_are_shown_once_quoted() -> None:
    assert shown(b"abc") == "b'abc'"


def test_objects_are_shown_by_their_repr_not_as_a_string_of_it() -> None:
    class Point(msgspec.Struct):
        name: str

    assert shown(Point("a")) == repr(Point("a"))


@pytest.mark.parametrize("value", ["\ud800", {"a": ["\ud800"]}, {"\udfff": 1}])
def test_text_that_is_no_unicode_can_be_written_down(value: Any) -> None:
    """A server may answer the JSON `"\\ud800"`; the report must still be writable."""
    rec = Recorder()
    with pytest.raises(Deviation) as raised:
        rec.expect("text", value, "it is text")
    assert b"ud" in msgspec.json.encode(raised.value.result())


def test_samples_are_drawn_the_same_again_unless_told_otherwise() -> None:
    assert Recorder().random.random() == Recorder().random.random()
    assert Recorder(Random(1)).random.random() != Recorder(Random(2)).random.random()


@pytest.mark.parametrize(
    ("share", "number", "expected"), [(1.0, 30, 30), (0.5, 30, 15), (0.01, 30, 1), (1.0, 1, 1)]
)
def test_a_share_of_the_samples_is_drawn(share: float, number: int, expected: int) -> None:
    assert Recorder(share=share).samples(number) == expected
