"""Shows a case, its result and a whole run on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from contracts.cli.progress import Bar
from contracts.suite import requirements
from contracts.suite.registry import Case
from contracts.suite.results import CaseResult, RecordedExchange, RunReport
from contracts.suite.vocabulary import Level, Status, TargetKind
from mockserver.cli.output import Output, count
from mockserver.net.visible_text import one_line

STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.WARN: "yellow",
    Status.INFO: "cyan",
    Status.SKIP: "dim",
    Status.UNTESTABLE: "bold red",
    Status.ERROR: "bold magenta",
}
#: Results that are worth a block of their own.
TOLD = (Status.FAIL, Status.WARN, Status.INFO, Status.UNTESTABLE, Status.ERROR)

_SHOWN = 600
#: How many cases of one status the last lines name.
_NAMED = 12


def write_cases(output: Output, cases: Sequence[tuple[Case, str, str]]) -> None:
    """Write two lines for each case: its id and level with a remark, and a text below."""
    for case, remark, text in cases:
        output.line(f"{case.id:<26}  {case.level:<11}  {remark}".rstrip(), level_style(case.level))
        _paragraph(output, text, "    ")


def write_explanation(output: Output, case: Case) -> None:
    """Write everything that is known of a case."""
    from contracts.proof.catalog import find_deviant

    output.line(f"{case.id}  {case.title}", "bold")
    _fields(
        output,
        ("level", case.level if case.follows_from else f"{case.level}, {case.origin}"),
        ("kind", f"{case.kind}; for: {', '.join(sorted(case.targets))}"),
        ("needs", ", ".join(sorted(case.needs)) or "nothing but the API"),
    )
    output.line()
    is_endpoint = TargetKind.ENDPOINT in case.targets
    output.line("Follows from" if is_endpoint else "Statements", "bold underline")
    for statement in requirements.load().statements_for(case.id, case.follows_from):
        _item(output, statement.text)
        source = f"{statement.page}, {statement.section}"
        output.url_line(f"    {source}: {statement.link}" if statement.link else f"    {source}")
    output.line()
    for heading, text in (
        ("What is checked", case.check),
        ("Why it matters", case.why),
        ("How to fix it", case.fix),
    ):
        output.line(heading, "bold underline")
        output.line(one_line(text))
        output.line()
    broken = "endpoints" if is_endpoint else "fakes"
    output.line(f"Broken {broken} it must catch", "bold underline")
    for name in case.catches:
        _item(output, f"{name}: {find_deviant(name).change}")
    command = "verify URL_TEMPLATE" if is_endpoint else "contracts run"
    output.remark(f"\nrun it: postbacks {command} --case {case.id}")


def write_result(output: Output, result: CaseResult, replay: str, again: str = "replay") -> None:
    """Write what came of a case that did not pass, and how to try it again.

    Args:
        output: Where to.
        result: What came of it.
        replay: The command line that tries it again.
        again: What this is called.
    """
    output.line()
    heading = f"{result.status}  {result.id}  {result.level}  {result.title}"
    output.line(heading, STYLES[result.status])
    _write_statements(output, result)
    if result.known:
        _fields(output, ("known", result.known))
    if result.reason:
        _fields(output, ("reason", result.reason))
    deviation = result.deviation
    if deviation is not None:
        _fields(
            output,
            ("expected", deviation.expected),
            ("actual", deviation.actual),
            ("why", deviation.why),
        )
    if result.steps:
        _fields(output, ("steps", result.steps[0]), *(("", step) for step in result.steps[1:]))
    if result.exchanges:
        if result.evidence is not None:
            _fields(output, ("exchange", _in_short(result.exchanges[result.evidence])))
        output.url_line(f"  curl       {result.curl}")
        output.url_line(f"  {again:<10} {replay}")
    _fields(output, ("fix", result.fix))


def _write_statements(output: Output, result: CaseResult) -> None:
    """Write what the case is about; each page's address once."""
    shown: set[str] = set()
    for statement in result.statements:
        _fields(output, ("statement", f"{statement.text} ({statement.page}, {statement.section})"))
        if statement.link and statement.link not in shown:
            output.url_line(f"             {statement.link}")
        shown.add(statement.link)


