"""The figures of a report, and what comes first in it."""

from __future__ import annotations

import msgspec
import pytest

from contracts.report.figures import (
    Figure,
    areas,
    breaks,
    brief,
    counts,
    figures,
    findings,
    is_known,
    started,
)
from contracts.vocabulary import Status

from . import samples


def test_coverage_and_conformance_are_two_figures() -> None:
    coverage, conformance = figures(samples.EVERYTHING.summary)
    assert (coverage.sentence, coverage.percent) == (
        "7 of 10 applicable cases could be tried",
        "70 %",
    )
    assert (conformance.sentence, conformance.percent) == ("1 of 6 applicable MUSTs passed", "16 %")


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 3, "0 %"), (999, 1000, "99 %"), (7, 7, "100 %"), (0, 0, "none apply")],
)
def test_a_share_is_rounded_down(part: int, whole: int, percent: str) -> None:
    assert Figure("Coverage", part, whole, "cases").percent == percent


def test_the_most_urgent_findings_come_first_and_known_ones_last() -> None:
    found = findings(samples.EVERY_CASE)
    assert [case.status for case in found[:4]] == ["ERROR", "FAIL", "FAIL", "UNTESTABLE"]
    assert found[-1] == samples.KNOWN
    assert {case.status for case in found} & {Status.PASS, Status.SKIP} == set()


def test_every_status_is_counted_once() -> None:
    counted = counts(samples.EVERYTHING)
    assert dict(counted) == samples.EVERYTHING.summary.by_status
    assert {status for status, _ in counted} == set(Status)


def test_only_what_is_not_as_it_must_be_breaks_a_build() -> None:
    assert {case.id for case in samples.EVERY_CASE if breaks(case)} == {
        samples.FAILED.id,
        samples.FAILED_PROPERTY.id,
        samples.UNTESTABLE_MUST.id,
        samples.BROKE.id,
    }


def test_no_baseline_excuses_a_fault_of_the_suite() -> None:
    case = msgspec.structs.replace(samples.BROKE, known="we know")
    assert not is_known(case)
    assert breaks(case)


def test_areas_keep_the_order_of_the_run() -> None:
    assert [area.name for area in areas(samples.EVERY_CASE)] == ["api", "deliveries", "retries"]
    assert [area.passed for area in areas(samples.EVERY_CASE)] == [2, 0, 0]


def test_brief_is_why() -> None:
    assert brief(samples.FAILED).startswith("The app had three rules")
    assert brief(samples.SKIPPED) == "The target cannot be restarted."


def test_the_start_is_told_in_utc() -> None:
    assert started(samples.EVERYTHING) == "2026-03-14 15:09:26 UTC"
