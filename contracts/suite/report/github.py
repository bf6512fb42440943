"""Writes what a run found as workflow commands, which GitHub shows beside a change.

GitHub keeps only the first ten of each kind in a step, so the most urgent come first.
"""

# No `annotations` from `__future__`: the public function has that name.
from collections.abc import Iterator

from contracts.suite.report.again import replay_command
from contracts.suite.report.figures import breaks, brief, findings, is_known
from contracts.suite.report.text import shortened
from contracts.suite.results import CaseResult, RunReport, RunTarget
from contracts.suite.vocabulary import Status
from mockserver.net.visible_text import one_line, visible

#: How much of expected and actual is told; an annotation is a note, not the report.
VALUE_LIMIT = 500


def annotations(report: RunReport) -> str:
    """Return one line for each finding, the most urgent first; empty if all is well."""
    return "".join(f"{line}\n" for line in _lines(report))


def command(name: str, title: str, message: str) -> str:
    r"""Return a workflow command; whatever its texts hold, it is one line and one command.

    Examples:
        >>> command("error", "PB-API: 50 %", "one\ntwo")
        '::error title=PB-API%3A 50 %25::one%0Atwo'
    """
    return f"::{name} title={_property(one_line(title))}::{_data(visible(message))}"


def _lines(report: RunReport) -> Iterator[str]:
    if report.incomplete:
        yield command("error", "The run ended early", report.incomplete)
    for stale in report.summary.stale:
        yield command("error", "The baseline is out of date", stale)
    for case in findings(report.cases):
        yield command(_severity(case), f"{case.id}: {case.title}", _message(case, report.target))
    for remark in report.remarks:
        yield command(
            "notice", f"The URL: {remark.code}", f"{remark.text}\nHow to fix: {remark.fix}"
        )


def _severity(case: CaseResult) -> str:
    if breaks(case):
        return "error"
    if is_known(case) or case.status is Status.INFO:
        return "notice"
    return "warning"


def _message(case: CaseResult, target: RunTarget) -> str:
    lines = [f"{case.status} ({case.level}, {case.origin}): {brief(case)}"]
    if is_known(case):
        lines.append(f"Known: {case.known}")
    if case.deviation is not None:
        lines.append(f"Expected: {shortened(case.deviation.expected, VALUE_LIMIT)}")
        lines.append(f"Actual: {shortened(case.deviation.actual, VALUE_LIMIT)}")
        lines += [f"How to fix: {case.fix}"] if case.fix else []
    lines.append(f"Again: {replay_command(case, target)}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
