"""What each setting may be, in a file and as text.

Decides: the type and range of every value, and how a wrong one is reported. Place in the
flow: below `config`, which knows where values come from. Must not import: click, the sandbox,
servers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mockserver.core.catalog import suggestion
from mockserver.core.clock import as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.core.models import App, KeyClass
from mockserver.core.retry import RetryPolicy

Values = dict[str, Any]
#: Turns a value and the place it stands at into what it means, or raises `InvalidConfig`.
Reader = Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a single value may be.

    Attributes:
        expected: In words, for the error.
        convert: Raises ValueError or TypeError unless the value, as TOML has it, fits.
        from_text: Turns text of a flag or a variable into what TOML would have.
    """

    expected: str
    convert: Callable[[Any], Any]
    from_text: Callable[[str], Any] = str

    def __call__(self, value: Any, where: str) -> Any:
        """Return what `value` means."""
        try:
            return self.convert(value)
        except (ValueError, TypeError, OverflowError, InvalidValue):
            plain = isinstance(value, str | int | float)
            shown = repr(value) if plain else f"a {type(value).__name__}"
            raise InvalidConfig(f"{where} must be {self.expected}, got {shown}") from None


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table with these keys and no other."""

    keys: Mapping[str, Reader]

    def __call__(self, value: Any, where: str) -> Values:
        """Return the values of the table."""
        return read_table(value, self.keys, where)


def read_table(table: Any, keys: Mapping[str, Reader], where: str) -> Values:
    """Return the values in a TOML table, read and checked.

    Raises:
        InvalidConfig: It is no table, has an unknown key, or a value does not fit.
    """
    if not isinstance(table, dict):
        raise InvalidConfig(f"{where} must be a table, got {table!r}")
    values = {}
    for name, value in table.items():
        place = f"{where} {name}" if where.endswith(":") else f"{where}.{name}"
        if name not in keys:
            known = ", ".join(keys)
            raise InvalidConfig(
                f"{place} is no known key{suggestion(name, keys)}; expected one of: {known}"
            )
        values[name] = keys[name](value, place)
    return values


def read_text(text: str, kind: Kind, where: str) -> Any:
    """Return the value that a flag or an environment variable gives as text.

    Raises:
        InvalidConfig: It does not fit.
    """
    try:
        value = kind.from_text(text)
    except ValueError:
        value = text
    return kind(value, where)


def apps_in(value: Any, where: str) -> tuple[App, ...]:
    """Return the apps of the `[[apps]]` of a file.

    Raises:
        InvalidConfig: One lacks its app id, is there twice, or has a value that does not fit.
    """
    if not isinstance(value, list) or not value:
        raise InvalidConfig(f"{where} must be a list of tables: write [[apps]] above each app")
    apps: dict[str, App] = {}
    for number, table in enumerate(value, 1):
        place = f"{where}[{number}]"
        values = read_table(table, _APP, place)
        if "app_id" not in values:
            raise InvalidConfig(f'{place} has no app_id; add app_id = "..."')
        app = App(**values)
        if app.app_id in apps:
            raise InvalidConfig(f"{place}.app_id {app.app_id!r} is taken by an app above it")
        apps[app.app_id] = app
    return tuple(apps.values())


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _whole(value: Any, least: int, most: int | None = None) -> int:
    if type(value) is not int or value < least or (most is not None and value > most):
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _flag_from_text(text: str) -> bool | str:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return words.get(text.strip().lower(), text)


def _rate(value: Any) -> float:
    # Beyond that a clock leaves the calendar while nobody looks.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1e7:
        raise ValueError
    return float(value)


def _real_time(value: Any) -> timedelta:
    if isinstance(value, bool):
        raise TypeError
    duration = parse_duration(value) if isinstance(value, str) else timedelta(seconds=value)
    if not timedelta(0) < duration <= timedelta(days=1):
        raise ValueError
    return duration


def _real_time_from_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError
    return as_utc(value, "start")


def _list_of_text(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(item) for item in value)


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _one_of(*names: str) -> Kind:
    def convert(value: Any) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return Kind(" or ".join(f'"{name}"' for name in names), convert)


def _port() -> Kind:
    expected = "a port from 0 to 65535 (0 picks a free one)"
    return Kind(expected, lambda value: _whole(value, 0, 65_535), int)


def _count() -> Kind:
    return Kind("a whole number from 1", lambda value: _whole(value, 1), int)


_WORD = Kind("text that is not empty", _text)
_NAMES = Kind("a list of host names", _list_of_text, _split)

SERVER: Mapping[str, Kind] = {
    "host": _WORD,
    "port": _port(),
    "receiver_port": _port(),
    "db": _WORD,
    "ephemeral": Kind("true or false", _flag, _flag_from_text),
    "clock": _one_of("running", "manual"),
    "start": Kind("an instant with a time zone, like 2026-01-01T12:00:00Z", _instant),
    "rate": Kind("a number greater than 0, up to 10000000", _rate, float),
    "real_timeout": Kind(
        'seconds greater than 0, or a duration like "30s", up to a day',
        _real_time,
        _real_time_from_text,
    ),
    "token": _WORD,
    "allow_hosts": _NAMES,
}

LIMITS: Mapping[str, Kind] = {
    "journal_requests": _count(),
    "journal_bytes": _count(),
    "capacity": _count(),
    "addresses": _one_of("local", "public"),
}


def _keys(value: Any, where: str) -> Mapping[KeyClass, str]:
    known: dict[str, Reader] = {kind.value: _WORD for kind in KeyClass}
    given = read_table(value, known, where)
    if KeyClass.DATA_EXPORT.value not in given:
        raise InvalidConfig(f"{where} has no data_export; the postback methods need that key")
    return {kind: given.get(kind.value, "") for kind in KeyClass}


def _delays(value: Any) -> tuple[timedelta, ...]:
    return tuple(parse_duration(item) for item in _list_of_text(value))


def _retry(value: Any, where: str) -> RetryPolicy:
    values = read_table(value, _RETRY, where)
    try:
        return RetryPolicy(**values)
    except InvalidValue as error:
        raise InvalidConfig(f"{where}: {error}") from None


_RETRY: Mapping[str, Reader] = {
    "delays": Kind('a list of durations like ["1h", "2h"]', _delays),
    "retry_on": Kind(
        'a list of statuses and outcomes like ["5xx", "timeout"]',
        lambda value: frozenset(_list_of_text(value)),
    ),
    "timeout": Kind('a duration like "30s"', lambda value: parse_duration(_text(value))),
}

_APP: Mapping[str, Reader] = {
    "app_id": _WORD,
    "keys": _keys,
    "retry": _retry,
    "parameters_encoding": _one_of("once", "twice"),
    "rule_limit": _count(),
}
