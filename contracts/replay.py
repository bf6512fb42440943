"""A recorded case, sent again: the same requests, in the same order, with their values.

Decides: what of a recording has to be changed to mean the same elsewhere. Place in the flow:
after a report, beside the runner. Must not import: the runner, cases, hypothesis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from contracts.exchange import KEY, TOKEN, as_text
from contracts.results import CaseResult, ExchangeResult, RunReport, decode
from contracts.vocabulary import Status
from mockserver.core.errors import InvalidConfig
from mockserver.wire import Wire

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

#: Members of answers that name a thing the server made up.
_NAMES = frozenset({"postbackId", "postback_id", "id", "delivery_id"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """One exchange, as it was and as it is now."""

    recorded: ExchangeResult
    status: int
    body: str

    @property
    def is_same(self) -> bool:
        """Return whether the answer has the status and the members it had."""
        same_status = self.status == self.recorded.status
        return same_status and _shape(self.body) == _shape(self.recorded.answer_body)


def recorded_case(source: str) -> tuple[RunReport, CaseResult]:
    """Return the case that `FILE`, `FILE#PB-...` or `FILE#2` means, with its report.

    Raises:
        InvalidConfig: There is no such file or case, or nothing was recorded of it.
    """
    name, _, wanted = source.partition("#")
    try:
        report = decode(Path(name).read_bytes())
    except OSError as error:
        raise InvalidConfig(f"cannot read the report {name}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidConfig(
            f"{name} is no JSON report; write one with `contracts run --report json=FILE`"
        ) from None
    recorded = [case for case in report.cases if case.exchanges and case.status is not Status.PASS]
    if not recorded:
        raise InvalidConfig(f"{name} holds no exchange to replay: every case passed")
    if not wanted:
        return report, recorded[0]
    for number, case in enumerate(recorded, 1):
        if wanted.upper() == case.id or wanted == str(number):
            return report, case
    known = ", ".join(case.id for case in recorded)
    raise InvalidConfig(f"{name} has no recorded case {wanted!r}; it has: {known}")


def replay(case: CaseResult, wire: Wire, environment: Mapping[str, str]) -> Iterator[Replayed]:
    """Send the exchanges of a case again, one by one.

    Ids and addresses that the server made up are replaced by those it makes up now.

    Args:
        case: With its exchanges.
        wire: Where to send them.
        environment: Where the secrets are that the recording has names for.

    Raises:
        InvalidConfig: A secret is not in the environment.
        ServerUnreachable: Nobody answers.
    """
    translation = _Translation(environment)
    for exchange in case.exchanges:
        parts = urlsplit(exchange.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        reply = wire.send(
            exchange.method,
            translation.of(target),
            {name: translation.of(value) for name, value in exchange.headers},
            translation.of(exchange.body).encode() if exchange.body else None,
        )
        body = as_text(reply.body)
        translation.learn(exchange.answer_body, body)
        yield Replayed(exchange, reply.status, body)


@dataclass
class _Translation:
    environment: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    shift: timedelta = timedelta(0)

    def of(self, text: str) -> str:
        """Return a recorded text with what stands for it now."""
        text = re.sub(rf"\$({KEY}|{TOKEN})", lambda match: self._secret(match[1]), text)
        text = _INSTANT.sub(lambda match: self._shifted(match[0]), text)
        if not self.known:
            return text
        words = sorted(map(re.escape, self.known), key=len, reverse=True)
        pattern = rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"
        return re.sub(pattern, lambda match: self.known[match[0]], text)

    def learn(self, recorded: str, now: str) -> None:
        """Take note of names that differ between an answer then and now."""
        try:
            self._compare("", json.loads(recorded), json.loads(now))
        except ValueError:
            return

    def _compare(self, name: str, old: Any, new: Any) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            for member in old.keys() & new.keys():
                self._compare(member, old[member], new[member])
        elif isinstance(old, list) and isinstance(new, list):
            for one, other in zip(old, new, strict=False):
                self._compare(name, one, other)
        elif name == "now":
            self.shift = datetime.fromisoformat(new) - datetime.fromisoformat(old)
        elif name in ("id", "delivery_id"):
            self.known[f"deliveries/{old}"] = f"deliveries/{new}"
        elif name in ("postbackId", "postback_id"):
            self.known[str(old)] = str(new)
        elif name == "url" and isinstance(old, str) and isinstance(new, str):
            self.known[_origin(old)] = _origin(new)

    def _shifted(self, instant: str) -> str:
        return (datetime.fromisoformat(instant) + self.shift).isoformat()

    def _secret(self, variable: str) -> str:
        value = self.environment.get(variable)
        if not value:
            raise InvalidConfig(
                f"the report has ${variable} in place of a secret; set {variable} to its value"
            )
        return value


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _shape(text: str) -> Any:
    """Return a body without the values that differ from run to run."""
    try:
        return _without_names(json.loads(text))
    except ValueError:
        return text


def _without_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: type(item).__name__ if name in _VARYING else _without_names(item)
            for name, item in value.items()
        }
    return [_without_names(item) for item in value] if isinstance(value, list) else value


_VARYING = _NAMES | {
    "url",
    "now",
    "from",
    "started_at",
    "ended_at",
    "created_at",
    "arrived_at",
    "triggered_at",
    "due_at",
    "next_due",
    "elapsed_real_seconds",
    "request_id",
    "client",
    "headers",
    "postbackUrl",
}
