"""Lists all broken endpoints and the good ones, in the order in which they are shown."""

from __future__ import annotations

from contracts.verify.endpoints import (
    allowed,
    answers,
    certificates,
    connections,
    good,
    load,
    order,
    outage,
    payload,
    repeat,
    store,
    values,
)
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant

#: Every broken endpoint, in about the order of the areas of the cases.
DEVIANTS: tuple[EndpointVariant, ...] = (
    *connections.DEVIANTS,
    *certificates.DEVIANTS,
    *answers.DEVIANTS,
    *values.DEVIANTS,
    *payload.DEVIANTS,
    *repeat.DEVIANTS,
    *store.DEVIANTS,
    *load.DEVIANTS,
    *order.DEVIANTS,
    *outage.DEVIANTS,
)

#: Good endpoints of different kinds; no MUST may fail on one.
GOOD: tuple[EndpointVariant, ...] = (*good.GOOD, *allowed.ALLOWED)
