"""Reads the values of options and arguments, and refuses wrong ones before a sandbox is asked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from mockserver.core.catalog import ALL_CHANNELS, Channel, event_kinds, suggestion
from mockserver.core.clock import as_utc
from mockserver.core.durations import parse_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.inbox_name import checked_inbox_name

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _Text = click.ParamType[str]
else:
    # Not generic in every version.
    _Text = click.ParamType

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Python reads no longer ones, unless told.
_MOST_DIGITS = 4_000
_LONGEST_SHOWN = 120

_SHORT_CHANNELS = {"push": Channel.PUSH, "email": Channel.EMAIL, "in-app": Channel.IN_APP}


class WholeNumber(click.IntRange):
    """A whole number within bounds; click calls that an "integer range"."""

    name = "integer"


class Seconds(click.FloatRange):
    """A number of seconds that ends: neither "inf" nor "nan", which compare with no bound."""

    name = "float"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number that was typed."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return number


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
        document = json.loads(text, parse_int=_an_int, parse_float=_a_float, parse_constant=_none)
        if not isinstance(document, dict):
            raise click.BadParameter(f"{_cut(text)} is no JSON object")
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise click.BadParameter(f"{_cut(text)} is nested too deeply") from None
    except UnicodeEncodeError:
        raise click.BadParameter(
            f"{_cut(text)} holds half a character (a surrogate alone), which cannot be sent"
        ) from None
    except ValueError as error:
        raise click.BadParameter(f"{_cut(text)} is no JSON object: {error}") from None
    return document


def _an_int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number in it has {len(digits)} digits")
    return int(digits)


def _a_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is larger than any number that can be sent")
    return number


def _none(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _cut(text: str) -> str:
    """Return what was typed for a message, its beginning if it is long."""
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def an_inbox_name(text: str) -> str:
    """Return a name as written, once it is known to be one that an inbox may have."""
    try:
        return checked_inbox_name(text)
    except InvalidValue as error:
        raise click.BadParameter(str(error)) from None


class ChannelName(_Text):
    """A channel, by its short name or as Leanplum writes it."""

    name = "channel"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return a channel's name as Leanplum writes it."""
        by_name = {channel.lower(): channel for channel in ALL_CHANNELS} | _SHORT_CHANNELS
        channel = by_name.get(str(value).lower())
        if channel is None:
            known = [*_SHORT_CHANNELS, *ALL_CHANNELS]
            near = suggestion(str(value), known)
            raise click.BadParameter(f"unknown channel {value!r}{near}; one of: {', '.join(known)}")
        return channel.value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the short names that begin so."""
        return offered(_SHORT_CHANNELS, incomplete)


a_channel = ChannelName()


class EventName(_Text):
    """The name of an event, e.g. `email.click`; whether there is one is said by who uses it."""

    name = "event"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so."""
        return offered((kind.name for kind in event_kinds()), incomplete)


def offered(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Return the words that begin so, as what a shell may offer."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def channels_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the channels that are named, with commas or one by one, each once.

    Raises:
        BadParameter: One of them is no channel.
    """
    named = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(a_channel.convert(name, None, None) for name in named))
