"""The formats that a command line can ask for."""

from __future__ import annotations

import pytest

from contracts.suite import results
from contracts.suite.report.formats import (
    ComparisonFormat,
    RunFormat,
    comparison_writers,
    registered,
    run_writers,
)
from contracts.suite.vocabulary import TargetKind
from tests.contracts.suite.report import samples

WRITERS = run_writers(TargetKind.FAKE)
ENDPOINT_WRITERS = run_writers(TargetKind.ENDPOINT)


def test_which_formats_there_are() -> None:
    assert list(WRITERS)[:4] == ["junit", "html", "md", "json"]
    assert run_writers(TargetKind.REAL) == WRITERS


def test_what_an_endpoint_was_sent_can_be_written_as_well() -> None:
    assert WRITERS.items() <= ENDPOINT_WRITERS.items()
    assert {"pact", "har"} <= ENDPOINT_WRITERS.keys() - WRITERS.keys()


def test_several_runs_are_compared_only_in_formats_of_one_run() -> None:
    assert {"html", "md"} <= comparison_writers().keys() <= ENDPOINT_WRITERS.keys()


def test_a_format_is_registered_once() -> None:
    for form in (RunFormat, ComparisonFormat):
        names = [each.name for each in registered("contracts.suite.report", form)]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("format_name", ENDPOINT_WRITERS)
@pytest.mark.parametrize("run_name", samples.EVERY_RUN)
def test_a_report_is_a_function_of_the_run(format_name: str, run_name: str) -> None:
    report = samples.EVERY_RUN[run_name]
    text = ENDPOINT_WRITERS[format_name](report)
    again = results.decode(results.encode(report))
    assert ENDPOINT_WRITERS[format_name](again) == text
    assert text.endswith("\n")
    text.encode("utf-8")
