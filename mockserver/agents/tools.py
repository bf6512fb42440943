"""Does what an agent may do with a sandbox; a method is a tool, its docstring what agents read.

What goes wrong is said in the words of the sandbox, which name the place and the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from mockserver.agents.answers import (
    Advanced,
    AttemptSeen,
    DeliverySeen,
    Fired,
    InboxSeen,
    Received,
    RuleAdded,
    RuleSeen,
    State,
    Triggered,
)
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.core.errors import InvalidValue
from mockserver.web import shapes

#: How much of a URL or of a value is told.
_LONGEST = 500
#: How many deliveries or requests are told at most.
_MOST = 50


class SandboxTools:
    """The tools that look at a sandbox or change something in it.

    Args:
        client: Of the sandbox.
    """

    def __init__(self, client: SandboxClient) -> None:
        self._client = client

    def state(self) -> State:
        """Where everything stands: clock, what is pending, rules, inboxes. Begin here."""
        clock = self._client.clock()
        rules = [rule for app in self._client.apps() for rule in app.rules]
        return State(
            api_url=f"{self._client.url}/api",
            page_url=f"{self._client.url}/",
            clock=clock.mode,
            now=_iso(clock.now),
            pending=clock.pending,
            next_due=_instant(clock.next_due),
            rules=[
                RuleSeen(rule.postback_id, rule.app_id, _listens_to(rule), rule.url, rule.refused)
                for rule in rules
            ],
            inboxes=self._inboxes(),
        )

    def trigger(
        self,
        event: str,
        user_id: str | None = None,
        app_id: str | None = None,
        values: dict[str, str] | None = None,
        dry_run: bool = False,
    ) -> Triggered:
        """Let an event happen, e.g. `email.click`, `push.open`, `in-app.banner.select`.

        What is left out has a sample value. `values` may name device_id, message_id, triggered_at.
        With `dry_run` nothing happens: only which rules it would fire, and why not the others.
        """
        given = dict(values or {})
        if user_id is not None:
            given["user_id"] = user_id
        unknown = sorted(set(given) - set(_VALUES))
        if unknown:
            raise InvalidValue(f"values has no {unknown[0]!r}; it may have: {', '.join(_VALUES)}")
        request = shapes.EventRequest(name=event, app_id=app_id)
        for name, value in given.items():
            setattr(request, name, value)
        if dry_run:
            rules = self._client.preview(request).rules
            return Triggered(
                deliveries=[],
                not_fired=[f"{rule.postback_id}: {rule.reason}" for rule in rules if not rule.fires]
                + [f"{rule.postback_id}: would fire" for rule in rules if rule.fires],
            )
        answer = self._client.trigger(request)
        return Triggered(
            deliveries=[
                Fired(each.id, each.state, each.url[:_LONGEST]) for each in answer.deliveries
            ],
            not_fired=[f"{each.postback_id}: {each.reason}" for each in answer.mismatches],
        )

    def advance(
        self, by: str | None = None, until: Literal["next", "idle"] | None = None
    ) -> Advanced:
        """Turn the clock: `by` a duration (10h, 1h30m), or `until` the next attempt or until idle.

        Attempts that fall due on the way are made at their exact instants. 65 hours take a moment.
        """
        if (by is None) == (until is None):
            raise InvalidValue("give either by, e.g. 10h, or until: next or idle")
        request = (
            shapes.AdvanceRequest(by=by, listed=0)
            if by is not None
            else shapes.AdvanceRequest(until="idle" if until == "idle" else "next", listed=0)
        )
        made, outcomes = 0, dict[str, int]()
        for answer in self._client.advances(request):
            made += answer.attempts_made
            for outcome, number in answer.outcomes.items():
                outcomes[outcome] = outcomes.get(outcome, 0) + number
        clock = self._client.clock()
        return Advanced(
            now=_iso(clock.now),
            attempts_made=made,
            outcomes=outcomes,
            pending=clock.pending,
            next_due=_instant(clock.next_due),
            complete=answer.complete,
        )

    def deliveries(
        self,
        delivery_id: int | None = None,
        state: Literal["pending", "delivered", "rejected", "lost"] | None = None,
        user_id: str | None = None,
        limit: int = 10,
    ) -> list[DeliverySeen]:
        """The newest postbacks, or a single one with each attempt: when, what came back, why.

        States: pending (goes on), delivered (2xx), rejected (4xx, dropped at once), lost.
        """
        if delivery_id is not None:
            return [_delivery(self._client.delivery(delivery_id), with_attempts=True)]
        most = min(max(limit, 1), _MOST)
        page = self._client.latest(most, state=state, user_id=user_id)
        return [_delivery(each) for each in page.deliveries]

    def inbox(self, name: str, limit: int = 10) -> list[Received]:
        """The last requests that an inbox got, their query decoded. `state` lists the inboxes."""
        answer = self._client.requests(name)
        return [_received(each) for each in answer.requests[-min(max(limit, 1), _MOST) :]]

    def behave(self, inbox: str, script: str) -> InboxSeen:
        """Say how an inbox answers, request by request; the last one stays: `503*9,200`.

        A status, `200@31s` (after 31 s), hang, reset, close, drip, truncated, redirect:URL ...
        """
        answer = self._client.behave(inbox, script)
        return InboxSeen(answer.inbox, answer.url, answer.behaviour, 0)

    def add_rule(
        self,
        url: str,
        type: Literal["messageEvents", "abTestEvents"] = "messageEvents",
        channels: Sequence[Literal["Push Notification", "Email", "In-app Message"]] = (),
        app_id: str | None = None,
    ) -> RuleAdded:
        """Register a postbackUrl with placeholders like {{User ID}}, as addPostback does.

        To try something, aim it at an inbox of the sandbox (any name below its receiver).
        """
        app = app_id or self._only_app()
        checked = self._client.check_rule(url, type, channels, app)
        if checked.problem is not None:
            raise Refused(checked.problem)
        return RuleAdded(
            postback_id=self._client.add_postback(app, url, type, channels),
            example=(checked.example or "")[:_LONGEST],
            remarks=[f"{each.text}; {each.advice}" for each in checked.remarks],
        )

    def _only_app(self) -> str:
        known = self._client.health().app_ids
        if len(known) != 1:
            raise InvalidValue(f"which app? give app_id: {', '.join(known)}")
        return known[0]

    def _inboxes(self) -> list[InboxSeen]:
        return [
            InboxSeen(each.inbox, each.url, each.behaviour, each.requests)
            for each in self._client.inboxes_in_short()
        ]


_VALUES = (
    "user_id",
    "device_id",
    "message_id",
    "template_name",
    "ab_test_id",
    "variant_id",
    "triggered_at",
)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else _iso(at)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _listens_to(rule: shapes.RuleJson) -> str:
    return f"{rule.type}: {', '.join(rule.channels)}" if rule.channels else rule.type


def _delivery(each: shapes.DeliveryJson, *, with_attempts: bool = False) -> DeliverySeen:
    event = each.event
    return DeliverySeen(
        id=each.id,
        state=each.state,
        event=" ".join(filter(None, (event.channel, event.event, event.template_name)))
        or "A/B test",
        user_id=event.user_id[:_LONGEST],
        url=each.url[:_LONGEST],
        attempts_made=each.attempts_made,
        next_attempt_at=_instant(each.due_at),
        attempts=[
            AttemptSeen(
                at=_iso(attempt.started_at),
                hours_after_the_first=attempt.offset_hours,
                outcome=str(attempt.status) if attempt.status is not None else attempt.outcome,
                reason=[line[:_LONGEST] for line in attempt.reason],
            )
            for attempt in (each.attempts if with_attempts else ())
        ],
    )


def _received(each: shapes.ReceivedJson) -> Received:
    return Received(
        at=_iso(each.arrived_at),
        method=each.method,
        query={name: value[:_LONGEST] for name, value in each.query.items()},
        answered=str(each.status or each.end or "under way"),
    )
