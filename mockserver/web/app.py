"""Builds the Flask application: Leanplum's API and the control API over one sandbox.

For tests it builds Leanplum's API alone, once for the sandboxes of all of them.

Every request passes the guard first, and every error is written in one shape.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from mockserver.core.errors import PostbacksError
from mockserver.sandbox import Sandbox
from mockserver.web.control import control_routes
from mockserver.web.current import current_request
from mockserver.web.leanplum import create_api
from mockserver.web.leanplum_calls import keep_call, refusal
from mockserver.web.page_routes import add_page
from mockserver.web.query import check_path
from mockserver.web.routes import PREFIX, WholeNumber, create_blueprint, cut, problem, problem_of
from mockserver.web.security import Guard

#: A request body may not be larger.
LARGEST_BODY = 1024 * 1024

#: Where a request for Leanplum's API alone says which sandbox it is for (WSGI environment).
SANDBOX = "postbacks.sandbox"

_LONGEST_PATH = 200

#: What says that the request being answered was let in.
_GUARDED = "was_let_in"

_log = logging.getLogger("mockserver.web")


def create_app(
    sandbox: Sandbox,
    *,
    token: str | None = None,
    allowed_hosts: frozenset[str] = frozenset(),
) -> Flask:
    """Return the WSGI application over `sandbox`.

    Args:
        sandbox: What it controls.
        token: What the control API needs as `Authorization: Bearer`; None for nothing.
        allowed_hosts: Names, beside loopback ones and plain addresses, it answers for.

    Raises:
        InvalidValue: No header can carry this token.
    """
    app = _application(lambda request: sandbox, Guard(allowed_hosts, token))
    app.register_blueprint(create_blueprint(control_routes(sandbox)))
    add_page(app, token)
    return app


def create_leanplum_app(hosts: frozenset[str] = frozenset()) -> Flask:
    """Return the WSGI application of Leanplum's API alone, for any number of sandboxes.

    Each request says by `SANDBOX` in its environment which one it is for. Nothing else is there:
    any other path is the API's 404.

    Args:
        hosts: Names, beside loopback ones and plain addresses, it answers for.
    """

    def sandbox_of(request: Request) -> Sandbox:
        sandbox: Sandbox = request.environ[SANDBOX]
        return sandbox

    return _application(sandbox_of, Guard(hosts))


def _application(sandbox_of: Callable[[Request], Sandbox], guard: Guard) -> Flask:
    app = _Application("mockserver", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    app.url_map.converters["int"] = WholeNumber
    app.before_request(lambda: _check(guard, current_request()))
    app.after_request(lambda response: _kept(sandbox_of, response))
    app.register_blueprint(create_api(sandbox_of))
    app.register_error_handler(PostbacksError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    return app


class _Application(Flask):
    """Flask, without a look at every call whether the function to be called is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none of this application is a coroutine."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the route; every name leads to the same ones here.

        Werkzeug's own looks at the name and encodes it each time, which takes as long as the rest.

        Args:
            request: The request; None outside of one.
        """
        if request is None:
            return super().create_url_adapter(request)
        return MapAdapter(
            self.url_map,
            # As read by Flask, which refuses what cannot be a host.
            request.host,
            request.root_path,
            "",
            request.scheme,
            request.path,
            request.method,
            request.query_string.decode("latin-1"),
        )


def _check(guard: Guard, request: Request) -> None:
    guard.check(request, is_control=_is_control(request))
    setattr(g, _GUARDED, True)
    check_path(request)


def _kept(sandbox_of: Callable[[Request], Sandbox], response: Response) -> Response:
    request = current_request()
    # A page that is kept out shall not even fill the log.
    if not _is_leanplums(request) or _GUARDED not in g:
        return response
    return keep_call(sandbox_of(request), request, response)


def _is_control(request: Request) -> bool:
    return request.path.startswith(f"{PREFIX}/")


def _is_leanplums(request: Request) -> bool:
    return request.path.rstrip("/") == "/api" or SANDBOX in request.environ


def _expected(error: PostbacksError) -> Response:
    if _is_leanplums(request):
        return refusal(str(error), error.http_status)
    return problem_of(error)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    name = (error.name or "error").lower().replace(" ", "-")
    detail = error.description or ""
    allowed = ""
    if status == 413:
        detail = f"a request body may have {LARGEST_BODY} bytes at most"
    if status == 404:
        detail = f"nothing is at {cut(request.path, _LONGEST_PATH)}; Leanplum's API is at /api"
        if SANDBOX not in request.environ:
            detail += f", the control API is described at {PREFIX}/openapi.json"
    if status == 405:
        methods = set(getattr(error, "valid_methods", None) or ()) - {"HEAD", "OPTIONS"}
        allowed = ", ".join(sorted(methods))
        path = cut(request.path, _LONGEST_PATH)
        detail = f"{path} cannot be asked with {request.method}; allowed: {allowed}"
    is_leanplums = _is_leanplums(request)
    answer = refusal(detail, status) if is_leanplums else problem(name, status, detail)
    if status == 405:
        answer.headers["Allow"] = allowed
    return answer


def _unexpected(error: Exception) -> Response:
    # The path alone: a query may hold keys, which never go into a log.
    _log.exception("%s %s failed", request.method, request.path)
    detail = f"a fault of the sandbox: {type(error).__name__}; its log has the traceback"
    if _is_leanplums(request):
        return refusal(detail, 500)
    return problem("internal-error", 500, detail)
