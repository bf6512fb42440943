"""Finds where two texts differ, for reports that show them side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

#: With less in common than this share of the longer text, marks would only be noise.
ALIKE_ENOUGH = 0.4
#: Comparing word by word costs the square of their number; longer middles are marked whole.
MOST_WORDS = 400
#: A word is what nobody would mark half of.
WORD = re.compile(r"\w+|\W", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text.

    Attributes:
        differs: Whether the other text does not have it in this place.
    """

    text: str
    differs: bool = False


def marked(expected: str, actual: str) -> tuple[list[Part], list[Part]]:
    """Return both texts cut into parts; joined, they are the texts again."""
    pair = _by_words(WORD.findall(expected), WORD.findall(actual))
    alike = sum(len(part.text) for part in pair[0] if not part.differs)
    longer = max(len(expected), len(actual))
    if expected == actual or alike < ALIKE_ENOUGH * longer:
        return [Part(expected)], [Part(actual)]
    return pair


def _by_words(expected: list[str], actual: list[str]) -> tuple[list[Part], list[Part]]:
    start = _common_start(expected, actual)
    end = _common_start(expected[start:][::-1], actual[start:][::-1])
    left = expected[start : len(expected) - end]
    right = actual[start : len(actual) - end]
    head, tail = [Part("".join(expected[:start]))], [Part("".join(actual[len(actual) - end :]))]
    one, other = _middles(left, right)
    return _worth_showing(head + one + tail), _worth_showing(head + other + tail)


def _common_start(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _middles(left: list[str], right: list[str]) -> tuple[list[Part], list[Part]]:
    if max(len(left), len(right)) > MOST_WORDS:
        return [Part("".join(left), True)], [Part("".join(right), True)]
    one, other = [], []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        one.append(Part("".join(left[i1:i2]), tag != "equal"))
        other.append(Part("".join(right[j1:j2]), tag != "equal"))
    return one, other


def _worth_showing(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.text]
