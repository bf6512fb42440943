"""Reads the arguments of a call to Leanplum's API, wherever the caller put them.

Documented are the query and the body, as JSON and as multipart form data. Urlencoded bodies,
and that the body wins over the query, are assumed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import parse_form_data

from mockserver.core.errors import PostbacksError
from mockserver.core.json_values import DEEPEST, fault_in
from mockserver.web.query import REPLACEMENT, check_text, query_of

#: A GET request's URL may not be longer (documented).
LONGEST_GET_URL = 2083

_ANNOUNCES_BODY = ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")

_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"


class UnreadableArguments(PostbacksError):
    """A request whose arguments cannot be read."""

    code = "unreadable-arguments"


class UrlTooLong(UnreadableArguments):
    """A GET request whose URL is over the documented limit."""

    code = "url-too-long"
    http_status = 414


def read_arguments(request: Request) -> dict[str, Any]:
    """Return the arguments of `request` by name; repeated ones as a list.

    Raises:
        UnreadableArguments: The body is not what its Content-Type says, or too long a URL.
        NoText: There are bytes that are no UTF-8.
    """
    if request.method == "GET":
        _check_length(request)
    return _flat(query_of(request)) | _body_arguments(request)


def was_sent_unencoded(request: Request, name: str) -> bool:
    """Return whether argument `name` holds a URL that was not percent-encoded as sent."""
    raw = request.query_string
    if request.mimetype == _URLENCODED:
        raw += b"&" + request.get_data(cache=True)
    return re.search(rb"(?:^|&)%b=[a-z]+://" % re.escape(name.encode()), raw) is not None


def _check_length(request: Request) -> None:
    # As it was sent: `request.url` has been decoded for people, which also takes its time.
    query = request.query_string
    length = len(f"{request.scheme}://{request.host}{request.path}")
    if query:
        length += len("?") + len(query)
    if length > LONGEST_GET_URL:
        raise UrlTooLong(
            f"the URL has {length} characters, a GET may have {LONGEST_GET_URL}; "
            "send the arguments in the body of a POST"
        )


def _body_arguments(request: Request) -> dict[str, Any]:
    # Who announces no body has none: most calls by far are spared the look for one.
    if request.environ.keys().isdisjoint(_ANNOUNCES_BODY):
        return {}
    body = request.get_data(cache=True, parse_form_data=False)
    if not body.strip():
        return {}
    if request.mimetype == _MULTIPART:
        return _multipart(request, body, request.content_type or "")
    if request.mimetype == _JSON:
        return _json(request, body)
    if request.mimetype == _URLENCODED:
        if body.lstrip()[:1] in (b"{", b"["):
            raise UnreadableArguments(
                f"the body is JSON but its Content-Type says {_URLENCODED} (what curl -d "
                f"sends unless told): add -H 'Content-Type: {_JSON}'"
            )
        return _flat(_form(request, body, request.content_type or ""))
    raise UnreadableArguments(
        f"a body with Content-Type {request.mimetype or '(none)'!r} cannot be read; "
        f"send {_JSON}, {_MULTIPART} or {_URLENCODED}"
    )


def _json(request: Request, body: bytes) -> dict[str, Any]:
    boundary = re.match(rb"--([^\r\n]{1,70})\r\ncontent-disposition:\s*form-data", body, re.I)
    if boundary:
        # Leanplum's published Postman requests label their form data like this.
        return _multipart(
            request, body, f'{_MULTIPART}; boundary="{boundary[1].decode("latin-1")}"'
        )
    try:
        arguments = json.loads(body)
    except ValueError as error:
        looks = " (it looks like a form)" if re.match(rb"[\w.%-]+=", body) else ""
        raise UnreadableArguments(
            f"the body is not JSON{looks} but its Content-Type says {_JSON}: {error}"
        ) from None
    except RecursionError:
        raise UnreadableArguments(
            f"the body is nested too deeply; {DEEPEST} levels of lists and objects are read"
        ) from None
    if not isinstance(arguments, dict):
        raise UnreadableArguments("the body must be a JSON object of arguments by name")
    fault = fault_in(arguments)
    if fault is not None:
        raise UnreadableArguments(f"the arguments in the body cannot be used: {fault.lstrip('. ')}")
    return arguments


def _multipart(request: Request, body: bytes, content_type: str) -> dict[str, Any]:
    form = _flat(_form(request, body, content_type))
    if not form:
        raise UnreadableArguments(
            f"the body is not the form data that its Content-Type says ({content_type}); "
            "let your HTTP client set that header together with its boundary"
        )
    return form


def _form(request: Request, body: bytes, content_type: str) -> MultiDict[str, str]:
    import io

    is_multipart = content_type.lower().startswith(_MULTIPART)
    environ = dict(request.environ)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_TYPE"] = content_type
    environ["CONTENT_LENGTH"] = str(len(body))
    try:
        form = parse_form_data(environ, silent=False)[1]
    except (ValueError, LookupError) as error:
        raise UnreadableArguments(f"the form data of the body cannot be read: {error}") from None
    if not is_multipart:
        # What is no UTF-8 is left as it was encoded, and is found in the body only.
        check_text(unquote_to_bytes(body), "the form data of the body")
    elif REPLACEMENT in str(form.to_dict(flat=False)):
        check_text(body, "the form data of the body")
    return form


def _flat(values: Mapping[str, str] | MultiDict[str, str]) -> dict[str, Any]:
    if not isinstance(values, MultiDict):
        return dict(values)
    lists = values.lists()
    return {name: items[0] if len(items) == 1 else items for name, items in lists}
