"""Keeps what the real API answered, and compares it with the next run's answers.

Ids, long numbers and other people's rules are left out: they change and mean nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from contracts.conformance.target import OUR_HOST
from contracts.suite.results import RecordedExchange, RunReport
from mockserver.core.errors import InvalidConfig

_PREFIX = "leanplum-"

Snapshot = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Drift:
    """One answer that is not what it was."""

    case: str
    request: str
    before: str
    now: str


def snapshot_of(report: RunReport) -> Snapshot:
    """Return the normalised exchanges of each case that was tried."""
    app_ids = _app_ids(report)
    return {
        result.id: [_normalised(exchange, app_ids) for exchange in result.exchanges]
        for result in report.cases
        if result.exchanges and all(exchange.status is not None for exchange in result.exchanges)
    }


def keep(snapshot: Snapshot, url: str, taken_at: datetime, folder: Path) -> Path:
    """Write a snapshot of the API at `url` into `folder` under its date; return the file.

    Raises:
        InvalidConfig: It cannot be written there.
    """
    path = folder / f"{_PREFIX}{taken_at:%Y-%m-%dT%H%M%SZ}.json"
    document = {"taken_at": taken_at.isoformat(), "url": url, "exchanges": snapshot}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidConfig(f"cannot write the snapshot {path}: {error.strerror}") from None
    return path


def latest(url: str, folder: Path) -> Snapshot:
    """Return the newest exchanges of each case that snapshots of the API at `url` hold.

    Raises:
        InvalidConfig: A snapshot cannot be read.
    """
    found: Snapshot = {}
    for path in sorted(folder.glob(f"{_PREFIX}*.json")):
        try:
            document = msgspec.json.decode(path.read_bytes(), type=_Document)
            if document.url == url:
                kept = document.exchanges.items()
                found |= {case: [item.as_dict() for item in items] for case, items in kept}
        except (OSError, msgspec.DecodeError):
            raise InvalidConfig(
                f"{path} is no snapshot of the real API; move it away, or pass --snapshots"
            ) from None
    return found


def drifts(before: Snapshot, now: Snapshot) -> Iterator[Drift]:
    """Yield what differs between two snapshots, in cases that are in both.

    Only where the requests were the same: how many a case makes depends on how many rules an
    app has already.
    """
    for case, exchanges in now.items():
        earlier = before.get(case, [])
        if [item["request"] for item in earlier] != [item["request"] for item in exchanges]:
            continue
        for old, new in zip(earlier, exchanges, strict=True):
            if old["answer"] != new["answer"]:
                texts = (_as_text(part) for part in (new["request"], old["answer"], new["answer"]))
                yield Drift(case, *texts)


class _Kept(msgspec.Struct):
    request: dict[str, Any]
    answer: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"request": self.request, "answer": self.answer}


class _Document(msgspec.Struct):
    url: str
    exchanges: dict[str, list[_Kept]]


def _app_ids(report: RunReport) -> list[str]:
    """Return the app ids that requests of the report name, in queries or in JSON."""
    found: set[str] = set()
    for result in report.cases:
        for exchange in result.exchanges:
            found |= {value for name, value in _query(exchange) if name == "appId"}
            found |= set(re.findall(r'"appId"\s*:\s*"([^"]+)"', exchange.body))
    return sorted(found, key=len, reverse=True)


def _query(exchange: RecordedExchange) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)


def _normalised(exchange: RecordedExchange, app_ids: list[str]) -> dict[str, Any]:
    arguments = dict(_query(exchange))
    texts = [exchange.body, exchange.answer_body]
    for app_id in app_ids:
        texts = [text.replace(app_id, "<appId>") for text in texts]
    request = {
        "method": exchange.method,
        "query": {name: _value(name, value) for name, value in sorted(arguments.items())},
        "body": _body(texts[0]),
    }
    answer = {"status": exchange.status, "body": _body(texts[1])}
    return {"request": request, "answer": answer}


def _body(text: str) -> Any:
    try:
        return _plain(json.loads(text))
    except ValueError:
        return re.sub(r"\d{5,}", "<number>", text)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _value(name, item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return re.sub(r"\d{5,}", "<number>", value) if isinstance(value, str) else value


def _value(name: str, value: Any) -> Any:
    if name == "postbackId":
        return f"<{type(value).__name__}>"
    if name in ("appId", "clientKey"):
        return f"<{name}>"
    if name == "postbacks" and isinstance(value, list):
        return [_plain(item) for item in value if OUR_HOST in json.dumps(item)]
    return _plain(value)


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
