"""Streams what was recorded, with its own times: a HAR, an access log, or events in JSON lines.

A file is read twice: once to be checked, whole, before anything is sent, and once line by line.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from heapq import heappush, heappushpop
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from mockserver.core.catalog import event_kind
from mockserver.core.errors import InvalidConfig, InvalidValue, PostbacksError
from mockserver.core.events import build_event
from mockserver.core.models import Event
from mockserver.core.wording import count as counted_as
from mockserver.load.arrival import Arrival
from mockserver.load.log_lines import Written, entry_of_har, read_line
from mockserver.load.people import People
from mockserver.load.quantities import LONGEST
from mockserver.load.recorded_urls import UrlEvents
from mockserver.net.user_file import read_user_file

#: A line may stand so many lines too late, as in a log that is written when answers end.
LATEST_LINE = 10_000
#: No line is longer, in bytes.
LONGEST_LINE = 1 << 20

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file with postbacks or events, and their times.

    Attributes:
        path: The file.
        people: Who has the events of which it does not say whose they are.
        template: The postbackUrl by which events are read from recorded URLs; without it each
            has the values of a sample.
        digest: SHA-256 that the file must have, in hexadecimal; empty for any.
    """

    path: Path
    people: People = field(default_factory=People)
    template: str = ""
    digest: str = ""


class _Extent(NamedTuple):
    """What the first reading found."""

    total: int
    begins: timedelta
    lasts: timedelta
    left_out: int
    whole_seconds: bool
    digest: str


