"""What the tests of `mockserver.testing` share: deliveries that came about in the usual way."""

from __future__ import annotations

from typing import Any

from mockserver.delivery.history import DeliveryHistory
from mockserver.testing import Leanplum


def fire(
    leanplum: Leanplum,
    script: str = "200",
    *,
    event: str = "email.click",
    query: str = "?user={{User ID}}",
    **values: Any,
) -> DeliveryHistory:
    """Let an event happen that is delivered to an inbox with this script."""
    inbox = leanplum.inbox()
    inbox.behave(script)
    if not leanplum.postbacks:
        leanplum.add_postback(inbox.url + query)
    return leanplum.trigger(event, **{"user_id": "ada"} | values).deliveries[0]
