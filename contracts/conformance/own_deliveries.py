"""Lets a case see its own deliveries through, at a sandbox that others use at the same time.

On a running clock an event is answered before its postbacks are sent, and what is next there may
be somebody else's. So the first attempts are waited for, and the clock moves to the next due
instant of the case's own apps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from contracts.suite.recorder import Untestable
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.wording import count
from mockserver.net.monotonic import real_seconds
from mockserver.web.shapes import DeliveryJson

#: How long first attempts are waited for: as long as an endpoint of somebody else's, which may be
#: before them, has for its answer.
PATIENCE_REAL_SECONDS = 30.0
_POLL_REAL_SECONDS = 0.005

#: More than any schedule has: whoever goes on for ever is left pending, and found so.
MOST_STEPS = 60


def first_attempts_made(
    client: SandboxClient,
    deliveries: Sequence[DeliveryJson],
    patience_real_seconds: float = PATIENCE_REAL_SECONDS,
) -> None:
    """Wait until each delivery has had its first attempt.

    Raises:
        Untestable: The attempts were not made in time.
    """
    until = real_seconds() + patience_real_seconds
    waiting = [item.id for item in deliveries if _is_untried(item)]
    while waiting:
        waiting = [number for number in waiting if _is_untried(client.delivery(number))]
        if not waiting:
            break
        if real_seconds() > until:
            raise Untestable(
                f"{count(len(waiting), 'postback')} had no attempt within "
                f"{patience_real_seconds:g} s of real time; is the sandbox busy with others?"
            )
        time.sleep(_POLL_REAL_SECONDS)


def until_none_is_pending(
    client: SandboxClient, app_ids: Sequence[str], advance_to: Callable[[datetime], object]
) -> None:
    """Move the clock from one due instant of these apps to the next, until they have none."""
    for _ in range(MOST_STEPS):
        pending = [
            item.due_at
            for app_id in app_ids
            for item in client.deliveries(app_id=app_id, state="pending", limit=1000).deliveries
            if item.due_at is not None
        ]
        if not pending:
            return
        advance_to(min(pending))


def _is_untried(delivery: DeliveryJson) -> bool:
    return delivery.state == "pending" and delivery.attempts_made == 0
