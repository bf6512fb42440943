"""Splits the URL of a postback into what libcurl connects to and what it sends.

Path and query go out as they are in the URL. Only what no URL may hold (spaces, non-ASCII
characters) is percent-encoded.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from mockserver.transport.curl.failure import not_http, unreadable


def split_url(url: str) -> tuple[str, str] | str:
    """Return origin and request target of a URL, or why nothing is sent to it.

    The origin (scheme, user info, host and port) is as it stands in the URL.
    """
    found = _CLEAN_URL(url) or _URL_PARTS(url)
    if found is None:
        return not_http(url)
    origin, target = found.groups()
    if found.re is not _CLEAN_URL_PATTERN:
        if _CONTROL(target):
            return unreadable(url)
        target = _UNCLEAN.sub(lambda text: quote(text[0], safe=""), target)
    return origin, target if target[:1] == "/" else f"/{target}"


# Nothing in it that has to be encoded; what stands behind the host is sent as it is.
_CLEAN_URL_PATTERN = re.compile(r"((?i:https?)://[^/?#\s]+)([/?]?[!-\"$-~]*)(?:#[!-~]*)?")
_CLEAN_URL = _CLEAN_URL_PATTERN.fullmatch
_URL_PARTS = re.compile(r"((?i:https?)://[^/?#]*)([^#]*)").match
_UNCLEAN = re.compile(r"[^!-~]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
