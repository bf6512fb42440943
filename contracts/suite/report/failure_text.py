"""Writes one result in plain text, for formats that hold nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.suite.report.again import replay_command
from contracts.suite.report.figures import is_known
from contracts.suite.report.text import shortened
from contracts.suite.results import CaseResult, RecordedExchange, RunTarget, Statement
from contracts.suite.vocabulary import Status
from mockserver.net.visible_text import one_line, visible

#: How much of a body is told; the JSON report has all of it.
BODY_LIMIT = 4_000


def tell(case: CaseResult, target: RunTarget) -> str:
    """Return all there is to say about a result at a target, in paragraphs."""
    return "\n\n".join(_paragraphs(case, target)) + "\n"


def place(statement: Statement) -> str:
    """Return where a statement stands, on one line."""
    return one_line(", ".join(part for part in (statement.page, statement.section) if part))


def first_line(exchange: RecordedExchange) -> str:
    """Return what was asked and what came of it, on one line."""
    outcome = exchange.error or "no answer" if exchange.status is None else str(exchange.status)
    return one_line(f"{exchange.method} {exchange.url} -> {outcome}")


def _paragraphs(case: CaseResult, target: RunTarget) -> Iterator[str]:
    yield f"{one_line(case.id)}: {one_line(case.title)}\n{case.status}, {case.level}, {case.origin}"
    for statement in case.statements:
        yield f"Statement ({place(statement)}):\n{_indented(statement.text)}"
    if is_known(case):
        yield f"Known: {visible(case.known)}"
    if case.reason:
        yield f"Reason: {visible(case.reason)}"
    if case.verdict:
        yield f"Verdict: {visible(case.verdict)}"
    if case.deviation is not None:
        yield f"Expected:\n{_indented(case.deviation.expected)}"
        yield f"Actual:\n{_indented(case.deviation.actual)}"
        yield f"Why: {visible(case.deviation.why)}"
    if case.steps:
        yield "Steps:\n" + "\n".join(_indented(step) for step in case.steps)
    for exchange in case.exchanges:
        yield _exchange(exchange)
    if case.curl:
        yield f"Again with curl:\n{_indented(case.curl)}"
    if case.deviation is not None and case.fix:
        yield f"How to fix: {visible(case.fix)}"
    if not case.passed and case.status is not Status.SKIP:
        yield f"Again: {one_line(replay_command(case, target))}"


def _exchange(exchange: RecordedExchange) -> str:
    lines = [f"Exchange: {first_line(exchange)} ({exchange.real_seconds:.3f} s)"]
    lines += _message("sent", exchange.headers, exchange.body)
    lines += _message("answered", exchange.answer_headers, exchange.answer_body)
    return "\n".join(lines)


def _message(verb: str, headers: list[tuple[str, str]], body: str) -> Iterator[str]:
    for name, value in headers:
        yield f"  {verb} {one_line(name)}: {one_line(value)}"
    if body:
        yield f"  {verb} body:\n{_indented(shortened(body, BODY_LIMIT), by=4)}"


def _indented(text: str, by: int = 2) -> str:
    # Not `textwrap.indent`: it takes more characters for line ends than a reader would.
    return "\n".join(" " * by + line for line in visible(text).split("\n"))
