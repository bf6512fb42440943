"""Finds the postback URLs that stand in a text of any kind, for whoever checks files.

Source code, JSON, YAML, HTML, shell lines and documentation write the same URL in different ways:
in quotes or not, in pieces that are joined, with a variable in the host, or percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from mockserver.core.catalog import suggestion
from mockserver.core.template import PLACEHOLDERS

#: What a line says for whose URLs nothing is to be said.
IGNORE = "postbacks: ignore"
#: What stands for a variable of the language in the URL that is meant.
VARIABLE = "x"


class WrittenUrl(NamedTuple):
    """A postback URL that stands in a text.

    Attributes:
        url: The URL that is meant: pieces joined, escapes of the language undone, decoded once if
            it was percent-encoded; a variable of the language is the letter `x`.
        line: The line in which it begins, from 1.
        column: The column in which it begins, from 1.
        is_ignored: Whether one of its lines says that nothing is to be said of it.
        is_bare: Whether it stands in the query of another URL and is not encoded there, so that its
            own `&` ends it.
    """

    url: str
    line: int
    column: int
    is_ignored: bool
    is_bare: bool = False


def written_urls(text: str) -> Iterator[WrittenUrl]:
    """Yield the postback URLs in a text, in order.

    A URL with double braces is one if a placeholder in it is Leanplum's, or is nearly one and has a
    space in it, which placeholders of template languages have not; or if `postbackUrl` stands
    right before it.
    """
    line, line_begins = 1, 0
    end = bare_until = 0
    for found in _START.finditer(text):
        begin = found.start()
        if begin < end:
            continue
        url, end_of_url = _whole(text, begin)
        before = text[max(0, begin - _BEFORE) : begin]
        if _ARGUMENT.search(url) or not _is_postback_url(url, before):
            # One may stand in its query.
            bare_until = max(bare_until, end_of_url)
            continue
        end = end_of_url
        line += text.count("\n", line_begins, begin)
        line_begins = text.rfind("\n", 0, begin) + 1
        yield WrittenUrl(
            url,
            line,
            begin - line_begins + 1,
            is_ignored=IGNORE in _lines(text, begin, end),
            is_bare=begin < bare_until and "://" in found.group() and "&" in url,
        )


#: The beginning of a URL: as it is, with the slashes escaped as JSON may, or percent-encoded.
_START = re.compile(r"https?(?::(?:\\?/){2}|%3a%2f%2f)", re.IGNORECASE)
#: What a language puts in the place of a value: `$NAME`, `$(command)`, `<%= name %>`, `%s`.
_VARIABLE = re.compile(
    r"\$\{\{[^{}]*\}\}|\$\{[^{}\n]*\}|\$\([^()\n]*\)|\$[A-Za-z_]\w*|<%[^%\n]*%>|%s|%d(?![0-9a-fA-F])"
)
#: In an f-string, where a brace is written twice: a placeholder, and a variable.
_DOUBLED = re.compile(r"\{\{\{\{([^{}]*)\}\}\}\}")
_SINGLE = re.compile(r"(?<!\{)\{[^{}\n]*\}(?!\})")
#: A part of a URL: a placeholder, a variable, an escaped character of JSON, or a letter of its own.
_PIECE = re.compile(
    r"\{\{\{\{[^{}\n]*\}\}\}\}|\{\{[^{}\n]*\}\}|"
    + _VARIABLE.pattern
    + r"|\\u00[0-9a-fA-F]{2}|\\/|[^\s\"'`<>\\]"
)
#: Between two pieces of a text that a language joins: `" "`, `" + "`, `" . "`, `" \`.
_JOINT = re.compile(r"\s*(?:[+.]|\.\.|\\)?\s*(?:[rRbBuUfF]{0,2})")
_ENDS_WITH = ".,;:!?)]}"
_BEFORE = 60
_NAMED = re.compile(
    r"postback_?url[\"'\])]*\s*(?:=>|[=:,(])?\s*[\[(]?\s*[rRbBuUfF]{0,2}[\"'`]?$", re.IGNORECASE
)
_PORT = re.compile(rf"(://[^/?#]*:){VARIABLE}(?=[/?#]|$)")
_ARGUMENT = re.compile(r"[?&]postbackUrl=")
_NAME = re.compile(r"\{\{([^{}]*)\}\}")


def _whole(text: str, begin: int) -> tuple[str, int]:
    """Return the URL that begins here as it is meant, and where it ends."""
    quote = text[begin - 1 : begin] if text[begin - 1 : begin] in ("'", '"', "`") else ""
    written, end = _piece(text, begin)
    while quote and text[end : end + 1] == quote:
        joint = _JOINT.match(text, end + 1)
        after = end + 1 if joint is None else joint.end()
        if text[after : after + 1] != quote or _START.match(text, after + 1):
            break
        more, end = _piece(text, after + 1)
        if not more:
            break
        written += more
    if not quote:
        written = _without_punctuation(written)
    return _meant(written), end


def _piece(text: str, begin: int) -> tuple[str, int]:
    end = begin
    while (found := _PIECE.match(text, end)) is not None:
        end = found.end()
    return text[begin:end], end


def _without_punctuation(written: str) -> str:
    """Return a URL that stands in a sentence or in brackets without what belongs to these."""
    while written and written[-1] in _ENDS_WITH:
        is_closing = written[-1] == ")" and written.count("(") >= written.count(")")
        if written.endswith("}}") or is_closing:
            break
        written = written[:-1]
    return written


def _meant(written: str) -> str:
    url = written.replace("\\/", "/").replace("&amp;", "&")
    url = re.sub(r"\\u00([0-9a-fA-F]{2})", lambda found: chr(int(found.group(1), 16)), url)
    if _DOUBLED.search(url):
        url = _DOUBLED.sub(r"{{\1}}", _SINGLE.sub(VARIABLE, url))
    url = _VARIABLE.sub(VARIABLE, url)
    url = _PORT.sub(r"\g<1>1", url)
    if re.match(r"https?%3a", url, re.IGNORECASE):
        # Behind an `&` that is not encoded another argument begins.
        url = unquote(url.partition("&")[0])
    return url


def _is_postback_url(url: str, before: str) -> bool:
    names = _NAME.findall(url)
    if any(name in PLACEHOLDERS or _is_nearly_one(name) for name in names):
        return True
    is_named = _NAMED.search(before) is not None
    return is_named and ("{{" in url or "}}" in url or "%7b%7b" in url.lower())


def _is_nearly_one(name: str) -> bool:
    return " " in name.strip() and suggestion(name, PLACEHOLDERS) != ""


def _lines(text: str, begin: int, end: int) -> str:
    """Return the whole lines in which a part of a text stands."""
    last = text.find("\n", end)
    return text[text.rfind("\n", 0, begin) + 1 : len(text) if last < 0 else last]
