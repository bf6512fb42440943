"""Asks a sandbox what would happen, and for what a page shows, as a part of its client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from mockserver.web import shapes

_Answer = TypeVar("_Answer")


class Looking:
    """The calls of a client that change nothing and are made for people.

    Whoever inherits it makes the calls.
    """

    def check_rule(
        self,
        url: str,
        type: str = "messageEvents",
        channels: Sequence[str] = (),
        app_id: str | None = None,
    ) -> shapes.RuleCheckAnswer:
        """Return whether `addPostback` would take a URL, and what is wrong with it."""
        body: dict[str, Any] = {
            "url": url,
            "type": type,
            "channels": list(channels),
            "app_id": app_id,
        }
        return self._send("POST", "rules/check", shapes.RuleCheckAnswer, body)

    def explained(self, delivery_id: int) -> shapes.ExplainedJson:
        """Return where a delivery comes from, what is to come, and a test and a command of it."""
        return self._get(f"deliveries/{delivery_id}/explained", shapes.ExplainedJson)

    def latest(
        self, limit: int = 100, before: int | None = None, **filters: object
    ) -> shapes.DeliveriesAnswer:
        """Return a page of deliveries, the newest first; pass its `next` as `before` for more.

        Args:
            limit: How many at most; there may be fewer, or none, and still a `next`.
            before: Those with a smaller id only.
            **filters: As `SandboxClient.deliveries` takes, and `text`, which is searched for.
        """
        query = {**filters, "limit": limit, "before": before, "newest_first": "true"}
        return self._get("deliveries", shapes.DeliveriesAnswer, query)

    def preview(self, event: shapes.EventRequest) -> shapes.PreviewAnswer:
        """Return which rules an event would fire, and why not the others; nothing happens."""
        return self._send("POST", "events/preview", shapes.PreviewAnswer, event)

    def check_scenario(self, text: str) -> shapes.ScenarioAnswer:
        """Return what a scenario says, or what is wrong with it; nothing happens."""
        return self._send("POST", "scenarios/check", shapes.ScenarioAnswer, {"text": text})

    def faults(self) -> list[shapes.FaultJson]:
        """Return everything that an inbox can do, and how it is written."""
        return self._get("faults", shapes.FaultsAnswer).faults

    def replay(self, inbox: str, request_id: int, url: str) -> shapes.ReplayedJson:
        """Send a request that an inbox got once more, to this machine or to a named host."""
        path = f"inboxes/{quote(inbox, safe='')}/requests/{request_id}/replay"
        return self._send("POST", path, shapes.ReplayedJson, {"url": url})

    def event_kinds(self) -> list[shapes.EventKindJson]:
        """Return every event that can be triggered."""
        return self._get("events", dict[str, list[shapes.EventKindJson]])["events"]

    def fidelity(self) -> shapes.FidelityAnswer:
        """Return what the fake imitates, and how each behaviour is known."""
        return self._get("fidelity", shapes.FidelityAnswer)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the control API."""
        return self._get("openapi.json", dict[str, Any])

    def inboxes(self) -> list[str]:
        """Return the names of the inboxes in use."""
        return self._get("inboxes", shapes.InboxesAnswer).inboxes

    def inboxes_in_short(self) -> list[shapes.InboxJson]:
        """Return the inboxes in use, each with how much it got and what it does."""
        return self._get("inboxes", shapes.InboxesAnswer).listed

    def behaviour(self, inbox: str) -> shapes.BehaviourAnswer:
        """Return what an inbox does."""
        return self._get(f"inboxes/{quote(inbox, safe='')}/behaviour", shapes.BehaviourAnswer)

    def api_behaviour(self) -> shapes.ApiBehaviourAnswer:
        """Return how Leanplum's API fails: every script, and the calls that it is for."""
        return self._get("api/behaviour", shapes.ApiBehaviourAnswer)

    def clock(self) -> shapes.ClockState:
        """Return where the clock stands."""
        return self._get("clock", shapes.ClockState)

    def soonest(self, limit: int = 10) -> list[shapes.DeliveryJson]:
        """Return the pending deliveries whose next attempt is due first, in that order."""
        query = {"limit": limit}
        return self._get("deliveries/pending", shapes.PendingAnswer, query).deliveries

    def _get(
        self, path: str, shape: type[_Answer], query: Mapping[str, object | None] | None = None
    ) -> _Answer:
        raise NotImplementedError

    def _send(self, method: str, path: str, shape: type[_Answer], body: object = None) -> _Answer:
        raise NotImplementedError
