"""Reads the values of options and arguments, and refuses wrong ones before a sandbox is asked."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from mockserver.core.catalog import ALL_CHANNELS, Channel, suggestion
from mockserver.core.clock import as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue

_SHORT_CHANNELS = {"push": Channel.PUSH, "email": Channel.EMAIL, "in-app": Channel.IN_APP}


def an_instant(text: str) -> str:
    """Return an instant in ISO 8601, in UTC."""
    try:
        return as_utc(datetime.fromisoformat(text), "it").isoformat()
    except InvalidValue as error:
        raise click.BadParameter(str(error)) from None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no instant like 2026-01-01T12:00:00Z") from None


def a_duration(text: str) -> str:
    """Return a duration as written, once it is known to be one."""
    try:
        parse_duration(text)
    except InvalidValue as error:
        raise click.BadParameter(str(error)) from None
    return text


def a_json_object(text: str) -> dict[str, Any]:
    """Return the object that `text` is in JSON."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no JSON object: {error}") from None
    if not isinstance(document, dict):
        raise click.BadParameter(f"{text!r} is no JSON object")
    return document


def a_channel(text: str) -> str:
    """Return a channel's name as Leanplum writes it."""
    by_name = {channel.lower(): channel for channel in ALL_CHANNELS} | _SHORT_CHANNELS
    channel = by_name.get(text.lower())
    if channel is None:
        known = [*_SHORT_CHANNELS, *ALL_CHANNELS]
        near = suggestion(text, known)
        raise click.BadParameter(f"unknown channel {text!r}{near}; one of: {', '.join(known)}")
    return channel.value
