"""Serves the deliveries with their attempts, and resends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from msgspec import Meta, Struct

from mockserver.core.errors import InvalidValue
from mockserver.core.limits import LONGEST_PAGE
from mockserver.core.models import LARGEST_ID
from mockserver.core.retry import DeliveryState
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
    after: Id = 0
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
        since_at = None if query.since is None else parse_instant(query.since, "since")
        until_at = None if query.until is None else parse_instant(query.until, "until")
        if since_at is not None and until_at is not None and since_at >= until_at:
            raise InvalidValue(
                f"since must be before until, got {since_at.isoformat()} and {until_at.isoformat()}"
            )
        under_way = by_delivery()
        shown: list[shapes.DeliveryJson] = []
        after, size = query.after, 0
        while True:
            at_once = min(_AT_ONCE, query.limit - len(shown))
            page = sandbox.deliveries(
                state=query.state,
                postback_id=query.postback_id,
                app_id=query.app_id,
                user_id=query.user_id,
                event=cast("EventName | None", query.event),
                since_at=since_at,
                until_at=until_at,
                after=after,
                limit=at_once + 1,
            )
            for item in page[:at_once]:
                delivery = encoding.delivery_json(item, under_way=under_way.get(item.id))
                if not query.whole:
                    delivery = cut_values(delivery, f"GET deliveries/{item.id} has all")
                shown.append(delivery)
                after = item.id
                size += _size_of(delivery)
                if size > _MOST_BYTES:
                    break
            is_last = len(page) <= at_once and (not page or after == page[-1].id)
            if is_last or len(shown) >= query.limit or size > _MOST_BYTES:
                in_all = None if shown else len(sandbox.deliveries)
                return shapes.DeliveriesAnswer(shown, None if is_last else after, in_all)

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
