"""Writes a run as Markdown, for a comment on a change or the summary of a workflow.

A comment on GitHub holds 65,536 characters, so details that do not fit are left out.

Nothing in a value becomes markup, and no value mentions a person on GitHub.
"""

from __future__ import annotations

import html as escaping
import re
from collections.abc import Iterator, Sequence

from contracts.suite.report.again import replay_command
from contracts.suite.report.failure_text import first_line, place
from contracts.suite.report.figures import (
    answer_times,
    breaks,
    brief,
    counts,
    figures,
    findings,
    is_known,
    started,
    title,
)
from contracts.suite.report.formats import RunFormat
from contracts.suite.report.text import count, shortened
from contracts.suite.results import CaseResult, Remark, RunReport, RunTarget, Statement, Traffic
from contracts.suite.vocabulary import Status
from mockserver.net.visible_text import one_line, visible

#: How long a report may get; below what a comment can hold, with room for a line of the sender.
LIMIT = 65_000
#: How much of it the table may use, so that some details fit as well.
TABLE_LIMIT = 40_000
#: How much of a value is shown, in a cell and in a block.
CELL_LIMIT = 200
BLOCK_LIMIT = 2_000
#: How many entries of a baseline are named.
MOST_STALE = 10
#: How many remarks about a URL are told.
MOST_REMARKS = 10
TABLE_HEAD = "\n| Status | Level | Case | Why |\n| --- | --- | --- | --- |\n"
#: Shown in front of the status: its word says it, the mark is found faster.
MARKS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.WARN: "⚠️",
    Status.INFO: "\N{INFORMATION SOURCE}\ufe0f",
    Status.SKIP: "⏭️",
    Status.UNTESTABLE: "❓",
    Status.ERROR: "💥",
}
#: Everything that Markdown could take for markup, when it stands in running text.
PUNCTUATION = re.compile(r"""[!"#$&'()*+:<>@\[\\\]^_`{|}~]""")


def markdown(report: RunReport) -> str:
    """Return the run as Markdown of at most `LIMIT` characters."""
    found = findings(report.cases)
    text = "\n".join(_head(report))
    room = min(TABLE_LIMIT, LIMIT - len(text))
    text += as_fits(_table_rows(found), room, TABLE_HEAD) if found else ""
    blocks = (_details(case, report.target) for case in found if breaks(case))
    return text + as_fits(blocks, LIMIT - len(text), "")


def prose(text: str) -> str:
    """Return `text` for running text or a cell of a table: on one line, none of it markup."""
    # A space without width: GitHub looks for names only after it has decoded the numbers.
    return _as_numbers(text).replace("&#64;", "&#64;&#8203;")


def code(text: str) -> str:
    """Return `text` as code on one line, also in a cell of a table."""
    return f"<code>{_as_numbers(text)}</code>" if text else ""


def fence(text: str, language: str = "text") -> str:
    """Return `text` as a block of code that nothing in it can close."""
    shown = visible(shortened(text, BLOCK_LIMIT))
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{shown}\n{ticks}"


def _head(report: RunReport) -> Iterator[str]:
    target = code(shortened(report.target.url, CELL_LIMIT))
    yield f"## {title(report)}: {report.target.kind} {target}"
    yield ""
    for figure in figures(report.summary):
        yield f"- **{figure.name}: {prose(figure.percent)}** ({prose(figure.sentence)})"
    each = ", ".join(f"{MARKS[status]} {number} {status}" for status, number in counts(report))
    yield f"- {each or 'No case was run'}"
    yield f"- {prose(_circumstances(report))}"
    if report.latency is not None:
        yield f"- Answer times: {prose(answer_times(report.latency))}"
    if report.traffic is not None:
        yield f"- {_traffic(report.traffic)}"
    yield from _alarms(report)
    yield from _remarks(report.remarks)
    yield ""