class RecordedStream:
    """The arrivals that a file has.

    Args:
        recording: The file, and how to read it.

    Raises:
        InvalidConfig: It cannot be read, a line says nothing, or it is not in order; the message
            has the number of the line.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        try:
            self._urls = UrlEvents(recording.template) if recording.template else None
        except PostbacksError as error:
            raise InvalidConfig(str(error)) from None
        self._check_file()
        self._extent = self._measured()
        if recording.digest and recording.digest != self._extent.digest:
            raise InvalidConfig(
                f"the recording {recording.path} is not the file that the load was made of; copy "
                "it to every machine, to the same path"
            )

    @property
    def total(self) -> int:
        """Return how many arrivals there are."""
        return self._extent.total

    @property
    def lasts(self) -> timedelta:
        """Return the planned instant of the last arrival."""
        return self._extent.lasts

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what a user should know of the file."""
        said = []
        if self._extent.left_out:
            left_out = counted_as(self._extent.left_out, "request")
            said.append(f"{left_out} of the recording left out: no POST, or for another endpoint")
        if self._extent.whole_seconds and self.total > 1:
            said.append(
                "the recording has whole seconds only, so all postbacks of a second come at once"
            )
        return tuple(said)

    def part(self, index: int, parts: int) -> Iterator[Arrival]:
        """Return the arrivals of one worker, in the order of their planned instants."""
        for number, (after, _, line) in enumerate(self._in_order()):
            event = self._event(line.written, number, after, line.number)
            if crc32(event.user_id.encode()) % parts == index:
                yield Arrival(number, after, event)

    def counts(self, every: timedelta) -> Mapping[int, int]:
        """Return how many arrivals there are in each slice of time that has any."""
        return Counter(after // every for after, _, _ in self._in_order())

    def as_json(self) -> Mapping[str, Any]:
        """Return what `streams.stream_from` makes an equal stream of, where the file is, too."""
        return {
            "shape": "file",
            "path": str(self.recording.path),
            "people": self.recording.people.as_json(),
            "template": self.recording.template,
            "digest": self._extent.digest,
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> RecordedStream:
        """Return the stream that `as_json` was asked of."""
        people = People.from_json(document["people"])
        path = Path(document["path"])
        return RecordedStream(Recording(path, people, document["template"], document["digest"]))

    def _check_file(self) -> None:
        path = self.recording.path
        if not os.path.exists(path):
            raise InvalidConfig(f"there is no recording {path}")
        if not os.path.isfile(path):
            raise InvalidConfig(f"the recording {path} is no file that can be read twice")

    def _measured(self) -> _Extent:
        digest = sha256()
        total, left_out, whole_seconds = 0, 0, True
        first: timedelta | None = None
        last = timedelta(0)
        for at, _, line in _sorted(self._lines(digest), self.recording.path):
            if self._is_ours(line):
                first = at if first is None else first
                # Checked before anything is sent.
                self._event(line.written, total, timedelta(0), line.number)
                total, last = total + 1, at
                whole_seconds = whole_seconds and not at % _SECOND
            else:
                left_out += 1
        if first is None:
            raise InvalidConfig(
                f"the recording {self.recording.path} holds no postback that fits; it takes a "
                "HAR, an access log (combined or JSON lines), or events in JSON lines"
            )
        begins = timedelta(0) if self._is_events else first
        if last - begins > LONGEST:
            raise InvalidConfig(
                f"the recording {self.recording.path} lasts {(last - begins).days:,} days; "
                f"{LONGEST.days} are allowed"
            )
        whole_seconds = whole_seconds and not self._is_events
        return _Extent(total, begins, last - begins, left_out, whole_seconds, digest.hexdigest())

    def _in_order(self) -> Iterator[tuple[timedelta, int, _Line]]:
        begins = self._extent.begins
        for at, order, line in _sorted(self._lines(), self.recording.path):
            if self._is_ours(line):
                yield at - begins, order, line

    def _is_ours(self, line: _Line) -> bool:
        """Return whether a line is an event, or a POST with a value of the template."""
        written = line.written
        if written is None or written.url is None or self._urls is None:
            return written is not None
        starts_at = self.recording.people.starts_at
        try:
            return self._urls.event_of(written.url, "", starts_at) is not None
        except InvalidValue as error:
            raise self._wrong(line.number, error) from None

    def _event(self, written: Written | None, number: int, after: timedelta, line: int) -> Event:
        assert written is not None, "left out before"
        people = self.recording.people
        try:
            if written.event is not None:
                return _told(written, people, number, after)
            if self._urls is not None and written.url is not None:
                found = self._urls.event_of(written.url, people.app_id, people.starts_at + after)
                assert found is not None, "left out before"
                return found
        except PostbacksError as error:
            raise self._wrong(line, error) from None
        return people.event(event_kind("email.click"), number, after)

    @cached_property
    def _is_events(self) -> bool:
        first = next((line for line in self._lines() if line.written is not None), None)
        return first is not None and first.written is not None and first.written.event is not None

    def _lines(self, digest: Any = None) -> Iterator[_Line]:
        entries = self._har_entries
        if entries is not None:
            if digest is not None:
                digest.update(self.recording.path.read_bytes())
            for number, entry in enumerate(entries, 1):
                yield self._line(number, lambda entry=entry: entry_of_har(entry))
            return
        try:
            with self.recording.path.open("rb") as file:
                for number in count(1):
                    raw = file.readline(LONGEST_LINE + 1)
                    if not raw:
                        return
                    if digest is not None:
                        digest.update(raw)
                    if raw.strip():
                        yield self._line(number, lambda raw=raw: read_line(_text(raw)))
        except OSError as error:
            raise InvalidConfig(
                f"cannot read the recording {self.recording.path}: {error.strerror}"
            ) from None

    def _line(self, number: int, read: Any) -> _Line:
        try:
            return _Line(number, read())
        except InvalidValue as error:
            raise self._wrong(number, error) from None

    def _wrong(self, line: int, error: Exception) -> InvalidConfig:
        what = "line" if self._har_entries is None else "entry"
        return InvalidConfig(f"the recording {self.recording.path}, {what} {line}: {error}")

    @cached_property
    def _har_entries(self) -> list[Any] | None:
        """Return the entries of a HAR, which is one document; None for what has lines."""
        try:
            with self.recording.path.open("rb") as file:
                begins = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
            if not begins.startswith(b"{") or not _may_be_har(begins):
                return None
            document = json.loads(read_user_file(self.recording.path).decode("utf-8-sig"))
        except OSError as error:
            raise InvalidConfig(
                f"cannot read the recording {self.recording.path}: {error.strerror}"
            ) from None
        except (ValueError, RecursionError):
            return None
        log = document.get("log") if isinstance(document, dict) else None
        entries = log.get("entries") if isinstance(log, dict) else None
        return entries if isinstance(entries, list) else None


class _Line(NamedTuple):
    """A line with its number; nothing was written if it is no POST."""

    number: int
    written: Written | None


def _may_be_har(begins: bytes) -> bool:
    return b'"log"' in begins[:200]


def _text(raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise InvalidValue(f"it has more than {LONGEST_LINE:,} bytes")
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InvalidValue("it is no text in UTF-8") from None


def _sorted(lines: Iterator[_Line], path: Path) -> Iterator[tuple[timedelta, int, _Line]]:
    """Yield lines by their times, those of the same time as they stand."""
    waiting: list[tuple[timedelta, int, _Line]] = []
    latest: timedelta | None = None
    for line in lines:
        if line.written is None:
            if latest is None:
                latest = timedelta.min
            # It has no time that matters; told of at once.
            yield latest, line.number, line
            continue
        entry = (line.written.at, line.number, line)
        if len(waiting) < LATEST_LINE:
            heappush(waiting, entry)
            continue
        first = heappushpop(waiting, entry)
        if latest is not None and first[0] < latest:
            raise InvalidConfig(
                f"the recording {path} is not in order: line {first[1]} is earlier than what "
                f"stands {LATEST_LINE:,} lines before; sort it by time"
            )
        latest = first[0]
        yield first
    yield from sorted(waiting)


def _told(written: Written, people: People, number: int, after: timedelta) -> Event:
    assert written.event is not None, "asked before"
    kind = event_kind(written.event)
    event = build_event(kind, people.app_id, people.starts_at + after, written.values)
    # Whoever does not say whose event it is means no single user.
    somebody = people.event(kind, number, after)
    for name in ("user_id", "device_id"):
        if name not in written.values:
            event = replace(event, **{name: getattr(somebody, name)})
    return event
