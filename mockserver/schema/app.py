"""Describes an app as users write it: in the configuration, the control API and the tests.

`core.models.App` says what an app is, and imports the standard library only; here is how one is
written and what is refused. A new knob is a field of both. The ledger keeps `App` itself, and
checks nothing again: what was once accepted can always be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict

from mockserver.core.durations import DURATION_PATTERN, format_duration, parse_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.limits import LONGEST_KEY
from mockserver.core.models import EXAMPLE_KEYS, App, KeyClass
from mockserver.core.retry import RetryPolicy
from mockserver.schema.fitting import Misfit, Path, at, not_as_expected

TEXT = "text that is not empty"

Text = Annotated[str, Meta(min_length=1, extra={"expected": TEXT})]
Duration = Annotated[
    str,
    Meta(
        description="A duration: `1h`.",
        extra={"expected": 'a duration like "30s"'},
        extra_json_schema={"pattern": DURATION_PATTERN},
    ),
]
_KEY = f"text of up to {LONGEST_KEY:,} characters"
Key = Annotated[str, Meta(max_length=LONGEST_KEY, extra={"expected": _KEY})]
Positive = Annotated[int, Meta(gt=0, extra={"expected": "a whole number from 1"})]


class KeysJson(Struct, forbid_unknown_fields=True):
    """The keys of an app by class."""

    data_export: Annotated[Key, Meta(extra={"missing": "the postback methods need that key"})]
    production: Key = ""
    development: Key = ""
    content_read_only: Key = ""
    content_read_write: Key = ""


class RetryJson(Struct, forbid_unknown_fields=True):
    """The retry policy of an app."""

    delays: (
        Annotated[list[Duration], Meta(extra={"expected": 'a list of durations like ["1h", "2h"]'})]
        | UnsetType
    ) = UNSET
    retry_on: (
        Annotated[
            list[str],
            Meta(extra={"expected": 'a list of statuses and outcomes like ["5xx", "timeout"]'}),
        ]
        | UnsetType
    ) = UNSET
    timeout: Duration | UnsetType = UNSET


class AppRequest(Struct, forbid_unknown_fields=True):
    """The keys and knobs of an app; what is left out has its default."""

    keys: KeysJson
    retry: RetryJson = field(default_factory=RetryJson)
    parameters_encoding: Literal["once", "twice"] = "once"
    rule_limit: Positive = 3


class AppTable(AppRequest, kw_only=True):
    """An app in the configuration file; without keys it has those of the documentation."""

    app_id: Annotated[str, Meta(min_length=1, extra={"missing": 'add app_id = "..."'})]
    keys: KeysJson = field(default_factory=lambda: _keys_json(App(keys=EXAMPLE_KEYS)))


def app_of(app_id: str, given: AppRequest) -> App:
    """Return the app that was described.

    Raises:
        InvalidValue: There is no data export key, or no such duration or outcome in `retry`.
    """
    try:
        return _app_of(app_id, given)
    except Misfit as misfit:
        raise InvalidValue(str(misfit)) from None


def apps_of(tables: Sequence[AppTable]) -> tuple[App, ...]:
    """Return the apps of a configuration file.

    Raises:
        Misfit: One cannot be, or has the app id of another; the path begins with its index.
    """
    apps: dict[str, App] = {}
    for index, table in enumerate(tables):
        if table.app_id in apps:
            raise Misfit((index, "app_id"), f" {table.app_id!r} is taken by an app above it")
        with at(index):
            apps[table.app_id] = _app_of(table.app_id, table)
    return tuple(apps.values())


def fields_of(app: App) -> dict[str, Any]:
    """Return the values of the fields of an `AppRequest` that describes `app`."""
    values = {name: getattr(app, name) for name in AppRequest.__struct_fields__}
    return values | {"keys": _keys_json(app), "retry": _retry_json(app.retry)}


def _app_of(app_id: str, given: AppRequest) -> App:
    knobs = {name: getattr(given, name) for name in AppRequest.__struct_fields__}
    if len(app_id) > LONGEST_KEY:
        raise Misfit(("app_id",), f" must be {_KEY}, got {len(app_id):,}")
    if not given.keys.data_export:
        raise not_as_expected(("keys", "data_export"), TEXT, given.keys.data_export)
    knobs["keys"] = {kind: getattr(given.keys, kind.value) for kind in KeyClass}
    knobs["retry"] = _policy_of(given.retry)
    return App(app_id, **knobs)


def _keys_json(app: App) -> KeysJson:
    return KeysJson(**{kind.value: app.keys.get(kind, "") for kind in KeyClass})


def _retry_json(policy: RetryPolicy) -> RetryJson:
    return RetryJson(
        delays=[format_duration(delay) for delay in policy.delays],
        retry_on=sorted(policy.retry_on),
        timeout=format_duration(policy.timeout),
    )


def _policy_of(given: RetryJson) -> RetryPolicy:
    values = {name: value for name, value in asdict(given).items() if value is not UNSET}
    if "delays" in values:
        values["delays"] = tuple(
            _duration_of(text, ("retry", "delays", index))
            for index, text in enumerate(values["delays"])
        )
    if "retry_on" in values:
        values["retry_on"] = frozenset(values["retry_on"])
    if "timeout" in values:
        values["timeout"] = _duration_of(values["timeout"], ("retry", "timeout"))
    try:
        policy = RetryPolicy(**values)
        policy.check_length()
        return policy
    except InvalidValue as error:
        raise Misfit(("retry",), f": {error}") from None


def _duration_of(text: str, path: Path) -> timedelta:
    try:
        return parse_duration(text)
    except InvalidValue as error:
        raise Misfit(path, f": {error}") from None
