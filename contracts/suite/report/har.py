"""Writes every exchange of a run as HAR 1.2, which browsers, proxies and this project read.

A run keeps how long each exchange took, but not when it began. So exchanges are placed one
after the other from the beginning of their case, even those that were made at once, and cases
from the beginning of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.suite.report.address import address
from contracts.suite.report.formats import RunFormat
from contracts.suite.results import CaseResult, RecordedExchange, RunReport
from contracts.suite.vocabulary import TargetKind
from mockserver.net.masks import VARIABLE

VERSION = "1.2"
COMMENT = (
    "Times are put together from durations: exchanges are laid out one after the other, also those "
    "that were made at once."
)
MASKED = " Secrets are masked as the names of environment variables, e.g. ${}."


def har(report: RunReport) -> str:
    """Return all exchanges of the run as an HTTP archive."""
    entries = list(_entries(report))
    mask = VARIABLE.search(json.dumps(entries))
    log = {
        "version": VERSION,
        "creator": {"name": "postbacks", "version": report.suite_version},
        "pages": [],
        "entries": entries,
        "comment": COMMENT + (MASKED.format(mask["name"]) if mask else ""),
    }
    return json.dumps({"log": log}, ensure_ascii=False, indent=2) + "\n"


def _entries(report: RunReport) -> Iterator[dict[str, Any]]:
    case_begins = 0.0
    for case in report.cases:
        begins = case_begins
        case_begins += case.real_seconds
        for exchange in case.exchanges:
            at = report.started_at + timedelta(seconds=min(begins, case_begins))
            yield _entry(case, exchange, at)
            begins += exchange.real_seconds


def _entry(case: CaseResult, exchange: RecordedExchange, at: datetime) -> dict[str, Any]:
    milliseconds = round(1000 * exchange.real_seconds, 3)
    return {
        "startedDateTime": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_case": case.id,
        "_status": case.status,
    }


def _request(exchange: RecordedExchange) -> dict[str, Any]:
    # A URL in an archive has no fragment.
    url = exchange.url.partition("#")[0]
    pairs = address(url).pairs(errors="backslashreplace")
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.headers),
        "queryString": _named(pairs),
        "headersSize": -1,
        "bodySize": len(exchange.body.encode("utf-8")),
    }
    if exchange.body:
        kind = _value_of("content-type", exchange.headers)
        request["postData"] = {"mimeType": kind, "params": [], "text": exchange.body}
    return request


def _response(exchange: RecordedExchange) -> dict[str, Any]:
    response: dict[str, Any] = {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1" if exchange.status else "",
        "cookies": [],
        "headers": _named(exchange.answer_headers),
        "content": {
            "size": len(exchange.answer_body.encode("utf-8")),
            "mimeType": _value_of("content-type", exchange.answer_headers),
            "text": exchange.answer_body,
        },
        "redirectURL": _value_of("location", exchange.answer_headers),
        "headersSize": -1,
        "bodySize": -1,
    }
    if exchange.status is None or exchange.error:
        response["_error"] = exchange.error or "no answer"
    return response


def _named(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _value_of(wanted: str, headers: list[tuple[str, str]]) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


FORMAT = RunFormat("har", har, order=60, kinds=frozenset({TargetKind.ENDPOINT}))
