"""Computes the figures and the order of a report, the same for every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from contracts.suite.report.text import count
from contracts.suite.results import CaseResult, Latency, RunReport, Summary
from contracts.suite.vocabulary import Level, Status, TargetKind

#: From what must be looked at first to what need not be looked at.
URGENCY = (
    Status.ERROR,
    Status.FAIL,
    Status.UNTESTABLE,
    Status.WARN,
    Status.INFO,
    Status.SKIP,
    Status.PASS,
)
#: Statuses that a baseline can excuse.
EXCUSABLE = frozenset({Status.FAIL, Status.WARN, Status.INFO, Status.UNTESTABLE})


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures of a run.

    Attributes:
        name: E.g. `Coverage`.
        part: How many.
        whole: Of how many.
        counted: What is counted, to be read after the numbers.
    """

    name: str
    part: int
    whole: int
    counted: str

    @property
    def percent(self) -> str:
        """Return the share as text, rounded down: only all of them are 100 %."""
        return f"{100 * self.part // self.whole} %" if self.whole else "none apply"

    @property
    def sentence(self) -> str:
        """Return e.g. `41 of 44 applicable cases could be tried`."""
        return f"{self.part} of {self.whole} {self.counted}"


@dataclass(frozen=True, slots=True)
class Area:
    """The cases of one area, in the order of the run."""

    name: str
    cases: tuple[CaseResult, ...]

    @property
    def passed(self) -> int:
        """Return how many of them passed."""
        return sum(case.passed for case in self.cases)

    @property
    def real_seconds(self) -> float:
        """Return how long they took together."""
        return sum(case.real_seconds for case in self.cases)


def figures(summary: Summary) -> tuple[Figure, Figure]:
    """Return coverage and conformance; there is no figure of both."""
    return (
        Figure("Coverage", summary.run, summary.applicable, "applicable cases could be tried"),
        Figure(
            "Conformance", summary.must_passed, summary.must_applicable, "applicable MUSTs passed"
        ),
    )


def counts(report: RunReport) -> list[tuple[Status, int]]:
    """Return how many cases have each status that occurs, the most urgent first."""
    by_status = report.summary.by_status
    return [(status, by_status[status]) for status in URGENCY if by_status.get(status)]


def areas(cases: Iterable[CaseResult]) -> list[Area]:
    """Return the cases by area, areas in the order in which they first occur."""
    grouped: dict[str, list[CaseResult]] = {}
    for case in cases:
        grouped.setdefault(case.area, []).append(case)
    return [Area(name, tuple(members)) for name, members in grouped.items()]


def findings(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the cases to look at: first what breaks a build, last what is known."""
    found = [case for case in cases if case.status not in (Status.PASS, Status.SKIP)]
    return sorted(
        found, key=lambda case: (is_known(case), not breaks(case), URGENCY.index(case.status))
    )


def is_known(case: CaseResult) -> bool:
    """Return whether a baseline excuses what was found."""
    return bool(case.known) and case.status in EXCUSABLE


def breaks(case: CaseResult) -> bool:
    """Return whether this result alone should fail a build."""
    if case.status is Status.UNTESTABLE:
        return case.level is Level.MUST and not is_known(case)
    return case.status in (Status.FAIL, Status.ERROR) and not is_known(case)


def started(report: RunReport) -> str:
    """Return when the run began, for people."""
    return f"{report.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def brief(case: CaseResult) -> str:
    """Return why the case did not pass, in as few words as there are."""
    if case.deviation is not None:
        return case.deviation.why
    return case.reason or case.verdict


def title(report: RunReport) -> str:
    """Return what a report of this run is called."""
    is_endpoint = report.target.kind is TargetKind.ENDPOINT
    return "Endpoint report" if is_endpoint else "Contract report"


def answer_times(latency: Latency) -> str:
    """Return how long an endpoint took to answer, on one line."""
    times = f"p50 {seconds(latency.p50)}, p99 {seconds(latency.p99)}"
    return f"{times}, longest {seconds(latency.longest)}, of {count(latency.answers, 'answer')}"


def seconds(real_seconds: float) -> str:
    """Return a duration as people say it: in milliseconds below a second.

    Examples:
        >>> seconds(0.00044), seconds(0.0123), seconds(0.4), seconds(12.3456)
        ('0.44 ms', '12.3 ms', '400 ms', '12.3 s')
    """
    if real_seconds < 0.9995:
        return f"{_three_digits(1000 * real_seconds)} ms"
    return f"{_three_digits(real_seconds)} s"


def _three_digits(number: float) -> str:
    # Not `g`: it writes large numbers with an exponent.
    return f"{number:.0f}" if number >= 99.95 else f"{number:.3g}"
