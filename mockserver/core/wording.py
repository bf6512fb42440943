"""Writes numbers with their nouns, for whoever tells a user how many there are."""

from __future__ import annotations


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples:
        >>> count(1, "attempt"), count(1200, "attempt"), count(0, "delivery", "deliveries")
        ('1 attempt', '1,200 attempts', '0 deliveries')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
