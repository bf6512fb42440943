"""Turns the sandbox's values into the JSON shapes of the control API."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mockserver.core.catalog import EventKind
from mockserver.core.forwarded import Forwarded
from mockserver.core.instants import written
from mockserver.core.matching import Mismatch
from mockserver.core.models import (
    AbTestEvent,
    App,
    Attempt,
    Event,
    MessageEvent,
    PostbackRule,
)
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery.feed import Happening
from mockserver.delivery.history import DeliveryHistory, Triggered
from mockserver.delivery.under_way import AttemptUnderWay
from mockserver.net.answer_text import answer_lines
from mockserver.receiver.journal import ReceivedRequest
from mockserver.schema.app import fields_of
from mockserver.web.shapes import (
    AppJson,
    AttemptJson,
    DeliveryJson,
    EventJson,
    EventKindJson,
    FeedEntry,
    ForwardedJson,
    HeaderJson,
    MismatchJson,
    ReceivedJson,
    ResendAnswer,
    RuleJson,
    TriggeredJson,
)
from mockserver.web.under_way import attempt_under_way

#: Returns why postbacks to a URL will be refused, if so.
Foreseen = Callable[[str], str | None]


def attempt_json(attempt: Attempt, first_at: datetime) -> AttemptJson:
    """Return an attempt; `first_at` is when the first one of its delivery started."""
    outcome = attempt.outcome
    return AttemptJson(
        delivery_id=attempt.delivery_id,
        number=attempt.number,
        manual=attempt.manual,
        repeated=attempt.repeated,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        offset_hours=(attempt.started_at - first_at) / timedelta(hours=1),
        outcome=outcome.kind.value,
        status=outcome.status,
        elapsed_seconds=outcome.elapsed.total_seconds(),
        elapsed_real_seconds=round(outcome.elapsed_real_seconds, 6),
        error=outcome.error,
        headers=list(outcome.headers),
        body=outcome.body.decode("utf-8", "replace"),
        request_id=outcome.request_id,
        reason=_reason_of(outcome),
    )


def _reason_of(outcome: Outcome) -> list[str]:
    if outcome.kind is OutcomeKind.BLOCKED and outcome.error:
        return [outcome.error]
    return list(answer_lines(outcome.status, outcome.headers, outcome.body))


def delivery_json(
    delivery: DeliveryHistory,
    event: EventJson | None = None,
    under_way: AttemptUnderWay | None = None,
) -> DeliveryJson:
    """Return a delivery with its attempts.

    Args:
        delivery: As it stands.
        event: Its event, if that was made before.
        under_way: The attempt that is being made.
    """
    first_at = delivery.attempts[0].started_at if delivery.attempts else delivery.created_at
    if under_way is not None and (under_way.number or math.inf) <= delivery.attempts_made:
        # It has been recorded since it was looked up.
        under_way = None
    return DeliveryJson(
        id=delivery.id,
        app_id=delivery.app_id,
        postback_id=delivery.postback_id,
        url=delivery.url,
        state=delivery.state.value,
        event=event or event_json(delivery.event),
        created_at=delivery.created_at,
        attempts_made=delivery.attempts_made,
        due_at=delivery.due_at,
        attempts=[attempt_json(attempt, first_at) for attempt in delivery.attempts],
        under_way=None if under_way is None else attempt_under_way(under_way),
    )


def resend_json(delivery: DeliveryHistory, made: Attempt | None) -> ResendAnswer:
    """Return a delivery with the attempt that a resend has made; None if it is under way."""
    shown = delivery_json(delivery)
    first_at = delivery.attempts[0].started_at if delivery.attempts else delivery.created_at
    return ResendAnswer(
        **msgspec.structs.asdict(shown),
        made=None if made is None else attempt_json(made, first_at),
    )


def event_json(event: Event) -> EventJson:
    """Return an event; fields of the other type of event are null."""
    if isinstance(event, AbTestEvent):
        return EventJson(
            type="abTestEvents",
            app_id=event.app_id,
            triggered_at=event.triggered_at,
            user_id=event.user_id,
            device_id=event.device_id,
            ab_test_id=event.ab_test_id,
            variant_id=event.variant_id,
        )
    assert isinstance(event, MessageEvent)
    return EventJson(
        type="messageEvents",
        app_id=event.app_id,
        triggered_at=event.triggered_at,
        user_id=event.user_id,
        device_id=event.device_id,
        channel=event.channel.value,
        event=event.event,
        message_id=event.message_id,
        template_name=event.template_name,
        parameters=dict(event.parameters),
    )


def event_kind_json(kind: EventKind) -> EventKindJson:
    """Return one combination of the catalog."""
    return EventKindJson(
        name=kind.name,
        type=kind.type.value,
        channel=None if kind.channel is None else kind.channel.value,
        event=kind.event,
        template_name=kind.template_name,
    )


def triggered_json(triggered: Triggered) -> TriggeredJson:
    """Return what an event led to."""
    event = event_json(triggered.event)
    return TriggeredJson(
        event=event,
        deliveries=[delivery_json(delivery, event) for delivery in triggered.deliveries],
        mismatches=[mismatch_json(mismatch) for mismatch in triggered.mismatches],
    )


def mismatch_json(mismatch: Mismatch) -> MismatchJson:
    """Return why a rule was not fired."""
    return MismatchJson(mismatch.rule.postback_id, mismatch.reason)


def rule_json(rule: PostbackRule, foreseen: Foreseen) -> RuleJson:
    """Return a postback rule."""
    return RuleJson(
        postback_id=rule.postback_id,
        app_id=rule.app_id,
        type=rule.type.value,
        channels=[channel.value for channel in rule.channels],
        url=rule.url,
        created_at=rule.created_at,
        refused=foreseen(rule.url),
    )


def app_json(app: App, rules: list[PostbackRule], foreseen: Foreseen) -> AppJson:
    """Return an app with its rules.

    Args:
        app: With its keys and knobs.
        rules: Its rules.
        foreseen: Returns why postbacks to a URL will be refused.
    """
    listed = [rule_json(rule, foreseen) for rule in rules]
    return AppJson(**fields_of(app), app_id=app.app_id, rules=listed)


def received_json(request: ReceivedRequest) -> ReceivedJson:
    """Return a request as the receiver got it."""
    return ReceivedJson(
        id=request.id,
        inbox=request.inbox,
        method=request.method,
        target=request.target,
        path=request.path,
        query=request.query,
        request_line=request.request_line.decode("latin-1"),
        headers=_headers_json(request.headers),
        body=request.body.decode("utf-8", "replace"),
        body_base64=base64.b64encode(request.body).decode(),
        client=f"{request.client[0]}:{request.client[1]}",
        arrived_at=request.arrived_at,
        ended_at=request.ended_at,
        behaviour=request.behaviour,
        end=request.end,
        status=request.status,
        delivery_id=request.attempt[0] if request.attempt else None,
        attempt_number=request.attempt[1] if request.attempt else None,
        forwarded=None if request.forwarded is None else _forwarded_json(request.forwarded),
    )


def _forwarded_json(forwarded: Forwarded) -> ForwardedJson:
    return ForwardedJson(
        url=forwarded.url,
        status=forwarded.status,
        headers=_headers_json(forwarded.headers),
        body=forwarded.body.decode("utf-8", "replace"),
        body_base64=base64.b64encode(forwarded.body).decode(),
        error=forwarded.error,
        elapsed_real_seconds=round(forwarded.real_seconds, 6),
    )


def _headers_json(headers: Iterable[tuple[bytes, bytes]]) -> list[HeaderJson]:
    return [HeaderJson(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def happening_json(happening: Happening, first_at: Callable[[Attempt], datetime]) -> FeedEntry:
    """Return one thing that happened; `first_at` tells when a delivery's attempts began."""
    facts = {name: _plain(value, first_at) for name, value in happening.payload.items()}
    return FeedEntry(happening.sequence, happening.kind, facts)


def _plain(value: Any, first_at: Callable[[Attempt], datetime]) -> Any:
    if isinstance(value, Attempt):
        return msgspec.to_builtins(attempt_json(value, first_at(value)), enc_hook=written)
    if isinstance(value, MessageEvent | AbTestEvent):
        return msgspec.to_builtins(event_json(value), enc_hook=written)
    return msgspec.to_builtins(value, enc_hook=written)
