"""Runs selected cases one after the other and says what came of each.

Whatever a case does (pass, deviate, not apply, not be tried, break) becomes a result; only
interrupts go through.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from contracts.suite import requirements
from contracts.suite.exchange import curl_line
from contracts.suite.generated import Effort, run_machine, run_property, seed_of
from contracts.suite.recorder import Deviation, NotApplicable, Recorder, Untestable, writable
from contracts.suite.registry import Case
from contracts.suite.request_budget import BudgetSpent
from contracts.suite.results import CaseResult, RecordedExchange
from contracts.suite.subject import CaseTarget, Names, Subject
from contracts.suite.vocabulary import DEVIATION_STATUS, CaseKind, Need, Status
from mockserver.core.errors import PostbacksError, ServerUnreachable

_REASONS = {
    Need.CONTROL: "no control API",
    Need.MANUAL_CLOCK: "the clock runs by itself; start the sandbox with --clock manual",
    Need.SOCKETS: "the receiver has no port of its own",
    Need.RESTART: "the suite cannot restart this server; run with --embedded",
    Need.CONNECTIONS: "its connections are not this run's to look at",
    Need.TLS: "it is not reached through TLS, or its certificate is not checked",
    Need.PROBE: "nobody tells what it has stored; give --probe, and {{User ID}} in the URL",
    Need.OPERATOR: "nobody takes it down; give --down-command and --up-command, or --ask",
    Need.GENERATED: "generated values are for an endpoint on this machine and --profile full",
    Need.RECORDING: "nothing was recorded; give --observe FILE",
    Need.OTHER_METHODS: "--only-post leaves out requests that are no POST",
}


#: How the reason begins of a case that comes after the subject has stopped answering.
GONE = "the target stopped answering"


def run_cases(
    cases: Sequence[Case],
    subject: Subject,
    effort: Effort,
    names: Names,
    on_case: Callable[[Case], None] = lambda case: None,
) -> Iterator[CaseResult]:
    """Run cases one after the other and yield what came of each.

    When the subject stops answering, the remaining cases are untestable.

    Args:
        cases: In the order in which they are run.
        subject: What they are aimed at.
        effort: How hard generated cases look.
        names: Hands out names of apps and inboxes.
        on_case: Called with each case before it begins.
    """
    gone = ""
    for case in cases:
        on_case(case)
        if gone and _why_skipped(case, subject) is None:
            yield _result(case, Status.UNTESTABLE, reason=f"{GONE}: {gone}")
            continue
        result = run_case(case, subject, effort, names)
        if is_gone(result, subject):
            gone = result.reason or f"during {case.id}"
        yield result


def run_case(case: Case, subject: Subject, effort: Effort, names: Names) -> CaseResult:
    """Run one case and return what came of it; it raises nothing but interrupts."""
    skipped = _why_skipped(case, subject)
    if skipped is not None:
        return _result(case, Status.SKIP, reason=skipped)
    untestable = subject.why_untestable(case.most_requests)
    if untestable:
        return _result(case, Status.UNTESTABLE, reason=untestable)
    rec = Recorder(Random(seed_of(case, effort)), effort.share, case_id=case.id)
    target = subject.open_target(rec, names)
    began = time.perf_counter()
    try:
        _run_body(case, target, rec, effort)
        found = _Found(Status.PASS)
        if rec.allowed is not None:
            found = _Found(Status.INFO, deviation=rec.allowed)
    except Exception as error:
        found = _judged(case, rec, error, subject)
    except BaseException:
        _clean_up_after_an_interrupt(target)
        raise
    if found.deviation is not None:
        target.recall(found.deviation)
    # Before cleaning up, whose requests show nothing of the deviation.
    evidence = target.evidence(case.area)
    try:
        target.clean_up()
    except Exception as error:
        reason = f"cleaning up failed: {error}"
        found = found._replace(status=Status.ERROR, reason=reason)
    except BaseException:
        _clean_up_after_an_interrupt(target)
        raise
    details = _details(case, found, rec, target, evidence, keeps=subject.keeps_passing_exchanges)
    return _result(
        case, found.status, real_seconds=round(time.perf_counter() - began, 4), **details
    )


def is_gone(result: CaseResult, subject: Subject) -> bool:
    """Return whether the subject stopped answering while this case was run."""
    unanswered = any(exchange.status is None for exchange in result.exchanges)
    return unanswered and not subject.still_answers()


def _clean_up_after_an_interrupt(target: CaseTarget) -> None:
    # Nothing is left behind where it would stay for ever.
    with suppress(Exception):
        target.clean_up()


class _Found(NamedTuple):
    status: Status
    reason: str = ""
    deviation: Deviation | None = None


def _why_skipped(case: Case, subject: Subject) -> str | None:
    if subject.kind not in case.targets:
        return f"not for a {subject.kind} target"
    missing = subject.missing(case.needs)
    return next((_REASONS[need] for need in Need if need in missing), None)


def _run_body(case: Case, target: CaseTarget, rec: Recorder, effort: Effort) -> None:
    if case.kind is CaseKind.PROPERTY:
        run_property(case, target, rec, effort)
    elif case.kind is CaseKind.STATEFUL:
        run_machine(case, target, rec, effort)
    else:
        target.fresh()
        case.body(target, rec)


def _judged(case: Case, rec: Recorder, error: Exception, subject: Subject) -> _Found:
    deviation = error if isinstance(error, Deviation) else None
    if rec.last is not None and case.kind is CaseKind.PROPERTY and _is_spent(error):
        # The budget is used up, so no smaller example than the last one is searched.
        deviation = rec.last
        rec.steps = rec.last_steps
    if deviation is None and type(error).__module__.startswith("hypothesis"):
        # A deviation that does not come back on the same example is one all the same.
        deviation = rec.last
        if deviation is not None:
            rec.steps = rec.last_steps
            rec.step("(not every time: the target does not always do the same)")
        elif isinstance(error, BaseExceptionGroup):
            error = _untestable_within(error) or error
    if deviation is not None:
        accepted = deviation.accepted
        status = Status.INFO if accepted else DEVIATION_STATUS[case.level]
        return _Found(status, deviation=deviation)
    if isinstance(error, NotApplicable):
        return _Found(Status.SKIP, str(error))
    if isinstance(error, ServerUnreachable | Untestable | BudgetSpent):
        return _Found(Status.UNTESTABLE, str(error))
    if isinstance(error, PostbacksError):
        return _Found(Status.UNTESTABLE, subject.refusal(error))
    where = traceback.extract_tb(error.__traceback__)[-1]
    return _Found(
        Status.ERROR,
        f"{type(error).__name__}: {error} ({where.filename.rpartition('/')[2]}:{where.lineno})",
    )


def _is_spent(error: BaseException) -> bool:
    """Return whether the budget ended a search, on the way or while an example was repeated."""
    within = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return isinstance(error, BudgetSpent) or any(map(_is_spent, within))


def _untestable_within(group: BaseExceptionGroup[BaseException]) -> Exception | None:
    found = [item for item in group.exceptions if isinstance(item, Untestable | PostbacksError)]
    return found[0] if found else None


def _details(
    case: Case,
    found: _Found,
    rec: Recorder,
    target: CaseTarget,
    evidence: RecordedExchange | None,
    *,
    keeps: bool,
) -> dict[str, Any]:
    """Return the members of a result that say what happened.

    `keeps` says whether its exchanges are kept when the case passes, too.
    """
    did_not_pass = found.status is not Status.PASS
    is_kept = did_not_pass or keeps
    # The steps of an outage say what would have been lost, which a pass does not.
    has_steps = did_not_pass or Need.OPERATOR in case.needs

    def safe(text: str) -> str:
        return writable(target.masked(text))

    return {
        "reason": safe(found.reason),
        "verdict": safe(rec.verdict),
        "deviation": found.deviation.result(safe) if found.deviation else None,
        "exchanges": list(target.exchanges) if is_kept else [],
        "curl": curl_line(evidence) if evidence and did_not_pass else "",
        "evidence": _index_of(evidence, target.exchanges) if is_kept else None,
        "checks": rec.checks,
        "examples": max(1, rec.examples),
        "steps": [safe(step) for step in rec.steps] if has_steps else [],
    }


def _result(case: Case, status: Status, **details: Any) -> CaseResult:
    return CaseResult(
        id=case.id,
        title=case.title,
        area=case.area,
        level=case.level,
        origin=case.origin,
        kind=case.kind,
        status=status,
        statements=requirements.load().statements_for(case.id, case.follows_from),
        fix=case.fix,
        **details,
    )


def _index_of(
    evidence: RecordedExchange | None, exchanges: Sequence[RecordedExchange]
) -> int | None:
    # By identity: of requests that are all alike one may have been answered otherwise.
    return next((place for place, each in enumerate(exchanges) if each is evidence), None)
