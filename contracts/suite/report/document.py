"""Writes a run as the JSON document that every other report can be made from later."""

from __future__ import annotations

from contracts.suite import results
from contracts.suite.report.formats import RunFormat
from contracts.suite.results import RunReport


def write_json(report: RunReport) -> str:
    """Return the run as a JSON document."""
    return results.encode(report).decode("utf-8")


FORMAT = RunFormat("json", write_json, order=40)
