"""Makes what every benchmark sends: one template, events like real ones, the naive rendering.

Benchmarks and their children take it from here, so that all of them send the same URLs.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from mockserver.core.catalog import Channel
from mockserver.core.models import EXAMPLE_APP_ID, MessageEvent

#: All eight values of a message event, and one of an A/B test, which renders as nothing.
POSTBACK_URL = (
    "in?user={{User ID}}&device={{Device ID}}&time={{Trigger time}}&message={{Message ID}}"
    "&event={{Message event}}&channel={{Message channel}}&template={{Template name}}"
    "&parameters={{Parameters}}&test={{AB test ID}}"
)

_SEED = 20260101
_START_AT = datetime(2026, 1, 1, tzinfo=UTC)


def realistic_events(count: int) -> list[MessageEvent]:
    """Return clicks on links of one email; the same ones in every run."""
    source = random.Random(_SEED)
    return [
        MessageEvent(
            EXAMPLE_APP_ID,
            Channel.EMAIL,
            "Click",
            _START_AT + timedelta(milliseconds=source.randrange(10**10)),
            f"user+{source.randrange(10**6)}@example.com",
            str(uuid.UUID(int=source.getrandbits(128), version=4)),
            "6184400932175872",
            "",
            {
                "index": source.randrange(9),
                "url": f"https://example.com/p/{source.randrange(10**6)}?from=newsletter",
            },
        )
        for _ in range(count)
    ]


def naive_render(url: str, event: MessageEvent) -> str:
    """Return the URL as one would write it first: a regular expression and `quote`."""
    values = naive_values(event)
    return _PLACEHOLDER.sub(lambda found: quote(values[found.group(1)], safe=""), url)


def naive_values(event: MessageEvent) -> dict[str, str]:
    """Return the values by the names of their placeholders."""
    return {
        "User ID": event.user_id,
        "Device ID": event.device_id,
        "Trigger time": str(int(event.triggered_at.timestamp() * 1000)),
        "Message ID": event.message_id,
        "Message event": event.event,
        "Message channel": event.channel.value,
        "Template name": event.template_name,
        "Parameters": json.dumps(event.parameters),
        "AB test ID": "",
    }


_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
