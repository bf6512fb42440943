"""Holds what a run found, for the reports and baselines that read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from contracts.suite.vocabulary import CaseKind, Level, Origin, Status, TargetKind

#: Goes up when a reader of older documents would misunderstand a new one.
FORMAT = 1


class RecordedExchange(Struct, frozen=True):
    r"""One request and its answer, secrets masked.

    Attributes:
        url: Absolute.
        body: As text; bytes that are no UTF-8 as `\xNN`.
        status: None if no answer came.
        error: Why not.
        real_seconds: How long it took.
        pinned: The address that was dialled, as `HOST:PORT:ADDRESS`, where it was not left open.
    """

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: str
    status: int | None
    answer_headers: list[tuple[str, str]]
    answer_body: str
    real_seconds: float
    error: str | None = None
    pinned: str = ""


class DeviationResult(Struct, frozen=True):
    """How what was seen differs from what was expected, as text."""

    expected: str
    actual: str
    why: str


class Statement(Struct, frozen=True):
    """A sentence of the documentation, restated.

    Attributes:
        id: E.g. `rules-cap`.
        text: In our own words.
        page: The page it stands on, e.g. `addPostback`.
        section: Where on that page.
        link: The address of the page; empty if it is no page.
    """

    id: str
    text: str
    page: str
    section: str
    link: str


class CaseResult(Struct, frozen=True):
    """What came of one case.

    Attributes:
        reason: Why it was skipped, could not be tried, or went wrong; else empty.
        verdict: Which of several accepted behaviours was seen, where there are several.
        deviation: Set when the status is FAIL, WARN or INFO through a deviation.
        exchanges: All that was sent and answered; empty for a case that passed at a fake.
        curl: The request that showed the deviation, as a command line; keys are
            environment variables.
        checks: How many comparisons were made.
        examples: How many examples were tried; 1 for a plain example.
        steps: What was done before a deviation of a property or a stateful case, or what an
            outage did, one entry a line.
        known: The reason a baseline gives for this deviation; empty without one.
        evidence: Which of the exchanges shows the deviation best, counted from 0; None without any
            (`telling` in JSON).
    """

    id: str
    title: str
    area: str
    level: Level
    origin: Origin
    kind: CaseKind
    status: Status
    statements: list[Statement]
    fix: str
    reason: str = ""
    verdict: str = ""
    deviation: DeviationResult | None = None
    exchanges: list[RecordedExchange] = []
    curl: str = ""
    checks: int = 0
    examples: int = 1
    steps: list[str] = []
    real_seconds: float = 0.0
    known: str = ""
    evidence: int | None = msgspec.field(default=None, name="telling")

    @property
    def passed(self) -> bool:
        """Return whether nothing was found."""
        return self.status is Status.PASS


class RunTarget(Struct, frozen=True):
    """What a run was aimed at.

    Attributes:
        options: The words of a command line, beside the URL, that another run needs to try the
            same; secrets are masked.
    """

    kind: TargetKind
    url: str
    description: str
    options: list[str] = []


class Remark(Struct, frozen=True):
    """Something about a postbackUrl that can be seen without sending anything.

    Attributes:
        code: In kebab case, e.g. `secret-in-url`.
        text: What is the matter.
        fix: What to do about it.
    """

    code: str
    text: str
    fix: str


class Latency(Struct, frozen=True):
    """How long an endpoint took to answer, in real seconds.

    Attributes:
        answers: How many answers were measured.
        p50: The median.
        p99: What 99 of 100 answers stayed below.
        longest: The slowest answer.
    """

    answers: int
    p50: float
    p99: float
    longest: float


class Traffic(Struct, frozen=True):
    """What a run sent to an endpoint, and what it left there.

    Attributes:
        requests: How many requests were sent.
        prefix: What every id begins with that the run made up.
        stored: Ids that the endpoint may have stored, for those who clean up.
    """

    requests: int
    prefix: str
    stored: list[str]


class Observed(NamedTuple):
    """What a run learned of its subject beside the results of cases; see `RunReport`."""

    remarks: Sequence[Remark] = ()
    latency: Latency | None = None
    traffic: Traffic | None = None


class Summary(Struct, frozen=True):
    """The figures of a run; coverage and conformance are never one.

    Attributes:
        applicable: Cases that apply to this target: all but those skipped.
        run: Those of them that could be tried.
        must_applicable: Applicable cases of level MUST.
        must_passed: Those of them that passed, or showed another documented behaviour.
        by_status: How many cases have each status.
        stale: Baseline entries whose deviation is gone, or that have expired, as text.
    """

    applicable: int
    run: int
    must_applicable: int
    must_passed: int
    by_status: dict[str, int]
    stale: list[str] = []


class RunReport(Struct, frozen=True):
    """A whole run: the document that `--report json=FILE` writes.

    Attributes:
        seed: What generated values were drawn from; None for the fixed choice.
        incomplete: Why the run ended early; empty if it did not.
        remarks: What is to be said of the postbackUrl, if the target is an endpoint.
        latency: How fast the endpoint answered; None where that is not measured.
        traffic: What was sent to the endpoint, None for other targets.
    """

    format: int
    suite_version: str
    started_at: datetime
    real_seconds: float
    target: RunTarget
    seed: int | None
    cases: list[CaseResult]
    summary: Summary
    incomplete: str = ""
    remarks: list[Remark] = []
    latency: Latency | None = None
    traffic: Traffic | None = None


def summarise(results: Sequence[CaseResult], stale: Sequence[str] = ()) -> Summary:
    """Return the figures of `results`."""
    applicable = [result for result in results if result.status is not Status.SKIP]
    musts = [result for result in applicable if result.level is Level.MUST]
    by_status = {
        status.value: sum(result.status is status for result in results) for status in Status
    }
    return Summary(
        applicable=len(applicable),
        run=sum(result.status not in NOT_TRIED for result in applicable),
        must_applicable=len(musts),
        # Another documented behaviour conforms as well.
        must_passed=sum(result.status in (Status.PASS, Status.INFO) for result in musts),
        by_status={name: number for name, number in by_status.items() if number},
        stale=list(stale),
    )


#: Statuses of cases that say nothing about the target.
NOT_TRIED = frozenset({Status.SKIP, Status.UNTESTABLE, Status.ERROR})


def encode(report: RunReport) -> bytes:
    """Return the JSON document of a run."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def decode(document: bytes) -> RunReport:
    """Return the run that a JSON document holds.

    Raises:
        msgspec.DecodeError: It is no such document.
    """
    return msgspec.json.decode(document, type=RunReport)
