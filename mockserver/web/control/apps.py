"""Serves the apps: their keys, knobs and rules."""

from __future__ import annotations

from mockserver.core.models import PostbackRule
from mockserver.sandbox import Sandbox
from mockserver.schema.app import app_of
from mockserver.web import encoding, shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 4


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on apps."""
    foreseen = sandbox.foreseen_refusal

    def get(app_id: str) -> shapes.AppJson:
        return encoding.app_json(sandbox.app(app_id), sandbox.postbacks(app_id), foreseen)

    def put(app_id: str, body: shapes.AppRequest) -> shapes.AppJson:
        app = app_of(app_id, body)
        sandbox.put_app(app)
        # As it was put, whoever deletes it meanwhile.
        return encoding.app_json(app, sandbox.ledger.rules(app_id), foreseen)

    def apps() -> shapes.AppsAnswer:
        # One look for all: there may be thousands.
        rules: dict[str, list[PostbackRule]] = {}
        for rule in sandbox.ledger.rules():
            rules.setdefault(rule.app_id, []).append(rule)
        return shapes.AppsAnswer(
            [
                encoding.app_json(app, rules.get(app.app_id, []), foreseen)
                for app in sandbox.ledger.apps()
            ]
        )

    def delete(app_id: str) -> shapes.AppDeleted:
        return shapes.AppDeleted(app_id, *sandbox.delete_app(app_id))

    one = "apps/<app_id>"
    return [
        ControlRoute(
            "GET", "apps", "Every app with its rules.", apps, shapes.AppsAnswer, is_large=True
        ),
        ControlRoute("GET", one, "An app with its keys, knobs and rules.", get, shapes.AppJson),
        ControlRoute(
            "PUT", one, "Add or replace an app.", put, shapes.AppJson, body=shapes.AppRequest
        ),
        ControlRoute(
            "DELETE",
            one,
            "Delete an app with its rules and deliveries, also pending ones; not the last app.",
            delete,
            shapes.AppDeleted,
        ),
    ]
