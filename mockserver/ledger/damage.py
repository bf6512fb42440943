"""Says what damage to a ledger is, for the stores that look for it and those who tell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: Says of the values of settings, by their names, whether they can be read.
Settings = Mapping[str, Callable[[str], bool]]


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows of one table with the same thing wrong, which the ledger itself never writes.

    Attributes:
        table: The table, or `file` for the file as a whole.
        what: What is wrong, in words that follow the number of rows.
        count: How many rows; None if they cannot be counted.
        first: The key of the first one, e.g. `id 17`; empty if the table has no key.
        put_right: What to do about it.
    """

    table: str
    what: str
    count: int | None
    first: str
    put_right: str


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """What a look through a whole ledger has found.

    Attributes:
        version: Of the layout of its tables.
        rows: How many rows each table has; a table that cannot be read is left out.
        damages: One for each kind of damage.
    """

    version: int
    rows: Mapping[str, int]
    damages: tuple[Damage, ...]
