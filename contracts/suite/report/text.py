"""Shortens texts and counts things in words, for every report."""

from __future__ import annotations

from mockserver.core.wording import count as count


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, and how many were left out.

    Examples:
        >>> shortened("abcdef", 4)
        'abcd … (2 more characters)'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"
