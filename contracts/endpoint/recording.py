"""Postbacks that were recorded elsewhere, to be sent again.

Decides: which documents are recordings, and what of a recorded request is kept. Place in the
flow: read before a run; cases send it in place of generated postbacks. Must not import: senders,
cases, the runner.

Read are: what the sandbox prints with `--json` of deliveries, of an inbox, or while `tail` runs;
any of these one document a line; and HAR files of proxies and browsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mockserver.core.errors import InvalidConfig

#: The most postbacks that are taken from a recording.
MOST_RECORDED = 10_000


def read_recording(path: Path) -> list[str]:
    """Return the URLs (or paths with queries) that were POSTed, in the order of the file.

    Raises:
        InvalidConfig: It cannot be read, or holds no postback.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InvalidConfig(f"cannot read the recording {path}: {reason}") from None
    found: list[str] = []
    for document in _documents(text, path):
        found += _urls(document)
    if not found:
        raise InvalidConfig(
            f"the recording {path} holds no POST; it takes HAR, or what `postbacks deliveries`, "
            "`inbox` or `tail` print with --json"
        )
    return found[:MOST_RECORDED]


def led_to(template_url: str, recorded: str) -> str:
    """Return a recorded URL, led to the endpoint that a postbackUrl names.

    The query is the recorded one, byte by byte; the path is the endpoint's, unless it has
    placeholders.
    """
    base, was = urlsplit(template_url), urlsplit(recorded)
    path = was.path if "{{" in base.path else base.path
    return urlunsplit((base.scheme, base.netloc, path, was.query, ""))


def _documents(text: str, path: Path) -> Iterator[Any]:
    try:
        yield json.loads(text)
        return
    except ValueError:
        pass
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            raise InvalidConfig(
                f"the recording {path} is neither one JSON document nor one a line: line "
                f"{number}: {error}"
            ) from None


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _urls(item)
        return
    if not isinstance(value, dict):
        return
    url = _own_url(value)
    if url is not None:
        yield url
        return
    for item in value.values():
        yield from _urls(item)


def _own_url(value: dict[str, Any]) -> str | None:
    """Return the URL of an object that is a POST or a delivery by itself."""
    method = value.get("method")
    for name in ("url", "target"):
        url = value.get(name)
        if isinstance(url, str) and (method == "POST" or ("event" in value and "state" in value)):
            return url
    return None
