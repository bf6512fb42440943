"""Keeps the report of a run on this machine, for `postbacks reports` and the page of `serve`."""

from __future__ import annotations

import os

from contracts.cli.progress_lines import ProgressLines
from contracts.suite.results import RunReport
from contracts.suite.run import ExitCode
from mockserver.cli.process import tell
from mockserver.reports.place import reports_folder
from mockserver.reports.shelf import ReportFacts, ReportsUnusable, Shelf, verdict_of


def keep_report(report: RunReport, command: str, exit_code: ExitCode, lines: ProgressLines) -> None:
    """Keep a report unless the user wants none kept, and say where, or why it could not be.

    What a run came to does not depend on whether its report could be kept.

    Args:
        report: What was found.
        command: What made it: `verify` or `contracts run`.
        exit_code: What it amounts to.
        lines: Are told its id.
    """
    folder = reports_folder(os.environ)
    if folder is None:
        return
    # Its templates take longer to import than many a case takes to run.
    from contracts.suite.report.html import html

    summary = report.summary
    facts = ReportFacts(
        command=command,
        target_kind=report.target.kind,
        target=report.target.url,
        started_at=report.started_at,
        real_seconds=report.real_seconds,
        verdict=verdict_of(exit_code),
        must_passed=summary.must_passed,
        must_applicable=summary.must_applicable,
        by_status=summary.by_status,
        suite_version=report.suite_version,
    )
    try:
        report_id = Shelf(folder).keep(facts, html(report))
    except ReportsUnusable as error:
        tell(f"postbacks: {error}")
        return
    tell(f"kept as report {report_id}: `postbacks reports --open {report_id}`")
    lines.kept(report_id)
