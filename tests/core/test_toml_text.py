"""Tests that every way in which TOML cannot be read is told in plain words."""

from __future__ import annotations

import pytest

from mockserver.core.toml_text import parse_toml


def test_a_document_is_read() -> None:
    assert parse_toml("a = 1\n[b]\nc = 'd'\n") == {"a": 1, "b": {"c": "d"}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = ", "Invalid value"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "9" * 5_000, "too many digits"),
    ],
)
def test_what_cannot_be_read_is_a_value_error_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_toml(text)
