"""Lists all broken endpoints and the good ones, in the order in which they are shown."""

from __future__ import annotations

from contracts.verify.endpoints import (
    allowed,
    answers,
    calendar,
    certificates,
    connections,
    good,
    good_shops,
    identity,
    ids,
    links,
    load,
    losing,
    order,
    outage,
    payload,
    repeat,
    saying,
    store,
    values,
)
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant

#: Every broken endpoint, in about the order of the areas of the cases.
DEVIANTS: tuple[EndpointVariant, ...] = (
    *connections.DEVIANTS,
    *certificates.DEVIANTS,
    *answers.DEVIANTS,
    *saying.DEVIANTS,
    *values.DEVIANTS,
    *calendar.DEVIANTS,
    *ids.DEVIANTS,
    *payload.DEVIANTS,
    *links.DEVIANTS,
    *repeat.DEVIANTS,
    *identity.DEVIANTS,
    *store.DEVIANTS,
    *losing.DEVIANTS,
    *load.DEVIANTS,
    *order.DEVIANTS,
    *outage.DEVIANTS,
)

#: Good endpoints of different kinds; no MUST may fail on one.
GOOD: tuple[EndpointVariant, ...] = (*good.GOOD, *allowed.ALLOWED, *good_shops.GOOD)
