"""Checks what a case expects, and raises a `Deviation` on what does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contracts.suite.results import DeviationResult


class Said(str):
    """A text that is shown as it is, without quotes around it."""

    __slots__ = ()


class Deviation(Exception):
    """What was seen is not what was expected.

    Attributes:
        expected: As text.
        actual: As text.
        why: Why it matters, in a sentence.
        accepted: Whether it is one of several behaviours that the documentation allows.
    """

    def __init__(self, expected: str, actual: str, why: str, *, accepted: bool = False) -> None:
        super().__init__(f"expected {expected}, got {actual}: {why}")
        self.expected = expected
        self.actual = actual
        self.why = why
        self.accepted = accepted

    def result(self, safe: Callable[[str], str] = str) -> DeviationResult:
        """Return the deviation as a report holds it, its texts made safe to be written."""
        return DeviationResult(safe(self.expected), safe(self.actual), safe(self.why))


class Untestable(Exception):
    """The case applies but cannot be tried here and now; the message says why."""


class NotApplicable(Exception):
    """The case turns out not to apply to this target; the message says why."""


class Recorder:
    """Counts what is checked, and raises on what does not hold.

    Args:
        random: What a case draws its samples from; by default the same in every run.
        share: The share of its samples that a case draws.
        case_id: The case that uses it.

    Attributes:
        random: What samples are drawn from. A case that draws nothing else draws the same values
            again for the same seed.
        case_id: The case that uses it.
        checks: How many comparisons were made.
        examples: How many examples were begun.
        steps: What was done since the example began, a line each.
        verdict: Which of several accepted behaviours was seen; empty if there is one only.
        last: The latest deviation, if there was one.
        last_steps: What led to it.
        allowed: What was seen in place of what is promised, and is documented as well.
    """

    def __init__(
        self, random: Random | None = None, share: float = 1.0, *, case_id: str = ""
    ) -> None:
        self.random = Random(0) if random is None else random
        self._share = share
        self.case_id = case_id
        self.checks = 0
        self.examples = 0
        self.steps: list[str] = []
        self.verdict = ""
        self.last: Deviation | None = None
        self.last_steps: list[str] = []
        self.allowed: Deviation | None = None

    def begin_example(self) -> None:
        """Forget the steps of the example before."""
        self.examples += 1
        self.steps = []

    def samples(self, number: int) -> int:
        """Return how many of `number` samples are to be drawn in this run, one at least."""
        return max(1, round(number * self._share))

    def step(self, text: str) -> None:
        """Note what is about to be done."""
        self.steps.append(text)

    def expect(self, expected: object, actual: object, why: str) -> None:
        """Compare with `==`.

        Raises:
            Deviation: They differ.
        """
        self.checks += 1
        if expected != actual:
            self.deviate(shown(expected), shown(actual), why)

    def expect_that(self, holds: bool, expected: str, actual: object, why: str) -> None:
        """Check anything that is not an equality; `expected` says it in words.

        Raises:
            Deviation: It does not hold.
        """
        self.checks += 1
        if not holds:
            self.deviate(expected, shown(actual), why)

    def expect_verdict(
        self, seen: str, promised: str, accepted: Mapping[str, str], why: str
    ) -> None:
        """Name which of several allowed behaviours was seen.

        Args:
            seen: A key of `accepted`, or a description of something else.
            promised: The key that this project's fake promises.
            accepted: What is allowed, by name, with a description each.
            why: What depends on it.

        Raises:
            Deviation: It is not the promised one.
        """
        self.checks += 1
        self.verdict = seen
        if seen != promised:
            self.deviate(
                f"{promised} ({accepted[promised]})",
                f"{seen} ({accepted[seen]})" if seen in accepted else seen,
                why,
                accepted=seen in accepted,
            )

    def allow(self, seen: str, promised: str, why: str) -> None:
        """Note a documented behaviour that is not the promised one, and go on.

        The case reports it when everything else in it holds.
        """
        self.checks += 1
        self.verdict = seen
        self.allowed = Deviation(*map(writable, (promised, seen, why)), accepted=True)

    def deviate(self, expected: str, actual: str, why: str, *, accepted: bool = False) -> None:
        """Report a deviation that was found in another way.

        Raises:
            Deviation: Always.
        """
        texts = (writable(text) for text in (expected, actual, why))
        self.last = Deviation(*texts, accepted=accepted)
        self.last_steps = list(self.steps)
        raise self.last


def shown(value: object) -> str:
    """Return a value as people read it: JSON where it is JSON, seconds for durations.

    Whatever it holds can be written as UTF-8.
    """
    return writable(_shown(value))


def writable(text: str) -> str:
    r"""Return a text with halves of surrogate pairs, which UTF-8 cannot hold, as `\uNNNN`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _shown(value: object) -> str:
    if isinstance(value, Said):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value / timedelta(seconds=1):.6f}".rstrip("0").rstrip(".") + " s"
    if not isinstance(value, str | int | float | list | tuple | dict | set | frozenset | None):
        return repr(value)
    try:
        return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, default=_within)
    except (TypeError, ValueError):
        return repr(value)


def _plain(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else value


def _within(value: Any) -> Any:
    """Return what stands in JSON for a value that is none."""
    return _plain(value) if isinstance(value, set | frozenset) else _shown(value)
