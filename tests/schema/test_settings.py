"""A setting means the same in the file, in a flag and in the environment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from mockserver.config import Config
from mockserver.schema.fitting import Misfit, fit
from mockserver.schema.settings import SETTINGS, ConfigFile, setting_of, values_in

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

#: A setting as text, as TOML has it, and as `Config` does.
WAYS: list[tuple[str, str, Any, Any]] = [
    ("host", "::1", "::1", "::1"),
    ("port", "0", 0, 0),
    ("receiver_port", "65535", 65_535, 65_535),
    ("db", "box.db", "box.db", "box.db"),
    ("ephemeral", " Yes ", True, True),
    ("ephemeral", "0", False, False),
    ("clock", "manual", "manual", "manual"),
    ("start", "2026-01-01T12:00:00Z", NOON, NOON),
    (
        "start",
        "2026-01-01T13:00:00+01:00",
        datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        NOON,
    ),
    ("rate", "3600", 3600, 3600.0),
    ("rate", "0.5", 0.5, 0.5),
    ("rate", "1e7", 1e7, 1e7),
    ("real_timeout", "2.5", 2.5, timedelta(seconds=2.5)),
    ("real_timeout", "1m", "1m", timedelta(minutes=1)),
    ("real_timeout", "24h", 86_400, timedelta(days=1)),
    ("token", "7", "7", "7"),
    (
        "allow_hosts",
        "a.example, ,b.example",
        ["a.example", "b.example"],
        ("a.example", "b.example"),
    ),
    (
        "send_to",
        "shop.example:8443, *, 203.0.113.0/24",
        ["shop.example:8443", "*", "203.0.113.0/24"],
        ("shop.example:8443", "*", "203.0.113.0/24"),
    ),
    ("allow_example_keys", "yes", True, True),
    ("tls", "1", True, True),
    ("tls_cert", "a.pem", "a.pem", "a.pem"),
    ("tls_key", "b.pem", "b.pem", "b.pem"),
    ("ca_file", "c.pem", "c.pem", "c.pem"),
    ("insecure", "no", False, False),
    ("unknown_app", "not-found", "not-found", "not-found"),
    ("unknown_postback", "warning", "warning", "warning"),
    ("journal_requests", "1", 1, 1),
    ("journal_bytes", "2", 2, 2),
    ("feed_bytes", "4", 4, 4),
    ("behaviour_bytes", "5", 5, 5),
    ("capacity", "3", 3, 3),
    ("keep", "30d", "30d", timedelta(days=30)),
    ("keep_deliveries", "6", 6, 6),
    ("addresses", "public", "public", "public"),
]
LIMITS = (
    "journal_requests",
    "journal_bytes",
    "feed_bytes",
    "behaviour_bytes",
    "capacity",
    "addresses",
    "keep",
    "keep_deliveries",
)


@pytest.mark.parametrize(("name", "text", "in_file", "value"), WAYS)
def test_text_and_file_come_to_the_same(name: str, text: str, in_file: Any, value: Any) -> None:
    table = "limits" if name in LIMITS else "server"
    assert setting_of(name, text) == value
    assert values_in(fit({table: {name: in_file}}, ConfigFile)) == {name: value}


def test_every_setting_is_tried_here_and_is_one_of_the_configuration() -> None:
    assert {name for name, *_ in WAYS} == set(SETTINGS)
    assert set(SETTINGS) <= set(Config.__dataclass_fields__)


def test_nothing_is_set_that_was_not_given() -> None:
    assert values_in(fit({}, ConfigFile)) == {}
    assert values_in(fit({"server": {}, "limits": {}}, ConfigFile)) == {}


def test_apps_are_known_to_be_given() -> None:
    values = values_in(fit({"apps": [{"app_id": "a"}]}, ConfigFile))
    assert values["apps_given"] is True
    assert [app.app_id for app in values["apps"]] == ["a"]


def test_a_flag_may_be_a_truth() -> None:
    assert setting_of("ephemeral", True) is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host", ""),
        ("port", "-1"),
        ("port", "65536"),
        ("port", "one"),
        ("port", "1.5"),
        ("ephemeral", "maybe"),
        ("clock", "slow"),
        ("start", "2026-01-01T12:00:00"),
        ("start", "noon"),
        ("rate", "0"),
        ("rate", "-1"),
        ("rate", "10000001"),
        ("rate", "nan"),
        ("real_timeout", "0"),
        ("real_timeout", "0s"),
        ("real_timeout", "86401"),
        ("real_timeout", "inf"),
        ("real_timeout", "nan"),
        ("real_timeout", "soon"),
        ("capacity", "0"),
        ("journal_requests", "0"),
        ("journal_bytes", "0"),
        ("addresses", "private"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(Misfit) as refused:
        setting_of(name, text)
    assert refused.value.path == (name,)
    assert " must be " in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("start", [date(2026, 1, 1), datetime(2026, 1, 1), 0, True])  # noqa: DTZ001
def test_an_instant_of_a_file_has_a_time_and_a_zone(start: Any) -> None:
    with pytest.raises(Misfit, match=r"server\.start must be an instant with a time zone"):
        values_in(fit({"server": {"start": start}}, ConfigFile))


def test_a_truth_is_no_duration() -> None:
    with pytest.raises(Misfit, match=r"server\.real_timeout must be seconds"):
        values_in(fit({"server": {"real_timeout": True}}, ConfigFile))
