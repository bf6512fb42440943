"""A whole run: what the report says, and what a command ends with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import mockserver
from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.target import Target
from contracts.proof.catalog import find_deviant
from contracts.suite.baseline import Baseline, Entry
from contracts.suite.generated import Effort
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.registry import Case, find_case, select_cases
from contracts.suite.results import CaseResult, decode, encode
from contracts.suite.run import ExitCode, Run, counts_as_failure, exit_code, run_suite
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Level, Need, Status, TargetKind
from mockserver.client.wire import Reply
from mockserver.core.errors import ServerUnreachable
from tests.contracts.samples import (
    KNOWN_ID,
    SampleServer,
    ScriptedWire,
    TinyLeanplum,
    case_of,
    deviating,
    passing,
    result_of,
)

TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(days=2)
EARLIER = TODAY - timedelta(days=2)


def broken(target: Target, rec: Recorder) -> None:
    raise ZeroDivisionError


def untestable(target: Target, rec: Recorder) -> None:
    raise Untestable("not now")


def interrupted(target: Target, rec: Recorder) -> None:
    raise KeyboardInterrupt


def asking(target: Target, rec: Recorder) -> None:
    target.wire.send("GET", "/", {}, None)


def gone() -> SampleServer:
    def nobody(*_: object) -> Reply:
        raise ServerUnreachable("the line is dead")

    return SampleServer(ScriptedWire(nobody))


def run(*cases: Case, **arguments: Any) -> Run:
    server = arguments.pop("server", None) or SampleServer()
    return run_suite(cases, server, **arguments)


def a_case(body: Any, level: Level = Level.MUST, **fields: Any) -> Case:
    return case_of(body, level=level, **fields)


def test_a_report_says_what_was_run_where_and_when() -> None:
    began_at = datetime.now(UTC)
    report = run(a_case(passing), effort=Effort(seed=7)).report
    assert began_at <= report.started_at <= datetime.now(UTC)
    assert 0 <= report.real_seconds < 60
    assert (report.format, report.suite_version) == (1, mockserver.__version__)
    assert (report.target.kind, report.target.url) == (TargetKind.FAKE, "http://scripted.test")
    assert (report.target.description, report.seed) == ("a sample", 7)
    assert (report.incomplete, report.summary.stale) == ("", [])
    assert run(a_case(passing)).report.seed is None


def test_results_come_in_the_order_of_the_cases_and_are_told_as_they_come() -> None:
    told: list[CaseResult] = []
    cases = [a_case(body, id=f"PB-SAMPLE-N{n}") for n, body in enumerate([passing, deviating])]
    report = run(*cases, on_result=told.append).report
    assert [result.id for result in report.cases] == [case.id for case in cases]
    assert told == report.cases


def test_the_figures_are_those_of_the_results() -> None:
    report = run(
        a_case(passing),
        a_case(deviating),
        a_case(deviating, Level.SHOULD),
        a_case(broken),
        a_case(untestable),
        a_case(passing, needs=[Need.SOCKETS]),
    ).report
    summary = report.summary
    assert (summary.applicable, summary.run) == (5, 3)
    assert (summary.must_applicable, summary.must_passed) == (4, 1)
    assert summary.by_status == {
        "PASS": 1,
        "FAIL": 1,
        "WARN": 1,
        "SKIP": 1,
        "UNTESTABLE": 1,
        "ERROR": 1,
    }
    assert decode(encode(report)) == report


@pytest.mark.parametrize(
    ("case", "plain", "strict"),
    [
        (a_case(passing), 0, 0),
        (a_case(deviating), 1, 1),
        (a_case(deviating, Level.SHOULD), 0, 1),
        (a_case(deviating, Level.UNSPECIFIED), 0, 1),
        (a_case(deviating, Level.MAY), 0, 0),
        (a_case(untestable), 1, 1),
        (a_case(untestable, Level.SHOULD), 0, 1),
        (a_case(untestable, Level.MAY), 0, 1),
        (a_case(broken), 4, 4),
        (a_case(broken, Level.MAY), 4, 4),
    ],
)
def test_what_a_run_ends_with(case: Case, plain: int, strict: int) -> None:
    ended = run(a_case(passing), case)
    assert ended.exit_code() == plain
    assert ended.exit_code(strict=True) == strict


def test_an_accepted_verdict_does_not_count_even_when_strict() -> None:
    def other(target: Target, rec: Recorder) -> None:
        rec.expect_verdict("b", "a", {"a": "A", "b": "B"}, "either")

    assert run(a_case(other, Level.UNSPECIFIED)).exit_code(strict=True) is ExitCode.PASSED


def test_a_fault_of_the_suite_weighs_more_than_a_failure() -> None:
    assert run(a_case(deviating), a_case(broken)).exit_code() is ExitCode.SUITE_ERROR


@pytest.mark.parametrize("cases", [[], [a_case(passing, needs=[Need.SOCKETS])]], ids=len)
def test_a_run_in_which_nothing_applied_did_not_pass(cases: list[Case]) -> None:
    assert run(*cases).exit_code() is ExitCode.USAGE


def test_a_server_that_stops_answering_is_unreachable() -> None:
    ended = run(*[a_case(asking)] * 3, server=gone())
    assert ended.exit_code() is ExitCode.UNREACHABLE
    assert ended.unreachable
    assert ended.report.incomplete.startswith("the target stopped answering")
    assert [result.status for result in ended.report.cases] == [Status.UNTESTABLE] * 3


@pytest.mark.parametrize("level", [Level.MUST, Level.SHOULD])
def test_a_server_that_stops_answering_in_the_last_case_is_unreachable_too(level: Level) -> None:
    ended = run(a_case(asking, level), server=gone())
    assert ended.exit_code() is ExitCode.UNREACHABLE
    assert ended.report.incomplete.startswith("the target stopped answering")
    assert ended.report.cases[0].reason == "the line is dead"


def test_an_interrupt_keeps_what_was_found_and_says_so() -> None:
    told: list[CaseResult] = []
    ended = run(a_case(deviating), a_case(interrupted), a_case(passing), on_result=told.append)
    assert [result.status for result in ended.report.cases] == [Status.FAIL]
    assert ended.report.incomplete == "interrupted after 1 of 3 cases"
    assert len(told) == 1
    assert decode(encode(ended.report)) == ended.report


def test_an_interrupted_run_has_not_passed() -> None:
    assert run(a_case(passing), a_case(interrupted)).exit_code() is ExitCode.INTERRUPTED
    assert run(a_case(interrupted)).exit_code() is ExitCode.INTERRUPTED


def test_an_interrupt_while_a_result_is_told_keeps_it() -> None:
    def interrupted_result(result: CaseResult) -> None:
        raise KeyboardInterrupt

    report = run(a_case(passing), a_case(passing), on_result=interrupted_result).report
    assert len(report.cases) == 1
    assert report.incomplete == "interrupted after 1 of 2 cases"


# Known deviations


def known(case_id: str = KNOWN_ID, expires: date = LATER) -> Baseline:
    return Baseline((Entry(case_id, TargetKind.FAKE, "the proxy does it", expires),))


def test_a_known_deviation_does_not_fail_the_run() -> None:
    ended = run(a_case(deviating, id=KNOWN_ID), baseline=known())
    assert ended.report.cases[0].known == "the proxy does it"
    assert ended.report.cases[0].status is Status.FAIL
    assert ended.exit_code(strict=True) is ExitCode.PASSED
    assert ended.report.summary.must_passed == 0


def test_a_known_deviation_that_is_gone_fails_the_run() -> None:
    ended = run(a_case(passing, id=KNOWN_ID), baseline=known())
    assert ended.exit_code() is ExitCode.FAILED
    (told,) = ended.report.summary.stale
    assert "passes now" in told


def test_an_expired_entry_fails_the_run() -> None:
    ended = run(a_case(deviating, Level.SHOULD, id=KNOWN_ID), baseline=known(expires=EARLIER))
    assert ended.report.cases[0].known == ""
    assert ended.exit_code() is ExitCode.FAILED


def test_what_was_not_run_is_not_stale() -> None:
    ended = run(a_case(passing), baseline=known())
    assert ended.report.summary.stale == []
    assert ended.exit_code() is ExitCode.PASSED


def test_a_result_that_is_known_is_told_as_known() -> None:
    told: list[CaseResult] = []
    run(a_case(deviating, id=KNOWN_ID), baseline=known(), on_result=told.append)
    assert told[0].known == "the proxy does it"


# Exit codes of reports


@pytest.mark.parametrize("status", list(Status))
def test_what_counts_as_a_failure(status: Status) -> None:
    counted = [
        (level, strict)
        for level in (Level.MUST, Level.SHOULD)
        for strict in (False, True)
        if counts_as_failure(result_of(status, level=level), strict=strict)
    ]
    must, should = Level.MUST, Level.SHOULD
    expected = {
        Status.FAIL: [(must, False), (must, True), (should, True)],
        Status.UNTESTABLE: [(must, False), (must, True), (should, True)],
        Status.WARN: [(must, True), (should, True)],
    }
    assert counted == expected.get(status, [])
    assert not counts_as_failure(result_of(status, known="it is"), strict=True)


def test_unreachable_weighs_most() -> None:
    report = run(a_case(broken)).report
    assert exit_code(report, strict=False, unreachable=True) is ExitCode.UNREACHABLE


# Names


def test_names_at_a_server_of_others_are_not_those_of_an_earlier_run() -> None:
    """Two runs may begin in the same second: pytest-xdist starts its workers at once."""
    seen: list[str] = []

    def body(target: Target, rec: Recorder) -> None:
        seen.append(target.app.app_id)

    with DeviantServer() as fake:
        fake.is_ours = False
        for _ in range(2):
            assert run(a_case(body), server=fake).exit_code() is ExitCode.PASSED
    assert seen[0] != seen[1]
    assert seen[0].startswith("contracts-")


def test_names_can_be_given() -> None:
    seen: list[str] = []

    def body(target: Target, rec: Recorder) -> None:
        seen.append(target.app.app_id)

    with DeviantServer() as fake:
        run(a_case(body), server=fake, names=Names("mine"))
    assert seen == ["mine-app-1"]


# With cases of the suite


def test_an_area_against_a_world_and_against_a_broken_one() -> None:
    cases = select_cases(["channels"])
    with DeviantServer() as fake:
        ended = run(*cases, server=fake)
    assert ended.exit_code(strict=True) is ExitCode.PASSED
    assert ended.report.summary.run == ended.report.summary.applicable
    with DeviantServer(find_deviant("cap-of-two")) as fake:
        ended = run(find_case(KNOWN_ID), server=fake)
    assert ended.exit_code() is ExitCode.FAILED


def test_a_run_at_a_leanplum_that_refuses_everything_leaves_nothing_behind() -> None:
    leanplum = TinyLeanplum()
    cases = select_cases(["api"], target=TargetKind.REAL)
    ended = run(*cases, server=leanplum.as_real())
    assert leanplum.rules == {}
    assert ended.exit_code() is ExitCode.FAILED
    assert {result.status for result in ended.report.cases} & {Status.ERROR} == set()


def test_a_case_is_not_changed_by_being_run() -> None:
    case = a_case(passing)
    before = replace(case)
    run(case)
    assert case == before
