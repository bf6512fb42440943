"""Writes runs at several endpoints side by side, as one page or one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.suite.report.address import address
from contracts.suite.report.figures import (
    Figure,
    answer_times,
    brief,
    counts,
    figures,
    findings,
    is_known,
    seconds,
    started,
)
from contracts.suite.report.formats import ComparisonFormat
from contracts.suite.report.markdown import CELL_LIMIT, LIMIT, MARKS, as_fits, code, prose
from contracts.suite.report.page import render
from contracts.suite.report.text import count, shortened
from contracts.suite.results import CaseResult, RunReport
from contracts.suite.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Column:
    """An endpoint.

    Attributes:
        number: Counted from 1; two runs may be aimed at the same URL.
        name: Host and path.
    """

    number: int
    name: str
    report: RunReport

    @property
    def conformance(self) -> Figure:
        """Return how many MUSTs passed."""
        return figures(self.report.summary)[1]


@dataclass(frozen=True, slots=True)
class Row:
    """A case, and what came of it at each endpoint; None where it was not part of the run."""

    case: CaseResult
    results: tuple[CaseResult | None, ...]

    @property
    def differs(self) -> bool:
        """Return whether the endpoints are told apart by this case."""
        return len({result.status if result else None for result in self.results}) > 1


def endpoints_html(reports: Sequence[RunReport]) -> str:
    """Return the runs as one self-contained page, cases by endpoints."""
    return render(
        "endpoints.html.j2",
        columns=_columns(reports),
        areas=_rows_by_area(reports),
        findings=findings,
        counts=counts,
        count=count,
        brief=brief,
        is_known=is_known,
        seconds=seconds,
        started=started,
    )


def endpoints_markdown(reports: Sequence[RunReport]) -> str:
    """Return the runs as a table of endpoints and a table of cases, at most `LIMIT` characters."""
    columns = _columns(reports)
    text = f"## Endpoint reports: {len(columns)}\n"
    text += as_fits(map(_endpoint, columns), LIMIT // 2, _ENDPOINTS_HEAD) if columns else ""
    rows = [row for _, group in _rows_by_area(reports) for row in group]
    if not rows:
        return f"{text}\nNo case was run.\n"
    return text + as_fits(map(_line, rows), LIMIT - len(text), _head(columns))


def _columns(reports: Sequence[RunReport]) -> list[Column]:
    return [Column(number, _name(report), report) for number, report in enumerate(reports, 1)]


def _name(report: RunReport) -> str:
    url = address(report.target.url)
    return f"{url.host}{url.path}" if url.host else report.target.description


def _rows_by_area(reports: Sequence[RunReport]) -> list[tuple[str, list[Row]]]:
    """Return the cases of all runs by area, both in the order in which they first occur."""
    of_each = [{case.id: case for case in report.cases} for report in reports]
    first = {case.id: case for results in reversed(of_each) for case in results.values()}
    grouped: dict[str, list[Row]] = {}
    for case_id in dict.fromkeys(case_id for results in of_each for case_id in results):
        case = first[case_id]
        row = Row(case, tuple(results.get(case_id) for results in of_each))
        grouped.setdefault(case.area, []).append(row)
    return list(grouped.items())


_ENDPOINTS_HEAD = (
    "\n| | Endpoint | MUSTs passed | Found | Answer times |\n| --- | --- | --- | --- | --- |\n"
)


def _endpoint(column: Column) -> str:
    report, figure = column.report, column.conformance
    each = ", ".join(f"{MARKS[status]} {number} {status}" for status, number in counts(report))
    times = answer_times(report.latency) if report.latency else "not measured"
    musts = f"{figure.part} of {figure.whole} ({figure.percent})"
    early = " **The run ended early.**" if report.incomplete else ""
    name = code(shortened(column.name, CELL_LIMIT))
    return f"| {column.number} | {name}{early} | {musts} | {each or 'nothing'} | {prose(times)} |\n"


def _head(columns: Sequence[Column]) -> str:
    numbers = " | ".join(str(column.number) for column in columns)
    return f"\n| Case | Level | {numbers} |\n| --- | --- |{' --- |' * len(columns)}\n"


def _line(row: Row) -> str:
    cells = " | ".join(_cells(row))
    name = f"{code(row.case.id)}<br>{prose(shortened(row.case.title, CELL_LIMIT))}"
    return f"| {name} | {row.case.level} | {cells} |\n"


def _cells(row: Row) -> Iterator[str]:
    for result in row.results:
        if result is None:
            yield "not run"
        elif result.status is Status.PASS:
            yield f"{MARKS[result.status]} PASS"
        else:
            known = " (known)" if is_known(result) else ""
            yield f"{MARKS[result.status]} {result.status}{known}"


HTML = ComparisonFormat("html", endpoints_html)
MARKDOWN = ComparisonFormat("md", endpoints_markdown)
