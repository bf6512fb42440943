"""Refuses what no rule of a test can send, where a test asserts that nothing of it was sent.

Such an assertion would hold whatever happens.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")


def check_query_keys(wanted: object, known_urls: Collection[str], where: str) -> None:
    """Check that the keys that are wanted of a query occur in one of these URLs.

    Args:
        wanted: The query that is asked for; a key that is to be absent is not looked for.
        known_urls: Templates, and URLs as they were sent. Nothing is refused if there are none.
        where: Whose queries these are, for the message.

    Raises:
        InvalidValue: A key is in none of them.
    """
    __tracebackhide__ = True
    if not isinstance(wanted, Mapping) or not known_urls:
        return
    keys = {key: None for url in known_urls for key in _keys_of(url)}
    if any("{{" in key for key in keys):
        return
    for key, value in wanted.items():
        if type(key) is str and type(value) is str and key not in keys:
            raise InvalidValue(
                f"{where} has a {key!r} in its query{suggestion(key, keys)}, so this holds "
                "whatever happens; "
                + (f"there are: {', '.join(keys)}" if keys else "none has a query at all")
            )


def _keys_of(url: str) -> list[str]:
    try:
        return [key for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    except ValueError:
        return []


def check_url(wanted: object, known_urls: Collection[str]) -> None:
    """Check that one of these URLs can become the one that is asked for.

    Args:
        wanted: The URL of a delivery; objects that are no text decide themselves.
        known_urls: As for `check_query_keys`.

    Raises:
        InvalidValue: None of them can.
    """
    __tracebackhide__ = True
    if type(wanted) is not str or not known_urls:
        return
    if not any(_becoming(url).fullmatch(wanted) for url in known_urls):
        templates = "\n".join(f"  {url}" for url in dict.fromkeys(known_urls))
        raise InvalidValue(
            f"no rule of this test can send {wanted!r}, so this holds whatever happens; "
            f"there are:\n{templates}"
        )


def check_postback_id(wanted: object, known_ids: Collection[int]) -> None:
    """Check that there is a rule of this id; nothing is refused if none is known.

    Raises:
        InvalidValue: There is none.
    """
    __tracebackhide__ = True
    if type(wanted) is int and known_ids and wanted not in known_ids:
        raise InvalidValue(
            f"no rule has the id {wanted}, so this holds whatever happens; "
            f"there are: {', '.join(map(str, known_ids))}"
        )


def check_postback_parts(wanted: Mapping[str, Any]) -> None:
    """Check that a postback can have these parts of a request.

    Raises:
        InvalidValue: None can: it is a POST without a body.
    """
    __tracebackhide__ = True
    method, body = wanted.get("method"), wanted.get("body")
    if type(method) is str and method != "POST":
        raise InvalidValue(
            f"every postback is a POST, so that none has method={method!r} holds whatever happens"
        )
    if type(body) is str and body:
        raise InvalidValue(
            f"no postback has a body, so that none has body={body!r} holds whatever happens; "
            "what it says is in its query"
        )


def _becoming(template: str) -> re.Pattern[str]:
    """Return what a template can be rendered to, if not more."""
    # What no URL may hold is encoded, which any text stands for here.
    fixed = (
        re.sub(r"[^A-Za-z0-9_:/?#@&=.+-]+", "\0", part) for part in _PLACEHOLDER.split(template)
    )
    parts = (".*".join(map(re.escape, part.split("\0"))) for part in fixed)
    return re.compile(".*".join(parts), re.DOTALL | re.ASCII)
