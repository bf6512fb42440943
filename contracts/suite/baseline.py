"""Reads which deviations are known and, until a date, do not fail a run.

A baseline is a TOML file:

    [[deviation]]
    case = "PB-RETRY-4XX"
    target = "fake"
    reason = "the gateway in front of the sandbox retries 429"
    expires = 2027-01-31
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from contracts.suite.registry import NothingSelected, find_case
from contracts.suite.results import NOT_TRIED, CaseResult
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.core.errors import InvalidConfig
from mockserver.core.toml_text import parse_toml
from mockserver.net.user_file import read_user_file

_KEYS = ("case", "target", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Entry:
    """One known deviation.

    Attributes:
        reason: Why it is accepted.
        expires: The last day on which it is.
    """

    case: str
    target: TargetKind
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Baseline:
    """All known deviations."""

    entries: tuple[Entry, ...] = ()

    def applied(self, result: CaseResult, target: TargetKind, today: date) -> CaseResult:
        """Return `result`, with the reason if its deviation is known and not expired."""
        entry = self._entry(result.id, target)
        if entry is None or result.passed or result.status in (Status.SKIP, Status.ERROR):
            return result
        if entry.expires < today:
            return result
        return msgspec.structs.replace(result, known=entry.reason)

    def stale(self, results: Sequence[CaseResult], target: TargetKind, today: date) -> list[str]:
        """Return what is wrong with entries whose case was tried in this run."""
        by_id = {result.id: result for result in results}
        told = []
        for entry in self.entries:
            result = by_id.get(entry.case)
            if entry.target is not target or result is None or result.status in NOT_TRIED:
                continue
            if result.passed:
                told.append(f"{entry.case} passes now: remove it from the baseline")
            elif entry.expires < today:
                told.append(f"{entry.case} was known until {entry.expires}: {entry.reason}")
        return told

    def _entry(self, case_id: str, target: TargetKind) -> Entry | None:
        for entry in self.entries:
            if entry.case == case_id and entry.target is target:
                return entry
        return None


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in a file.

    Raises:
        InvalidConfig: It cannot be read, or an entry lacks a reason or an expiry.
        NothingSelected: An entry names a case that does not exist.
    """
    try:
        document = parse_toml(read_user_file(path).decode())
    except OSError as error:
        raise InvalidConfig(f"cannot read the baseline {path}: {error.strerror}") from None
    except ValueError as error:
        raise InvalidConfig(f"the baseline {path} is not TOML: {error}") from None
    strangers = sorted(document.keys() - {"deviation"})
    tables = document.get("deviation", [])
    if strangers or not isinstance(tables, list):
        named = f", not {strangers[0]!r}" if strangers else ""
        raise InvalidConfig(f"the baseline {path} holds [[deviation]] tables and no more{named}")
    entries = tuple(_entry_of(table, number, path) for number, table in enumerate(tables, 1))
    seen = set()
    for entry in entries:
        if (entry.case, entry.target) in seen:
            raise InvalidConfig(f"the baseline {path} has {entry.case} twice; keep one of them")
        seen.add((entry.case, entry.target))
    return Baseline(entries)


def _entry_of(table: Any, number: int, path: Path) -> Entry:
    where = f"deviation {number} of the baseline {path}"
    if not isinstance(table, dict):
        raise InvalidConfig(f"{where} is no table; write [[deviation]] with {', '.join(_KEYS)}")
    for name in table.keys() - set(_KEYS):
        raise InvalidConfig(f"{where} has an unknown key {name!r}; it takes {', '.join(_KEYS)}")
    for name in ("case", "reason"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise InvalidConfig(f"{where} needs {name}, a text")
    expires = table.get("expires")
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise InvalidConfig(f"{where} needs expires, a date like 2027-01-31 without quotes")
    try:
        target = TargetKind(table.get("target", TargetKind.FAKE))
    except ValueError:
        raise InvalidConfig(
            f"{where}: target {table['target']!r} is none of {', '.join(TargetKind)}"
        ) from None
    try:
        case_id = find_case(table["case"]).id
    except NothingSelected as error:
        raise NothingSelected(f"{where}: {error}") from None
    return Entry(case_id, target, table["reason"], expires)
