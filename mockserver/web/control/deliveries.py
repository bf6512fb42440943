"""Serves the deliveries with their attempts, and resends them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.core.models import LARGEST_ID
from mockserver.core.retry import DeliveryState
from mockserver.sandbox import Sandbox
from mockserver.web import encoding, shapes
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 3


#: What a ledger counts with.
Id = Annotated[int, Meta(ge=0, le=LARGEST_ID)]


class DeliveriesQuery(Struct, forbid_unknown_fields=True):
    """Which deliveries, and which page of them."""

    state: DeliveryState | None = None
    postback_id: Id | None = None
    app_id: str | None = None
    after: Id = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations on deliveries."""

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
        ControlRoute(
            "GET",
            "deliveries",
            "Deliveries with their attempts, by id; pass `next` as `after` for more.",
            deliveries,
            shapes.DeliveriesAnswer,
            query=DeliveriesQuery,
        ),
        ControlRoute("GET", one, "One delivery with its attempts.", delivery, shapes.DeliveryJson),
        ControlRoute(
            "POST",
            f"{one}/resend",
            "Make one attempt now, outside the schedule.",
            resend,
            shapes.DeliveryJson,
        ),
    ]
