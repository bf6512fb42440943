"""Breaks single sets of channels, orders of them, and ways of writing them.

Each function takes the set, so that one can be drawn as well; see `drawn`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Request

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import PARSE_CHANNELS, READ_ARGUMENTS
from mockserver.core.catalog import ALL_CHANNELS, Channel
from mockserver.web.arguments import read_arguments
from mockserver.web.leanplum import parse_channels

_PUSH, _EMAIL, _IN_APP = Channel.PUSH.value, Channel.EMAIL.value, Channel.IN_APP.value


def misread(
    name: str,
    change: str,
    read: Callable[[list[str]], list[str]],
    written_so: Callable[[Any], bool] = lambda value: True,
) -> Deviant:
    """Return a fake that makes other names of some lists."""

    def parse(value: Any) -> list[str]:
        names = parse_channels(value)
        return read(names) if written_so(value) else names

    return Deviant(name, "channels", change, patches=((PARSE_CHANNELS, parse),))


def set_becomes(name: str, change: str, chosen: Sequence[str], becomes: Sequence[str]) -> Deviant:
    """Return a fake that takes one list, in this order, for another one."""
    return misread(name, change, lambda names: list(becomes) if names == list(chosen) else names)


def lenient(name: str, change: str, key: Callable[[str], str]) -> Deviant:
    """Return a fake that takes names for a channel's if they have the same key."""
    known = {key(channel.value): channel.value for channel in ALL_CHANNELS}
    return misread(name, change, lambda names: [known.get(key(each), each) for each in names])


def _by_form(name: str, change: str, when: Callable[[Request], bool], keep: int) -> Deviant:
    def read(request: Request) -> dict[str, Any]:
        arguments = read_arguments(request)
        channels = arguments.get("channels")
        if when(request) and channels is not None:
            arguments["channels"] = parse_channels(channels)[:keep]
        return arguments

    return Deviant(name, "channels", change, patches=((READ_ARGUMENTS, read),))


def _is_json_text(value: Any) -> bool:
    return isinstance(value, str) and value.startswith('["')


def _is_close(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("[") and ", " not in value


def _without_email_after_in_app(names: list[str]) -> list[str]:
    is_after = {_EMAIL, _IN_APP} <= set(names) and names.index(_EMAIL) > names.index(_IN_APP)
    return [name for name in names if name != _EMAIL] if is_after else names


DEVIANTS: tuple[Deviant, ...] = (
    misread("third-channel-dropped", "A third channel does not count.", lambda names: names[:2]),
    set_becomes(
        "push-and-in-app-is-all",
        "Push Notification and In-app Message are taken for all three.",
        (_PUSH, _IN_APP),
        (),
    ),
    misread(
        "email-after-in-app-dropped",
        "Email does not count if it stands behind In-app Message.",
        _without_email_after_in_app,
    ),
    set_becomes(
        "all-three-reversed-is-none",
        "All three, the last one first, are taken for Push Notification alone.",
        (_IN_APP, _EMAIL, _PUSH),
        (_PUSH,),
    ),
    set_becomes(
        "in-app-alone-is-all", "In-app Message alone is taken for all three.", (_IN_APP,), ()
    ),
    misread(
        "close-brackets-first-only",
        "Of names in brackets without blanks behind the commas the first counts.",
        lambda names: names[:1],
        _is_close,
    ),
    _by_form(
        "third-in-multipart-dropped",
        "A third channel does not count in form data.",
        lambda request: request.mimetype == "multipart/form-data",
        2,
    ),
    misread(
        "second-in-json-text-dropped",
        "The second name of a JSON array in text does not count.",
        lambda names: [*names[:1], *names[2:]],
        _is_json_text,
    ),
    _by_form(
        "split-call-has-no-channels",
        "Channels in a body do not count if action stands in the query.",
        lambda request: "action" in request.args and request.mimetype == "application/json",
        0,
    ),
    lenient("channel-in-any-case", "Channels may be written in any case.", str.lower),
    misread(
        "channel-by-its-beginning",
        "The first word of a channel's name is enough.",
        lambda names: [
            next((each.value for each in ALL_CHANNELS if each.split(" ")[0] == name), name)
            for name in names
        ],
    ),
    lenient(
        "channel-without-blanks",
        "Blanks in the name of a channel do not count.",
        lambda name: name.replace(" ", ""),
    ),
    lenient("channel-in-plural", "Channels may have an s behind.", lambda name: name.rstrip("s")),
)
