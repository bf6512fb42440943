"""Breaks how calls are read and answered: arguments, keys, the shape of answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request, Response

from contracts.conformance.deviants.deviant_server import Deviant, WsgiApp
from contracts.conformance.deviants.patch_points import AUTHORISED, ENVELOPE, READ_ARGUMENTS
from mockserver.core.assumed import AssumedAnswers
from mockserver.core.models import App, KeyClass
from mockserver.sandbox import Sandbox
from mockserver.web.arguments import UnreadableArguments, read_arguments
from mockserver.web.leanplum import API_VERSION, InvalidAccessKey
from mockserver.web.leanplum_calls import envelope

_ACTIONS = ("addPostback", "listPostbacks", "deletePostback")
_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"


class _MethodRefused(UnreadableArguments):
    code = "method-refused"
    http_status = 405


def _no_get(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        raise _MethodRefused("/api cannot be asked with GET")
    return read_arguments(request)


def _without_query(app: WsgiApp) -> WsgiApp:
    def call(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api" and environ["REQUEST_METHOD"] == "POST":
            environ = environ | {"QUERY_STRING": ""}
        return app(environ, start)

    return call


def _starts_with(request: Request, beginning: bytes) -> bool:
    return request.get_data(cache=True).lstrip().startswith(beginning)


def _no_json(request: Request) -> dict[str, Any]:
    if request.mimetype == _JSON and _starts_with(request, b"{"):
        raise UnreadableArguments("a JSON body cannot be read")
    return read_arguments(request)


def _no_multipart(request: Request) -> dict[str, Any]:
    if request.mimetype == _MULTIPART:
        raise UnreadableArguments("multipart form data cannot be read")
    return read_arguments(request)


def _no_urlencoded(request: Request) -> dict[str, Any]:
    if request.mimetype == _URLENCODED:
        raise UnreadableArguments("an urlencoded body cannot be read")
    return read_arguments(request)


def _no_mislabelled(request: Request) -> dict[str, Any]:
    if request.mimetype == _JSON and _starts_with(request, b"--"):
        raise UnreadableArguments("the body is not JSON")
    return read_arguments(request)


def _json_whatever_its_label(request: Request) -> dict[str, Any]:
    if request.mimetype == _URLENCODED and _starts_with(request, b"{"):
        arguments: dict[str, Any] = json.loads(request.get_data())
        return request.args.to_dict() | arguments
    return read_arguments(request)


def _json_of_any_type(request: Request) -> dict[str, Any]:
    if request.mimetype not in (_JSON, _URLENCODED) and _starts_with(request, b"{"):
        arguments: dict[str, Any] = json.loads(request.get_data())
        return request.args.to_dict() | arguments
    return read_arguments(request)


def _query_first(request: Request) -> dict[str, Any]:
    lists = request.args.lists()
    query = {name: items[0] if len(items) == 1 else items for name, items in lists}
    return read_arguments(request) | query


def _any_version(request: Request) -> dict[str, Any]:
    return read_arguments(request) | {"apiVersion": API_VERSION}


def _type_not_needed(request: Request) -> dict[str, Any]:
    arguments = read_arguments(request)
    return arguments | {"type": arguments.get("type") or "messageEvents"}


def _any_action(request: Request) -> dict[str, Any]:
    arguments = read_arguments(request)
    if arguments.get("action") and arguments["action"] not in _ACTIONS:
        arguments["action"] = "listPostbacks"
    return arguments


def _bare(answer: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(answer), status=status, mimetype=_JSON)


def _always_200(answer: dict[str, Any], status: int = 200) -> Response:
    return envelope(answer)


def _without_message(answer: dict[str, Any], status: int = 200) -> Response:
    return envelope(answer | {"error": {}} if "error" in answer else answer, status)


def _warned_without_success(answer: dict[str, Any], status: int = 200) -> Response:
    return envelope(answer | {"success": False} if "warning" in answer else answer, status)


def _open_to(sandbox: Sandbox, app_id: str, key: str, keys: Iterable[str]) -> App:
    app = sandbox.ledger.app(app_id)
    if app is None or key not in keys:
        raise InvalidAccessKey("Invalid access key")
    return app


def _keys(sandbox: Sandbox, app_id: str) -> Mapping[KeyClass, str]:
    app = sandbox.ledger.app(app_id)
    return {} if app is None else app.keys


def _any_class(sandbox: Sandbox, app_id: str, key: str) -> App:
    return _open_to(sandbox, app_id, key, _keys(sandbox, app_id).values())


def _any_apps_key(sandbox: Sandbox, app_id: str, key: str) -> App:
    keys = [app.keys.get(KeyClass.DATA_EXPORT, "") for app in sandbox.ledger.apps()]
    return _open_to(sandbox, app_id, key, keys)


class _UnknownAppNotFound(Sandbox):
    def __init__(self, **settings: Any) -> None:
        super().__init__(answers=AssumedAnswers(unknown_app="not-found"), **settings)


def _any_app(sandbox: Sandbox, app_id: str, key: str) -> App:
    found = sandbox.ledger.app(app_id)
    known = found or next(app for app in sandbox.ledger.apps() if key in app.keys.values())
    return _open_to(sandbox, known.app_id, key, [known.keys.get(KeyClass.DATA_EXPORT, "")])


def _any_key(sandbox: Sandbox, app_id: str, key: str) -> App:
    return _open_to(sandbox, app_id, key, [key])


def _forbidden(sandbox: Sandbox, app_id: str, key: str) -> App:
    own = _keys(sandbox, app_id).get(KeyClass.DATA_EXPORT, "")
    try:
        return _open_to(sandbox, app_id, key, [own])
    except InvalidAccessKey:
        raise InvalidAccessKey("Forbidden") from None


def _reading(name: str, change: str, read: Any) -> Deviant:
    return Deviant(name, "api", change, patches=((READ_ARGUMENTS, read),))


def _answering(name: str, change: str, answer: Any) -> Deviant:
    return Deviant(name, "api", change, patches=((ENVELOPE, answer),))


def _authorising(name: str, change: str, authorise: Any) -> Deviant:
    return Deviant(name, "api", change, patches=((AUTHORISED, authorise),))


DEVIANTS: tuple[Deviant, ...] = (
    _reading("get-refused", "A GET is refused with 405.", _no_get),
    Deviant(
        "query-ignored",
        "api",
        "Arguments of a POST do not count if they stand in the query.",
        wrap=_without_query,
    ),
    _reading("json-refused", "JSON bodies are refused.", _no_json),
    _reading("multipart-refused", "Multipart form data is refused.", _no_multipart),
    _reading("urlencoded-refused", "Urlencoded bodies are refused.", _no_urlencoded),
    _reading("query-wins", "Of an argument in query and body the query's counts.", _query_first),
    Deviant(
        "get-length-unlimited",
        "api",
        "The URL of a GET may have any length.",
        patches=(("mockserver.web.arguments.LONGEST_GET_URL", sys.maxsize),),
    ),
    _reading("mislabelled-refused", "Form data labelled as JSON is refused.", _no_mislabelled),
    _reading(
        "contradiction-accepted",
        "A JSON body labelled as urlencoded is read all the same.",
        _json_whatever_its_label,
    ),
    _reading(
        "any-body-type-read", "JSON is read whatever the type of the body.", _json_of_any_type
    ),
    _answering("envelope-bare", "Answers are not wrapped in a list called response.", _bare),
    _answering("refusal-as-200", "Refusals have the status 200.", _always_200),
    _answering("refusal-without-message", "The error of a refusal is empty.", _without_message),
    _answering(
        "warning-without-success",
        "A warning comes with success false.",
        _warned_without_success,
    ),
    _authorising("any-key-class-accepted", "Every key of an app opens it.", _any_class),
    _authorising(
        "other-apps-key-accepted", "The data export key of any app opens all.", _any_apps_key
    ),
    _authorising("any-key-accepted", "Any key at all opens an app.", _any_key),
    _authorising("key-message-other", "A wrong key is answered Forbidden.", _forbidden),
    Deviant(
        "key-status-401",
        "api",
        "A wrong key is answered with the status 401.",
        patches=(("mockserver.web.leanplum.InvalidAccessKey.http_status", 401),),
    ),
    Deviant(
        "unknown-app-not-found",
        "api",
        "An app that does not exist is answered 404.",
        sandbox=_UnknownAppNotFound,
    ),
    _authorising(
        "unknown-app-accepted", "An app that does not exist is taken for one there is.", _any_app
    ),
    _reading("version-ignored", "apiVersion is neither needed nor looked at.", _any_version),
    _reading("required-not-checked", "A missing type means messageEvents.", _type_not_needed),
    _reading(
        "unknown-action-accepted",
        "An action that does not exist is taken for listPostbacks.",
        _any_action,
    ),
)
