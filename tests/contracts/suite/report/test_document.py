"""A run as JSON: whole, and marked with its format."""

from __future__ import annotations

import msgspec
from hypothesis import given

from contracts.suite import results
from contracts.suite.report.formats import run_writers
from contracts.suite.results import RunReport
from contracts.suite.vocabulary import TargetKind
from tests.contracts.suite.report import samples
from tests.contracts.suite.report.texts import nasty

WRITERS = run_writers(TargetKind.FAKE)


@given(nasty(samples.EVERYTHING))
def test_json_is_read_back_as_it_was(report: RunReport) -> None:
    assert results.decode(WRITERS["json"](report).encode()) == report


def test_json_begins_with_the_format() -> None:
    document = msgspec.json.decode(WRITERS["json"](samples.EMPTY))
    assert next(iter(document)) == "format"
