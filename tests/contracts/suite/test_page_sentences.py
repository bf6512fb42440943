from __future__ import annotations

import pytest

from contracts.suite.page_sentences import changed, sentence_hash
from contracts.suite.requirements import Requirement
from contracts.suite.vocabulary import Level, Origin

SENTENCE = "Three rules, not more."


def test_a_hash_is_a_fixed_one() -> None:
    """The recipe may not change: it is what the hashes in the file were made by."""
    assert sentence_hash("Three rules, not more.") == "e036a5e32177ee53"


@pytest.mark.parametrize(
    "sentence",
    [" Three rules,  not more.", "Three rules,\nnot\tmore. ", "Three\u00a0rules, not more."],
)
def test_blanks_do_not_count(sentence: str) -> None:
    assert sentence_hash(sentence) == sentence_hash(SENTENCE)


@pytest.mark.parametrize("sentence", ["three rules, not more.", "Three rules, not more", ""])
def test_everything_else_counts(sentence: str) -> None:
    assert sentence_hash(sentence) != sentence_hash(SENTENCE)


def row_for(sentence: str | None) -> Requirement:
    sha = None if sentence is None else sentence_hash(sentence)
    return Requirement(
        "rules-cap", "Restated.", "reference", "body", sha, Level.MUST, Origin.DOCUMENTED
    )


@pytest.mark.parametrize(
    ("sentence", "page"),
    [
        (SENTENCE, SENTENCE),
        (SENTENCE, f"Before. {SENTENCE} After."),
        (SENTENCE, f"Before! {SENTENCE}\r\nAfter"),
        (SENTENCE, f"Is it so? {SENTENCE}"),
        (SENTENCE, f"Head\n\n  • {SENTENCE}\n"),
        (SENTENCE, f"Head\n  * {SENTENCE}\n - After"),
        (SENTENCE, "Three\nrules, not\n\nmore. After."),
        (SENTENCE, "  Three   rules, not\tmore.  "),
        ("An event (e.g. Open) fires.", "Head\nAn event (e.g. Open) fires. After."),
        ("Write ...[A, B]... for two.", "Before. Write ...[A, B]... for two."),
        ("a-b stays whole - as it is", "a-b stays whole - as it is"),
        (SENTENCE, '{"description": "Before. Three rules, not more. After."}'),
        (SENTENCE, '{"a": [{"b": ["Head\\n * Three rules, not more."]}]}'),
        ('"cap": 3', '{"a": {"cap":3}}'),
        ('"names": ["a", "ü"]', '{"names":["a","\\u00fc"]}'),
        ('"body": {}', '{"body": {}}'),
        ('"event": "Send"', '{"event": "Click"}\n{"event": "Send"}'),
    ],
)
def test_a_sentence_is_found(sentence: str, page: str) -> None:
    assert changed([row_for(sentence)], page) == []


@pytest.mark.parametrize(
    "page",
    [
        "",
        "Four rules, not more.",
        "Three rules, not more, sadly.",
        "three rules, not more.",
        "Three rules. Not more.",
        '{"description": "Four rules, not more."}',
        "{}",
    ],
)
def test_a_sentence_that_is_gone_is_told(page: str) -> None:
    gone, silent = row_for(SENTENCE), row_for(None)
    assert changed([silent, gone], page) == [gone]
