"""What a run is written down as, and what its figures count."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from contracts.suite.results import (
    FORMAT,
    NOT_TRIED,
    CaseResult,
    DeviationResult,
    RecordedExchange,
    RunReport,
    RunTarget,
    Statement,
    decode,
    encode,
    summarise,
)
from contracts.suite.vocabulary import Level, Status, TargetKind
from tests.contracts.samples import result_of

FULL = result_of(
    Status.FAIL,
    statements=[Statement("rules-cap", "At most three.", "addPostback", "Limits", "https://a/")],
    fix="Count.",
    reason="a reason",
    verdict="a verdict",
    deviation=DeviationResult('a\n"b"', "</c>&\x00", "d 😀"),
    exchanges=[
        RecordedExchange("GET", "http://a/?b=c", [("A", "1"), ("A", "2")], "", 200, [], "x", 0.25),
        RecordedExchange("POST", "http://a/", [], "b", None, [], "", 30.0, "nobody"),
    ],
    curl="curl 'http://a/'",
    checks=3,
    examples=7,
    steps=["one", "two"],
    real_seconds=1.5,
    known="it is known",
)


def report_of(*results: CaseResult, incomplete: str = "") -> RunReport:
    return RunReport(
        format=FORMAT,
        suite_version="1.2.3",
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        real_seconds=2.5,
        target=RunTarget(TargetKind.FAKE, "http://a", "a fake"),
        seed=7,
        cases=list(results),
        summary=summarise(results, ["PB-X-Y passes now"]),
        incomplete=incomplete,
    )


def test_a_report_comes_back_as_it_was() -> None:
    report = report_of(FULL, result_of(Status.PASS), incomplete="interrupted")
    assert decode(encode(report)) == report


def test_the_document_is_readable_and_ends_with_a_line_end() -> None:
    document = encode(report_of(FULL))
    assert document.endswith(b"\n}\n")
    assert b'\n  "suite_version": "1.2.3"' in document
    assert msgspec.json.decode(document)["cases"][0]["status"] == "FAIL"


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"no json", b'{"format": "one"}'])
def test_what_is_no_report_is_refused(document: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(document)


def test_a_report_of_an_unknown_status_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(encode(report_of(FULL)).replace(b'"FAIL"', b'"FINE"'))


def test_only_a_pass_has_passed() -> None:
    assert [status for status in Status if result_of(status).passed] == [Status.PASS]


def test_coverage_and_conformance_are_counted_apart() -> None:
    """Skipped cases do not apply; what could not be tried applies, and has not passed.

    INFO is another documented behaviour, so it conforms.
    """
    summary = summarise(
        [
            *(result_of(status) for status in Status),
            result_of(Status.PASS, level=Level.SHOULD),
            result_of(Status.UNTESTABLE, level=Level.UNSPECIFIED),
        ],
        stale=["old"],
    )
    assert summary.by_status == {
        "PASS": 2,
        "FAIL": 1,
        "WARN": 1,
        "INFO": 1,
        "SKIP": 1,
        "UNTESTABLE": 2,
        "ERROR": 1,
    }
    assert (summary.applicable, summary.run) == (8, 5)
    assert (summary.must_applicable, summary.must_passed) == (6, 2)
    assert summary.stale == ["old"]


def test_nothing_counts_as_nothing() -> None:
    summary = summarise([])
    assert (summary.applicable, summary.run, summary.must_applicable) == (0, 0, 0)
    assert (summary.must_passed, summary.by_status, summary.stale) == (0, {}, [])


def test_statuses_that_are_not_there_are_left_out() -> None:
    assert summarise([result_of(Status.SKIP)]).by_status == {"SKIP": 1}


def test_what_says_nothing_about_the_target() -> None:
    assert {Status.SKIP, Status.UNTESTABLE, Status.ERROR} == NOT_TRIED
