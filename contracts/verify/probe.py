"""Asks what an endpoint has stored, by a URL or a command that its user gives.

An answer is one of these, as text:

- a number: how many events are stored;
- a JSON array of texts, or lines of text: a key for each event, with the user id in it;
- a JSON array of objects: an object for each event, with its values under any names.
"""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import quote, unquote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from contracts.verify.command import run_command
from contracts.verify.postbacks import Postback
from mockserver.core.errors import InvalidConfig, PostbacksError
from mockserver.core.template import milliseconds

#: How long a probe may take, in real seconds.
PROBE_REAL_SECONDS = 30.0
#: How much a probe may answer.
MOST_BYTES = 64 << 20
#: What stands in a probe's URL or command for the prefix of the run's ids.
PLACEHOLDER = "{prefix}"


#: More than anybody counts, and fewer than Python refuses to read.
_MOST_DIGITS = 20


class ProbeFailed(PostbacksError):
    """The probe did not answer, or not in a form that can be read."""

    code = "probe-failed"


class Line(str):
    """A line of a probe's answer; an id with a line end in it fills more than one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What a probe answered.

    Attributes:
        count: How many events are stored.
        entries: What is known of each; None if the probe only counts.
    """

    count: int
    entries: tuple[Any, ...] | None = None

    def of(self, postback: Postback) -> list[Any]:
        """Return what is stored of a postback; only if there are entries."""
        if not postback.key:
            # Nothing tells it from any other.
            return []
        # A key ends in a number: 1 must not be found in 17.
        pattern = re.compile(rf"{re.escape(postback.key)}(?!\d)")
        return [entry for entry in self.entries or () if _holds(entry, pattern)]


class Probe(Protocol):
    """Tells what an endpoint has stored."""

    description: str

    def ask(self, prefix: str) -> Stored:
        """Return what is stored of a run.

        Args:
            prefix: What the run's ids begin with.

        Raises:
            ProbeFailed: It cannot be told.
        """


