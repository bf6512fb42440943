"""All deviants, and each by its name.

Decides: the order in which deviants are shown. Place in the flow: the proof runs the cases
against these. Must not import: cases, the runner.
"""

from __future__ import annotations

from contracts.deviants import (
    api,
    channels,
    delivery,
    encoding,
    events,
    parameters,
    restart,
    retry,
    rules,
    template,
)
from contracts.deviants.world import Deviant
from mockserver.core.catalog import suggestion
from mockserver.core.errors import PostbacksError

_MODULES = (
    api,
    rules,
    channels,
    events,
    template,
    encoding,
    parameters,
    delivery,
    retry,
    restart,
)


class UnknownDeviant(PostbacksError):
    """No deviant has this name."""

    code = "unknown-deviant"
    exit_code = 2


def all_deviants() -> tuple[Deviant, ...]:
    """Return every deviant, area by area."""
    return tuple(deviant for module in _MODULES for deviant in module.DEVIANTS)


def find_deviant(name: str) -> Deviant:
    """Return the deviant of this name.

    Raises:
        UnknownDeviant: There is none; the nearest names are offered.
    """
    by_name = {deviant.name: deviant for deviant in all_deviants()}
    if name not in by_name:
        raise UnknownDeviant(
            f"no deviant is called {name!r}{suggestion(name, by_name)}; "
            "`postbacks contracts prove --list` shows all"
        )
    return by_name[name]
