"""Serves the reports that runs of the suite have left on this machine."""

from __future__ import annotations

import os

from flask import Response

from mockserver.reports.place import reports_folder
from mockserver.reports.shelf import KeptReport, Shelf, UnknownReport
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 8

#: A report is text from outside, which tells of endpoints: it runs no script, loads nothing, sends
#: no form, and has an origin of its own, so that nothing in it can call the control API.
REPORT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on reports; they are the same whatever the sandbox."""

    def shelf() -> Shelf:
        folder = reports_folder(os.environ)
        if folder is None:
            raise UnknownReport("no reports are kept here: POSTBACKS_REPORTS is 'none'")
        return Shelf(folder)

    def reports() -> shapes.ReportsAnswer:
        folder = reports_folder(os.environ)
        if folder is None:
            return shapes.ReportsAnswer([], None)
        listed = [_in_json(kept) for kept in Shelf(folder).listed()]
        return shapes.ReportsAnswer(listed, str(folder))

    def page(report_id: str) -> Response:
        return Response(shelf().page(report_id), mimetype="text/html", headers=REPORT_HEADERS)

    def forget(report_id: str) -> None:
        shelf().forget(report_id)

    one = "reports/<report_id>"
    return [
        ControlRoute(
            "GET", "reports", "The reports of runs on this machine.", reports, shapes.ReportsAnswer
        ),
        ControlRoute(
            "GET", f"{one}/page", "A report as a page.", page, str, is_large=True, is_page=True
        ),
        ControlRoute("DELETE", one, "Remove a report.", forget, None),
    ]


def _in_json(kept: KeptReport) -> shapes.ReportJson:
    facts = kept.facts
    return shapes.ReportJson(
        kept.id,
        facts.command,
        facts.target_kind,
        facts.target,
        facts.started_at,
        facts.real_seconds,
        facts.verdict,
        facts.must_passed,
        facts.must_applicable,
        facts.by_status,
        facts.suite_version,
    )
