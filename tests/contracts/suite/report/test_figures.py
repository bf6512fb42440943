"""The figures of a report, and what comes first in it."""

from __future__ import annotations

import msgspec
import pytest

from contracts.suite.report.figures import (
    Figure,
    answer_times,
    areas,
    breaks,
    brief,
    counts,
    figures,
    findings,
    is_known,
    seconds,
    started,
    title,
)
from contracts.suite.results import Latency
from contracts.suite.vocabulary import Status

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


def test_a_report_of_an_endpoint_is_called_so() -> None:
    assert title(samples.ENDPOINT) == "Endpoint report"
    assert title(samples.EVERYTHING) == "Contract report"


@pytest.mark.parametrize(
    ("real_seconds", "told"),
    [
        (0.0, "0 ms"),
        (0.000_441, "0.441 ms"),
        (0.099_94, "99.9 ms"),
        (0.099_96, "100 ms"),
        (0.999, "999 ms"),
        (0.999_6, "1 s"),
        (30.001, "30 s"),
        (1234.5, "1234 s"),
    ],
)
def test_a_duration_has_three_digits(real_seconds: float, told: str) -> None:
    assert seconds(real_seconds) == told


def test_answer_times_are_one_line() -> None:
    told = answer_times(Latency(answers=1, p50=0.2, p99=0.2, longest=0.2))
    assert told == "p50 200 ms, p99 200 ms, longest 200 ms, of 1 answer"
