"""Breaks what becomes of calls that cannot be carried out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from flask import Request, Response

from contracts.conformance.deviants.deviant_server import Deviant, WsgiApp
from contracts.conformance.deviants.patch_points import (
    CHECK_LOCATION,
    COMPILED,
    ENVELOPE,
    PARSE_CHANNELS,
    READ_ARGUMENTS,
)
from mockserver.core.catalog import ALL_CHANNELS
from mockserver.core.errors import InvalidTemplate, InvalidValue, PostbacksError
from mockserver.core.template import Template, _check_location
from mockserver.web.arguments import UnreadableArguments, read_arguments
from mockserver.web.leanplum import API_VERSION, parse_channels
from mockserver.web.leanplum_calls import envelope

_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"


class _Broken(PostbacksError):
    code = "broken"
    http_status = 500


def _with_id(request: Request, become: Any) -> dict[str, Any]:
    arguments = read_arguments(request)
    if "postbackId" in arguments:
        arguments["postbackId"] = become(arguments["postbackId"])
    return arguments


def _true_is_one(request: Request) -> dict[str, Any]:
    return _with_id(request, lambda given: int(given) if isinstance(given, bool) else given)


def _any_digits(request: Request) -> dict[str, Any]:
    def digits(given: Any) -> Any:
        return re.sub(r"\D", "", given) if isinstance(given, str) else given

    return _with_id(request, digits)


def _first_of_lists(request: Request) -> dict[str, Any]:
    return {
        name: value[0] if isinstance(value, list) and value and name != "channels" else value
        for name, value in read_arguments(request).items()
    }


def _null_is_the_version(request: Request) -> dict[str, Any]:
    arguments = read_arguments(request)
    if "apiVersion" in arguments and arguments["apiVersion"] is None:
        arguments["apiVersion"] = API_VERSION
    return arguments


def _any_channels(value: Any) -> list[str]:
    try:
        return parse_channels(value)
    except InvalidValue:
        return []


def _unknown_channel_breaks(value: Any) -> list[str]:
    names = parse_channels(value)
    if not set(names) <= set(ALL_CHANNELS):
        raise _Broken("an unknown channel")
    return names


def _bad_url_breaks(url: str) -> None:
    try:
        _check_location(url)
    except InvalidTemplate as error:
        raise _Broken(str(error)) from None


def _with_status(status: int) -> Any:
    def answer(given: dict[str, Any], own: int = 200) -> Response:
        return envelope(given, status if own == 400 else own)

    return answer


def _with_message(become: Any) -> Any:
    def answer(given: dict[str, Any], status: int = 200) -> Response:
        if status == 400:
            given = given | {"error": {"message": become(given["error"]["message"])}}
        return envelope(given, status)

    return answer


def _form_labelled_json(request: Request) -> dict[str, Any]:
    body = request.get_data(cache=True)
    if request.mimetype == _JSON and re.match(rb"[\w.%-]+=", body):
        return request.args.to_dict() | dict(parse_qsl(body.decode()))
    return read_arguments(request)


def _broken_is_empty(request: Request) -> dict[str, Any]:
    try:
        return read_arguments(request)
    except UnreadableArguments:
        return request.args.to_dict()


def _replacing(app: WsgiApp) -> WsgiApp:
    return _recoded(app, lambda text: text.decode("utf-8", "replace"))


def _as_latin_1(app: WsgiApp) -> WsgiApp:
    def read(text: bytes) -> str:
        try:
            return text.decode()
        except UnicodeDecodeError:
            return text.decode("latin-1")

    return _recoded(app, read)


def _recoded(app: WsgiApp, read: Callable[[bytes], str]) -> WsgiApp:
    """Return an application that is given JSON bodies in UTF-8, whatever they came in."""

    def call(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api" and environ.get("CONTENT_TYPE") == _JSON:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            content = read(body).encode()
            environ = environ | {
                "wsgi.input": BytesIO(content),
                "CONTENT_LENGTH": str(len(content)),
            }
        return app(environ, start)

    return call


def _refusing_ids(kind: type, mimetypes: tuple[str, ...]) -> Any:
    def read(request: Request) -> dict[str, Any]:
        arguments = read_arguments(request)
        if isinstance(arguments.get("postbackId"), kind) and request.mimetype in mimetypes:
            raise InvalidValue("argument postbackId is of another type than it must be")
        return arguments

    return read


def _deviant(name: str, change: str, *patches: tuple[str, Any]) -> Deviant:
    return Deviant(name, "rules" if name.startswith("id-as") else "api", change, patches=patches)


DEVIANTS: tuple[Deviant, ...] = (
    _deviant(
        "true-taken-for-one", "A postbackId true is the number 1.", (READ_ARGUMENTS, _true_is_one)
    ),
    _deviant(
        "id-of-any-digits",
        "Of a postbackId everything but digits is left out.",
        (READ_ARGUMENTS, _any_digits),
    ),
    _deviant(
        "first-of-a-list-counts",
        "Of a list that stands for a text the first element counts.",
        (READ_ARGUMENTS, _first_of_lists),
    ),
    _deviant(
        "null-taken-for-a-default",
        "An apiVersion null is taken for the one there is.",
        (READ_ARGUMENTS, _null_is_the_version),
    ),
    _deviant(
        "channels-of-any-sort",
        "Channels that cannot be read mean all of them.",
        (PARSE_CHANNELS, _any_channels),
    ),
    _deviant("refusals-as-500", "What is 400 is answered 500.", (ENVELOPE, _with_status(500))),
    _deviant("refusals-as-422", "What is 400 is answered 422.", (ENVELOPE, _with_status(422))),
    _deviant(
        "unknown-channel-breaks",
        "An unknown channel is answered 500.",
        (PARSE_CHANNELS, _unknown_channel_breaks),
    ),
    _deviant(
        "bad-url-breaks",
        "A postbackUrl without a usable address is answered 500.",
        (CHECK_LOCATION, _bad_url_breaks),
        (COMPILED, Template),
    ),
    _deviant(
        "refusals-say-bad-request",
        "Every refusal with 400 says Bad request.",
        (ENVELOPE, _with_message(lambda message: "Bad request")),
    ),
    _deviant(
        "refusals-without-what-is-allowed",
        "A refusal ends where it would say what is allowed.",
        (ENVELOPE, _with_message(lambda message: re.split(r"[;:]", message)[0])),
    ),
    _deviant(
        "form-labelled-json-read",
        "An urlencoded body labelled as JSON is read as a form.",
        (READ_ARGUMENTS, _form_labelled_json),
    ),
    _deviant(
        "broken-bodies-are-empty",
        "A body that cannot be read counts as none.",
        (READ_ARGUMENTS, _broken_is_empty),
    ),
    Deviant(
        "bytes-replaced",
        "api",
        "In JSON, bytes that are no UTF-8 are replaced.",
        wrap=_replacing,
    ),
    Deviant("latin-1-read", "api", "JSON that is no UTF-8 is read as Latin-1.", wrap=_as_latin_1),
    _deviant(
        "id-as-form-text-refused",
        "In forms a postbackId is refused, because it is text.",
        (READ_ARGUMENTS, _refusing_ids(str, (_MULTIPART, _URLENCODED))),
    ),
    _deviant(
        "id-as-number-refused",
        "In JSON a postbackId that is a number is refused.",
        (READ_ARGUMENTS, _refusing_ids(int, (_JSON,))),
    ),
    _deviant(
        "id-as-json-text-refused",
        "In JSON a postbackId that is text is refused.",
        (READ_ARGUMENTS, _refusing_ids(str, (_JSON,))),
    ),
)
