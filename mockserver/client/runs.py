"""Asks a sandbox for reports and lets it start a run of `verify`, as a part of its client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

from mockserver.web import shapes

_Answer = TypeVar("_Answer")


class Runs:
    """The calls of a client that are about runs of the suite.

    Whoever inherits it makes the calls.
    """

    def reports(self) -> list[shapes.ReportJson]:
        """Return what is kept on the machine of the sandbox, the newest first."""
        return self._get("reports", shapes.ReportsAnswer).reports

    def report_page(self, report_id: str) -> str:
        """Return a report as HTML, which is text from outside."""
        target = f"/_sandbox/reports/{quote(report_id, safe='')}/page"
        return self._exchange("GET", target).decode("utf-8", "replace")

    def forget_report(self, report_id: str) -> None:
        """Remove a report."""
        self._exchange("DELETE", f"/_sandbox/reports/{quote(report_id, safe='')}")

    def start_verify(self, request: shapes.VerifyRequest) -> shapes.VerifyRunJson:
        """Put an endpoint on the machine of the sandbox to the test; it goes on afterwards."""
        run = self._send("POST", "verify", shapes.VerifyAnswer, request).run
        assert run is not None
        return run

    def verify_run(self) -> shapes.VerifyRunJson | None:
        """Return how far the last run is that the sandbox was asked for; None without any."""
        return self._get("verify", shapes.VerifyAnswer).run

    def cancel_verify(self) -> shapes.VerifyRunJson | None:
        """End that run with a report of what was tried; asked again, end it at once."""
        return self._send("POST", "verify/cancel", shapes.VerifyAnswer).run

    def _get(
        self, path: str, shape: type[_Answer], query: Mapping[str, object | None] | None = None
    ) -> _Answer:
        raise NotImplementedError

    def _send(self, method: str, path: str, shape: type[_Answer], body: object = None) -> _Answer:
        raise NotImplementedError

    def _exchange(self, method: str, target: str, content: bytes | None = None) -> bytes:
        raise NotImplementedError
