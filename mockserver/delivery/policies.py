"""Knows the retry policies of the apps, each as soon as somebody has asked for it."""

from __future__ import annotations

from datetime import timedelta

from mockserver.core.models import DueAttempt
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.ledger.protocol import Ledger


class Policies(dict[str, RetryPolicy]):
    """The policies by app id; those that were not asked for before are read from the ledger.

    An app that is not there has the documented one: its deliveries go on.

    Args:
        ledger: What knows the apps.
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def __missing__(self, app_id: str) -> RetryPolicy:
        """Read the policy of an app, and keep it."""
        app = self._ledger.app(app_id)
        policy = self[app_id] = DEFAULT_RETRY_POLICY if app is None else app.retry
        return policy

    def timeout_of(self, attempt: DueAttempt) -> timedelta:
        """Return how long an attempt may take."""
        return self[attempt.app_id].timeout
