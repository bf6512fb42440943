"""Asks what an endpoint has stored, by a URL or a command that its user gives.

`probe_answer` says which answers can be read.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import quote, unquote
from urllib.request import Request

from mockserver.client.probe_answer import ProbeFailed, Stored, holds, read_stored
from mockserver.client.wire import direct_opener
from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidConfig
from mockserver.net.command import run_command

#: How long a probe may take, in real seconds.
PROBE_REAL_SECONDS = 10.0
#: The longest answer of a probe, in bytes.
MOST_BYTES = 64 << 20
#: Replaced in a probe's URL or command by the prefix of the run's ids.
PLACEHOLDER = "{prefix}"


class Probe(Protocol):
    """Asks what an endpoint has stored."""

    description: str

    def ask(self, prefix: str) -> Stored:
        """Return what is stored of a run.

        Args:
            prefix: The beginning of all ids of the run.

        Raises:
            ProbeFailed: It did not answer, or not in a form that can be read.
        """


class UrlProbe(Probe):
    """Asks a URL with GET.

    Args:
        url: May hold a user name and password, which are sent as a browser sends them.
    """

    def __init__(self, url: str) -> None:
        self._url, self._headers = _without_user_info(url)
        self.description = self._url
        # Neither proxies nor redirects: the answer has to be the endpoint's own.
        self._open = direct_opener().open

    def ask(self, prefix: str) -> Stored:
        url = self._url.replace(PLACEHOLDER, quote(prefix, safe=""))
        try:
            with self._open(Request(url, headers=self._headers), timeout=PROBE_REAL_SECONDS) as got:
                content = got.read(MOST_BYTES + 1)
                # Bytes that its Content-Length promised and that never came.
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


class CommandProbe(Probe):
    """Runs a command by the shell, pipes and all, and reads what it prints."""

    def __init__(self, command: str) -> None:
        if not command.strip():
            raise InvalidConfig("--probe takes a URL or a command, and got nothing")
        self.description = command

    def ask(self, prefix: str) -> Stored:
        # The prefix is made of letters, digits and dashes, so the shell takes it as it is.
        command = self.description.replace(PLACEHOLDER, prefix)
        try:
            ended = run_command(command, PROBE_REAL_SECONDS)
        except TimeoutError:
            raise ProbeFailed(
                f"the probe {self.description!r} was not done within {PROBE_REAL_SECONDS:g} s; let "
                "it answer faster, with what belongs to {prefix} only, for instance"
            ) from None
        except (OSError, ValueError) as error:
            raise ProbeFailed(f"the probe {self.description!r} cannot be run: {error}") from None
        if ended.code:
            said = ended.complaint or "".join(ended.output.strip().splitlines()[-1:])
            because = f": {said}" if said else ""
            raise ProbeFailed(f"the probe {self.description!r} ended with {ended.code}{because}")
        return read_stored(ended.output, self.description)


class FunctionProbe(Probe):
    """Asks a function, for endpoints in this process; a text is read like that of a command."""

    def __init__(self, function: Callable[[], Sequence[Any] | int | str]) -> None:
        self.description = "a function"
        self._function = function

    def ask(self, prefix: str) -> Stored:
        answer = self._function()
        if isinstance(answer, int):
            return Stored(answer)
        if isinstance(answer, str):
            return read_stored(answer, self.description)
        entries = tuple(
            entry for entry in answer if holds(entry, re.compile(re.escape(prefix), re.IGNORECASE))
        )
        return Stored(len(answer), entries)


def probe_of(text: str) -> Probe:
    """Return the probe that a user means: a URL, or else a command.

    Raises:
        InvalidConfig: It holds nothing, or something that is nearly `{prefix}`.
    """
    for found in re.finditer(r"\$?\{+\s*([A-Za-z_]{4,9})\s*\}+", text):
        if found[0] != PLACEHOLDER and suggestion(found[1], ["prefix"]):
            raise InvalidConfig(
                f"--probe has {found[0]}, and only {PLACEHOLDER} is replaced; write it exactly so"
            )
    if re.match(r"https?://", text, re.IGNORECASE):
        return UrlProbe(text)
    return CommandProbe(text)


def _without_user_info(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without user name and password, and the header field that carries them."""
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user_info, at, _ = authority.rpartition("@")
    if not at:
        return url, {}
    name, _, password = user_info.partition(":")
    credentials = f"{unquote(name)}:{unquote(password)}".encode()
    field = {"Authorization": f"Basic {b64encode(credentials).decode()}"}
    return f"{scheme}{separator}{rest[len(user_info) + 1 :]}", field
