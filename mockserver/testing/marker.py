"""Reads the marker `leanplum` of a test for the pytest plugin, and refuses mistakes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mockserver.core.catalog import suggestion
from mockserver.core.clock import as_utc
from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.core.hosts import allowed_host
from mockserver.testing.problems import ALLOWED

_KEYS = (
    "app_id",
    "retry_on",
    "parameters_encoding",
    "start",
    "allow",
    "hosts",
    "unknown_app",
    "unknown_postback",
)


@dataclass(frozen=True, slots=True)
class MarkerOptions:
    """What the markers of a test say.

    Attributes:
        arguments: The arguments for `Leanplum`.
        allow: The kinds of problems that do not fail the test.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()


#: Most tests have no marker.
_DEFAULTS = MarkerOptions()


def options_of(item: Any) -> MarkerOptions:
    """Return what the markers of a test say; the one nearest to the test counts.

    Raises:
        InvalidValue: A marker has an argument or a value that does not exist.
    """
    said: dict[str, Any] = {}
    for mark in item.iter_markers("leanplum"):
        if mark.args:
            raise InvalidValue("it takes names only, e.g. allow=['lost']")
        for name, value in mark.kwargs.items():
            if name not in _KEYS:
                raise InvalidValue(
                    f"there is no {name!r}{suggestion(name, _KEYS)}; it takes {', '.join(_KEYS)}"
                )
            said.setdefault(name, value)
    if not said:
        return _DEFAULTS
    said = {name: value for name, value in said.items() if value is not None}
    chosen = _names(said.pop("allow", ()), "allow")
    for name in chosen:
        if name not in ALLOWED:
            raise InvalidValue(
                f"allow={name!r} does not exist{suggestion(name, ALLOWED)}; "
                f"it takes {', '.join(ALLOWED)}"
            )
    if "start" in said:
        said["start"] = _instant(said["start"])
    if "retry_on" in said:
        said["retry_on"] = _names(said["retry_on"], "retry_on")
    if "hosts" in said:
        said["hosts"] = _names(said["hosts"], "hosts")
        for host in said["hosts"]:
            allowed_host(host, "hosts")
    if not isinstance(said.get("app_id", ""), str):
        raise InvalidValue(f"app_id is text, got {said['app_id']!r}")
    return MarkerOptions(said, frozenset(chosen))


def _names(value: object, what: str) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not all(
        isinstance(name, str) for name in names
    ):
        raise InvalidValue(f"{what} takes a name or a list of names, got {value!r}")
    return list(names)


def _instant(value: object) -> datetime:
    try:
        instant_at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(instant_at, datetime):
            return as_utc(instant_at, "start")
    except (ValueError, PostbacksError):
        pass
    raise InvalidValue(
        f"start={value!r} is no instant with a time zone; write it like '2026-01-01T12:00:00Z'"
    )
