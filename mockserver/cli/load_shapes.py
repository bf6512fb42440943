"""Declares the options that say what a load is made of, for the commands that take one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mockserver.core.errors import InvalidConfig, InvalidValue

if TYPE_CHECKING:
    from mockserver.load.arrival import Stream
    from mockserver.load.people import People

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--shape",
        metavar="SHAPE|FILE",
        default="campaign",
        show_default=True,
        help="campaign, constant, ramp, steps, or a recorded file: HAR, access log, JSON lines.",
    ),
    click.option("--events", metavar="N", help="About how many events, like 100k or 5M (100k)."),
    click.option(
        "--audience", metavar="N", help="How many users; of a campaign, in place of --events."
    ),
    click.option("--send-rate", metavar="N/s", help="How fast a campaign is sent (10k/s)."),
    click.option(
        "--pace",
        type=click.Choice(("blast", "even", "minutes")),
        help="How a campaign is sent: all at once, evenly (so unless told), or by minutes.",
    ),
    click.option("--mix", metavar="SHARES", help="Of the channels, e.g. push=70%,email=30%."),
    click.option(
        "--assume",
        metavar="NAME=VALUE",
        multiple=True,
        help="Replaces an assumed number, as push.open=8%; `plan --assumed` lists them.",
    ),
    click.option(
        "--within", metavar="DURATION", help="How late an event may follow on another (24h)."
    ),
    click.option("--rate", metavar="N/s", help="Events a second; FROM..TO for ramp and steps."),
    click.option(
        "--duration", metavar="DURATION", help="How long it lasts, or a campaign is sent."
    ),
    click.option("--steps", metavar="N", help="How many steps (10)."),
    click.option("--step-duration", metavar="DURATION", help="How long each step lasts (30s)."),
    click.option("--event", metavar="NAME", help="What happens, but in campaigns (email.click)."),
    click.option(
        "--seed",
        metavar="N",
        type=click.IntRange(0, 2**63 - 1),
        default=0,
        show_default=True,
        help="What users and their luck come from.",
    ),
)


def shape_options(function: _Function) -> _Function:
    """Give a command the options that say what a load is made of."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def stream_of(
    options: Mapping[str, Any], people: People | None = None, template: str = ""
) -> Stream:
    """Return the stream that options choose.

    Args:
        options: Of a command with `shape_options`, by name; others are left alone.
        people: Who the users are; those of the seed unless given.
        template: The postbackUrl by which events are read from recorded URLs.

    Raises:
        click.UsageError: A value cannot be read, or does not go with the others.
    """
    from mockserver.load.choices import ShapeChoices, chosen_stream
    from mockserver.load.people import People

    names = [field.name for field in fields(ShapeChoices)]
    choices = ShapeChoices(**{name: options[name] for name in names})
    try:
        return chosen_stream(choices, people or People(options["seed"]), template)
    except (InvalidValue, InvalidConfig) as error:
        raise click.UsageError(str(error)) from None
