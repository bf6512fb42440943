"""Finds in an answer that is no success what it says of the reason, for failures and listings.

Frameworks say it in different places: FastAPI and Litestar in a list of fields, problem documents
in `detail`, Django on a page with a stylesheet around it, a debug server at the end of a traceback.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from mockserver.net.visible_text import one_line

#: How much is said at most.
MOST_LINES = 4
LONGEST_LINE = 200
#: How much of a compressed body is unpacked.
_MOST_UNPACKED = 256 * 1024
#: An HTML page says a lot that is no reason.
_MOST_OF_A_PAGE = 3
#: For zlib. Some servers send deflate without a head.
_WINDOWS = {
    "gzip": (16 + zlib.MAX_WBITS,),
    "x-gzip": (16 + zlib.MAX_WBITS,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def answer_lines(
    status: int | None, headers: Iterable[tuple[str, str]], body: bytes
) -> tuple[str, ...]:
    """Return in a few short lines what an answer says of why it is no success.

    Args:
        status: Its status; nothing is said of a success, and of no answer.
        headers: Its header fields.
        body: What is known of its body.

    Returns:
        No line has characters that cannot be seen.

    Examples:
        >>> answer_lines(422, [], b'{"detail": "user_id is missing"}')
        ('user_id is missing',)
        >>> answer_lines(301, [("Location", "/in/")], b"")
        ('Location: /in/',)
        >>> answer_lines(204, [], b"")
        ()
    """
    if status is None or 200 <= status < 300:
        return ()
    fields = {name.lower(): value for name, value in headers}
    lines = []
    if status in _REDIRECTS:
        lines.append(f"Location: {fields['location']}" if "location" in fields else "no Location")
    if "retry-after" in fields:
        lines.append(f"Retry-After: {fields['retry-after']}")
    if body.strip():
        lines += _said_in(body, fields.get("content-type", ""), fields.get("content-encoding", ""))
    shown = [short for line in lines if (short := _shortened(line))]
    more = len(shown) - MOST_LINES
    return (*shown[:MOST_LINES], *([f"... and {more} more lines"] if more > 0 else []))


def _said_in(body: bytes, content_type: str, encoding: str) -> list[str]:
    unpacked = _unpacked(body, encoding.strip().lower())
    kind = content_type.partition(";")[0].strip().lower()
    text = "\0" if unpacked is None else _decoded(unpacked, content_type)
    if "\0" in text[:1000]:
        what = encoding if unpacked is None else kind or "no text"
        return [f"({len(body):,} bytes of {what})"]
    begin = text.lstrip()[:100].lower()
    if kind.endswith("json") or begin.startswith(("{", "[")):
        try:
            return list(_said_in_json(json.loads(text)))
        except (ValueError, RecursionError):
            # Cut off, or no JSON after all.
            pass
    if "html" in kind or begin.startswith(("<!doctype html", "<html")):
        return _said_in_html(text)
    return _said_in_text(text)


def _unpacked(body: bytes, encoding: str) -> bytes | None:
    if encoding in ("", "identity"):
        return body
    for window in _WINDOWS.get(encoding, ()):
        try:
            return zlib.decompressobj(window).decompress(body, _MOST_UNPACKED)
        except zlib.error:
            continue
    return None


def _decoded(content: bytes, content_type: str) -> str:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    # A mark at the beginning says it as well, and belongs to no word.
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    try:
        return content.decode(marked or (found[1] if found else "utf-8"), "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


#: UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def _said_in_json(document: Any) -> Iterator[str]:
    """Yield what a document says, the plainest words first: else it is written as it is."""
    lines: list[str] = []
    if isinstance(document, Mapping):
        for name in ("title", "detail", "message", "error", "error_description", "reason"):
            lines += _words(document.get(name))
        for name in ("errors", "extra", "violations", "fields"):
            lines += _words(document.get(name))
    elif isinstance(document, str):
        lines.append(document)
    if lines:
        yield from dict.fromkeys(lines)
    else:
        yield json.dumps(document, ensure_ascii=False)


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, Mapping):
        said = [_of_a_field(value)] if _is_about_a_field(value) else []
        return said or ([json.dumps(value, ensure_ascii=False)] if value else [])
    if isinstance(value, Sequence):
        return [line for each in value for line in _words(each)]
    return []


_MESSAGES = ("msg", "message", "detail", "reason", "description")
_PLACES = ("loc", "field", "key", "path", "name", "propertyPath")


def _is_about_a_field(entry: Mapping[str, Any]) -> bool:
    return any(isinstance(entry.get(name), str) for name in _MESSAGES)


def _of_a_field(entry: Mapping[str, Any]) -> str:
    message = next(entry[name] for name in _MESSAGES if isinstance(entry.get(name), str))
    place = next((entry[name] for name in _PLACES if entry.get(name)), None)
    if place is None:
        return str(message)
    if isinstance(place, Sequence) and not isinstance(place, str):
        place = ".".join(str(part) for part in place)
    source = entry.get("source")
    return f"{f'{source}.' if isinstance(source, str) else ''}{place}: {message}"


def _said_in_text(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        # What was raised stands last; notes and the way there are in the body.
        return lines[-1:]
    return lines


def _said_in_html(text: str) -> list[str]:
    page = _Page()
    page.feed(text)
    page.close()
    said = [page.title, *page.reasons[:1]]
    if not page.reasons:
        said += page.headings + page.paragraphs
    lines: list[str] = []
    for each in said:
        line = " ".join(each.split())
        # A heading is often the title again, or a part of it.
        if line and not any(line.lower() in before.lower() for before in lines):
            lines.append(line)
    return lines[:_MOST_OF_A_PAGE] or ["(a page without text)"]


class _Page(HTMLParser):
    """What a page says: its title, headings, paragraphs, and the reason that Django's pages give.

    Attributes:
        reasons: The text of `pre` elements of an error page: an exception, a reason.
    """

    _SILENT = frozenset({"script", "style", "noscript", "template"})
    _READ = frozenset({"title", "h1", "h2", "p", "pre"})

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.headings: list[str] = []
        self.paragraphs: list[str] = []
        self.reasons: list[str] = []
        self._reading = ""
        self._silent = 0
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin to read an element."""
        if tag in self._SILENT:
            self._silent += 1
        elif tag in self._READ:
            self._keep()
            self._reading = tag

    def handle_endtag(self, tag: str) -> None:
        """Keep what was read of an element."""
        if tag in self._SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == self._reading:
            self._keep()

    def handle_data(self, data: str) -> None:
        """Read a piece of text."""
        if self._reading and not self._silent:
            self._text.append(data)

    def close(self) -> None:
        """Keep what a page that was cut off ends with."""
        super().close()
        self._keep()

    def _keep(self) -> None:
        text, self._text = "".join(self._text).strip(), []
        read, self._reading = self._reading, ""
        if not text:
            return
        if read == "title":
            self.title = self.title or text
        elif read == "pre":
            # A dump of the source is not the reason.
            if len(text) <= LONGEST_LINE and "\n" not in text:
                self.reasons.append(text)
        elif read == "p":
            self.paragraphs.append(text)
        else:
            self.headings.append(text)


def _shortened(line: str) -> str:
    seen = one_line(" ".join(line.split()))
    return seen if len(seen) <= LONGEST_LINE else f"{seen[:LONGEST_LINE]}..."