class UrlProbe:
    """Asks a URL with GET.

    Args:
        url: Its user name and password, if it has them, are sent as a browser does.
        headers: Header fields to send.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._url, authorization = _without_user_info(url)
        self.description = self._url
        self._headers = authorization | dict(headers or {})
        # Neither proxies nor redirects: the answer has to be the endpoint's own.
        self._open = build_opener(ProxyHandler({}), _NoRedirects).open

    def ask(self, prefix: str) -> Stored:
        """Return what the URL answers; see `Probe`."""
        url = self._url.replace(PLACEHOLDER, quote(prefix, safe=""))
        try:
            with self._open(Request(url, headers=self._headers), timeout=PROBE_REAL_SECONDS) as got:
                content = got.read(MOST_BYTES + 1)
                # Of an answer that was to be longer.
                missing = got.length if len(content) <= MOST_BYTES else 0
        except HTTPError as error:
            with error:
                raise ProbeFailed(f"the probe {self._url} answered {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise ProbeFailed(f"the probe {self._url} did not answer: {reason}") from None
        if missing:
            raise ProbeFailed(f"the probe {self._url} did not answer: it was cut off")
        if len(content) > MOST_BYTES:
            raise ProbeFailed(
                f"the probe {self._url} answered more than {MOST_BYTES >> 20} MiB; let it answer "
                f"with what belongs to {PLACEHOLDER} only"
            )
        return read_stored(content.decode("utf-8", "replace"), self._url)


class CommandProbe:
    """Runs a command and reads what it prints."""

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise InvalidConfig(
                f"--probe: the command {command!r} cannot be read: {error}"
            ) from None
        if not self._words:
            raise InvalidConfig("--probe takes a URL or a command, and got nothing")
        self.description = command

    def ask(self, prefix: str) -> Stored:
        """Return what the command prints; see `Probe`."""
        words = [word.replace(PLACEHOLDER, prefix) for word in self._words]
        try:
            ended = run_command(words, PROBE_REAL_SECONDS)
        except TimeoutError:
            raise ProbeFailed(
                f"the probe {self.description!r} was not done within {PROBE_REAL_SECONDS:g} s"
            ) from None
        except (OSError, ValueError) as error:
            raise ProbeFailed(f"the probe {self.description!r} cannot be run: {error}") from None
        if ended.code:
            said = ended.complaint or "".join(ended.output.strip().splitlines()[-1:])
            because = f": {said}" if said else ""
            raise ProbeFailed(f"the probe {self.description!r} ended with {ended.code}{because}")
        return read_stored(ended.output, self.description)


class FunctionProbe:
    """Asks a function, for endpoints in this process."""

    def __init__(self, function: Callable[[], Sequence[Any] | int]) -> None:
        self.description = "a function"
        self._function = function

    def ask(self, prefix: str) -> Stored:
        """Return what the function returns; see `Probe`."""
        answer = self._function()
        if isinstance(answer, int):
            return Stored(answer)
        entries = tuple(entry for entry in answer if _holds(entry, re.compile(re.escape(prefix))))
        return Stored(len(answer), entries)


def probe_of(text: str) -> Probe:
    """Return the probe that a user means: a URL, or else a command."""
    if re.match(r"https?://", text, re.IGNORECASE):
        return UrlProbe(text)
    return CommandProbe(text)


def read_stored(text: str, source: str) -> Stored:
    """Return what an answer says.

    Args:
        text: The answer.
        source: Where it comes from, for errors.

    Raises:
        ProbeFailed: It has none of the forms that can be read.
    """
    # Some programs of Windows begin whatever they write with a mark.
    text = text.removeprefix("\ufeff")
    stripped = text.strip()
    try:
        # Numbers stay as they are written: whether an id has lost digits is to be seen.
        document = json.loads(stripped, parse_float=_Written, parse_int=_Written)
    except (ValueError, RecursionError):
        if stripped[:1] in ("[", "{", "<"):
            raise ProbeFailed(
                f"the probe {source!r} answered neither a number, nor a JSON array, nor lines of "
                f"text, but {stripped[:80]!r}"
            ) from None
        # Not `splitlines`: an id may hold what that takes for the end of a line.
        lines = tuple(Line(line) for line in text.replace("\r\n", "\n").split("\n") if line.strip())
        return Stored(len(lines), lines)
    if isinstance(document, _Written) and document.isdigit() and len(document) < _MOST_DIGITS:
        return Stored(int(document))
    if isinstance(document, list):
        return Stored(len(document), tuple(document))
    raise ProbeFailed(
        f"the probe {source!r} answered {stripped[:80]!r}; it takes a number, a JSON array of "
        "texts or objects, or lines of text"
    )


def differences(
    postback: Postback, entry: Any, names: Collection[str] | None = None
) -> list[tuple[str, str, str]]:
    """Return name, what was sent, and what is stored, for each value that is not the same.

    A name that the entry lacks says nothing: nobody has to store everything. A trigger time may
    be kept in any way that has its milliseconds and its zone.

    Args:
        postback: What was sent.
        entry: What is stored of it.
        names: Of the query, to be compared; all of them unless given.
    """
    if not isinstance(entry, Mapping):
        return []
    return [
        (name, sent, _as_text(entry[name]))
        for name, sent in postback.values.items()
        if name in entry and (names is None or name in names) and not _is_same(sent, entry[name])
    ]


class _Written(str):
    """A number of a JSON document, as it is written there."""

    __slots__ = ()


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_is_milliseconds = re.compile(r"\d{13}").fullmatch


def _holds(entry: Any, pattern: re.Pattern[str]) -> bool:
    if isinstance(entry, str):
        return bool(pattern.search(entry))
    if isinstance(entry, Mapping):
        return any(_holds(value, pattern) for value in entry.values())
    return isinstance(entry, list | tuple) and any(_holds(value, pattern) for value in entry)


def _is_same(sent: str, stored: Any) -> bool:
    if _as_text(stored) == sent:
        return True
    if stored is None:
        return sent == ""
    if _is_milliseconds(sent):
        return _milliseconds_of(_as_text(stored)) == int(sent)
    # Parameters may have been taken apart, or be kept with other blanks.
    try:
        document = json.loads(sent)
        kept = json.loads(stored) if isinstance(stored, str) else _plain(stored)
    except (ValueError, TypeError, RecursionError):
        return False
    is_document = isinstance(document, dict | list)
    return is_document and bool(_comparable(document) == _comparable(kept))


def _milliseconds_of(stored: str) -> int | None:
    """Return the instant that a text means, if it has not lost the milliseconds of one."""
    if re.fullmatch(r"\d{1,12}\.\d{3,9}", stored):
        return round(Decimal(stored) * 1000)
    try:
        at = datetime.fromisoformat(stored)
    except ValueError:
        return None
    # Without a time zone it is anybody's guess which instant is meant.
    return None if at.tzinfo is None else milliseconds(at)


def _plain(value: Any) -> Any:
    if isinstance(value, _Written):
        return json.loads(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _comparable(value: Any) -> Any:
    """Return a value that is not equal to another kind of JSON value: to Python, true is 1."""
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return (value,) if isinstance(value, bool) else value


def _without_user_info(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without user name and password, and the header field that they go into."""
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user_info, at, _ = authority.rpartition("@")
    if not at:
        return url, {}
    name, _, password = user_info.partition(":")
    credentials = f"{unquote(name)}:{unquote(password)}".encode()
    field = {"Authorization": f"Basic {b64encode(credentials).decode()}"}
    return f"{scheme}{separator}{rest[len(user_info) + 1 :]}", field


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    # A number within a document is no text, and is shown as what it is.
    return json.dumps(_plain(value), ensure_ascii=False, default=str)
