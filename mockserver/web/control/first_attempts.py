"""Finds when the first attempt of a delivery began, for answers that list single attempts."""

from __future__ import annotations

from datetime import datetime

from mockserver.core.models import Attempt
from mockserver.sandbox import Sandbox


class FirstAttempts:
    """Remembers the start of each delivery's first attempt; every delivery is looked up once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known: dict[int, datetime] = {}

    def __call__(self, attempt: Attempt) -> datetime:
        """Return when the delivery of `attempt` was first tried, aware UTC."""
        if attempt.delivery_id not in self._known:
            earlier = self._sandbox.ledger.attempts(attempt.delivery_id)
            self._known[attempt.delivery_id] = (earlier or [attempt])[0].started_at
        return self._known[attempt.delivery_id]
