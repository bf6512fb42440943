"""Shortens texts and counts things in words, for every report."""

from __future__ import annotations


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, and how many were left out.

    Examples:
        >>> shortened("abcdef", 4)
        'abcd … (2 more characters)'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def count(number: int, noun: str) -> str:
    """Return how many there are, with the noun in its number.

    Examples:
        >>> count(1, "id"), count(1200, "id")
        ('1 id', '1,200 ids')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
