"""`postbacks contracts run` and `replay`: a server, progress, results, reports.

Decides: what a run is aimed at, what is shown while it goes on, and where reports go. Place
in the flow: between the options and the suite. Must not import: click beyond its errors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from contracts.baseline import Baseline, read_baseline
from contracts.embedded import EmbeddedServer
from contracts.generated import Effort
from contracts.real import LEANPLUM_URL, real_server
from contracts.registry import Case
from contracts.replay import recorded_case, replay
from contracts.report import WRITERS, github, markdown
from contracts.results import CaseResult, RunReport
from contracts.server import RunningServer, Server
from contracts.snapshots import drifts, keep, latest, snapshot_of
from contracts.suite import ExitCode, run_suite
from contracts.vocabulary import TargetKind
from mockserver.cli.contract_texts import (
    is_worth_telling,
    write_result,
    write_skipped,
    write_summary,
)
from mockserver.cli.contracts import files_of
from mockserver.cli.output import Output, count, plain_console, visible
from mockserver.cli.session import Session
from mockserver.core.errors import InvalidConfig
from mockserver.wire import HttpWire


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of `contracts run` that do not select cases."""

    target: str
    reports: tuple[str, ...]
    github: bool
    baseline: str | None
    seed: int | None
    strict: bool
    dry_run: bool
    i_own_this_app: bool
    snapshots: str


def run_contracts(session: Session, cases: Sequence[Case], choices: Choices) -> ExitCode:
    """Run `cases` as chosen, show what came of them, and return what to exit with."""
    files = files_of(choices.reports, tuple(WRITERS))
    _check_writable([path for _, path in files])
    baseline = read_baseline(Path(choices.baseline)) if choices.baseline else Baseline()
    output = session.output
    if choices.dry_run:
        _write_plan(output, cases, session, choices)
        return ExitCode.PASSED
    with _server(session, choices) as server:
        output.remark(f"{count(len(cases), 'case')} against {server.description}")
        with _progress(output, len(cases)) as on_result:
            run = run_suite(
                cases, server, effort=Effort(choices.seed), baseline=baseline, on_result=on_result
            )
    report = run.report
    for format_name, path in files:
        path.write_text(WRITERS[format_name](report), encoding="utf-8", newline="\n")
    _tell(output, report, next((str(path) for name, path in files if name == "json"), None))
    if choices.github:
        _tell_github(report)
    if report.target.kind is TargetKind.REAL and not server.unusable:
        _compare_with_the_last(output, report, Path(choices.snapshots))
    return run.exit_code(strict=choices.strict)


def replay_report(session: Session, source: str) -> ExitCode:
    """Send the recorded exchanges of a case again, and show both answers."""
    report, case = recorded_case(source)
    output = session.output
    output.remark(f"{case.id} of {report.started_at:%Y-%m-%d %H:%M} UTC: {case.title}")
    if session.url:
        same = _replayed(output, case, HttpWire(session.url))
    elif report.target.kind is TargetKind.REAL:
        raise click.UsageError("a run at Leanplum's API is replayed with --url, nowhere unasked")
    else:
        with EmbeddedServer() as server:
            same = _replayed(output, case, server.wire)
    return ExitCode.FAILED if same else ExitCode.PASSED


def _replayed(output: Output, case: CaseResult, wire: HttpWire | object) -> bool:
    """Show each exchange; return whether the last answer is still the one that was recorded."""
    environment = dict(os.environ)
    shown = []
    for number, exchange in enumerate(replay(case, wire, environment), 1):  # type: ignore[arg-type]
        recorded = exchange.recorded
        shown.append(exchange)
        if output.as_json:
            continue
        mark = "same    " if exchange.is_same else "differs "
        output.url_line(f"{number:>3} {mark} {recorded.method} {visible(recorded.url)}")
        if not exchange.is_same or number == len(case.exchanges):
            output.url_line(f"      then {recorded.status} {visible(recorded.answer_body[:400])}")
            output.url_line(f"      now  {exchange.status} {visible(exchange.body[:400])}")
    same = all(exchange.is_same for exchange in shown)
    if output.as_json:
        output.document(
            {
                "case": case.id,
                "same": same,
                "exchanges": [
                    {"same": item.is_same, "status": item.status, "body": item.body}
                    for item in shown
                ],
            }
        )
    elif same:
        output.line("every answer is as recorded: the deviation is still there", "bold")
    else:
        output.line("some answers differ from the recorded ones; run the case again", "bold")
    return same


@contextmanager
def _server(session: Session, choices: Choices) -> Iterator[Server]:
    if choices.target == TargetKind.REAL:
        url = session.url or LEANPLUM_URL
        yield real_server(os.environ, owned=choices.i_own_this_app, url=url)
    elif session.url:
        yield RunningServer(session.url, session.token)
    else:
        with EmbeddedServer() as server:
            yield server


@contextmanager
def _progress(output: Output, total: int) -> Iterator[Callable[[CaseResult], None]]:
    console = plain_console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield lambda result: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def on_result(result: CaseResult) -> None:
            progress.update(task, advance=1, description=result.id)
            if is_worth_telling(result):
                progress.console.print(f"{result.status} {result.id}: {visible(result.title)}")

        yield on_result


def _tell(output: Output, report: RunReport, report_file: str | None) -> None:
    if output.as_json:
        output.document(report)
        return
    for result in report.cases:
        if is_worth_telling(result):
            write_result(output, result, report_file)
    write_skipped(output, report.cases)
    write_summary(output, report)


def _tell_github(report: RunReport) -> None:
    # The commands are read from either stream, and stdout may hold a JSON document.
    print(github.annotations(report), file=sys.stderr, flush=True)
    summary_file = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary_file:
        with Path(summary_file).open("a", encoding="utf-8") as summary:
            summary.write(markdown.markdown(report))


def _compare_with_the_last(output: Output, report: RunReport, folder: Path) -> None:
    snapshot = snapshot_of(report)
    before = latest(folder)
    path = keep(snapshot, report.started_at, folder)
    output.remark(f"kept what was answered in {path}")
    if before is None:
        return
    found = list(drifts(before[1], snapshot))
    output.remark(f"compared with {before[0].name}: {count(len(found), 'difference')}")
    if output.as_json:
        return
    for drift in found:
        output.line()
        output.line(f"DRIFT  {drift.case}", "yellow")
        for name, text in (("request", drift.request), ("then", drift.before), ("now", drift.now)):
            output.url_line(f"  {name:<8} {visible(text)}")


def _write_plan(output: Output, cases: Sequence[Case], session: Session, choices: Choices) -> None:
    where = session.url or "a sandbox started for the run"
    if choices.target == TargetKind.REAL:
        where = session.url or LEANPLUM_URL
    if output.as_json:
        output.document({"target": where, "cases": [case.id for case in cases]})
        return
    output.line(f"{count(len(cases), 'case')} would be run against {where}:", "bold")
    rows = [
        [case.id, case.level.value, ", ".join(sorted(case.needs)), case.check] for case in cases
    ]
    output.table(["id", "level", "needs", "what it does"], rows)
    if choices.target == TargetKind.REAL:
        output.line(f"at most {sum(case.most_requests for case in cases)} requests, one a second")
    output.remark("nothing was sent")


def _check_writable(paths: Sequence[Path]) -> None:
    # Found out before the run, not after it.
    for path in paths:
        if path.is_dir() or not os.access(path.parent or Path(), os.W_OK):
            raise InvalidConfig(
                f"cannot write the report {path}: is its folder there, and writable?"
            )
