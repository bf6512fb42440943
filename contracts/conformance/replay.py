"""Sends a recorded case again: the same requests in the same order, ids and times translated."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from contracts.suite.exchange import as_text
from contracts.suite.results import FORMAT, CaseResult, RecordedExchange, RunReport, decode
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from mockserver.client.wire import Wire
from mockserver.core.errors import InvalidConfig
from mockserver.core.wording import count
from mockserver.net.masks import VARIABLE
from mockserver.net.user_file import read_user_file

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

#: Names that `Names` has handed out.
_OWN_NAME = re.compile(r"\bcontracts(?:-[a-z0-9]+)*?-(app|inbox)-\d+")

#: Members of answers that name a thing the server made up.
_NAMES = frozenset({"postbackId", "postback_id", "id", "delivery_id"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """One exchange, as it was and as it is now.

    Attributes:
        expected: The recorded answer's body, with the names that are in use now.
    """

    recorded: RecordedExchange
    status: int
    body: str
    expected: str

    @property
    def is_same(self) -> bool:
        """Return whether the answer is the recorded one, but for what the server makes up."""
        return not self.difference

    @property
    def difference(self) -> str:
        """Return the first place where the answers differ, in words; empty if nowhere."""
        if self.status != self.recorded.status:
            return f"status: {self.recorded.status} then, {self.status} now"
        return _first_difference(_shape(self.expected), _shape(self.body), "body")


def recorded_case(source: str) -> tuple[RunReport, CaseResult]:
    """Return the case that `FILE`, `FILE#PB-...` or `FILE#2` means, with its report.

    Raises:
        InvalidConfig: There is no such file or case, or nothing was recorded of it.
    """
    name, wanted = source, ""
    if not os.path.isfile(source) and "#" in source:
        name, _, wanted = source.rpartition("#")
    try:
        report = decode(read_user_file(Path(name)))
    except OSError as error:
        raise InvalidConfig(f"cannot read the report {name}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidConfig(
            f"{name} is no JSON report; write one with `contracts run --report json=FILE`"
        ) from None
    if report.format != FORMAT:
        raise InvalidConfig(
            f"{name} has format {report.format}, this version reads {FORMAT}; run the suite again"
        )
    recorded = [case for case in report.cases if case.exchanges and case.status is not Status.PASS]
    if not recorded:
        found = ", ".join(f"{count} {status}" for status, count in report.summary.by_status.items())
        raise InvalidConfig(f"{name} holds no exchange to replay; it has: {found or 'no case'}")
    if not wanted:
        return report, recorded[0]
    for number, case in enumerate(recorded, 1):
        if wanted.upper() == case.id or wanted == str(number):
            return report, case
    known = ", ".join(case.id for case in recorded)
    raise InvalidConfig(f"{name} has no recorded case {wanted!r}; it has: {known}")


def replay(
    case: CaseResult, wire: Wire, environment: Mapping[str, str], names: Names
) -> Iterator[Replayed]:
    """Send the exchanges of a case again, one by one.

    Ids and addresses that the server made up are replaced by those it makes up now, the
    names of the suite's own apps and inboxes by new ones.

    Args:
        case: With its exchanges.
        wire: Where to send them.
        environment: Where the secrets are that the recording has names for.
        names: Hands out the names of apps and inboxes.

    Raises:
        InvalidConfig: A secret is not in the environment.
        ServerUnreachable: Nobody answers.
    """
    translation = _Translation(environment, names)
    for exchange in case.exchanges:
        parts = urlsplit(exchange.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        reply = wire.send(
            exchange.method,
            translation.of(target, is_url=True),
            {name: translation.of(value) for name, value in exchange.headers},
            translation.of(exchange.body).encode() if exchange.body else None,
        )
        body = as_text(reply.body)
        translation.learn(exchange.answer_body, body)
        yield Replayed(exchange, reply.status, body, translation.of(exchange.answer_body))


@dataclass
class _Translation:
    environment: Mapping[str, str]
    names: Names
    known: dict[str, str] = field(default_factory=dict)
    shift: timedelta = timedelta(0)

    def of(self, text: str, *, is_url: bool = False) -> str:
        """Return a recorded text with what stands for it now."""
        for name in _OWN_NAME.finditer(text):
            if name[0] not in self.known:
                self.known[name[0]] = self.names.next(name[1])
        text = VARIABLE.sub(lambda match: self._secret(match["name"], is_url), text)
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
        elif name == "now" and isinstance(old, str) and isinstance(new, str):
            self.shift = datetime.fromisoformat(new) - datetime.fromisoformat(old)
        elif name in ("id", "delivery_id"):
            self.known[f"deliveries/{old}"] = f"deliveries/{new}"
        elif name in ("postbackId", "postback_id"):
            self.known[str(old)] = str(new)
        elif name == "url" and isinstance(old, str) and isinstance(new, str):
            self.known[_origin(old)] = _origin(new)

    def _shifted(self, instant: str) -> str:
        return (datetime.fromisoformat(instant) + self.shift).isoformat()

    def _secret(self, variable: str, is_url: bool) -> str:
        value = self.environment.get(variable)
        if not value:
            raise InvalidConfig(
                f"the report has ${variable} in place of a secret; set {variable} to its value"
            )
        return quote(value, safe="") if is_url else value


def _first_difference(then: Any, now: Any, where: str) -> str:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in {**then, **now}:
            inner = f"{where}.{name}"
            if name not in now or name not in then:
                return f"{inner}: only {'then' if name in then else 'now'}"
            found = _first_difference(then[name], now[name], inner)
            if found:
                return found
        return ""
    if isinstance(then, list) and isinstance(now, list):
        for number, (one, other) in enumerate(zip(then, now, strict=False)):
            found = _first_difference(one, other, f"{where}[{number}]")
            if found:
                return found
        if len(then) != len(now):
            return f"{where}: {count(len(then), 'item')} then, {len(now)} now"
        return ""
    if then == now:
        return ""
    return f"{where}: {_brief(then)} then, {_brief(now)} now"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."


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
