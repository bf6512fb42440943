"""Looks through the tables of a SQL ledger for what the ledger itself never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mockserver.ledger.damage import Damage, Settings
from mockserver.ledger.sql.cells import PUT_RIGHT, TABLES, Cell, Table, is_text
from mockserver.ledger.sql.database import Cursor


class Relation(NamedTuple):
    """What rows say of each other, and cannot both be right.

    Attributes:
        table: Whose rows are named.
        what: What is wrong with them.
        key: What the query returns of each.
        query: Returns the keys of those that are wrong.
    """

    table: str
    what: str
    key: str
    query: str


#: Every table is looked at with its own columns first: these take for granted what stands in them.
RELATIONS = (
    Relation(
        "deliveries",
        "without their progress, so that they are neither shown nor sent",
        "id",
        "SELECT d.id FROM deliveries AS d LEFT JOIN progress AS p ON p.delivery_id = d.id "
        "WHERE p.delivery_id IS NULL",
    ),
    Relation(
        "progress",
        "of a delivery that is not there",
        "delivery_id",
        "SELECT p.delivery_id FROM progress AS p LEFT JOIN deliveries AS d ON d.id = p.delivery_id "
        "WHERE d.id IS NULL",
    ),
    Relation(
        "progress",
        "pending with nothing due, so that they are never sent",
        "delivery_id",
        "SELECT delivery_id FROM progress WHERE state = 'pending' AND due_at IS NULL",
    ),
    Relation(
        "progress",
        "finished with an attempt due all the same",
        "delivery_id",
        "SELECT delivery_id FROM progress WHERE state <> 'pending' AND due_at IS NOT NULL",
    ),
    Relation(
        "progress",
        "with another number of attempts than were written down",
        "delivery_id",
        "SELECT p.delivery_id FROM progress AS p LEFT JOIN (SELECT delivery_id, "
        "count(number) AS made, max(number) AS latest FROM attempts GROUP BY delivery_id) AS a "
        "ON a.delivery_id = p.delivery_id WHERE p.attempts_made <> coalesce(a.made, 0) "
        "OR p.attempts_made <> coalesce(a.latest, 0)",
    ),
    Relation(
        "attempts",
        "of a delivery that is not there",
        "id",
        "SELECT a.id FROM attempts AS a LEFT JOIN progress AS p ON p.delivery_id = a.delivery_id "
        "WHERE p.delivery_id IS NULL",
    ),
    Relation(
        "rules",
        "of an app that is not there, so that no event fires them",
        "sequence",
        "SELECT sequence FROM rules WHERE app_id NOT IN (SELECT app_id FROM apps)",
    ),
    *(
        Relation(
            "counters",
            f"behind the {what} that are there, so that a number would be given twice",
            "",
            f"SELECT {counter} FROM counters WHERE {counter} < (SELECT max({key}) FROM {table})",
        )
        for counter, what, key, table in (
            ("deliveries", "deliveries", "id", "deliveries"),
            ("rules", "rules", "sequence", "rules"),
            ("tickets", "tickets", "queued", "progress"),
        )
    ),
)


def count_rows(cursor: Cursor, table: str) -> int:
    """Return how many rows a table has."""
    cursor.execute(f"SELECT count(*) FROM {table}")
    ((number,),) = cursor.fetchall()
    return int(number)


def damaged_cells(cursor: Cursor, name: str, version: int, settings: Settings) -> Iterator[Damage]:
    """Yield what is wrong with the columns of a table, one for each column.

    Args:
        cursor: Whose text is decoded as `os.fsdecode` does, so that any can be read.
        name: Of the table.
        version: Of the layout.
        settings: What settings must be, by their names.
    """
    table = TABLES[name]
    cells = _cells(name, table, version)
    first: dict[str, object] = {}
    counts = dict.fromkeys(cells, 0)
    selected = ", ".join(cell.selected or column for column, cell in cells.items())
    key = table.key or "1"
    checks = [(place, column, cell.is_sound) for place, (column, cell) in enumerate(cells.items())]
    cursor.execute(f"SELECT {key}, {selected} FROM {name} ORDER BY 1")
    # A few rows are in memory at a time.
    for row in iter(cursor.fetchone, None):
        for place, column, is_sound in checks:
            value = row[place + 1]
            sound = is_sound(value)
            if sound and name == "settings" and column == "value":
                sound = settings.get(str(row[0]), _any)(str(value))
            if not sound:
                counts[column] += 1
                first.setdefault(column, row[0])
    for column, cell in cells.items():
        if counts[column]:
            what = f"whose {column} is not {cell.words}"
            named = _named(table.key, first[column])
            yield Damage(name, what, counts[column], named, table.put_right)


def missing_counters(rows: Mapping[str, int]) -> Iterator[Damage]:
    """Yield that there is no row of counters, or more than one."""
    if rows.get("counters", 1) != 1:
        yield Damage("counters", "where there is always one", rows["counters"], "", PUT_RIGHT)


def broken_relation(cursor: Cursor, relation: Relation) -> Iterator[Damage]:
    """Yield what is wrong between two tables, if anything is."""
    cursor.execute(
        f"WITH found (wrong) AS ({relation.query}) SELECT count(*), min(wrong) FROM found"
    )
    ((number, first),) = cursor.fetchall()
    if number:
        named = _named(relation.key, first)
        yield Damage(relation.table, relation.what, int(number), named, PUT_RIGHT)


def _cells(name: str, table: Table, version: int) -> Mapping[str, Cell]:
    if name == "counters" and version == 1:
        # Version 2 has counted the latest instant since.
        return {column: cell for column, cell in table.cells.items() if column != "latest"}
    return table.cells


def _named(key: str, value: object) -> str:
    if not key:
        return ""
    shown = value if is_text(value) else repr(value)
    return f"{key} {str(shown)[:100]}"


def _any(text: str) -> bool:
    return True
