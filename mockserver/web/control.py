"""The control API under `/_sandbox/`: everything Leanplum would never let you do.

Decides: which operations there are. Place in the flow: beside Leanplum's API, over the same
sandbox. Must not import: the engine, ledgers (the sandbox has both).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct

from mockserver.core.catalog import (
    EventKind,
    PostbackType,
    check_message_event,
    event_kind,
    event_kinds,
    parse_channel,
)
from mockserver.core.clock import as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.events import build_event
from mockserver.core.models import Attempt
from mockserver.core.retry import DeliveryState
from mockserver.receiver.behaviours import format_script, parse_script
from mockserver.sandbox import Sandbox
from mockserver.version import __version__
from mockserver.web import encoding, shapes
from mockserver.web.facts import FACTS
from mockserver.web.openapi import document
from mockserver.web.routes import Route


class DeliveriesQuery(Struct, forbid_unknown_fields=True):
    """Which deliveries, and which page of them."""

    state: DeliveryState | None = None
    postback_id: int | None = None
    app_id: str | None = None
    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class RequestsQuery(Struct, forbid_unknown_fields=True):
    """Which received requests, and whether to wait until there are enough."""

    wait_for: Annotated[int, Meta(ge=1)] | None = None
    timeout: Annotated[float, Meta(ge=0, le=30)] = 5.0
    method: str | None = None
    path_prefix: str | None = None
    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000


class FeedQuery(Struct, forbid_unknown_fields=True):
    """From where on, and how long to wait for something new."""

    after: Annotated[int, Meta(ge=-1)] = 0
    timeout: Annotated[float, Meta(ge=0, le=30)] = 0.0


def control_routes(sandbox: Sandbox) -> list[Route]:
    """Return every operation of the control API over `sandbox`."""
    routes = [
        *_clock_routes(sandbox),
        *_event_routes(sandbox),
        *_delivery_routes(sandbox),
        *_app_routes(sandbox),
        *_inbox_routes(sandbox),
        *_watch_routes(sandbox),
    ]
    described = Route(
        "GET", "openapi.json", "This document.", lambda: document(routes), dict[str, Any]
    )
    routes.append(described)
    return routes


def _clock_routes(sandbox: Sandbox) -> list[Route]:
    def clock() -> shapes.ClockState:
        rate = getattr(sandbox.clock, "rate", 1.0)
        return shapes.ClockState(
            sandbox.clock_mode,
            sandbox.now(),
            sandbox.ledger.next_due_at(),
            sandbox.ledger.pending_count(),
            rate,
        )

    def advance(body: shapes.AdvanceRequest) -> shapes.AdvanceAnswer:
        target_at = _target_of(body, sandbox.now())
        done, attempts = sandbox.advance_within(
            target_at, body.budget, body.real_seconds, to_next=body.until == "next"
        )
        return shapes.AdvanceAnswer(
            done.from_at,
            done.now_at,
            _attempts_json(sandbox, attempts),
            done.next_due_at,
            done.complete,
        )

    return [
        Route("GET", "clock", "Where the clock stands.", clock, shapes.ClockState),
        Route(
            "POST",
            "clock/advance",
            "Move the clock, making every attempt on the way at its own instant.",
            advance,
            shapes.AdvanceAnswer,
            body=shapes.AdvanceRequest,
        ),
    ]


def _event_routes(sandbox: Sandbox) -> list[Route]:
    def events() -> dict[str, list[shapes.EventKindJson]]:
        return {"events": [encoding.event_kind_json(kind) for kind in event_kinds()]}

    def post(body: shapes.EventRequest | list[shapes.EventRequest]) -> shapes.EventsAnswer:
        requests = body if isinstance(body, list) else [body]
        now_at = sandbox.now()
        built = [_event_of(sandbox, request, now_at) for request in requests]
        triggered = [encoding.triggered_json(item) for item in sandbox.post_events(built)]
        return shapes.EventsAnswer(
            [delivery for item in triggered for delivery in item.deliveries],
            [mismatch for item in triggered for mismatch in item.mismatches],
            triggered,
        )

    return [
        Route(
            "GET",
            "events",
            "Every event that can be triggered.",
            events,
            dict[str, list[shapes.EventKindJson]],
        ),
        Route(
            "POST",
            "events",
            "Let one event, or a list of them, happen now.",
            post,
            shapes.EventsAnswer,
            body=shapes.EventRequest | list[shapes.EventRequest],
        ),
    ]


def _delivery_routes(sandbox: Sandbox) -> list[Route]:
    def deliveries(query: DeliveriesQuery) -> shapes.DeliveriesAnswer:
        page = sandbox.deliveries(
            state=query.state,
            postback_id=query.postback_id,
            app_id=query.app_id,
            after=query.after,
            limit=query.limit + 1,
        )
        shown = page[: query.limit]
        following = shown[-1].id if len(page) > query.limit else None
        return shapes.DeliveriesAnswer([encoding.delivery_json(item) for item in shown], following)

    def delivery(delivery_id: int) -> shapes.DeliveryJson:
        return encoding.delivery_json(sandbox.delivery(delivery_id))

    def resend(delivery_id: int) -> shapes.DeliveryJson:
        return encoding.delivery_json(sandbox.resend(delivery_id))

    one = "deliveries/<int:delivery_id>"
    return [
        Route(
            "GET",
            "deliveries",
            "Deliveries with their attempts, by id; pass `next` as `after` for more.",
            deliveries,
            shapes.DeliveriesAnswer,
            query=DeliveriesQuery,
        ),
        Route("GET", one, "One delivery with its attempts.", delivery, shapes.DeliveryJson),
        Route(
            "POST",
            f"{one}/resend",
            "Make one attempt now, outside the schedule.",
            resend,
            shapes.DeliveryJson,
        ),
    ]


def _app_routes(sandbox: Sandbox) -> list[Route]:
    def get(app_id: str) -> shapes.AppJson:
        return encoding.app_json(sandbox.app(app_id), sandbox.postbacks(app_id))

    def put(app_id: str, body: shapes.AppRequest) -> shapes.AppJson:
        sandbox.put_app(encoding.app_from_json(app_id, body))
        return get(app_id)

    one = "apps/<app_id>"
    return [
        Route("GET", one, "An app with its keys, knobs and rules.", get, shapes.AppJson),
        Route("PUT", one, "Add or replace an app.", put, shapes.AppJson, body=shapes.AppRequest),
    ]


def _inbox_routes(sandbox: Sandbox) -> list[Route]:
    def names() -> dict[str, list[str]]:
        return {"inboxes": sandbox.inboxes.names()}

    def behaviour(name: str) -> shapes.BehaviourAnswer:
        script = sandbox.inboxes.script(name)
        url = sandbox.inbox(name).url
        return shapes.BehaviourAnswer(name, url, format_script(script), list(script))

    def behave(name: str, body: shapes.BehaviourRequest) -> shapes.BehaviourAnswer:
        sandbox.inboxes.behave(name, parse_script(body.behaviour))
        return behaviour(name)

    def requests(name: str, query: RequestsQuery) -> shapes.RequestsAnswer:
        complete = True
        sandbox.inbox(name)
        journal = sandbox.inboxes.journal
        if query.wait_for is not None:
            found = journal.wait_for(name, query.wait_for, query.timeout)
            complete = len(found) >= query.wait_for
        got = journal.requests(
            name,
            method=query.method,
            path_prefix=query.path_prefix,
            after=query.after,
            limit=query.limit,
        )
        shown = [encoding.received_json(request) for request in got]
        return shapes.RequestsAnswer(name, shown, journal.evicted_of(name), complete)

    def clear(name: str) -> None:
        sandbox.inboxes.clear(name)

    one = "inboxes/<name>"
    answer = shapes.BehaviourAnswer
    return [
        Route("GET", "inboxes", "The names in use.", names, dict[str, list[str]]),
        Route("GET", f"{one}/behaviour", "What an inbox does.", behaviour, answer),
        Route(
            "PUT",
            f"{one}/behaviour",
            "Say what an inbox shall do, from its next request on.",
            behave,
            answer,
            body=shapes.BehaviourRequest,
        ),
        Route(
            "GET",
            f"{one}/requests",
            "The requests an inbox got, in the order of their arrival.",
            requests,
            shapes.RequestsAnswer,
            query=RequestsQuery,
        ),
        Route("DELETE", one, "Forget an inbox: its requests and its behaviour.", clear, None),
    ]


def _watch_routes(sandbox: Sandbox) -> list[Route]:
    def health() -> shapes.Health:
        app_ids = [app.app_id for app in sandbox.ledger.apps()]
        kind = type(sandbox.ledger).__name__
        return shapes.Health("ok", __version__, sandbox.receiver_url, kind, app_ids)

    def feed(query: FeedQuery) -> shapes.FeedAnswer:
        if query.after < 0:
            return shapes.FeedAnswer([], sandbox.feed.last)
        happenings = sandbox.feed.after(query.after, query.timeout)
        last = happenings[-1].sequence if happenings else query.after
        first_at = _Firsts(sandbox)
        shown = [encoding.happening_json(item, first_at) for item in happenings]
        return shapes.FeedAnswer(shown, last)

    def reset() -> shapes.ResetAnswer:
        rules, deliveries = sandbox.reset()
        return shapes.ResetAnswer(rules, deliveries)

    def contract() -> shapes.ContractAnswer:
        return shapes.ContractAnswer(list(FACTS))

    return [
        Route("GET", "health", "Whether the sandbox runs.", health, shapes.Health),
        Route(
            "GET",
            "feed",
            "What happened after a sequence number, waiting for it; after=-1 asks for the last.",
            feed,
            shapes.FeedAnswer,
            query=FeedQuery,
        ),
        Route(
            "POST",
            "reset",
            "Forget rules, deliveries and received requests; keep apps and the clock.",
            reset,
            shapes.ResetAnswer,
        ),
        Route(
            "GET",
            "contract",
            "What the fake imitates, and how each behaviour is known.",
            contract,
            shapes.ContractAnswer,
        ),
    ]


def _attempts_json(sandbox: Sandbox, attempts: list[Attempt]) -> list[shapes.AttemptJson]:
    first_at = _Firsts(sandbox)
    return [encoding.attempt_json(item, first_at(item)) for item in attempts]


class _Firsts:
    """When the attempts of each delivery began; every delivery is looked up once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known: dict[int, datetime] = {}

    def __call__(self, attempt: Attempt) -> datetime:
        if attempt.delivery_id not in self._known:
            earlier = self._sandbox.ledger.attempts(attempt.delivery_id)
            self._known[attempt.delivery_id] = (earlier or [attempt])[0].started_at
        return self._known[attempt.delivery_id]


