"""Reads what a line of a recording says: an event, or a request with its time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mockserver.core.errors import InvalidValue
from mockserver.load.quantities import parse_span

#: Names under which logs in JSON have the time of a request, its method and its URL.
TIMES = ("time", "timestamp", "@timestamp", "ts", "time_iso8601", "time_local", "msec", "date")
METHODS = ("method", "request_method", "http_method", "verb")
TARGETS = ("request_uri", "uri", "url", "target", "path", "request_path")
QUERIES = ("query", "query_string", "args")

EPOCH_AT = datetime(1970, 1, 1, tzinfo=UTC)


class Written(NamedTuple):
    """What one line says.

    Attributes:
        at: When, since 1970, or since the beginning of the stream for an event.
        url: What was POSTed, with or without a host; None for an event.
        event: What happened, as `trigger` calls it; None for a request.
        values: Of the event.
    """

    at: timedelta
    url: str | None = None
    event: str | None = None
    values: Mapping[str, Any] = {}


def read_line(line: str) -> Written | None:
    """Return what a line says; None if it is a request other than a POST.

    Raises:
        InvalidValue: It is neither an event, nor a line of an access log.
    """
    if not line.lstrip().startswith("{"):
        return _combined(line)
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"it is no JSON: {error}") from None
    assert isinstance(document, dict), "it began with a brace"
    if "event" in document and "after" in document:
        return _event(document)
    return _logged(document)


def entry_of_har(entry: Any) -> Written | None:
    """Return what an entry of a HAR says; None if it is no POST.

    Raises:
        InvalidValue: It has no request, or no time.
    """
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise InvalidValue("it has no request with a url")
    if request.get("method") != "POST":
        return None
    return Written(_instant(entry.get("startedDateTime")), request["url"])


_COMBINED = re.compile(
    r"[^\[\"]*\[(?P<time>[^\]]{1,60})\]\s+\"(?P<method>[A-Z]+) (?P<target>[^\s\"]+)"
    r"(?: HTTP/[0-9.]+)?\" \d{3}\b"
)
_REQUEST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<target>[^\s\"]+)(?: HTTP/[0-9.]+)?")


def _combined(line: str) -> Written | None:
    found = _COMBINED.match(line)
    if found is None:
        raise InvalidValue("it is neither JSON nor a line of an access log in the combined format")
    if found["method"] != "POST":
        return None
    return Written(_instant(found["time"]), found["target"])


def _event(document: Mapping[str, Any]) -> Written:
    unknown = set(document) - {"event", "after", "values"}
    if unknown:
        raise InvalidValue(f"an event has event, after and values, not {min(unknown)!r}")
    name, after, values = document["event"], document["after"], document.get("values", {})
    if not isinstance(name, str) or not isinstance(after, str) or not isinstance(values, dict):
        raise InvalidValue(
            'an event is written like {"event": "push.open", "after": "1.5s", "values": {}}'
        )
    return Written(parse_span(after, "after"), None, name, values)


def _logged(document: Mapping[str, Any]) -> Written | None:
    line = document.get("request")
    found = _REQUEST_LINE.fullmatch(line) if isinstance(line, str) else None
    method = found["method"] if found else _first(document, METHODS)
    target = found["target"] if found else _first(document, TARGETS)
    if not isinstance(method, str) or not isinstance(target, str):
        raise InvalidValue(
            "it is no event (event and after), and no request (method and url, or request)"
        )
    if method != "POST":
        return None
    query = _first(document, QUERIES)
    if "?" not in target and isinstance(query, str) and query:
        target = f"{target}?{query.lstrip('?')}"
    return Written(_instant(_first(document, TIMES)), target)


def _first(document: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((document[name] for name in names if name in document), None)


def _instant(value: Any) -> timedelta:
    """Return an instant of a log, since 1970; without a time zone it is taken for UTC."""
    try:
        if isinstance(value, str):
            value = _parsed(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # Milliseconds, if it would be later than the year 5000 in seconds.
            seconds = value / 1000 if value > 1e11 else value
            value = EPOCH_AT + timedelta(seconds=seconds)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH_AT
    except (ValueError, OverflowError):
        pass
    raise InvalidValue(f"it has no time that can be read, one of: {', '.join(TIMES)}")


def _parsed(text: str) -> datetime | float:
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    if "/" in text:
        zoned = "%d/%b/%Y:%H:%M:%S %z"
        return datetime.strptime(text, zoned)  # noqa: DTZ007
    return datetime.fromisoformat(text)
