"""Reads postbacks that were recorded elsewhere, so that cases can send them again.

It reads the JSON that `postbacks deliveries`, `inbox` and `tail` print with `--json`, as one
document or as one document a line, and the HAR files of proxies and browsers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.core.errors import InvalidConfig
from mockserver.net.user_file import read_user_file

#: The most postbacks that are taken from a recording.
MOST_RECORDED = 10_000


def read_recording(path: Path) -> list[str]:
    """Return the URLs (or paths with queries) that were POSTed, in the order of the file.

    Raises:
        InvalidConfig: It cannot be read, or holds no postback.
    """
    try:
        text = read_user_file(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InvalidConfig(f"cannot read the recording {path}: {reason}") from None
    found: list[str] = []
    try:
        for document in _documents(text, path):
            found += _urls(document)
    except RecursionError:
        raise InvalidConfig(f"the recording {path} is nested too deep to be one") from None
    for url in found:
        if _PARTS(url) is None:
            raise InvalidConfig(
                f"the recording {path} holds {url[:80]!r}, which is no URL that can be posted to"
            )
    if not found:
        raise InvalidConfig(
            f"the recording {path} holds no POST; it takes HAR, or what `postbacks deliveries`, "
            "`inbox` or `tail` print with --json"
        )
    return found[:MOST_RECORDED]


def led_to(template_url: str, recorded: str) -> str:
    """Return a recorded URL with the host of the endpoint that a postbackUrl names.

    The query stays as recorded, byte by byte. The path becomes that of the postbackUrl, unless
    that has placeholders.
    """
    base, was = _PARTS(template_url), _PARTS(recorded)
    assert base is not None
    assert was is not None, "a recording holds nothing else"
    path = was["path"] if "{{" in base["path"] else base["path"]
    return f"{base['origin']}{path}{was['query'] or ''}"


#: A URL, or a path with a query. The parts are not decoded, so that no byte changes.
_PARTS = re.compile(
    r"(?P<origin>(?i:https?)://[^/?#\s]+|(?=/))(?P<path>[^?#\x00-\x1f\x7f]*)"
    r"(?P<query>\?[^#\x00-\x1f\x7f]*)?(?:#.*)?"
).fullmatch


def _documents(text: str, path: Path) -> Iterator[Any]:
    try:
        yield json.loads(text)
        return
    except ValueError:
        pass
    # Not `splitlines`, which also splits at characters that may be part of a value.
    for number, line in enumerate(text.split("\n"), 1):
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
    """Return the URL of an object if it is a POST or a delivery; else None."""
    # A delivery, or an attempt as `tail` prints it.
    is_delivery = "state" in value and ("event" in value or "attempt" in value)
    for name in ("url", "target"):
        url = value.get(name)
        if isinstance(url, str) and (value.get("method") == "POST" or is_delivery):
            return url
    return None
