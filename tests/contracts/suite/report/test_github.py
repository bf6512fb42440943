"""Workflow commands: what GitHub shows beside a change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from contracts.suite.report.figures import findings
from contracts.suite.report.github import annotations, command
from contracts.suite.results import RunReport
from mockserver.net.visible_text import one_line, visible

from . import samples
from .texts import nasty, nasty_texts

LINE = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def decoded(text: str) -> str:
    """Return what GitHub reads."""
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(code, character)
    return text.replace("%25", "%")


@pytest.mark.parametrize(
    ("case", "severity"),
    [
        (samples.FAILED, "error"),
        (samples.BROKE, "error"),
        (samples.UNTESTABLE_MUST, "error"),
        (samples.UNTESTABLE_SHOULD, "warning"),
        (samples.WARNED, "warning"),
        (samples.INFORMED, "notice"),
        (samples.KNOWN, "notice"),
    ],
    ids=lambda value: getattr(value, "id", value),
)
def test_how_severe_a_finding_is(case: samples.CaseResult, severity: str) -> None:
    text = annotations(samples.run_of([case]))
    assert text.startswith(f"::{severity} title={case.id}%3A ")
    assert text.count("\n") == 1


def test_what_passed_and_what_was_skipped_is_not_told() -> None:
    assert annotations(samples.run_of([samples.PASSED, samples.SKIPPED])) == ""
    assert annotations(samples.EMPTY) == ""


def test_errors_come_first() -> None:
    severities = [match.group(1) for match in LINE.finditer(annotations(samples.BIG))]
    assert severities == sorted(severities, key=["error", "warning", "notice"].index)


def test_an_early_end_and_an_old_baseline_are_errors() -> None:
    assert annotations(samples.INCOMPLETE).count("::error ") == 2


def test_an_annotation_says_what_to_do() -> None:
    text = decoded(annotations(samples.run_of([samples.FAILED])))
    assert "How to fix: Count the rules" in text
    assert "Again: postbacks contracts replay FILE#PB-API-RULES-CAP" in text


def test_remarks_about_the_url_are_notices_after_all_findings() -> None:
    lines = annotations(samples.ENDPOINT).splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        *("::error", "::warning", "::notice", "::notice")
    ]
    assert decoded(lines[-2]).startswith("::notice title=The URL: secret-in-url::the URL holds")
    assert "Again: postbacks verify 'https://" in decoded(lines[0])


@given(nasty(samples.EVERYTHING))
def test_every_finding_is_one_command_on_one_line(report: RunReport) -> None:
    text = annotations(report)
    lines = text.splitlines()
    assert len(lines) == len(findings(report.cases))
    assert "".join(f"{line}\n" for line in lines) == text
    assert all(LINE.fullmatch(line) for line in lines)


@given(nasty_texts, nasty_texts)
def test_a_command_is_read_as_it_was_meant(title: str, message: str) -> None:
    match = LINE.fullmatch(command("error", title, message))
    assert match is not None
    assert _read(match.group(2)) == one_line(title)
    assert _read(match.group(3)) == visible(message)


def _read(text: str) -> str:
    known = {"%25": "%", "%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ","}
    return re.sub("%(25|0A|0D|3A|2C)", lambda match: known[match.group()], text)
