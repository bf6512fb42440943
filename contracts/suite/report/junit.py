"""Writes a run as JUnit XML, for the servers that collect test results.

Some readers refuse a whole file for one element they do not know, and the strictest of them
know no properties of a test case. So level, origin and statement of a case are properties of
its suite, under names that begin with the case's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.suite.report.again import replay_command
from contracts.suite.report.failure_text import place, tell
from contracts.suite.report.figures import (
    Area,
    Figure,
    answer_times,
    areas,
    breaks,
    brief,
    figures,
    is_known,
)
from contracts.suite.report.formats import RunFormat
from contracts.suite.results import CaseResult, RunReport, RunTarget
from contracts.suite.vocabulary import Status
from mockserver.net.visible_text import one_line, visible

#: Goes before an area to make a class name; tools group by it.
CLASS_PREFIX = "contracts"
#: The suite of what is wrong with the run itself and belongs to no case.
RUN_SUITE = "run"


def junit(report: RunReport) -> str:
    """Return the run as a JUnit document; to be written as UTF-8."""
    root = Element("testsuites", {"name": CLASS_PREFIX})
    for area in areas(report.cases):
        root.append(_suite(area, report))
    faults = list(_faults_of_the_run(report))
    if faults:
        root.append(_suite_of_the_run(faults, report))
    _count(root, list(root))
    root.set("time", _seconds(report.real_seconds))
    indent(root)
    # Asked for text, ElementTree would declare the encoding of the machine instead.
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(area: Area, report: RunReport) -> Element:
    suite = Element("testsuite", {"name": one_line(area.name)})
    properties = [*_properties_of_the_run(report), *_properties_of_cases(area, report.target)]
    _add_properties(suite, properties)
    for case in area.cases:
        suite.append(_testcase(case, report.target))
    _finish(suite, report, area.real_seconds)
    return suite


def _testcase(case: CaseResult, target: RunTarget) -> Element:
    name, class_name = one_line(case.id), one_line(f"{CLASS_PREFIX}.{case.area}")
    attributes = {"name": name, "classname": class_name, "time": _seconds(case.real_seconds)}
    element = Element("testcase", attributes)
    outcome = _outcome(case)
    if outcome is not None:
        tag, message = outcome
        told = SubElement(element, tag, {"type": _type(case), "message": one_line(message)})
        told.text = tell(case, target)
    elif not case.passed or case.verdict:
        SubElement(element, "system-out").text = tell(case, target)
    return element


def _outcome(case: CaseResult) -> tuple[str, str] | None:
    """Return the element that says what came of a case, and its message; None if it passed."""
    if is_known(case):
        return "skipped", f"known deviation: {case.known}"
    if case.status is Status.ERROR:
        return "error", brief(case)
    if breaks(case):
        return "failure", brief(case)
    if case.status in (Status.SKIP, Status.UNTESTABLE):
        return "skipped", brief(case)
    return None


def _type(case: CaseResult) -> str:
    return f"{case.status}.{case.level}"


def _properties_of_the_run(report: RunReport) -> Iterator[tuple[str, str]]:
    yield "target", f"{report.target.kind} {report.target.url}"
    yield "suite version", report.suite_version
    if report.seed is not None:
        yield "seed", str(report.seed)
    for figure in figures(report.summary):
        yield figure.name.lower(), _figure(figure)
    if report.latency is not None:
        yield "answer times", answer_times(report.latency)
    if report.traffic is not None:
        yield "requests sent", str(report.traffic.requests)
        yield "ids begin with", report.traffic.prefix
    for remark in report.remarks:
        yield f"remark.{remark.code}", f"{remark.text} (how to fix: {remark.fix})"


def _properties_of_cases(area: Area, target: RunTarget) -> Iterator[tuple[str, str]]:
    for case in area.cases:
        yield f"{case.id}.level", case.level
        yield f"{case.id}.origin", case.origin
        for statement in case.statements:
            yield f"{case.id}.statement", f"{statement.text} ({place(statement)})"
        if case.verdict:
            yield f"{case.id}.verdict", case.verdict
        if case.status in (Status.WARN, Status.INFO):
            yield f"{case.id}.{case.status.lower()}", brief(case)
        if case.status not in (Status.PASS, Status.SKIP):
            yield f"{case.id}.replay", replay_command(case, target)


def _figure(figure: Figure) -> str:
    return f"{figure.percent}: {figure.sentence}"


def _faults_of_the_run(report: RunReport) -> Iterator[tuple[str, str, str]]:
    """Yield name, element and message of what no case tells; without them all looks well."""
    if report.incomplete:
        yield "the run is complete", "error", report.incomplete
    for stale in report.summary.stale:
        yield "the baseline is up to date", "failure", stale


def _suite_of_the_run(faults: list[tuple[str, str, str]], report: RunReport) -> Element:
    suite = Element("testsuite", {"name": f"{CLASS_PREFIX}: {RUN_SUITE}"})
    _add_properties(suite, list(_properties_of_the_run(report)))
    for name, tag, message in faults:
        attributes = {"name": name, "classname": f"{CLASS_PREFIX}.{RUN_SUITE}", "time": "0.000"}
        element = SubElement(suite, "testcase", attributes)
        told = SubElement(element, tag, {"type": RUN_SUITE, "message": one_line(message)})
        told.text = visible(message)
    _finish(suite, report, 0.0)
    return suite


def _add_properties(suite: Element, properties: list[tuple[str, str]]) -> None:
    group = SubElement(suite, "properties")
    for name, value in properties:
        SubElement(group, "property", {"name": one_line(name), "value": visible(value)})


def _finish(suite: Element, report: RunReport, real_seconds: float) -> None:
    cases = suite.findall("testcase")
    numbers = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    for name, number in numbers.items():
        suite.set(name, str(number))
    suite.set("time", _seconds(real_seconds))
    suite.set("timestamp", _timestamp(report.started_at))


def _count(root: Element, suites: list[Element]) -> None:
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))


def _timestamp(at: datetime) -> str:
    # Without an offset: the strict readers allow none, and take it for UTC.
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _seconds(real_seconds: float) -> str:
    return f"{real_seconds:.3f}"


FORMAT = RunFormat("junit", junit, order=10)
