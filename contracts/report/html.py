"""Writes a run as one HTML page, to be read by people and attached to tickets.

Decides: which facts the page has; `run.html.j2` decides where they stand and `style.css.j2`
how they look. Place in the flow: a report, made from a `RunReport`. Must not import: the
runner, cases, targets.
"""

from __future__ import annotations

from contracts.report.difference import marked
from contracts.report.figures import (
    areas,
    brief,
    counts,
    figures,
    findings,
    is_known,
    replay_command,
    started,
)
from contracts.report.page import render
from contracts.report.telling import place
from contracts.results import RunReport


def html(report: RunReport) -> str:
    """Return the run as one self-contained page."""
    return render(
        "run.html.j2",
        report=report,
        figures=figures(report.summary),
        counts=counts(report),
        findings=findings(report.cases),
        known=sum(map(is_known, report.cases)),
        areas=areas(report.cases),
        brief=brief,
        is_known=is_known,
        marked=marked,
        started=started(report),
        place=place,
        replay_command=replay_command,
    )
