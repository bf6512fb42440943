"""Reads an event back from a URL that was rendered from a known template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from mockserver.core.catalog import Channel, parse_channel
from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.core.events import check_event
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.template import Template

#: The field of an event for each placeholder; the rest is looked at apart.
_FIELDS = {
    "User ID": "user_id",
    "Device ID": "device_id",
    "Message ID": "message_id",
    "Template name": "template_name",
    "AB test ID": "ab_test_id",
    "Variant ID": "variant_id",
}


class UrlEvents:
    """Reads the values of a template back from the queries of URLs.

    Args:
        template: The postbackUrl as registered.

    Raises:
        InvalidTemplate: The template has a mistake.
        InvalidValue: Its query carries no value alone (`name={{User ID}}`).
    """

    def __init__(self, template: str) -> None:
        Template(template)
        self._names: dict[str, str] = {}
        for name, value in _pairs(template):
            if value.startswith("{{") and value.endswith("}}") and value.count("{{") == 1:
                self._names[name] = value[2:-2]
        if not self._names:
            raise InvalidValue(
                "events cannot be read from recorded URLs: the query of the postbackUrl carries no "
                "value like user={{User ID}}"
            )

    def event_of(self, url: str, app_id: str, triggered_at: datetime) -> Event | None:
        """Return the event that a URL was rendered for; None if it has none of the names.

        Args:
            url: With or without a host.
            app_id: The app of the event.
            triggered_at: When it happened.

        Raises:
            InvalidValue: What it carries is no event of Leanplum's.
        """
        values = {
            self._names[name]: unquote(value) for name, value in _pairs(url) if name in self._names
        }
        if not values:
            return None
        fields = {_FIELDS[name]: value for name, value in values.items() if name in _FIELDS}
        try:
            return check_event(self._built(values, fields, app_id, triggered_at))
        except PostbacksError as error:
            raise InvalidValue(str(error)) from None

    def _built(
        self,
        values: Mapping[str, str],
        fields: dict[str, str],
        app_id: str,
        triggered_at: datetime,
    ) -> Event:
        if fields.get("ab_test_id"):
            names = ("user_id", "device_id", "ab_test_id", "variant_id")
            return AbTestEvent(
                app_id, triggered_at, **{name: fields.get(name, "") for name in names}
            )
        channel = parse_channel(values.get("Message channel", Channel.EMAIL))
        event = values.get("Message event") or ("View" if channel is Channel.IN_APP else "Open")
        names = ("user_id", "device_id", "message_id", "template_name")
        return MessageEvent(
            app_id,
            channel,
            event,
            triggered_at,
            **{name: fields.get(name, "") for name in names},
            parameters=_parameters(values.get("Parameters", "{}")),
        )


def _parameters(text: str) -> dict[str, Any]:
    try:
        parameters = json.loads(text or "{}")
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict):
        raise InvalidValue(f"Parameters are no JSON object: {text[:60]!r}")
    return parameters


def _pairs(url: str) -> list[tuple[str, str]]:
    query = url.partition("#")[0].partition("?")[2]
    parts = (piece.partition("=") for piece in query.split("&"))
    return [(name, value) for name, _, value in parts if name]
