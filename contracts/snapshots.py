"""What the real API answered, kept to be compared with what it answers next time.

Decides: what of an answer may change without meaning anything. Place in the flow: after a
run at the real API. Must not import: the runner, servers, cases.
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

from contracts.results import ExchangeResult, RunReport
from mockserver.core.errors import InvalidConfig

_PREFIX = "leanplum-"
#: Rules of the suite's own; what an app has beside them is nobody's business.
_OUR_HOST = "postbacks-contracts.invalid"

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
    return {
        result.id: [_normalised(exchange) for exchange in result.exchanges]
        for result in report.cases
        if result.exchanges
    }


def keep(snapshot: Snapshot, taken_at: datetime, folder: Path) -> Path:
    """Write a snapshot into `folder` under its date, and return the file.

    Raises:
        InvalidConfig: It cannot be written there.
    """
    path = folder / f"{_PREFIX}{taken_at:%Y-%m-%dT%H%M%SZ}.json"
    document = {"taken_at": taken_at.isoformat(), "exchanges": snapshot}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidConfig(f"cannot write the snapshot {path}: {error.strerror}") from None
    return path


def latest(folder: Path) -> tuple[Path, Snapshot] | None:
    """Return the newest snapshot in `folder`, if there is one.

    Raises:
        InvalidConfig: It cannot be read.
    """
    paths = sorted(folder.glob(f"{_PREFIX}*.json"))
    if not paths:
        return None
    try:
        document = json.loads(paths[-1].read_text(encoding="utf-8"))
        return paths[-1], dict(document["exchanges"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidConfig(
            f"{paths[-1]} is no snapshot of the real API; move it away, or pass --snapshots"
        ) from None


def drifts(before: Snapshot, now: Snapshot) -> Iterator[Drift]:
    """Yield what differs between two snapshots, in cases that are in both."""
    for case, exchanges in now.items():
        earlier = before.get(case)
        if earlier is None:
            continue
        if [item["request"] for item in earlier] != [item["request"] for item in exchanges]:
            yield Drift(case, "the sequence of requests", str(len(earlier)), str(len(exchanges)))
            continue
        for old, new in zip(earlier, exchanges, strict=True):
            if old["answer"] != new["answer"]:
                yield Drift(
                    case, _as_text(new["request"]), *map(_as_text, (old["answer"], new["answer"]))
                )


def _normalised(exchange: ExchangeResult) -> dict[str, Any]:
    parts = urlsplit(exchange.url)
    arguments = dict(parse_qsl(parts.query, keep_blank_values=True))
    request = {
        "method": exchange.method,
        "query": {name: _value(name, value) for name, value in sorted(arguments.items())},
        "body": _body(exchange.body),
    }
    answer = {"status": exchange.status, "body": _body(exchange.answer_body)}
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
        return [_plain(item) for item in value if _OUR_HOST in json.dumps(item)]
    return _plain(value)


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
