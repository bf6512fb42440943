"""Breaks single arguments in single places, and how exactly words are compared.

Each function takes the argument, the place or the word, so that it can be drawn; see `drawn`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Request

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import READ_ARGUMENTS
from mockserver.web.arguments import UnreadableArguments, read_arguments

_LONGEST = "mockserver.web.arguments.LONGEST_GET_URL"
_FORM_DATA = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"
_JSON = "application/json"
_ACTIONS = ("addPostback", "listPostbacks", "deletePostback")
_TYPES = ("messageEvents", "abTestEvents")
_NAMES = ("action", "appId", "clientKey", "apiVersion", "type", "postbackUrl", "postbackId")

#: Which of the words that are known somebody means by another one; itself if none.
Meant = Callable[[str, str], bool]


def reading(
    name: str, change: str, read: Callable[[Request, dict[str, Any]], dict[str, Any]]
) -> Deviant:
    """Return a fake that makes other arguments of a call."""

    def changed(request: Request) -> dict[str, Any]:
        return read(request, read_arguments(request))

    return Deviant(name, "api", change, patches=((READ_ARGUMENTS, changed),))


def ignored_in_query(name: str, change: str, argument: str, body: str = "") -> Deviant:
    """Return a fake that does not see an argument in the query, beside a body of this type."""

    def read(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        is_it = request.method == "POST" and body in ("", request.mimetype)
        if is_it and argument in request.args:
            return {key: value for key, value in arguments.items() if key != argument}
        return arguments

    return reading(name, change, read)


def ignored_in_body(name: str, change: str, argument: str, body: str = "") -> Deviant:
    """Return a fake that does not see an argument in a body of this type."""

    def read(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        is_it = request.mimetype != "" and body in ("", request.mimetype)
        if is_it and argument not in request.args:
            return {key: value for key, value in arguments.items() if key != argument}
        return arguments

    return reading(name, change, read)


def query_wins(name: str, change: str, argument: str = "", body: str = "") -> Deviant:
    """Return a fake in which the query's value of an argument, or of each, counts.

    It does beside a body of this type, or of any.
    """

    def read(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        if body not in ("", request.mimetype):
            return arguments
        query = request.args.to_dict()
        return arguments | {key: query[key] for key in query if argument in ("", key)}

    return reading(name, change, read)


def lenient(name: str, change: str, argument: str, meant: Meant) -> Deviant:
    """Return a fake that takes a word for the right one where `meant` says so."""

    def read(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        given = arguments.get(argument)
        if not isinstance(given, str):
            return arguments
        for word in _known_words(argument, arguments):
            if given != word and meant(given, word):
                return arguments | {argument: word}
        return arguments

    return reading(name, change, read)


def lenient_names(name: str, change: str, meant: Meant) -> Deviant:
    """Return a fake that finds arguments under other names."""

    def read(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
        found = dict(arguments)
        for given, value in arguments.items():
            for known in _NAMES:
                if given != known and known not in arguments and meant(given, known):
                    del found[given]
                    found[known] = value
                    break
        return found

    return reading(name, change, read)


def longest_get(name: str, change: str, length: int) -> Deviant:
    """Return a fake with another limit for the URL of a GET."""
    return Deviant(name, "api", change, patches=((_LONGEST, length),))


def any_case(given: str, word: str) -> bool:
    """Return whether they differ in capitals at most."""
    return given.lower() == word.lower()


def beginning(given: str, word: str) -> bool:
    """Return whether it is the beginning of the word, half of it at least."""
    return word.startswith(given) and 2 * len(given) >= len(word)


def more_behind(given: str, word: str) -> bool:
    """Return whether the word has something behind it."""
    return given.startswith(word)


def trimmed(given: str, word: str) -> bool:
    """Return whether they differ in blanks around them at most."""
    return given.strip() == word


def _known_words(argument: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    if argument == "clientKey":
        # What the suite and its tests call the key of an app.
        return (f"{arguments.get('appId')}-export", "export")
    return {"apiVersion": ("1.0.6",), "type": _TYPES, "action": _ACTIONS}[argument]


def _no_charset(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    if request.mimetype == _JSON and "charset" in (request.content_type or ""):
        raise UnreadableArguments("JSON has no charset")
    return arguments


def _query_action_only(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    if request.mimetype and request.args and "action" not in request.args:
        query = request.args.to_dict()
        return {key: value for key, value in arguments.items() if key not in query}
    return arguments


def _short_url_in_query(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    if "postbackUrl" in request.args and request.method == "POST":
        return arguments | {"postbackUrl": str(arguments["postbackUrl"])[:100]}
    return arguments


DEVIANTS: tuple[Deviant, ...] = (
    query_wins(
        "query-wins-over-form-data",
        "Beside form data the query's value of an argument counts.",
        body=_FORM_DATA,
    ),
    query_wins(
        "query-wins-over-urlencoded",
        "Beside an urlencoded body the query's value of an argument counts.",
        body=_URLENCODED,
    ),
    query_wins("url-in-query-wins", "The query's value of postbackUrl counts.", "postbackUrl"),
    query_wins("channels-in-query-win", "The query's value of channels counts.", "channels"),
    ignored_in_query(
        "type-in-query-ignored-with-form",
        "type does not count in the query if the body is form data.",
        "type",
        _FORM_DATA,
    ),
    ignored_in_query(
        "channels-in-query-ignored", "channels does not count in the query of a POST.", "channels"
    ),
    ignored_in_query(
        "postback-id-in-query-ignored",
        "postbackId does not count in the query if the body is JSON.",
        "postbackId",
        _JSON,
    ),
    ignored_in_body(
        "app-id-in-form-ignored", "appId does not count in form data.", "appId", _FORM_DATA
    ),
    ignored_in_body(
        "version-in-json-ignored",
        "apiVersion does not count in a JSON body.",
        "apiVersion",
        _JSON,
    ),
    ignored_in_body(
        "key-in-urlencoded-ignored",
        "clientKey does not count in an urlencoded body.",
        "clientKey",
        _URLENCODED,
    ),
    reading(
        "json-with-charset-refused", "A JSON body whose type has a charset is refused.", _no_charset
    ),
    reading(
        "body-read-without-query-action",
        "The query beside a body counts only if action is in it.",
        _query_action_only,
    ),
    reading(
        "url-in-query-cut-at-100",
        "postbackUrl in the query of a POST has 100 characters at most.",
        _short_url_in_query,
    ),
    lenient("key-in-any-case", "Keys may be written in any case.", "clientKey", any_case),
    lenient("key-by-its-beginning", "The first half of a key is enough.", "clientKey", beginning),
    lenient("key-with-more-behind", "A key may have more behind it.", "clientKey", more_behind),
    lenient("key-trimmed", "A key may have blanks around it.", "clientKey", trimmed),
    lenient(
        "version-by-its-beginning",
        "The first half of apiVersion is enough.",
        "apiVersion",
        beginning,
    ),
    lenient(
        "version-with-more-behind", "apiVersion may have more behind it.", "apiVersion", more_behind
    ),
    lenient("version-trimmed", "apiVersion may have blanks around it.", "apiVersion", trimmed),
    lenient("type-in-any-case", "type may be written in any case.", "type", any_case),
    lenient("type-by-its-beginning", "The first half of a type is enough.", "type", beginning),
    lenient("type-trimmed", "type may have blanks around it.", "type", trimmed),
    lenient("action-in-any-case", "action may be written in any case.", "action", any_case),
    lenient("action-trimmed", "action may have blanks around it.", "action", trimmed),
    lenient_names("names-in-any-case", "Names of arguments may be in any case.", any_case),
    lenient_names("names-trimmed", "Names of arguments may have blanks around them.", trimmed),
    longest_get("get-length-one-less", "A GET may have 2,082 characters.", 2_082),
    longest_get("get-length-one-more", "A GET may have 2,084 characters.", 2_084),
)
