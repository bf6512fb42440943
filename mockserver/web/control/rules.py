"""Serves what can be said of a rule before it is registered."""

from __future__ import annotations

from mockserver.core.catalog import ALL_CHANNELS, PostbackType, event_kind, parse_channel
from mockserver.core.errors import PostbacksError
from mockserver.core.events import build_event
from mockserver.core.hosts import host_of, is_loopback
from mockserver.core.template import Template
from mockserver.core.url_remarks import remarks_on
from mockserver.sandbox import Sandbox
from mockserver.web import shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 4


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on rules that are no rules yet."""

    def check(body: shapes.RuleCheckRequest) -> shapes.RuleCheckAnswer:
        app = sandbox.app(body.app_id)
        channels = tuple(map(parse_channel, body.channels)) or ALL_CHANNELS
        kind = PostbackType(body.type)
        try:
            template = Template(body.url)
        except PostbacksError as error:
            return shapes.RuleCheckAnswer(problem=str(error))
        remarks = remarks_on(template, kind, channels, is_local=_is_local(template.url))
        event = build_event(event_kind(_SAMPLES[kind]), app.app_id, sandbox.now(), {})
        return shapes.RuleCheckAnswer(
            problem=None,
            remarks=[shapes.UrlRemarkJson(*remark) for remark in remarks],
            placeholders=list(template.placeholders),
            example=template.render(event, app.parameters_encoding),
        )

    return [
        ControlRoute(
            "POST",
            "rules/check",
            "Say whether addPostback would take a URL, and what is wrong with it; adds nothing.",
            check,
            shapes.RuleCheckAnswer,
            body=shapes.RuleCheckRequest,
        ),
    ]


#: The event that fills in an example: the one with most values.
_SAMPLES = {
    PostbackType.MESSAGE_EVENTS: "email.click",
    PostbackType.AB_TEST_EVENTS: "ab-test.enter",
}


def _is_local(url: str) -> bool:
    host = host_of(url)
    return host is not None and is_loopback(host.name)
