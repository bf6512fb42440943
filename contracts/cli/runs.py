"""Runs `postbacks contracts run` and `replay`: picks the server, shows results, writes reports."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from contracts.cli.github import tell_github
from contracts.cli.keeping import keep_report
from contracts.cli.progress import bar
from contracts.cli.progress_lines import ProgressLines
from contracts.cli.texts import (
    is_worth_telling,
    show_result,
    write_cases,
    write_not_tried,
    write_result,
    write_summary,
)
from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.embedded import EmbeddedServer
from contracts.conformance.real import LEANPLUM_URL, real_server
from contracts.conformance.replay import Replayed, recorded_case, replay
from contracts.conformance.running import RunningServer
from contracts.conformance.snapshots import drifts, keep, latest, snapshot_of
from contracts.conformance.subject import ServerSubject
from contracts.proof.catalog import find_fake
from contracts.suite.baseline import Baseline, read_baseline
from contracts.suite.exchange import TOKEN
from contracts.suite.generated import Effort, keep_nothing
from contracts.suite.registry import Case
from contracts.suite.report.formats import run_writers
from contracts.suite.results import CaseResult, RunReport
from contracts.suite.run import ExitCode, Run, run_suite
from contracts.suite.subject import Names
from contracts.suite.vocabulary import TargetKind
from mockserver.cli.output import Output, count
from mockserver.cli.process import tell
from mockserver.cli.report_files import files_of, write_file
from mockserver.cli.session import Session, usage_error
from mockserver.client.leftovers import Leftovers
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import HttpWire
from mockserver.core.errors import InvalidValue
from mockserver.net.visible_text import one_line


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
    deviant: str | None
    i_own_this_app: bool
    snapshots: str
    progress_lines: bool


def run_contracts(session: Session, cases: Sequence[Case], choices: Choices) -> ExitCode:
    """Run `cases` as chosen, show what came of them, and return what to exit with."""
    writers = run_writers(TargetKind(choices.target))
    files = files_of(choices.reports, writers)
    baseline = read_baseline(Path(choices.baseline)) if choices.baseline else Baseline()
    output = session.output
    if choices.dry_run:
        _write_plan(output, cases, session, choices)
        return ExitCode.PASSED
    keep_nothing()
    lines = ProgressLines(is_wanted=choices.progress_lines)
    with _server(session, choices) as server:
        output.remark(f"{count(len(cases), 'case')} against {server.description}")
        run = _run(output, cases, server, choices, baseline, lines)
    report = run.report
    for format_name, path in files:
        write_file(path, writers[format_name](report))
    json_file = next((str(path) for name, path in files if name == "json"), None)
    _tell(output, report, json_file)
    if choices.github:
        tell_github(report)
    if not report.summary.applicable:
        about = ""
        if session.url and report.target.kind is TargetKind.FAKE:
            about = (
                "; without a control API (that of `postbacks serve`) it is checked like Leanplum's "
                f"own: --target real --url {report.target.url} --i-own-this-app, with "
                "LEANPLUM_APP_ID and LEANPLUM_DATA_EXPORT_KEY of an app that it knows"
            )
        tell(f"postbacks: no case could be run at this target{about}")
    if report.target.kind is TargetKind.REAL:
        _compare_with_the_last(output, report, Path(choices.snapshots))
    exit_code = run.exit_code(strict=choices.strict)
    keep_report(report, "contracts run", exit_code, lines)
    return exit_code


def _run(
    output: Output,
    cases: Sequence[Case],
    server: ServerSubject,
    choices: Choices,
    baseline: Baseline,
    lines: ProgressLines,
) -> Run:
    with bar(output, len(cases), is_hidden=lines.is_wanted) as shown:

        def on_case(case: Case) -> None:
            shown.show(case.id)
            lines.on_case(case)

        def on_result(result: CaseResult) -> None:
            show_result(shown, result)
            lines.on_result(result)

        lines.begin(len(cases))
        return run_suite(
            cases,
            server,
            effort=Effort(choices.seed),
            baseline=baseline,
            on_case=on_case,
            on_result=on_result,
        )


def replay_report(session: Session, source: str) -> ExitCode:
    """Send the recorded exchanges of a case again, and show both answers."""
    report, case = recorded_case(source)
    if report.target.kind is TargetKind.REAL and "url" not in session.given:
        raise click.UsageError("a run at Leanplum's API is replayed where --url says, not unasked")
    output = session.output
    output.remark(f"{case.id} of {report.started_at:%Y-%m-%d %H:%M} UTC: {case.title}")
    environment = dict(os.environ) | ({TOKEN: session.token} if session.token else {})
    if session.url:
        names = Names(f"contracts-{secrets.token_hex(4)}")
        with _as_usage_error():
            wire = HttpWire(session.url, ca_file=session.ca_file)
        with _leaving_nothing(SandboxClient(token=session.token, wire=wire), names, output):
            same = _replayed(output, case, replay(case, wire, environment, names))
    else:
        with EmbeddedServer() as server:
            same = _replayed(output, case, replay(case, server.wire, environment, Names()))
    return ExitCode.FAILED if same else ExitCode.PASSED


def _replayed(output: Output, case: CaseResult, exchanges: Iterable[Replayed]) -> bool:
    """Show each exchange; return whether every answer is still the one that was recorded."""
    shown = []
    for number, exchange in enumerate(exchanges, 1):
        recorded = exchange.recorded
        shown.append(exchange)
        if output.as_json:
            continue
        mark = "same    " if exchange.is_same else "differs "
        output.url_line(f"{number:>3} {mark} {recorded.method} {one_line(recorded.url)}")
        if not exchange.is_same:
            output.url_line(f"             {one_line(exchange.difference)}")
    same = all(exchange.is_same for exchange in shown)
    if output.as_json:
        output.document(
            {
                "case": case.id,
                "same": same,
                "exchanges": [
                    {"difference": item.difference, "status": item.status, "body": item.body}
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
def _leaving_nothing(control: SandboxClient, names: Names, output: Output) -> Iterator[None]:
    """Remove at the end, however that comes, what has one of these names."""
    try:
        yield
    finally:
        leftovers = Leftovers(control)
        for kind, name in names.given:
            (leftovers.app if kind == "app" else leftovers.inbox)(name)
        for left in leftovers.remove():
            output.remark(f"this is still there: {left}")


@contextmanager
def _as_usage_error() -> Iterator[None]:
    try:
        yield
    except InvalidValue as error:
        raise usage_error(error) from None


@contextmanager
def _server(session: Session, choices: Choices) -> Iterator[ServerSubject]:
    if choices.target == TargetKind.REAL:
        url = session.url or LEANPLUM_URL
        with _as_usage_error():
            # At Leanplum itself the system's certificates count.
            ca_file = session.ca_file if session.url else None
            real = real_server(os.environ, owned=choices.i_own_this_app, url=url, ca_file=ca_file)
        yield real
    elif choices.deviant:
        with DeviantServer(find_fake(choices.deviant)) as fake:
            yield fake
    elif session.url:
        with _as_usage_error():
            running = RunningServer(session.url, session.token, session.ca_file)
        yield running
    else:
        with EmbeddedServer() as server:
            yield server


def _tell(output: Output, report: RunReport, report_file: str | None) -> None:
    if output.as_json:
        output.document(report)
        return
    for result in report.cases:
        if is_worth_telling(result):
            write_result(output, result, _replay_command(report, result, report_file))
    write_not_tried(output, report.cases)
    write_summary(output, report)


def _replay_command(report: RunReport, result: CaseResult, report_file: str | None) -> str:
    if report_file is None:
        return "run again with --report json=FILE, then `postbacks contracts replay FILE`"
    command = f"postbacks contracts replay {shlex.quote(f'{report_file}#{result.id}')}"
    is_real = report.target.kind is TargetKind.REAL
    return f"{command} --url {report.target.url}" if is_real else command


def _compare_with_the_last(output: Output, report: RunReport, folder: Path) -> None:
    snapshot, url = snapshot_of(report), report.target.url
    if not snapshot:
        return
    before = latest(url, folder)
    path = keep(snapshot, url, report.started_at, folder)
    # To stderr: stdout may be one JSON document, and drift is to be seen all the same.
    tell(f"kept what was answered in {path}")
    if not before:
        return
    found = list(drifts(before, snapshot))
    tell(f"compared with what was kept before: {count(len(found), 'difference')}")
    for drift in found:
        tell(f"\nDRIFT  {drift.case}")
        for name, text in (("request", drift.request), ("then", drift.before), ("now", drift.now)):
            tell(f"  {name:<8} {one_line(text)}")


def _write_plan(output: Output, cases: Sequence[Case], session: Session, choices: Choices) -> None:
    where = session.url or "a sandbox started for the run"
    if choices.deviant:
        where = f"the broken fake {find_fake(choices.deviant).name}"
    if choices.target == TargetKind.REAL:
        where = session.url or LEANPLUM_URL
    if output.as_json:
        output.document({"target": where, "cases": [case.id for case in cases]})
        return
    output.line(f"{count(len(cases), 'case')} would be run against {where}:", "bold")
    is_real = choices.target == TargetKind.REAL
    write_cases(
        output,
        [
            (
                case,
                "",
                case.check if is_real else f"{case.check} Needs: {', '.join(sorted(case.needs))}.",
            )
            for case in cases
        ],
    )
    if is_real:
        output.line(
            f"at most {count(sum(case.most_requests for case in cases), 'request')}, "
            "one a second beyond this machine"
        )
    output.remark("nothing was sent")
