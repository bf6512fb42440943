"""Serves the deliveries with their attempts, and resends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from msgspec import Meta, Struct

from mockserver.core.errors import InvalidValue
from mockserver.core.finding import DeliveryFilter
from mockserver.core.limits import LONGEST_PAGE
from mockserver.core.models import LARGEST_ID
from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory
from mockserver.delivery.under_way import AttemptUnderWay
from mockserver.sandbox import Sandbox
from mockserver.web import encoding, shapes
from mockserver.web.control.clock import parse_instant
from mockserver.web.cutting import cut_values
from mockserver.web.routes import ControlRoute

if TYPE_CHECKING:
    from mockserver.core.names import EventName

#: Its place in the OpenAPI document.
ORDER = 3


#: What a ledger counts with.
Id = Annotated[int, Meta(ge=0, le=LARGEST_ID)]


class DeliveriesQuery(Struct, forbid_unknown_fields=True):
    """Which deliveries, and which page of them."""

    state: DeliveryState | None = None
    postback_id: Id | None = None
    app_id: str | None = None
    user_id: str | None = None
    event: str | None = None
    since: str | None = None
    until: str | None = None
    text: Annotated[
        str | None, Meta(description="In the URL, the user id, or another word of the event.")
    ] = None
    after: Id = 0
    newest_first: Annotated[
        bool,
        Meta(
            description="By id downwards; pass `next` as `before`. So many ids are looked through "
            "at a time, so a page may be short, or empty, and have a `next`."
        ),
    ] = False
    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    whole: Annotated[bool, Meta(description="Do not cut long values.")] = False


class PendingQuery(Struct, forbid_unknown_fields=True):
    """How many of them."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 10


#: How many deliveries are read at once.
_AT_ONCE = 100
_MOST_BYTES = LONGEST_PAGE


def _size_of(delivery: shapes.DeliveryJson) -> int:
    size = len(delivery.url) + len(delivery.event.user_id) + len(delivery.event.device_id)
    return size + sum(len(attempt.body) for attempt in delivery.attempts)


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on deliveries."""

    def by_delivery() -> dict[int, AttemptUnderWay]:
        return {attempt.delivery_id: attempt for attempt in sandbox.engine.under_way()}

    def deliveries(query: DeliveriesQuery) -> shapes.DeliveriesAnswer:
        wanted = _wanted(sandbox, query)
        under_way = by_delivery()
        shown: list[shapes.DeliveryJson] = []
        last: int | None = query.before if query.newest_first else query.after
        size = 0
        while True:
            at_once = min(_AT_ONCE, query.limit - len(shown))
            page, next_id = _page(sandbox, wanted, query.newest_first, last, at_once)
            for item in page:
                delivery = encoding.delivery_json(item, under_way=under_way.get(item.id))
                if not query.whole:
                    delivery = cut_values(delivery, f"GET deliveries/{item.id} has all")
                shown.append(delivery)
                size += _size_of(delivery)
                if size > _MOST_BYTES and item is not page[-1]:
                    return shapes.DeliveriesAnswer(shown, item.id)
            last = next_id
            # What is looked through is bounded as well, and a page may be short for that.
            if (
                last is None
                or len(shown) >= query.limit
                or size > _MOST_BYTES
                or len(page) < at_once
            ):
                in_all = None if shown else len(sandbox.deliveries)
                return shapes.DeliveriesAnswer(shown, last, in_all)

    def pending(query: PendingQuery) -> shapes.PendingAnswer:
        return shapes.PendingAnswer(
            [
                cut_values(encoding.delivery_json(item), f"GET deliveries/{item.id} has all")
                for item in sandbox.deliveries.soonest(query.limit)
            ]
        )

    def delivery(delivery_id: int) -> shapes.DeliveryJson:
        # In this order: what has ended in between is no longer shown as under way.
        found = sandbox.delivery(delivery_id)
        return encoding.delivery_json(found, under_way=by_delivery().get(delivery_id))

    def resend(delivery_id: int) -> shapes.ResendAnswer:
        delivery, made = sandbox.resend_within(delivery_id)
        return encoding.resend_json(delivery, made)

    one = "deliveries/<int:delivery_id>"
    return [
        ControlRoute(
            "GET",
            "deliveries",
            "Deliveries with their attempts, by id; pass `next` as `after` for more.",
            deliveries,
            shapes.DeliveriesAnswer,
            query=DeliveriesQuery,
            is_large=True,
        ),
        ControlRoute(
            "GET",
            one,
            "One delivery with its attempts.",
            delivery,
            shapes.DeliveryJson,
            is_large=True,
        ),
        ControlRoute(
            "GET",
            "deliveries/pending",
            "The pending deliveries whose next attempt is due first, in that order.",
            pending,
            shapes.PendingAnswer,
            query=PendingQuery,
        ),
        ControlRoute(
            "POST",
            f"{one}/resend",
            "Make one attempt now, outside the schedule, and wait up to 5 seconds for it.",
            resend,
            shapes.ResendAnswer,
        ),
    ]


def _wanted(sandbox: Sandbox, query: DeliveriesQuery) -> DeliveryFilter:
    since_at = None if query.since is None else parse_instant(query.since, "since")
    until_at = None if query.until is None else parse_instant(query.until, "until")
    if since_at is not None and until_at is not None and since_at >= until_at:
        raise InvalidValue(
            f"since must be before until, got {since_at.isoformat()} and {until_at.isoformat()}"
        )
    if query.newest_first and query.after:
        raise InvalidValue("after is for the oldest first; with newest_first give before")
    if query.before is not None and not query.newest_first:
        raise InvalidValue("before needs newest_first=true; the oldest first take after")
    return sandbox.deliveries.wanted(
        state=query.state,
        postback_id=query.postback_id,
        app_id=query.app_id,
        user_id=query.user_id,
        event=cast("EventName | None", query.event),
        since_at=since_at,
        until_at=until_at,
        text=query.text or None,
    )


def _page(
    sandbox: Sandbox, wanted: DeliveryFilter, newest_first: bool, last: int | None, limit: int
) -> tuple[list[DeliveryHistory], int | None]:
    """Return a page, and what to ask with for the next one; None if there is none."""
    if newest_first:
        return sandbox.deliveries.latest(wanted, limit, last)
    page = sandbox.deliveries.page(wanted, last or 0, limit + 1)
    return page[:limit], page[limit - 1].id if len(page) > limit else None
