"""Lists all deviants, and finds one by its name."""

from __future__ import annotations

from contracts.conformance.deviants import (
    answer_parts,
    answers,
    api,
    arguments,
    channel_sets,
    channels,
    comes_and_goes,
    delivery,
    encoding,
    event_values,
    events,
    every_request,
    histories,
    kept,
    parameters,
    parameters_twice,
    restart,
    restart_rules,
    retry,
    rules,
    rules_alike,
    same_request,
    statuses,
    template,
    template_text,
    unusable_urls,
    wrong_calls,
)
from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.drawn import drawn_by_name
from contracts.verify.endpoints import catalog as endpoint_catalog
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant
from mockserver.core.catalog import suggestion
from mockserver.core.errors import PostbacksError

_MODULES = (
    api,
    arguments,
    wrong_calls,
    answers,
    rules,
    rules_alike,
    channels,
    channel_sets,
    events,
    event_values,
    template,
    template_text,
    unusable_urls,
    encoding,
    parameters,
    parameters_twice,
    delivery,
    every_request,
    retry,
    statuses,
    answer_parts,
    comes_and_goes,
    histories,
    same_request,
    restart,
    kept,
    restart_rules,
)


class UnknownDeviant(PostbacksError):
    """No deviant has this name."""

    code = "unknown-deviant"
    exit_code = 2


AnyDeviant = Deviant | EndpointVariant


def all_deviants() -> tuple[AnyDeviant, ...]:
    """Return every deviant: the broken fakes, then the broken endpoints, each area by area."""
    return (*fake_deviants(), *endpoint_catalog.DEVIANTS)


def fake_deviants() -> tuple[Deviant, ...]:
    """Return the broken fakes, area by area."""
    return tuple(deviant for module in _MODULES for deviant in module.DEVIANTS)


def find_fake(name: str) -> Deviant:
    """Return the broken fake of this name.

    Raises:
        UnknownDeviant: There is none, or it is an endpoint.
    """
    found = find_deviant(name)
    if isinstance(found, EndpointVariant):
        raise UnknownDeviant(
            f"{name!r} is a broken endpoint; a run is aimed at a fake, and endpoints are for "
            "`postbacks contracts prove`"
        )
    return found


def find_deviant(name: str) -> AnyDeviant:
    """Return the deviant of this name.

    Raises:
        UnknownDeviant: There is none; the message suggests similar names.
    """
    drawn = drawn_by_name(name)
    if drawn is not None:
        return drawn
    by_name = {deviant.name: deviant for deviant in all_deviants()}
    if name not in by_name:
        raise UnknownDeviant(
            f"no deviant is called {name!r}{suggestion(name, by_name)}; "
            "`postbacks contracts prove --list` shows all"
        )
    return by_name[name]
