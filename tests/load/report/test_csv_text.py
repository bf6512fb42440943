from __future__ import annotations

import csv

from mockserver.load.report.csv_text import COLUMNS, csv_text
from tests.load.crews import needs_locust
from tests.load.reported import facts

pytestmark = needs_locust


def test_a_line_for_each_second() -> None:
    rows = list(csv.DictReader(csv_text(facts()).splitlines()))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["planned"] for row in rows] == ["10", "20"]
    assert [row["reached"] for row in rows] == ["10", "14"]
    assert rows[1]["max"] == "1.5"
