"""Breaks how channels are read, and which events they let through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Request

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import PARSE_CHANNELS, READ_ARGUMENTS, WHY_NOT
from mockserver.core.catalog import ALL_CHANNELS, CHANNEL_EVENTS, Channel, PostbackType
from mockserver.core.errors import InvalidValue
from mockserver.core.matching import why_not
from mockserver.core.models import Event, MessageEvent, PostbackRule
from mockserver.web.arguments import read_arguments
from mockserver.web.leanplum import parse_channels


def _first_in_brackets(value: Any) -> list[str]:
    names = parse_channels(value)
    unquoted = isinstance(value, str) and value.startswith("[") and '"' not in value
    return names[:1] if unquoted else names


def _last_of_repeated(request: Request) -> dict[str, Any]:
    arguments = read_arguments(request)
    channels = arguments.get("channels")
    if isinstance(channels, list) and request.mimetype != "application/json":
        arguments["channels"] = channels[-1]
    return arguments


def _no_json_text(value: Any) -> list[str]:
    if isinstance(value, str) and value.startswith('["'):
        raise InvalidValue(f"channels must be a list of names, got the text {value!r}")
    return parse_channels(value)


def _known_only(value: Any) -> list[str]:
    return [name for name in parse_channels(value) if name in ALL_CHANNELS]


def _unfiltered(rule: PostbackRule, event: Event) -> str | None:
    return why_not(replace(rule, channels=ALL_CHANNELS), event)


def _ab_tests_filtered(rule: PostbackRule, event: Event) -> str | None:
    if rule.type is PostbackType.AB_TEST_EVENTS and rule.channels != ALL_CHANNELS:
        return "the rule listens to channels, and the event has none"
    return why_not(rule, event)


def _first_event_only(rule: PostbackRule, event: Event) -> str | None:
    if isinstance(event, MessageEvent) and event.event != CHANNEL_EVENTS[event.channel][0]:
        return "only the first event of a channel fires"
    return why_not(rule, event)


def _parsing(name: str, change: str, parse: Callable[[Any], list[str]]) -> Deviant:
    return Deviant(name, "channels", change, patches=((PARSE_CHANNELS, parse),))


def _matching(
    name: str, change: str, reason: Callable[[PostbackRule, Event], str | None]
) -> Deviant:
    return Deviant(name, "channels", change, patches=((WHY_NOT, reason),))


DEVIANTS: tuple[Deviant, ...] = (
    Deviant(
        "channels-default-push",
        "channels",
        "A rule without channels listens to Push Notification only.",
        patches=(("mockserver.delivery.intake.ALL_CHANNELS", (Channel.PUSH,)),),
    ),
    _matching(
        "channels-filter-ignored", "A rule listens to all channels, chosen or not.", _unfiltered
    ),
    _parsing(
        "brackets-misread",
        "Of channels in brackets without quotes only the first counts.",
        _first_in_brackets,
    ),
    Deviant(
        "repeated-channels-last-only",
        "channels",
        "Of channels given several times the last counts.",
        patches=((READ_ARGUMENTS, _last_of_repeated),),
    ),
    _parsing("json-text-refused", "A JSON array of channels as text is refused.", _no_json_text),
    _parsing("unknown-channel-ignored", "Unknown channels are dropped.", _known_only),
    _matching(
        "channels-filter-ab-tests",
        "A rule for A/B tests that has channels never fires.",
        _ab_tests_filtered,
    ),
    _matching("first-event-only", "Only the first event of each channel fires.", _first_event_only),
)
