"""Keeps reports in a folder, the newest of them, each as a page and as a few facts about it.

A report is two files, `ID.html` and `ID.json`. The second is written last and at once, so whoever
lists them sees whole ones only, however many processes write. No index can be wrong.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from mockserver.core.errors import PostbacksError
from mockserver.net.built_once import BuiltOnce
from mockserver.net.user_file import read_user_file

#: How many reports are kept; older ones are removed as new ones come.
MOST_KEPT = 50
#: How much room they may take together; the newest is kept whatever it takes.
MOST_BYTES = 100 * 1024 * 1024

#: How the id of a report is written: when the run began, and what tells it from others.
REPORT_ID = "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"

_ID = re.compile(REPORT_ID)
_FACTS, _PAGE = ".json", ".html"
_LONGEST_TARGET = 2_000

_VERDICTS = {
    0: "passed",
    1: "failed",
    2: "nothing tried",
    3: "unreachable",
    4: "suite error",
    130: "interrupted",
}


class ReportsUnusable(PostbacksError):
    """The folder of the reports cannot be written or read."""

    code = "reports-unusable"
    http_status = 503


class UnknownReport(PostbacksError):
    """No report has this id."""

    code = "unknown-report"
    http_status = 404


class ReportFacts(Struct, frozen=True):
    """What is to be said of a run in a list.

    Attributes:
        command: What made it: `verify` or `contracts run`.
        target_kind: E.g. `partner`, which is an endpoint, or `fake`.
        target: Its URL, secrets masked.
        started_at: When the run began, aware, in UTC.
        real_seconds: How long it took.
        verdict: In a word or two; see `verdict_of`.
        must_passed: How many cases of level MUST passed.
        must_applicable: Of how many that apply.
        by_status: How many cases have each status.
        suite_version: Of the suite that made it.
    """

    command: str
    target_kind: str
    target: str
    started_at: datetime
    real_seconds: float
    verdict: str
    must_passed: int
    must_applicable: int
    by_status: dict[str, int]
    suite_version: str


class KeptReport(Struct, frozen=True):
    """A report that is kept, and what it is about."""

    id: str
    facts: ReportFacts


_facts_decoder = BuiltOnce(lambda: msgspec.json.Decoder(ReportFacts))


def verdict_of(exit_code: int) -> str:
    """Return in a word or two what a run came to that ended with this exit code."""
    return _VERDICTS.get(exit_code, f"ended with {exit_code}")


class Shelf:
    """The reports in a folder.

    Args:
        folder: Made when the first is kept; its user alone may read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, facts: ReportFacts, page: str) -> str:
        """Keep a report, remove those that are too old, and return its id.

        Raises:
            ReportsUnusable: It cannot be written.
        """
        begun = facts.started_at.astimezone(UTC)
        report_id = f"{begun:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        facts = msgspec.structs.replace(facts, target=facts.target[:_LONGEST_TARGET])
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(f"{report_id}{_PAGE}", page.encode("utf-8", "backslashreplace"))
            self._write(f"{report_id}{_FACTS}", msgspec.json.encode(facts))
            self._remove_old(report_id)
        except OSError as error:
            raise ReportsUnusable(
                f"the report cannot be kept in {self.folder}: {error.strerror}; name another "
                "folder in POSTBACKS_REPORTS, or keep none with POSTBACKS_REPORTS=none"
            ) from None
        return report_id

    def listed(self) -> list[KeptReport]:
        """Return what is kept, the newest first; what cannot be read is left out.

        Raises:
            ReportsUnusable: There is such a folder, and it cannot be read.
        """
        found = []
        for report_id in self._ids():
            try:
                content = read_user_file(self._file(report_id, _FACTS))
                found.append(KeptReport(report_id, _facts_decoder().decode(content)))
            except (OSError, ValueError):
                # Removed by another process meanwhile, or none of ours.
                continue
        return found

    def page(self, report_id: str) -> bytes:
        """Return the page of a report: text from outside, which may hold anything.

        Raises:
            UnknownReport: There is none of this id.
        """
        try:
            return read_user_file(self._file(report_id, _PAGE))
        except OSError:
            raise _unknown(report_id) from None

    def path(self, report_id: str) -> Path:
        """Return the file that is the page of a report.

        Raises:
            UnknownReport: There is none of this id.
        """
        path = self._file(report_id, _PAGE)
        if not path.is_file():
            raise _unknown(report_id)
        return path

    def forget(self, report_id: str) -> None:
        """Remove a report.

        Raises:
            UnknownReport: There is none of this id.
            ReportsUnusable: It cannot be removed.
        """
        self.path(report_id)
        try:
            self._remove(report_id)
        except OSError as error:
            raise ReportsUnusable(
                f"the report {report_id} cannot be removed from {self.folder}: {error.strerror}"
            ) from None

    def _file(self, report_id: str, suffix: str) -> Path:
        # What is asked for is never put into a path unless it is written as ids are.
        if not _ID.fullmatch(report_id):
            raise _unknown(report_id)
        return self.folder / f"{report_id}{suffix}"

    def _ids(self) -> list[str]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ReportsUnusable(
                f"the reports in {self.folder} cannot be read: {error.strerror}"
            ) from None
        ids = {name.removesuffix(_FACTS) for name in names if name.endswith(_FACTS)}
        return sorted(filter(_ID.fullmatch, ids), reverse=True)

    def _write(self, name: str, content: bytes) -> None:
        """Write a file that is there as a whole, or not at all."""
        unfinished = self.folder / f".{name}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(unfinished, self.folder / name)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise

    def _remove_old(self, newest: str) -> None:
        room = MOST_BYTES
        for number, report_id in enumerate(self._ids()):
            room -= sum(self._sizes(report_id))
            if report_id != newest and (number >= MOST_KEPT or room < 0):
                with suppress(OSError):
                    self._remove(report_id)

    def _remove(self, report_id: str) -> None:
        # The facts first: without them nobody lists it.
        for suffix in (_FACTS, _PAGE):
            self._file(report_id, suffix).unlink(missing_ok=True)

    def _sizes(self, report_id: str) -> Iterator[int]:
        for suffix in (_FACTS, _PAGE):
            with suppress(OSError):
                yield self._file(report_id, suffix).stat().st_size


def _unknown(report_id: str) -> UnknownReport:
    return UnknownReport(
        f"there is no report {report_id[:60]!r}; `postbacks reports` lists what is kept"
    )
