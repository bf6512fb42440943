"""Serves a table of control operations, each with its input checked and its answer written.

`web.control` fills the table, and `web.openapi` describes the same rows.

Every POST and PUT needs a JSON body and the header that says so, `{}` where there is nothing to
say. An image or a form cannot send that, a script of another site only after a preflight, which is
refused, and a postback has no body. None of them can send a DELETE.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter

from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.core.instants import written
from mockserver.core.json_values import DEEPEST
from mockserver.core.limits import LARGE_AT_ONCE
from mockserver.net.built_once import BuiltOnce
from mockserver.net.visible_text import one_line
from mockserver.web.current import current_request
from mockserver.web.query import query_of
from mockserver.web.shapes import Nothing, Problem, ResetRequest

PREFIX = "/_sandbox"

_LONGEST_INSTANCE = 200


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """One operation of the control API.

    Attributes:
        method: E.g. `GET`.
        path: Below the prefix, in Flask's notation, e.g. `deliveries/<int:delivery_id>`.
        summary: One line for the OpenAPI document.
        handler: Called with the values in the path, the query and the body, as declared.
        answer: The type of the answer; None for 204.
        query: The type that the query string must fit.
        body: The type that the JSON body must fit; None if the handler takes none.
        deprecated: Whether another path is to be used instead; it answers all the same.
        is_large: Whether an answer may be so large that few are made at a time.
        wait: Called before the handler, with the same values; it waits for what is asked for.
        streams: Whether it also answers with a stream of events, if that is asked for; the handler
            then returns the whole answer.
        is_page: Whether it answers with a page in place of JSON; the handler returns the whole
            answer.
    """

    method: str
    path: str
    summary: str
    handler: Callable[..., Any]
    answer: Any
    query: Any = None
    body: Any = None
    deprecated: bool = False
    is_large: bool = False
    wait: Callable[..., object] | None = None
    streams: bool = False
    is_page: bool = False

    @property
    def expected_body(self) -> Any:
        """Return the type that the JSON body must fit; None if no body is looked at."""
        if self.body is None and self.method in _TAKE_BODIES:
            return Nothing
        return self.body


class WholeNumber(BaseConverter):
    """What `<int:...>` in a path stands for: any digits, however many.

    Werkzeug's own raises for so many that Python does not read them.
    """

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """Return the number; one that is too long for any id is as good as another."""
        return int(value) if len(value) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


_LONGEST_NUMBER = 100
_TAKE_BODIES = frozenset({"POST", "PUT", "PATCH"})


def create_blueprint(routes: list[ControlRoute]) -> Blueprint:
    """Return a blueprint that serves `routes`."""
    blueprint = Blueprint("control", __name__, url_prefix=PREFIX)
    making_large_ones = threading.BoundedSemaphore(LARGE_AT_ONCE)
    for route in routes:
        blueprint.add_url_rule(
            f"/{route.path}",
            endpoint=f"{route.method} {route.path}".replace(".", "_"),
            view_func=_view(route, making_large_ones if route.is_large else nullcontext()),
            methods=[route.method],
        )
    return blueprint


def cut(text: str, longest: int = 2_000) -> str:
    """Return `text` as one line, or its beginning and how long it was: an error is to be read."""
    if len(text) <= longest:
        return one_line(text)
    return f"{one_line(text[:longest])}... (cut, it has {len(text)} characters)"


def json_answer(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON."""
    return Response(
        msgspec.json.encode(value, enc_hook=written), status=status, mimetype="application/json"
    )


def problem(code: str, status: int, detail: str) -> Response:
    """Return an error in the form of RFC 9457."""
    title = code.replace("-", " ").capitalize()
    where = cut(request.path, _LONGEST_INSTANCE)
    body = Problem(f"urn:postbacks:problem:{code}", title, status, cut(detail), where)
    answer = json_answer(body, status)
    answer.mimetype = "application/problem+json"
    return answer


def problem_of(error: PostbacksError) -> Response:
    """Return the problem that `error` is."""
    return problem(error.code, error.http_status, str(error))


def _view(route: ControlRoute, turn: AbstractContextManager[object]) -> Callable[..., Response]:
    decode = None if route.expected_body is None else _decoder(route.expected_body)
    # To convert, msgspec needs the same of a type as to decode.
    prepare_query = _decoder(route.query)

    def view(**values: Any) -> Response:
        query = query_of(current_request())
        if route.query is not None:
            prepare_query()
            values["query"] = _converted(_once(query), route.query)
        elif query:
            raise InvalidValue(f"{route.path} takes no query, got: {', '.join(query)}")
        if decode is not None:
            body = _decoded(route.expected_body, decode)
            if route.body is not None:
                values["body"] = body
        if route.wait is not None:
            route.wait(**values)
        with turn:
            answer = route.handler(**values)
            if isinstance(answer, Response):
                return answer
            return Response(status=204) if route.answer is None else json_answer(answer)

    return view


def _once(query: MultiDict[str, str]) -> dict[str, str]:
    for name, values in query.lists():
        if len(values) > 1:
            raise InvalidValue(f"the query has {name} {len(values)} times; give it once")
    return query.to_dict()


def _converted(values: dict[str, str], shape: Any) -> Any:
    try:
        return msgspec.convert(values, shape, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise InvalidValue(f"the query does not fit: {_where(error, 'query')}") from None


def _decoder(shape: Any) -> BuiltOnce[msgspec.json.Decoder[Any]]:
    return BuiltOnce(lambda: msgspec.json.Decoder(shape))


def _decoded(shape: Any, decoder: BuiltOnce[msgspec.json.Decoder[Any]]) -> Any:
    content = request.get_data()
    if request.mimetype != "application/json" or not content.strip():
        sample = "{}" if shape in (Nothing, ResetRequest) else "{...}"
        got = request.mimetype or "no Content-Type"
        raise InvalidValue(
            "this changes something, so it needs a JSON body and the header 'Content-Type: "
            f"application/json' (curl: -H 'Content-Type: application/json' -d '{sample}'); got "
            f"{got} and {'a' if content.strip() else 'no'} body"
        )
    try:
        return decoder().decode(content)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"the body does not fit: {_where(error, 'body')}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidValue(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise InvalidValue(
            f"the body is nested too deeply; {DEEPEST} levels of lists and objects are read"
        ) from None


def _where(error: Exception, place: str) -> str:
    return str(error).replace("`$.", f"`{place}.").replace("`$", f"`{place}")
