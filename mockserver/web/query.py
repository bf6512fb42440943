"""Reads what a request has in its URL, and refuses bytes that are no UTF-8.

Werkzeug replaces such bytes, leaves them encoded, or fails on them. A rule or an app whose name is
not the one that was sent would be found by nobody.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Request
from werkzeug.datastructures import MultiDict

from mockserver.core.errors import PostbacksError

#: What stands for bytes that are no UTF-8.
REPLACEMENT = "\ufffd"


class NoText(PostbacksError):
    """A part of a request is no UTF-8."""

    code = "no-text"


def query_of(request: Request) -> MultiDict[str, str]:
    """Return the values in the query of a request, decoded.

    Raises:
        NoText: It has bytes that are no UTF-8.
    """
    try:
        values = request.args
    except UnicodeDecodeError:
        raise _no_text("the query") from None
    sent = request.query_string
    # ASCII that nobody has encoded is UTF-8.
    if b"%" in sent or not sent.isascii():
        check_text(unquote_to_bytes(sent), "the query")
    return values


def check_path(request: Request) -> None:
    """Check the path of a request.

    Raises:
        NoText: It has bytes that are no UTF-8.
    """
    if REPLACEMENT in request.path:
        check_text(request.environ["PATH_INFO"].encode("latin-1", "replace"), "the path")


def check_text(content: bytes, place: str) -> None:
    """Check that bytes are UTF-8.

    Raises:
        NoText: They are not; the message names `place`.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        raise _no_text(place) from None


def _no_text(place: str) -> NoText:
    return NoText(f"{place} has bytes that are no UTF-8; encode text as UTF-8, then percent-encode")