def write_summary(output: Output, report: RunReport) -> None:
    """Write the two figures, and what else decides over the exit code."""
    summary = report.summary
    output.line()
    output.line(f"{count(len(report.cases), 'case')} in {report.real_seconds:.1f} s", "bold")
    skipped = summary.by_status.get(Status.SKIP, 0)
    others = f", {skipped} do not apply here" if skipped else ""
    output.line(
        f"coverage     {summary.run} of {summary.applicable} applicable cases were run{others}",
        "green" if summary.run == summary.applicable else "yellow",
    )
    output.line(
        f"conformance  {summary.must_passed} of {summary.must_applicable} MUST passed",
        "green" if summary.must_passed == summary.must_applicable else "bold red",
    )
    counts = [f"{number} {name}" for name, number in summary.by_status.items() if name != "PASS"]
    if counts:
        output.line(f"not passed   {', '.join(counts)}")
    _write_not_passed(output, report.cases)
    for line in summary.stale:
        output.line(f"baseline     {one_line(line)}", "bold red")
    if report.incomplete:
        output.line(f"incomplete   {one_line(report.incomplete)}", "bold red")


def _write_not_passed(output: Output, results: Sequence[CaseResult]) -> None:
    """Write the names of the cases that did not pass, the gravest first, on a few lines."""
    for status in (Status.FAIL, Status.ERROR, Status.UNTESTABLE, Status.WARN, Status.INFO):
        # What a baseline knows of comes last, and says so.
        ids = [
            f"{each.id} (known)" if each.known else each.id
            for each in results
            if each.status is status
        ]
        if not ids:
            continue
        shown = ids[:_NAMED]
        text = ", ".join(sorted(shown, key=lambda name: name.endswith(")")))
        if len(ids) > len(shown):
            text += f" and {len(ids) - len(shown)} more"
        first, *rest = _wrapped(text, 80 - 13)
        output.line(f"  {status:<10} {first}", STYLES[status])
        for line in rest:
            output.line(f"{'':13}{line}", STYLES[status])


def write_story(output: Output, result: CaseResult) -> None:
    """Write what happened in a case that passed, and is to be read all the same."""
    output.line()
    output.line(f"{result.status}  {result.id}  {result.level}  {result.title}")
    _fields(output, ("steps", result.steps[0]), *(("", step) for step in result.steps[1:]))


def write_not_tried(output: Output, results: Iterable[CaseResult]) -> None:
    """Write which cases were not tried at all, by reason."""
    by_reason: dict[tuple[Status, str], list[str]] = {}
    for result in results:
        if result.status is Status.SKIP or _is_not_begun(result):
            by_reason.setdefault((result.status, result.reason), []).append(result.id)
    for (status, reason), ids in by_reason.items():
        output.line()
        output.line(f"{status}({one_line(reason)}): {count(len(ids), 'case')}", STYLES[status])
        if len(ids) <= 5:
            output.line(f"  {', '.join(ids)}", "dim")


def is_worth_telling(result: CaseResult) -> bool:
    """Return whether a result gets a block of its own."""
    return result.status in TOLD and not _is_not_begun(result)


def show_result(shown: Bar, result: CaseResult) -> None:
    """Count a case as done, and tell at once if it did not pass."""
    shown.advance()
    if is_worth_telling(result):
        shown.tell(f"{result.status} {result.id}: {one_line(result.title)}")


def _is_not_begun(result: CaseResult) -> bool:
    return result.status is Status.UNTESTABLE and not result.exchanges


def level_style(level: Level) -> str:
    """Return the style of a level in a table."""
    return "bold" if level is Level.MUST else ""


def _in_short(exchange: RecordedExchange) -> str:
    answer = str(exchange.status) if exchange.status is not None else f"no answer: {exchange.error}"
    return f"{exchange.method} {exchange.url} -> {answer} {exchange.answer_body}"


def _fields(output: Output, *fields: tuple[str, str]) -> None:
    for name, value in fields:
        text = one_line(value)
        if len(text) > _SHOWN:
            text = f"{text[:_SHOWN]}... ({len(text)} characters; a report has all)"
        width = output.console.width if output.console.is_terminal else 100
        lines = _wrapped(text, max(30, width - 13))
        output.url_line(f"  {name:<10} {lines[0]}")
        for line in lines[1:]:
            output.url_line(f"{'':13}{line}")


def _item(output: Output, text: str) -> None:
    _paragraph(output, text, "  - ")


def _paragraph(output: Output, text: str, before: str) -> None:
    width = output.console.width if output.console.is_terminal else 100
    lines = _wrapped(one_line(text), max(30, width - 4))
    output.url_line(f"{before}{lines[0]}")
    for line in lines[1:]:
        output.url_line(f"    {line}")


def _wrapped(text: str, width: int) -> list[str]:
    """Return lines of a text; a word that is longer, like a URL, can be copied as a whole."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
