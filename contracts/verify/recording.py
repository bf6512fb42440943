"""Reads postbacks that were recorded elsewhere, so that cases can send them again.

It reads the JSON that `postbacks deliveries`, `inbox` and `tail` print with `--json`, as one
document or as one document a line, the HAR files of proxies and browsers, and access logs: the
combined format, and JSON lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
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
            f"the recording {path} holds no POST; it takes HAR, an access log (combined or JSON "
            "lines), or what `postbacks deliveries`, `inbox` or `tail` print with --json"
        )
    return found[:MOST_RECORDED]


def fitting(template_url: str, recorded: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the recorded URLs that are for an endpoint, and those that are not, without values.

    A URL fits if it has two of the names of the postbackUrl that carry a value, or has one and no
    name beyond them; if the query of the postbackUrl carries none, the path decides.

    Args:
        template_url: The postbackUrl.
        recorded: What was recorded.
    """
    parts = _PARTS(template_url)
    assert parts is not None
    names = {
        name
        for name, _, value in (
            piece.partition("=") for piece in (parts["query"] or "?")[1:].split("&")
        )
        if "{{" in value
    }
    path = re.compile(
        "[^/]*".join(re.escape(piece) for piece in re.split(r"\{\{[^{}]*\}\}", parts["path"]))
    )
    kept, left_out = [], []
    for url in recorded:
        found = _PARTS(url)
        assert found is not None, "a recording holds nothing else"
        has = {piece.partition("=")[0] for piece in (found["query"] or "?")[1:].split("&")}
        shared = names & has
        fits: object = len(shared) >= min(2, len(names)) or (shared and has <= names)
        if not names:
            fits = path.fullmatch(found["path"])
        if fits:
            kept.append(url)
        else:
            left_out.append(f"{found['origin']}{found['path']}")
    return kept, left_out


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


#: A request line, alone and as the only text in quotes with one in a line of a log.
_LINE = r"(?P<method>[A-Z]+) (?P<target>[^\s\"]+)(?: HTTP/[0-9.]+)?"
_REQUEST_LINE = re.compile(_LINE).fullmatch
_LOGGED = re.compile(rf"[^\"]*\"{_LINE}\" \d{{3}}\b").match


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
            logged = _LOGGED(line)
            if logged is None:
                raise InvalidConfig(
                    f"the recording {path} is neither JSON, nor one document a line, nor an access "
                    f"log: line {number}: {error}"
                ) from None
            yield {"method": logged["method"], "url": logged["target"]}


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
    return _logged_url(value)


def _logged_url(value: dict[str, Any]) -> str | None:
    """Return the URL of a line of an access log in JSON if it is a POST; else None."""
    line = value.get("request")
    if isinstance(line, str) and (logged := _REQUEST_LINE(line)) is not None:
        return logged["target"] if logged["method"] == "POST" else None
    methods = (value.get(name) for name in ("method", "request_method", "http_method", "verb"))
    if "POST" not in methods:
        return None
    for name in ("request_uri", "uri", "url", "target", "path", "request_path"):
        target = value.get(name)
        if isinstance(target, str) and target.startswith(("/", "http")):
            queries = (value.get(each) for each in ("query", "query_string", "args"))
            query = next((each for each in queries if isinstance(each, str) and each), "")
            return target if "?" in target or not query else f"{target}?{query.lstrip('?')}"
    return None