def _alarms(report: RunReport) -> Iterator[str]:
    if report.incomplete:
        yield f"\n**The run ended early:** {prose(shortened(report.incomplete, BLOCK_LIMIT))}"
    stale = report.summary.stale
    if stale:
        yield f"\n**The baseline is out of date** ({len(stale)}):\n"
        yield from (f"- {code(shortened(entry, CELL_LIMIT))}" for entry in stale[:MOST_STALE])
    if len(stale) > MOST_STALE:
        yield f"- and {len(stale) - MOST_STALE} more"


def _remarks(remarks: Sequence[Remark]) -> Iterator[str]:
    if remarks:
        yield f"\n**Remarks about the URL** ({len(remarks)}):\n"
    for remark in remarks[:MOST_REMARKS]:
        text, fix = shortened(remark.text, CELL_LIMIT), shortened(remark.fix, CELL_LIMIT)
        name = code(shortened(remark.code, CELL_LIMIT))
        yield f"- {name} {prose(text)}. How to fix: {prose(fix)}"
    if len(remarks) > MOST_REMARKS:
        yield f"- and {len(remarks) - MOST_REMARKS} more"


def _traffic(traffic: Traffic) -> str:
    sent, stored = count(traffic.requests, "request"), count(len(traffic.stored), "id")
    prefix = code(shortened(traffic.prefix, CELL_LIMIT))
    return f"Sent: {sent}; {stored} may be stored, beginning with {prefix}"


def _circumstances(report: RunReport) -> str:
    seed = "fixed values" if report.seed is None else f"seed {report.seed}"
    return f"{started(report)}, {report.real_seconds:.1f} s, suite {report.suite_version}, {seed}"


def _table_rows(found: list[CaseResult]) -> Iterator[str]:
    for case in found:
        status = f"{MARKS[case.status]} {case.status}" + (" (known)" if is_known(case) else "")
        why = case.known if is_known(case) else brief(case)
        names = f"{code(case.id)}<br>{prose(shortened(case.title, CELL_LIMIT))}"
        yield f"| {status} | {case.level} | {names} | {prose(shortened(why, CELL_LIMIT))} |\n"


def as_fits(pieces: Iterator[str], limit: int, head: str) -> str:
    """Return `head` and as many pieces as fit, and a word about those that did not."""
    text, left_out = head, 0
    for piece in pieces:
        if left_out or len(text) + len(piece) > limit - 100:
            left_out += 1
        else:
            text += piece
    if left_out:
        text += f"\n{left_out} more did not fit; the HTML report has them.\n"
    return text


def _details(case: CaseResult, target: RunTarget) -> str:
    summary = escaping.escape(one_line(f"{case.status} {case.id}: {case.title}"))
    blocks = [f"\n<details><summary>{summary}</summary>", *_story(case, target), "</details>\n"]
    return "\n\n".join(blocks)


def _story(case: CaseResult, target: RunTarget) -> Iterator[str]:
    for statement in case.statements:
        source = f"{_place(statement)}; {case.level}, {case.origin}"
        yield f"**Statement:** {prose(statement.text)} ({source})"
    if case.reason:
        yield f"**Reason**\n\n{fence(case.reason)}"
    if case.deviation is not None:
        yield f"**Expected**\n\n{fence(case.deviation.expected)}"
        yield f"**Actual**\n\n{fence(case.deviation.actual)}"
        yield f"**Why:** {prose(case.deviation.why)}"
    if case.steps:
        yield f"**Steps**\n\n{fence(chr(10).join(case.steps))}"
    if case.exchanges:
        yield f"**Exchanges**\n\n{fence(chr(10).join(map(first_line, case.exchanges)))}"
    if case.curl:
        yield f"**Again with curl**\n\n{fence(case.curl, 'sh')}"
    if case.deviation is not None and case.fix:
        yield f"**How to fix:** {prose(case.fix)}"
    yield f"**Again:** {code(replay_command(case, target))}"


def _as_numbers(text: str) -> str:
    return PUNCTUATION.sub(lambda match: f"&#{ord(match.group())};", one_line(text))


def _place(statement: Statement) -> str:
    name = prose(place(statement))
    if re.fullmatch(r"https?://[^\s<>()\"'`\\|]+", statement.link):
        return f"[{name}](<{statement.link}>)"
    return name


FORMAT = RunFormat("md", markdown, order=30)
