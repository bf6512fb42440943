"""The page on `verify` and the README tell the truth: their partners fail and pass as they say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from contracts.cli.verify import verify
from contracts.suite import results
from contracts.suite.registry import endpoint_cases
from contracts.suite.report.formats import comparison_writers, run_writers
from contracts.suite.results import RunReport
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.cli.root import root
from mockserver.web.server import ApiServer

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BUGGY, MENDED, ONCE = re.findall(r"```python\n(.*?)```", PAGE, re.S)
(SAMPLE,) = (
    text for text in re.findall(r"```python\n(.*?)```", README, re.S) if "/leanplum" in text
)
URL = "".join(
    re.search(r"'(.*)'", line)[1]  # type: ignore[index]
    for line in re.findall(r"^\$ URL=.*$", PAGE, re.M)
)


def test_every_format_of_a_report_is_listed() -> None:
    (table,) = re.findall(r"^\| format \| for \|\n((?:\|.*\n)+)", PAGE, re.M)
    listed = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()))
    assert sorted(listed) == sorted(run_writers(TargetKind.ENDPOINT))
    (side_by_side,) = re.findall(r"with a number, and ([^.]*?) one more with all", PAGE)
    assert set(re.findall(r"`(\w+)`", side_by_side)) == set(comparison_writers())
    (first, others) = re.search(r"`--report (\w+)=FILE` \(or (.*?)\)", README).groups()  # type: ignore[union-attr]
    assert {first, *re.findall(r"`(\w+)`", others)} == set(run_writers(TargetKind.FAKE))


@contextmanager
def serving(source: str) -> Iterator[str]:
    names: dict[str, object] = {"__name__": "partner"}
    exec(compile(source, "partner.py", "exec"), names)
    server = ApiServer(names["app"])
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def verified(source: str, url: str, *options: str) -> tuple[int, RunReport]:
    with serving(source) as origin:
        here = [text.replace("http://127.0.0.1:5000", origin) for text in (url, *options)]
        result = CliRunner().invoke(root, ["verify", *here, "--json"], env={"COLUMNS": "100"})
    return result.exit_code, results.decode(result.stdout.encode())


def failed(report: RunReport) -> list[str]:
    return [case.id for case in report.cases if case.status is Status.FAIL]


def test_the_sample_of_the_readme_has_two_bugs() -> None:
    (command,) = (line for line in README.splitlines() if line.startswith("$ postbacks verify"))
    code, report = verified(SAMPLE, shlex.split(command.removeprefix("$ "))[2])
    assert code == 1
    assert failed(report) == ["PB-ANSWER-EVENTS", "PB-VALUES-EMPTY"]
    assert SAMPLE in BUGGY


def test_mended_as_the_readme_says_it_has_none() -> None:
    mended = SAMPLE.replace('"unknown event", 400', '"", 204').replace(
        '"no device", 400', '"", 204'
    )
    code, _ = verified(mended, URL)
    assert code == 0


def test_the_first_partner_of_the_page_fails_as_shown() -> None:
    with serving(BUGGY) as origin:
        url = URL.replace("http://127.0.0.1:5000", origin)
        result = CliRunner().invoke(root, ["verify", url], env={"COLUMNS": "100"})
    assert result.exit_code == 1
    shown = re.search(r"```text\n(.*?)```", PAGE, re.S)
    assert shown
    assert [line for line in shown[1].splitlines() if line not in result.stdout] == []
    assert result.stdout.count("\nFAIL  ") == 2
    for line in re.findall(r"^  curl       (.*)$", result.stdout, re.M):
        assert shlex.split(line)[0] == "curl"


#: What fails where a duplicate counts.
COUNTED_TWICE = [
    "PB-REPEAT-ONCE",
    "PB-REPEAT-ANSWER-LOST",
    "PB-REPEAT-EMPTY",
    "PB-LOAD-DUPLICATES",
    "PB-REPEAT-LATER",
    "PB-STORE-ALL",
]


@pytest.mark.parametrize(
    ("source", "with_probe", "failing", "passed"),
    [
        (MENDED, False, [], "21 of 21"),
        (MENDED, True, COUNTED_TWICE, ""),
        (ONCE, True, [], "35 of 35"),
    ],
)
def test_the_others_fail_and_pass_as_the_page_says(
    source: str, with_probe: bool, failing: list[str], passed: str
) -> None:
    probe = ["--probe", "http://127.0.0.1:5000/stored"] if with_probe else []
    code, report = verified(source, URL, *probe)
    assert failed(report) == failing
    assert code == bool(failing)
    if passed:
        summary = report.summary
        assert f"{summary.must_passed} of {summary.must_applicable}" == passed
        assert passed.partition(" ")[2] in PAGE
    assert all(case_id in PAGE for case_id in failing[:1])


@pytest.mark.parametrize("parameter", verify.params, ids=lambda parameter: parameter.name)
def test_every_option_is_on_the_page(parameter: click.Parameter) -> None:
    if isinstance(parameter, click.Option):
        assert any(f"{name}" in PAGE for name in parameter.opts), parameter.opts


def test_the_cases_it_names_exist() -> None:
    known = {case.id for case in endpoint_cases()}
    named = set(re.findall(r"\bPB-[A-Z]+(?:-[A-Z0-9]+)+\b", PAGE))
    assert named <= known
