"""Removes what was added to somebody else's sandbox: apps with all that is theirs, and inboxes."""

from __future__ import annotations

import time

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import PostbacksError, ServerUnreachable, UnknownApp
from mockserver.net.monotonic import real_seconds

#: How long attempts under way are waited for, so that none arrives at an inbox that is gone.
_PATIENCE_REAL_SECONDS = 1.0


class Leftovers:
    """What is to be removed at the end; take note of it before it is added.

    Args:
        client: Where to remove it.
    """

    def __init__(self, client: SandboxClient) -> None:
        self._client = client
        self._apps: list[str] = []
        self._inboxes: list[str] = []

    def app(self, app_id: str) -> None:
        """Take note of an app."""
        self._apps.append(app_id)

    def inbox(self, name: str) -> None:
        """Take note of an inbox."""
        self._inboxes.append(name)

    def remove(self) -> list[str]:
        """Remove everything, and return in words what is still there.

        It can be called again after an interrupt, and goes on where it was. A server that does not
        answer any more is not asked again.
        """
        left: list[str] = []
        try:
            # An app goes before the inboxes, so that nothing more is sent to those.
            while self._apps:
                left += self._remove_app(self._apps[-1])
                self._apps.pop()
            while self._inboxes:
                self._client.clear_inbox(self._inboxes[-1])
                self._inboxes.pop()
        except ServerUnreachable:
            self._apps.clear()
            self._inboxes.clear()
        return left

    def _remove_app(self, app_id: str) -> list[str]:
        try:
            self._wait_for_attempts(app_id)
            self._client.delete_app(app_id)
        except UnknownApp:
            # It was not added in the end.
            return []
        except ServerUnreachable:
            raise
        except PostbacksError as error:
            return [f"app {app_id} ({error})"]
        return []

    def _wait_for_attempts(self, app_id: str) -> None:
        until = real_seconds() + _PATIENCE_REAL_SECONDS
        while self._has_attempts_under_way(app_id) and real_seconds() < until:
            time.sleep(0.01)

    def _has_attempts_under_way(self, app_id: str) -> bool:
        pending = self._client.deliveries(app_id=app_id, state="pending", limit=1000).deliveries
        if not pending:
            return False
        now_at = self._client.clock().now
        return any(each.due_at is not None and each.due_at <= now_at for each in pending)