def _target_of(body: shapes.AdvanceRequest, now_at: datetime) -> datetime | None:
    given = [name for name in ("by", "to", "until") if getattr(body, name) is not UNSET]
    if len(given) != 1:
        raise InvalidValue(
            'an advance takes exactly one of by ("10h"), to (an instant), until ("next" or '
            f'"idle"); got {" and ".join(given) or "none"}'
        )
    if body.by is not UNSET:
        return now_at + _not_negative(parse_duration(body.by))
    if body.to is not UNSET:
        return parse_instant(body.to, "to")
    return None


def parse_instant(text: str, name: str) -> datetime:
    """Return the aware UTC instant that `text` names.

    Raises:
        InvalidValue: It is none, or has no time zone.
    """
    try:
        return as_utc(datetime.fromisoformat(text), name)
    except ValueError:
        raise InvalidValue(
            f"{name} must be an instant like 2026-01-01T12:00:00Z, got {text!r}"
        ) from None


def _not_negative(duration: timedelta) -> timedelta:
    if duration < timedelta(0):
        raise InvalidValue("the clock only moves forward; give a duration that is not negative")
    return duration


def _event_of(sandbox: Sandbox, request: shapes.EventRequest, now_at: datetime) -> Any:
    values = msgspec.structs.asdict(request)
    given = {name: value for name, value in values.items() if value is not UNSET}
    app_id = sandbox.app(given.pop("app_id")).app_id
    kind = _kind_of(given)
    return build_event(kind, app_id, now_at, given)


def _kind_of(given: dict[str, Any]) -> EventKind:
    """Take what names the kind of event out of `given` and return that kind."""
    name, type_name, channel_name, event = (
        given.pop(field, None) for field in ("name", "type", "channel", "event")
    )
    if name is not None and not (type_name or channel_name or event):
        return event_kind(name)
    if name is None and type_name == PostbackType.AB_TEST_EVENTS and not (channel_name or event):
        return event_kind("ab-test.enter")
    if name is None and channel_name and event and type_name != PostbackType.AB_TEST_EVENTS:
        channel = parse_channel(channel_name)
        template_name = given.get("template_name", "")
        check_message_event(channel, event, template_name)
        return EventKind(
            f"{channel} {event}", PostbackType.MESSAGE_EVENTS, channel, event, template_name
        )
    raise InvalidValue(
        "an event needs its name (like email.click), or channel and event, or the type "
        "abTestEvents; give one of the three"
    )
