"""Chooses kinds and fields of events for the strategies, and refuses those that do not exist."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.core.catalog import (
    Channel,
    EventKind,
    PostbackType,
    event_kind,
    event_kinds,
    parse_channel,
    suggestion,
)
from mockserver.core.errors import InvalidValue
from mockserver.core.events import AB_TEST_FIELDS, MESSAGE_FIELDS


def chosen_kinds(
    channels: Iterable[Channel | str] | None, names: Iterable[str] | None
) -> tuple[EventKind, ...]:
    """Return the kinds of these channels and names.

    Raises:
        InvalidEvent: No event has one of the names.
        InvalidValue: There is no such channel, a text is given in place of a list, or none is left.
    """
    kinds = event_kinds()
    if names is not None:
        kinds = tuple(dict.fromkeys(event_kind(name) for name in _listed(names, "names")))
    if channels is not None:
        wanted = [parse_channel(str(each)) for each in _listed(channels, "channels")]
        kinds = tuple(kind for kind in kinds if kind.channel in wanted)
    if not kinds:
        raise InvalidValue(
            "no event is left: names and channels must each hold one at least, and some event must "
            "be of both; leave them out for all events"
        )
    return kinds


def chosen_fields(fields: Iterable[str], kinds: Iterable[EventKind]) -> frozenset[str]:
    """Return the fields, each of which an event of some of these kinds has.

    Raises:
        InvalidValue: One of them is no such field, or a text is given in place of a list.
    """
    known = {"triggered_at"}
    for kind in kinds:
        is_test = kind.type is PostbackType.AB_TEST_EVENTS
        # The name of the template is what makes the kind.
        known |= {*(AB_TEST_FIELDS if is_test else MESSAGE_FIELDS)} - {"template_name"}
    chosen = _listed(fields, "fields")
    for name in chosen:
        if name not in known:
            raise InvalidValue(
                f"no field {name!r} of these events can be drawn{suggestion(str(name), known)}; "
                f"there are {', '.join(sorted(known))}"
            )
    return frozenset(chosen)


def _listed(values: Iterable[str], what: str) -> list[str]:
    if isinstance(values, str):
        raise InvalidValue(f"{what} takes a list like [{values!r}], got the text {values!r}")
    return list(values)
