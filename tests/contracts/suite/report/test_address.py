"""URLs, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given

from contracts.suite.report.address import address

from .texts import nasty_texts


@pytest.mark.parametrize(
    ("url", "origin", "path", "query", "host_name"),
    [
        ("http://partner.test", "http://partner.test", "/", "", "partner.test"),
        ("http://partner.test?a=1", "http://partner.test", "/", "a=1", "partner.test"),
        ("http://u:p@h.test:81/a/b?c#d", "http://u:p@h.test:81", "/a/b", "c", "h.test"),
        ("https://[::1]:8443/in", "https://[::1]:8443", "/in", "", "[::1]"),
        ("/in?a=http://b/c", "", "/in", "a=http://b/c", ""),
    ],
)
def test_the_parts_of_a_url(url: str, origin: str, path: str, query: str, host_name: str) -> None:
    parts = address(url)
    assert (parts.origin, parts.path, parts.query) == (origin, path, query)
    assert parts.host_name == host_name
    assert parts.has_user_info == ("@" in url)


def test_values_are_decoded_once_and_in_order() -> None:
    pairs = address("http://p.test/?a=%2B&b=+&a=%2525&c=&d").pairs()
    assert pairs == [("a", "+"), ("b", " "), ("a", "%25"), ("c", ""), ("d", "")]


def test_bytes_that_are_no_text_are_refused_or_shown() -> None:
    parts = address("http://p.test/?a=%FF")
    with pytest.raises(UnicodeDecodeError):
        parts.pairs()
    assert parts.pairs(errors="backslashreplace") == [("a", "\\xff")]


@given(nasty_texts)
def test_no_text_is_refused(text: str) -> None:
    parts = address(text)
    assert parts.host_name in text or parts.host_name == "]"
    assert all(value.encode("utf-8") is not None for pair in parts.pairs() for value in pair)
