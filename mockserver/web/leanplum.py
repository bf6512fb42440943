"""Serves Leanplum's API as it is on the wire: addPostback, listPostbacks, deletePostback.

Documented are the names of methods and arguments, the envelope of every answer, the classes of
keys, and the message `Invalid access key`. Texts and statuses of other errors are assumed.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Request, Response

from mockserver.core.api_methods import KNOWN_ARGUMENTS
from mockserver.core.catalog import PostbackType, suggestion
from mockserver.core.errors import InvalidTemplate, InvalidValue, PostbacksError, RuleLimitReached
from mockserver.core.models import App, KeyClass
from mockserver.sandbox import Sandbox
from mockserver.web.arguments import UnreadableArguments, was_sent_unencoded
from mockserver.web.current import current_request
from mockserver.web.leanplum_calls import answered
from mockserver.web.routes import cut

API_VERSION = "1.0.6"


class NotFound(PostbacksError):
    """There is no such app or rule, and the sandbox was told to answer 404 then."""

    code = "not-found"
    http_status = 404


class InvalidAccessKey(PostbacksError):
    """The key is wrong, of the wrong class, or another app's."""

    code = "invalid-access-key"
    http_status = 403


def create_api(sandbox_of: Callable[[Request], Sandbox]) -> Blueprint:
    """Return the routes of Leanplum's API.

    Args:
        sandbox_of: Returns the sandbox that a request is for.
    """
    api = Blueprint("leanplum", __name__)

    @api.route("/api", methods=["GET", "POST"], strict_slashes=False)
    def call() -> Response:
        request = current_request()
        sandbox = sandbox_of(request)

        def carried_out(arguments: dict[str, Any]) -> dict[str, Any]:
            return _answer(sandbox, arguments)

        return answered(sandbox, request, carried_out, _status_of)

    return api


def parse_channels(value: Any) -> list[str]:
    """Return the channel names in any of the ways the argument may be written.

    `[Push Notification, Email]` (as the documentation writes it), a JSON array, a JSON array
    as text, repeated arguments, or a single name. Nothing at all means every channel.

    Raises:
        InvalidValue: It is none of these.
    """
    if value is None or value in ("", []):
        return []
    if isinstance(value, str):
        return _channels_in_text(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [name for item in value for name in _channels_in_text(item)]
    raise InvalidValue(
        f"channels must be a list of names, got {value!r}; "
        "write [Push Notification, In-app Message] or a JSON array"
    )


def _channels_in_text(text: str) -> list[str]:
    text = text.strip()
    if text.startswith("["):
        try:
            names = json.loads(text)
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                return names
        except (ValueError, RecursionError):
            pass
        if not text.endswith("]"):
            raise InvalidValue(f"channels has no closing bracket: {text!r}")
        text = text[1:-1]
    names = [name.strip().strip("'\"") for name in text.split(",")]
    return [name for name in names if name]


def _answer(sandbox: Sandbox, arguments: dict[str, Any]) -> dict[str, Any]:
    action = _text(arguments, "action", f"one of {', '.join(_METHODS)}")
    method = _METHODS.get(action)
    if method is None:
        raise InvalidValue(
            f"unknown action {action!r}{suggestion(action, _METHODS)}; this sandbox knows: "
            + ", ".join(_METHODS)
        )
    app_id = _text(arguments, "appId", "the id of your app")
    key = _text(arguments, "clientKey", "the data export key of your app")
    version = _text(arguments, "apiVersion", API_VERSION)
    if version != API_VERSION:
        raise InvalidValue(f"apiVersion {version!r} does not exist; allowed: {API_VERSION}")
    return method(sandbox, _authorised(sandbox, app_id, key), arguments)


def _authorised(sandbox: Sandbox, app_id: str, key: str) -> App:
    app = sandbox.ledger.app(app_id)
    if app is None and sandbox.answers.unknown_app == "not-found":
        raise NotFound(f"No app with id {cut(app_id, 100)}")
    expected = "" if app is None else app.keys.get(KeyClass.DATA_EXPORT, "")
    if app is None or not expected or not hmac.compare_digest(expected.encode(), key.encode()):
        raise InvalidAccessKey("Invalid access key")
    return app


def _add_postback(sandbox: Sandbox, app: App, arguments: dict[str, Any]) -> dict[str, Any]:
    types = " or ".join(PostbackType)
    type_name = _text(arguments, "type", types)
    url = _text(arguments, "postbackUrl", "the URL template, encoded")
    _check_not_cut_off(url, arguments)
    channels = parse_channels(arguments.get("channels"))
    rule = sandbox.add_postback(url, type_name, channels, app.app_id)
    return {"success": True, "postbackId": rule.postback_id}


def _list_postbacks(sandbox: Sandbox, app: App, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "success": True,
        "postbacks": [
            {"postbackId": rule.postback_id, "type": rule.type.value, "postbackUrl": rule.url}
            for rule in sandbox.postbacks(app.app_id)
        ],
    }


def _delete_postback(sandbox: Sandbox, app: App, arguments: dict[str, Any]) -> dict[str, Any]:
    given = _whole_number(arguments, "postbackId")
    # However many digits it has; only so many can be an id.
    postback_id = int(given) if len(given) <= _MOST_DIGITS else 0
    if sandbox.delete_postback(postback_id, app.app_id):
        return {"success": True}
    message = f"No postback with id {cut(given, 100)}; nothing was deleted"
    if sandbox.answers.unknown_postback == "not-found":
        raise NotFound(message)
    return {"success": True, "warning": {"message": message}}


_Method = Callable[[Sandbox, App, dict[str, Any]], dict[str, Any]]
_METHODS: dict[str, _Method] = {
    "addPostback": _add_postback,
    "listPostbacks": _list_postbacks,
    "deletePostback": _delete_postback,
}


def _check_not_cut_off(url: str, arguments: Mapping[str, Any]) -> None:
    strangers = {name: value for name, value in arguments.items() if name not in KNOWN_ARGUMENTS}
    cut_off = {name: value for name, value in strangers.items() if "{{" in f"{name}{value}"}
    if not cut_off and strangers and was_sent_unencoded(current_request(), "postbackUrl"):
        cut_off = strangers
    if cut_off:
        rest = "&".join(f"{name}={value}" for name, value in cut_off.items())
        raise InvalidTemplate(
            f"postbackUrl was cut off at an un-encoded '&': it reads {url!r}, and the request "
            f"has further arguments that look like the rest of it: {rest!r}; percent-encode "
            "the whole URL, e.g. with curl --data-urlencode"
        )


def _text(arguments: Mapping[str, Any], name: str, expected: str) -> str:
    value = arguments.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise InvalidValue(f"missing argument {name}: expected {expected}")
    if isinstance(value, list):
        raise InvalidValue(f"argument {name} was given {len(value)} times; give it once")
    if not isinstance(value, str):
        raise InvalidValue(f"argument {name} must be text, got {value!r}; expected {expected}")
    return value


#: More than any id has.
_MOST_DIGITS = 30


def _whole_number(arguments: Mapping[str, Any], name: str) -> str:
    """Return the digits of a whole number."""
    value = arguments.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = _text({name: value}, name, "the id that addPostback answered, 16 digits")
    if not (text.isascii() and text.strip().isdigit()):
        raise InvalidValue(f"argument {name} must be a whole number, got {text!r}")
    return text.strip().lstrip("0") or "0"


def _status_of(error: PostbacksError) -> int:
    if isinstance(error, InvalidAccessKey | NotFound | UnreadableArguments):
        return error.http_status
    if isinstance(error, RuleLimitReached):
        return 400
    return error.http_status
