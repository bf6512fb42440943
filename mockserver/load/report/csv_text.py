"""Writes the seconds of a load as CSV, a line for each, for spreadsheets and plotters."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

COLUMNS = (
    "second",
    "planned",
    "sent",
    "reached",
    "failed",
    "unsent",
    "to_retry",
    "p50",
    "p99",
    "max",
)


def csv_text(facts: Mapping[str, Any]) -> str:
    """Return a line of names, and one for each second; durations in seconds."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for second in facts["seconds"]:
        writer.writerow([second[name] for name in COLUMNS])
    return written.getvalue()
