"""What options and arguments take, and how what they do not take is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from mockserver.cli.parameters import a_channel, a_duration, a_json_object, an_instant


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (an_instant, "2026-01-01T12:00:00Z", "2026-01-01T12:00:00+00:00"),
        (an_instant, "2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00+00:00"),
        (a_duration, "1h30m", "1h30m"),
        (a_duration, "PT2H", "PT2H"),
        (a_json_object, '{"a": [1]}', {"a": [1]}),
        (a_json_object, "{}", {}),
        (a_channel, "push", "Push Notification"),
        (a_channel, "EMAIL", "Email"),
        (a_channel, "in-app message", "In-app Message"),
    ],
)
def test_what_fits_is_read(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (an_instant, "soon", "'soon' is no instant like 2026-01-01T12:00:00Z"),
        (an_instant, "2026-01-01T12:00:00", "time zone"),
        (a_duration, "ten", "'ten'"),
        (a_json_object, "{", "'{' is no JSON object: "),
        (a_json_object, "[]", "'[]' is no JSON object"),
        (a_json_object, "null", "'null' is no JSON object"),
        (a_channel, "emial", "unknown channel 'emial' (did you mean 'Email'?); one of: push, "),
        (a_channel, "", "unknown channel ''"),
    ],
)
def test_what_does_not_is_told_in_a_line(read: Callable[[str], Any], text: str, said: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        read(text)
    assert said in refused.value.message
    assert "\n" not in refused.value.message
