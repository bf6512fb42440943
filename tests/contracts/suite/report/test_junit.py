"""JUnit XML: what the collectors of test results make of a run."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from xmlschema import XMLSchema

from contracts.suite.report.junit import junit
from contracts.suite.results import RunReport
from mockserver.net.visible_text import one_line, visible

from . import samples
from .texts import harmless, nasty, texts_of


@cache
def schema() -> XMLSchema:
    return XMLSchema(Path(__file__).with_name("junit.xsd"))


def parsed(report: RunReport) -> Element:
    """Return the report read again, after the schema has accepted it."""
    text = junit(report)
    schema().validate(text)
    return ElementTree.fromstring(text)


def outcome(root: Element, case_id: str) -> str:
    """Return the element that says what came of a case."""
    case = root.find(f".//testcase[@name='{case_id}']")
    assert case is not None
    tags = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    return tags[0] if tags else "passed"


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_the_schema_accepts_it_and_the_numbers_add_up(name: str) -> None:
    root = parsed(samples.EVERY_RUN[name])
    for tag, attribute in (("failure", "failures"), ("error", "errors"), ("testcase", "tests")):
        assert root.get(attribute) == str(len(root.findall(f".//{tag}")))
        for suite in root:
            assert suite.get(attribute) == str(len(suite.findall(f".//{tag}")))
    assert all(suite.get("skipped") == str(len(suite.findall(".//skipped"))) for suite in root)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (samples.PASSED, "passed"),
        (samples.PASSED_WITH_VERDICT, "passed"),
        (samples.FAILED, "failure"),
        (samples.WARNED, "passed"),
        (samples.INFORMED, "passed"),
        (samples.SKIPPED, "skipped"),
        (samples.UNTESTABLE_MUST, "failure"),
        (samples.UNTESTABLE_SHOULD, "skipped"),
        (samples.BROKE, "error"),
        (samples.KNOWN, "skipped"),
    ],
    ids=lambda value: getattr(value, "id", value),
)
def test_what_each_status_is(case: samples.CaseResult, expected: str) -> None:
    assert outcome(parsed(samples.EVERYTHING), case.id) == expected


def test_the_counts_are_those_of_the_summary() -> None:
    for report in (samples.EVERYTHING, samples.BIG):
        root = parsed(report)
        count = Counter(outcome(root, case.id) for case in report.cases)
        by_status = report.summary.by_status
        assert count.total() == len(report.cases) == sum(by_status.values())
        assert count["error"] == by_status["ERROR"]
        excused = sum(bool(case.known) for case in report.cases)
        untestable_musts = by_status["UNTESTABLE"] // 2
        assert count["failure"] == by_status["FAIL"] - excused + untestable_musts


def test_an_area_is_a_suite_and_names_the_class() -> None:
    root = parsed(samples.EVERYTHING)
    assert [suite.get("name") for suite in root] == ["api", "deliveries", "retries"]
    for suite in root:
        classes = {case.get("classname") for case in suite.findall("testcase")}
        assert classes == {f"contracts.{suite.get('name')}"}


def test_level_origin_and_statement_are_properties() -> None:
    properties = _properties(parsed(samples.EVERYTHING))
    assert properties["PB-DELIVER-HEADERS.level"] == "SHOULD"
    assert properties["PB-DELIVER-HEADERS.origin"] == "observed"
    assert properties["PB-API-RULES-CAP.statement"].startswith("An app has at most three")
    assert properties["coverage"] == "70 %: 7 of 10 applicable cases could be tried"
    assert properties["conformance"] == "16 %: 1 of 6 applicable MUSTs passed"


def test_a_warning_does_not_fail_but_is_seen() -> None:
    root = parsed(samples.EVERYTHING)
    told = root.findtext(f".//testcase[@name='{samples.WARNED.id}']/system-out") or ""
    assert "WARN" in told
    assert "Content-Length: 0" in told
    assert _properties(root)[f"{samples.WARNED.id}.warn"] == "Captured postbacks have it."


def test_a_failure_tells_all() -> None:
    root = parsed(samples.EVERYTHING)
    failure = root.find(f".//testcase[@name='{samples.FAILED.id}']/failure")
    assert failure is not None
    assert failure.get("message") == samples.FAILED.deviation.why
    for part in ("Expected:", "Actual:", "curl -X POST", "How to fix:", "FILE#PB-API-RULES-CAP"):
        assert part in (failure.text or "")


def test_a_known_deviation_is_skipped_with_its_reason() -> None:
    root = parsed(samples.EVERYTHING)
    skipped = root.find(f".//testcase[@name='{samples.KNOWN.id}']/skipped")
    assert skipped is not None
    assert "ticket 4711" in (skipped.get("message") or "")


def test_a_run_that_ended_early_does_not_look_well() -> None:
    root = parsed(samples.INCOMPLETE)
    assert (root.get("errors"), root.get("failures")) == ("1", "1")
    error = root.find(".//testcase[@name='the run is complete']/error")
    assert error is not None
    assert error.text == samples.INCOMPLETE.incomplete


def test_a_run_of_fixed_values_has_no_seed() -> None:
    assert _properties(parsed(samples.EVERYTHING))["seed"] == "7"
    assert "seed" not in _properties(parsed(samples.run_of([samples.PASSED], seed=None)))


def test_what_is_said_of_an_endpoint_are_properties() -> None:
    properties = _properties(parsed(samples.ENDPOINT))
    assert properties["answer times"] == "p50 3.1 ms, p99 250 ms, longest 1.25 s, of 8 answers"
    assert properties["requests sent"] == "9"
    assert properties["ids begin with"] == samples.PREFIX
    assert properties["remark.always-empty"].endswith("(how to fix: take it out & <wait>)")
    assert properties["PB-VALUES-CHARACTERS.replay"].startswith("postbacks verify 'https://")
    assert {"answer times", "requests sent"} & _properties(
        parsed(samples.EVERYTHING)
    ).keys() == set()


def test_control_characters_are_made_visible() -> None:
    case = samples.case("PB-X", "a\x00b\x1b", "api", samples.Status.SKIP, reason="\x08")
    text = junit(samples.run_of([case]))
    assert "a\\x00b\\x1b" in text
    assert 'message="\\x08"' in text


@given(nasty(samples.EVERYTHING))
def test_no_text_changes_the_structure_and_none_is_lost(report: RunReport) -> None:
    root = parsed(report)
    assert _shape(root) == _shape(parsed(harmless(report)))
    held = [
        one for element in root.iter() for one in (element.text or "", *element.attrib.values())
    ]
    told = "\n".join(held)
    for text in [case.id for case in report.cases] + [case.area for case in report.cases]:
        assert one_line(text) in told
    for case in report.cases:
        for statement in case.statements:
            assert visible(statement.text) in told
        if case.deviation:
            assert visible(case.deviation.why) in told
    assert len(texts_of(report)) > 100


@given(nasty(samples.ENDPOINT))
def test_no_text_of_an_endpoint_changes_the_structure(report: RunReport) -> None:
    root = parsed(report)
    assert _shape(root) == _shape(parsed(harmless(report)))
    values = [one.get("value", "") for one in root.iter("property")]
    for remark in report.remarks:
        assert visible(f"{remark.text} (how to fix: {remark.fix})") in values


def _shape(root: Element) -> list[tuple[str, list[str]]]:
    return [(element.tag, list(element.attrib)) for element in root.iter()]


def _properties(root: Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in root.iter("property")}
