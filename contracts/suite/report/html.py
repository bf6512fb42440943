"""Writes a run as one HTML page, to be read by people and attached to tickets.

The facts are chosen here; `run.html.j2` has their places, `style.css.j2` their looks.
"""

from __future__ import annotations

from contracts.suite.report.again import replay_command, replay_hint
from contracts.suite.report.difference import marked
from contracts.suite.report.failure_text import place
from contracts.suite.report.figures import (
    areas,
    brief,
    counts,
    figures,
    findings,
    is_known,
    seconds,
    started,
    title,
)
from contracts.suite.report.formats import RunFormat
from contracts.suite.report.page import render
from contracts.suite.report.text import count
from contracts.suite.results import RunReport
from contracts.suite.vocabulary import TargetKind

#: From how many ids on they are folded away.
MANY = 12


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
        title=title(report),
        is_endpoint=report.target.kind is TargetKind.ENDPOINT,
        seconds=seconds,
        count=count,
        many=MANY,
        replay_command=lambda case: replay_command(case, report.target),
        replay_hint=replay_hint(report.target),
    )


FORMAT = RunFormat("html", html, order=20)
