"""Trades the token for a cookie when the form of the page sends it, and takes the cookie back."""

from __future__ import annotations

import hmac

import msgspec
from flask import Request, Response

from mockserver.core.errors import InvalidValue
from mockserver.web.login_cookie import is_logged_in, log_in, log_out
from mockserver.web.routes import json_answer
from mockserver.web.security import TokenNeeded


class LoginRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What the form sends."""

    token: str


class LoginState(msgspec.Struct):
    """Whether a token is needed, and whether this browser has shown it."""

    needs_token: bool
    logged_in: bool


def login_answer(request: Request, token: str | None) -> Response:
    """Answer a request of the form: GET asks, POST logs in, DELETE logs out.

    Args:
        request: It has passed the guard, so it is no page of another site's.
        token: What the control API needs; None for nothing.

    Raises:
        InvalidValue: The body is not `{"token": "..."}` as JSON, which no form can send.
        TokenNeeded: It is another token.
    """
    if request.method == "POST":
        given = _token_in(request)
        if token is not None and not hmac.compare_digest(given.encode(), token.encode()):
            raise TokenNeeded(
                "that is not the token of this sandbox; `postbacks serve` printed it when it "
                "started, or whoever started it chose it (--token or POSTBACKS_TOKEN)"
            )
        answer = _state(request, token, logged_in=True)
        if token is not None:
            log_in(request, answer, token)
        return answer
    if request.method == "DELETE":
        answer = _state(request, token, logged_in=token is None)
        log_out(request, answer)
        return answer
    return _state(request, token, logged_in=token is None or is_logged_in(request, token))


def _token_in(request: Request) -> str:
    if request.mimetype != "application/json":
        raise InvalidValue(
            'logging in needs a JSON body, {"token": "..."}, and the header \'Content-Type: '
            f"application/json'; got {request.mimetype or 'no Content-Type'}"
        )
    try:
        return msgspec.json.decode(request.get_data(), type=LoginRequest).token
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue(f'the body is not {{"token": "..."}}: {error}') from None


def _state(request: Request, token: str | None, *, logged_in: bool) -> Response:
    answer = json_answer(LoginState(token is not None, logged_in))
    answer.headers["Cache-Control"] = "no-store"
    return answer
