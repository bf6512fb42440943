"""Serves the explanation of a delivery: its template, what is to come, and how to have it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mockserver.core.clock import later
from mockserver.core.errors import PostbacksError
from mockserver.core.models import App
from mockserver.core.template import Template
from mockserver.delivery.history import DeliveryHistory
from mockserver.net.curl_command import curl_command
from mockserver.receiver.inboxes import inbox_of
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.as_pytest import as_pytest
from mockserver.web.as_scenario import as_scenario
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 3


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations that explain."""

    def explained(delivery_id: int) -> shapes.ExplainedJson:
        delivery = sandbox.delivery(delivery_id)
        app = sandbox.app(delivery.app_id)
        rules = {rule.postback_id: rule.url for rule in sandbox.ledger.rules(delivery.app_id)}
        template = rules.get(delivery.postback_id)
        return shapes.ExplainedJson(
            template=template,
            pieces=_pieces(delivery, app, template),
            planned=list(_planned(delivery, app)),
            attempt_limit=app.retry.attempt_limit,
            timeout_seconds=app.retry.timeout.total_seconds(),
            inbox=_own_inbox(sandbox, delivery.url),
            curl=curl_command("POST", delivery.url),
            pytest=as_pytest(delivery, app, template),
            scenario=as_scenario(delivery),
        )

    return [
        ControlRoute(
            "GET",
            "deliveries/<int:delivery_id>/explained",
            "Where a delivery comes from, what is to come, and a test and a command of it.",
            explained,
            shapes.ExplainedJson,
        ),
    ]


def _pieces(delivery: DeliveryHistory, app: App, template: str | None) -> list[shapes.UrlPieceJson]:
    whole = [shapes.UrlPieceJson(delivery.url, None)]
    if template is None:
        return whole
    try:
        pieces = Template(template).pieces(delivery.event, app.parameters_encoding)
    except PostbacksError:
        return whole
    # The app may have another encoding by now.
    if "".join(text for text, _ in pieces) != delivery.url:
        return whole
    return [shapes.UrlPieceJson(*piece) for piece in pieces if piece[0] or piece[1]]


def _planned(delivery: DeliveryHistory, app: App) -> Iterator[datetime]:
    due_at = delivery.due_at
    if due_at is None:
        return
    yield due_at
    for delay in app.retry.delays[delivery.attempts_made :]:
        due_at = later(due_at, delay)
        yield due_at


def _own_inbox(sandbox: Sandbox, url: str) -> str | None:
    return inbox_of(url) if url.startswith(f"{sandbox.receiver_url}/") else None
