"""Describes the settings of `postbacks serve` as its file, its flags and the environment have them.

The defaults stand in `mockserver.config.Config`; here nothing is set that was not given.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict

from mockserver.core.assumed import UnknownApp, UnknownPostback
from mockserver.core.clock import LATEST_AT, as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.send_to import send_to
from mockserver.core.tokens import check_token
from mockserver.schema.app import AppTable, Positive, Text, apps_of
from mockserver.schema.fitting import Misfit, at, fit, not_as_expected

Values = dict[str, Any]

#: What neither a host name nor an address has.
_NOT_IN_HOSTS = re.compile(r"[\s/\\@?#*,]")
_PORT = "a port from 0 to 65535 (0 picks a free one)"
_CLOCK = '"running" or "manual"'
_RATE = "a number greater than 0, up to 10000000"
_INSTANT = "an instant with a time zone before the year 9900, like 2026-01-01T12:00:00Z"
_REAL_TIME = 'seconds greater than 0, or a duration like "30s", up to a day'
_AGE = 'a duration greater than 0, like "30d" or "12h"'
_HOST = "a name or an address of this machine, like 127.0.0.1 or ::1, without brackets and port"
_NAME = "a host name like box.example, without scheme and path, and with no * in it"
_UNKNOWN_APP = '"invalid-key" (403) or "not-found" (404)'
_UNKNOWN_POSTBACK = '"warning" (200) or "not-found" (404)'
_APPS = "a list of tables: write [[apps]] above each app"

Port = Annotated[int, Meta(ge=0, le=65_535, extra={"expected": _PORT})]
# Beyond that a clock leaves the calendar while nobody looks.
Rate = Annotated[float, Meta(gt=0, le=1e7, extra={"expected": _RATE})]


class ServerTable(Struct, forbid_unknown_fields=True):
    """The table [server]; `start` and `real_timeout` are looked at by `_settings_in`."""

    host: Text | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    receiver_port: Port | UnsetType = UNSET
    db: Text | UnsetType = UNSET
    ephemeral: bool | UnsetType = UNSET
    clock: Annotated[Literal["running", "manual"], Meta(extra={"expected": _CLOCK})] | UnsetType = (
        UNSET
    )
    start: Any = UNSET
    rate: Rate | UnsetType = UNSET
    real_timeout: Any = UNSET
    token: Text | UnsetType = UNSET
    allow_hosts: (
        Annotated[tuple[Text, ...], Meta(extra={"expected": "a list of host names"})] | UnsetType
    ) = UNSET
    send_to: (
        Annotated[tuple[Text, ...], Meta(extra={"expected": "a list of hosts"})] | UnsetType
    ) = UNSET
    allow_example_keys: bool | UnsetType = UNSET
    tls: bool | UnsetType = UNSET
    tls_cert: Text | UnsetType = UNSET
    tls_key: Text | UnsetType = UNSET
    ca_file: Text | UnsetType = UNSET
    insecure: bool | UnsetType = UNSET
    unknown_app: Annotated[UnknownApp, Meta(extra={"expected": _UNKNOWN_APP})] | UnsetType = UNSET
    unknown_postback: (
        Annotated[UnknownPostback, Meta(extra={"expected": _UNKNOWN_POSTBACK})] | UnsetType
    ) = UNSET


class LimitsTable(Struct, forbid_unknown_fields=True):
    """The table [limits]; `keep` is looked at by `_settings_in`."""

    journal_requests: Positive | UnsetType = UNSET
    journal_bytes: Positive | UnsetType = UNSET
    feed_bytes: Positive | UnsetType = UNSET
    behaviour_bytes: Positive | UnsetType = UNSET
    capacity: Positive | UnsetType = UNSET
    addresses: Literal["local", "public"] | UnsetType = UNSET
    keep: Any = UNSET
    keep_deliveries: Positive | UnsetType = UNSET


class ConfigFile(Struct, forbid_unknown_fields=True):
    """The file."""

    server: ServerTable = field(default_factory=ServerTable)
    limits: LimitsTable = field(default_factory=LimitsTable)
    apps: Annotated[list[AppTable], Meta(min_length=1, extra={"expected": _APPS})] | UnsetType = (
        UNSET
    )


SETTINGS: tuple[str, ...] = ServerTable.__struct_fields__ + LimitsTable.__struct_fields__


def values_in(file: ConfigFile) -> Values:
    """Return what a file gives of the fields of `Config`.

    Raises:
        Misfit: An instant, a duration or an app in it cannot be.
    """
    with at("server"):
        values = _settings_in(file.server)
    with at("limits"):
        values |= _settings_in(file.limits)
    if file.apps is not UNSET:
        with at("apps"):
            values |= {"apps": apps_of(file.apps), "apps_given": True}
    return values


def setting_of(name: str, text: str | bool) -> Any:
    """Return the value that a flag or an environment variable gives to a setting.

    Raises:
        Misfit: It does not fit.
    """
    kind: type[ServerTable | LimitsTable] = ServerTable
    if name not in ServerTable.__struct_fields__:
        kind = LimitsTable
    value = _FROM_TEXT.get(name, _as_it_is)(text) if isinstance(text, str) else text
    return _settings_in(fit({name: value}, kind))[name]


def _settings_in(table: ServerTable | LimitsTable) -> Values:
    """Return the settings that a table gives, by name, each as `Config` has it."""
    given = {name: value for name, value in asdict(table).items() if value is not UNSET}
    for name, (expected, read) in _MEANINGS.items():
        if name in given:
            try:
                given[name] = read(given[name])
            except (ValueError, TypeError, OverflowError, InvalidValue):
                raise not_as_expected((name,), expected, given[name]) from None
    for index, name in enumerate(given.get("allow_hosts", ())):
        # What no request can name would be allowed to no effect.
        if not name or _NOT_IN_HOSTS.search(name):
            raise not_as_expected(("allow_hosts", index), _NAME, name)
    for index, entry in enumerate(given.get("send_to", ())):
        try:
            send_to([entry], "")
        except InvalidValue as error:
            raise Misfit(("send_to", index), str(error)) from None
    if "token" in given:
        try:
            check_token(given["token"])
        except InvalidValue as error:
            # It is a secret, so it is not shown as other values are.
            raise Misfit(("token",), f": {error}") from None
    return given


def _real_time(value: Any) -> timedelta:
    if isinstance(value, bool):
        raise TypeError
    duration = parse_duration(value) if isinstance(value, str) else timedelta(seconds=value)
    if not timedelta(0) < duration <= timedelta(days=1):
        raise ValueError
    return duration


def _host(value: str) -> str:
    if ":" in value:
        ipaddress.IPv6Address(value)
    if _NOT_IN_HOSTS.search(value) or "[" in value:
        raise ValueError
    return value


def _age(value: Any) -> timedelta:
    if not isinstance(value, str):
        # A number could be of days, hours or seconds.
        raise TypeError
    duration = parse_duration(value)
    if duration <= timedelta(0):
        raise ValueError
    return duration


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError
    instant_at = as_utc(value, "start")
    if instant_at >= LATEST_AT:
        raise ValueError
    return instant_at


#: What msgspec has no type for: TOML's own instants, seconds or a duration.
_MEANINGS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "host": (_HOST, _host),
    "start": (_INSTANT, _instant),
    "real_timeout": (_REAL_TIME, _real_time),
    "keep": (_AGE, _age),
}


def _as_it_is(text: str) -> str:
    return text


def _number(text: str) -> float | str:
    for read in (int, float):
        try:
            number = read(text)
        except ValueError:
            continue
        # Many digits are an infinite float.
        return number if math.isfinite(number) else text
    return text


def _flag(text: str) -> bool | str:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return words.get(text.strip().lower(), text)


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


#: Makes of text what the file would have; of the other settings text is right as it is.
_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "port": _number,
    "receiver_port": _number,
    "ephemeral": _flag,
    "allow_example_keys": _flag,
    "tls": _flag,
    "insecure": _flag,
    "rate": _number,
    "real_timeout": _number,
    "allow_hosts": _split,
    "send_to": _split,
    "journal_requests": _number,
    "journal_bytes": _number,
    "feed_bytes": _number,
    "behaviour_bytes": _number,
    "capacity": _number,
    "keep_deliveries": _number,
}
