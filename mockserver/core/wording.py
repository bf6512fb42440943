"""Writes what is said in several places: numbers with their nouns, and a hint."""

from __future__ import annotations

#: Said where an application under test takes real time.
SPEND_INSTEAD = "To take sandbox time instead, call spend(seconds=45) of what partner() returned"


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples:
        >>> count(1, "attempt"), count(1200, "attempt"), count(0, "delivery", "deliveries")
        ('1 attempt', '1,200 attempts', '0 deliveries')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
