"""Leads to the page of the sandbox, which is not imported before somebody asks for it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from mockserver.web.current import current_request
from mockserver.web.routes import PREFIX


def add_page(app: Flask, token: str | None) -> None:
    """Add the routes of the page: its document, its files, and its form for the token.

    At `/` a browser gets the document, and a program that does not ask for HTML gets where to
    find what, as JSON.
    """

    def login() -> Response:
        from mockserver.web.page.login import login_answer

        return login_answer(current_request(), token)

    app.add_url_rule("/", "welcome", _welcome)
    app.add_url_rule("/page/<path:name>", "page", _file)
    app.add_url_rule("/login", "login", login, methods=["GET", "POST", "DELETE"])


def _welcome() -> Response | dict[str, Any]:
    request = current_request()
    if "text/html" in request.headers.get("Accept", ""):
        from mockserver.web.page.assets import DOCUMENT

        answer = _file(DOCUMENT)
        answer.vary.add("Accept")
        return answer
    return {
        "name": "postbacks",
        "page": request.host_url,
        "leanplum_api": f"{request.host_url}api",
        "control_api": f"{request.host_url}{PREFIX[1:]}/openapi.json",
    }


def _file(name: str) -> Response:
    from mockserver.web.page.assets import asset_answer

    answer = asset_answer(name, current_request())
    if answer is None:
        raise NotFound
    return answer
