"""What readers get to see of texts that are too long."""

from __future__ import annotations

from contracts.suite.report.text import shortened


def test_a_shortened_text_says_how_much_is_missing() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("x" * 2_003, 3) == "xxx … (2,000 more characters)"
