"""Serves the events: which there are, and letting them happen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from mockserver.core.catalog import (
    EventKind,
    PostbackType,
    check_message_event,
    event_kind,
    event_kinds,
    parse_channel,
)
from mockserver.core.errors import InvalidValue
from mockserver.core.events import check_event, draft_event
from mockserver.core.matching import why_not
from mockserver.core.models import App, Event, PostbackRule
from mockserver.core.template import Template
from mockserver.sandbox import Sandbox
from mockserver.web import encoding, shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 2


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on events."""

    def events() -> dict[str, list[shapes.EventKindJson]]:
        return {"events": [encoding.event_kind_json(kind) for kind in event_kinds()]}

    def post(body: shapes.EventRequest | list[shapes.EventRequest]) -> shapes.EventsAnswer:
        requests = body if isinstance(body, list) else [body]
        now_at = sandbox.now()
        built = [_event_of(sandbox, request, now_at) for request in requests]
        triggered = [encoding.triggered_json(item) for item in sandbox.post_events(built)]
        return shapes.EventsAnswer(
            [delivery for item in triggered for delivery in item.deliveries],
            [mismatch for item in triggered for mismatch in item.mismatches],
            triggered,
        )

    def preview(body: shapes.EventRequest) -> shapes.PreviewAnswer:
        event = check_event(_event_of(sandbox, body, sandbox.now()))
        app = sandbox.app(event.app_id)
        return shapes.PreviewAnswer(
            encoding.event_json(event),
            [_would_fire(rule, event, app) for rule in sandbox.postbacks(app.app_id)],
        )

    return [
        ControlRoute(
            "POST",
            "events/preview",
            "Say which rules an event would fire, and why not the others; nothing happens.",
            preview,
            shapes.PreviewAnswer,
            body=shapes.EventRequest,
        ),
        ControlRoute(
            "GET",
            "events",
            "Every event that can be triggered.",
            events,
            dict[str, list[shapes.EventKindJson]],
        ),
        ControlRoute(
            "POST",
            "events",
            "Let one event, or a list of them, happen now.",
            post,
            shapes.EventsAnswer,
            body=shapes.EventRequest | list[shapes.EventRequest],
        ),
    ]


def _event_of(sandbox: Sandbox, request: shapes.EventRequest, now_at: datetime) -> Any:
    values = msgspec.structs.asdict(request)
    given = {name: value for name, value in values.items() if value is not UNSET}
    app_id = sandbox.app(given.pop("app_id")).app_id
    kind = _kind_of(given)
    return draft_event(kind, app_id, now_at, given)


def _would_fire(rule: PostbackRule, event: Event, app: App) -> shapes.WouldFireJson:
    reason = why_not(rule, event)
    url = None
    if reason is None:
        url = Template(rule.url).render(event, app.parameters_encoding)
    return shapes.WouldFireJson(rule.postback_id, rule.url, reason is None, reason, url)


def _kind_of(given: dict[str, Any]) -> EventKind:
    """Take what names the kind of event out of `given` and return that kind."""
    name, type_name, channel_name, event = (
        given.pop(field, None) for field in ("name", "type", "channel", "event")
    )
    if name is not None and not (type_name or channel_name or event):
        return event_kind(name)
    if name is None and type_name == PostbackType.AB_TEST_EVENTS and not (channel_name or event):
        return event_kind("ab-test.enter")
    if name is None and channel_name and event and type_name != PostbackType.AB_TEST_EVENTS:
        channel = parse_channel(channel_name)
        template_name = given.get("template_name", "")
        check_message_event(channel, event, template_name)
        return EventKind(
            f"{channel} {event}", PostbackType.MESSAGE_EVENTS, channel, event, template_name
        )
    raise InvalidValue(
        "an event needs its name (like email.click), or channel and event, or the type "
        "abTestEvents; give one of the three"
    )
