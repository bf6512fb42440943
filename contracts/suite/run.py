"""Makes a whole run for the command line: cases, progress, known deviations, and the report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from contracts.suite.baseline import Baseline
from contracts.suite.generated import Effort
from contracts.suite.registry import Case
from contracts.suite.results import FORMAT, NOT_TRIED, CaseResult, RunReport, RunTarget, summarise
from contracts.suite.runner import GONE, is_gone, run_cases
from contracts.suite.subject import Names, Subject
from contracts.suite.vocabulary import Level, Status
from mockserver.core.wording import count
from mockserver.version import __version__


class ExitCode(IntEnum):
    """What a run ends with."""

    PASSED = 0
    #: A MUST failed, a baseline entry is stale, or under strict something warned.
    FAILED = 1
    #: Wrong usage, or no case was selected.
    USAGE = 2
    #: Nobody answers, or what answers is no target.
    UNREACHABLE = 3
    #: The suite itself has a fault.
    SUITE_ERROR = 4
    #: Somebody ended it early, by Ctrl-C or another signal.
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, and what is to be made of it.

    Attributes:
        report: What every report is written from.
        unreachable: Whether the target stopped answering on the way.
        interrupted: Whether it was ended early.
    """

    report: RunReport
    unreachable: bool
    interrupted: bool = False

    def exit_code(self, *, strict: bool = False) -> ExitCode:
        """Return what a command that ran this ends with."""
        if self.interrupted:
            # It says nothing about the cases that were not run.
            return ExitCode.INTERRUPTED
        return exit_code(self.report, strict=strict, unreachable=self.unreachable)


def run_suite(
    cases: Sequence[Case],
    subject: Subject,
    *,
    effort: Effort | None = None,
    baseline: Baseline | None = None,
    names: Names | None = None,
    on_result: Callable[[CaseResult], None] = lambda result: None,
    on_case: Callable[[Case], None] = lambda case: None,
    options: Sequence[str] = (),
) -> Run:
    """Run `cases` against `subject`, and tell of each as it ends.

    An interrupt ends the run early; what was found until then is kept. `options` are kept in the
    report, for those who try a case again; see `RunTarget`.
    """
    effort = effort or Effort()
    baseline = baseline or Baseline()
    started_at, began = datetime.now(UTC), time.perf_counter()
    results: list[CaseResult] = []
    incomplete, interrupted = "", False
    try:
        for found in run_cases(cases, subject, effort, names or _names_for(subject), on_case):
            result = baseline.applied(found, subject.kind, started_at.date())
            results.append(result)
            on_result(result)
    except KeyboardInterrupt:
        interrupted = True
        incomplete = f"interrupted after {len(results)} of {count(len(cases), 'case')}"
    unreachable = any(result.reason.startswith(GONE) for result in results)
    if results and not unreachable and not incomplete:
        unreachable = is_gone(results[-1], subject)
    if unreachable:
        tried = sum(result.status not in NOT_TRIED for result in results)
        incomplete = f"{GONE} after {count(tried, 'case')}"
    stale = baseline.stale(results, subject.kind, started_at.date())
    observed = subject.observed()
    report = RunReport(
        format=FORMAT,
        suite_version=__version__,
        started_at=started_at,
        real_seconds=round(time.perf_counter() - began, 3),
        target=RunTarget(subject.kind, subject.url, subject.description, list(options)),
        seed=effort.seed,
        cases=results,
        summary=summarise(results, stale),
        incomplete=incomplete,
        remarks=list(observed.remarks),
        latency=observed.latency,
        traffic=observed.traffic,
    )
    return Run(report, unreachable, interrupted)


def exit_code(report: RunReport, *, strict: bool, unreachable: bool = False) -> ExitCode:
    """Return the exit code that a report amounts to."""
    if unreachable:
        return ExitCode.UNREACHABLE
    if any(result.status is Status.ERROR for result in report.cases):
        return ExitCode.SUITE_ERROR
    if report.summary.stale or report.incomplete:
        return ExitCode.FAILED
    if not report.summary.applicable:
        # A suite that runs nothing must not look like one that found nothing.
        return ExitCode.USAGE
    if any(counts_as_failure(result, strict=strict) for result in report.cases):
        return ExitCode.FAILED
    return ExitCode.PASSED


def counts_as_failure(result: CaseResult, *, strict: bool) -> bool:
    """Return whether a result makes the run fail; what a baseline knows of does not."""
    if result.known:
        return False
    if result.status in (Status.FAIL, Status.UNTESTABLE):
        return result.level is Level.MUST or strict
    return strict and result.status is Status.WARN


def _names_for(subject: Subject) -> Names:
    """Return names that no earlier run at the same subject used."""
    return Names() if subject.is_ours else Names(f"contracts-{secrets.token_hex(4)}")
