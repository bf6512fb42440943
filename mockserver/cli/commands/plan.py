"""Offers `postbacks plan`, which says what a load does to an endpoint, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.load_shapes import shape_options, stream_of
from mockserver.cli.session import Session, json_option
from mockserver.core.errors import InvalidValue, PostbacksError

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.load.arrival import Stream
    from mockserver.load.endpoint import Endpoint
    from mockserver.load.plan import Plan

FORMATS = ("html", "json", "txt")


@click.command(short_help="What a campaign and an outage do to your endpoint; sends nothing.")
@shape_options
@click.option("--capacity", metavar="N/s", help="How many postbacks your endpoint answers.")
@click.option("--queue", metavar="N", help="How many more may wait there (a second's work).")
@click.option(
    "--outage",
    "outages",
    metavar="DURATION|FROM..TO",
    multiple=True,
    help="When it is down, e.g. 2h or 10m..2h; may be repeated.",
)
@click.option(
    "--outage-answer",
    type=click.Choice(("503", "hang")),
    default="503",
    show_default=True,
    help="What it does then: answers 503, or does not answer.",
)
@click.option(
    "--jitter",
    metavar="SHARE",
    default="10%",
    show_default=True,
    help="To show beside none: by how much pauses may differ. Leanplum's is unknown.",
)
@click.option(
    "--next",
    "next_after",
    metavar="DURATION|never",
    default="24h",
    show_default=True,
    help="When the same campaign begins again.",
)
@click.option(
    "--template", metavar="URL", help="The postbackUrl of recorded requests, to choose them."
)
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    help="Write the plan to a file: html, json or txt; may be repeated.",
)
@click.option("--assumed", is_flag=True, help="List all that is assumed of campaigns, and end.")
@json_option
@click.pass_obj
def plan(session: Session, /, **options: Any) -> None:
    """Say what a load does to an endpoint of a capacity, and to what comes 65 hours after.

    For instance an email and push campaign, while the endpoint is down for two hours:

      postbacks plan --events 5M --send-rate 1000/s --capacity 800/s --outage 2h
    """
    if options["assumed"]:
        _write_assumed(session)
        return
    if options["capacity"] is None:
        raise click.UsageError(
            "Missing option '--capacity': how many postbacks your endpoint answers, e.g. 800/s"
        )
    from mockserver.cli.report_files import files_of

    # Before what may take a while.
    files = files_of(options["reports"], FORMATS)
    endpoint = _read(options)
    stream = stream_of(options, template=options["template"] or "")
    made = _make(options, stream, endpoint)
    for name, path in files:
        _write_file(name, path, made)
    _write(session, made, getattr(stream, "remarks", ()))


def _read(options: dict[str, Any]) -> Endpoint:
    from fractions import Fraction

    from mockserver.load.endpoint import Endpoint
    from mockserver.load.plan import QUEUE_SECONDS
    from mockserver.load.quantities import parse_places, parse_rate, parse_window

    try:
        capacity = parse_rate(options["capacity"], "the capacity")
        queue = options["queue"]
        return Endpoint(
            capacity,
            -int(-capacity * Fraction(QUEUE_SECONDS) // 1)
            if queue is None
            else parse_places(queue, "the queue"),
            tuple(map(parse_window, options["outages"])),
            options["outage_answer"],
        )
    except InvalidValue as error:
        raise click.UsageError(str(error)) from None


def _make(options: dict[str, Any], stream: Stream, endpoint: Endpoint) -> Plan:
    from datetime import timedelta

    from mockserver.load.plan import make_plan
    from mockserver.load.quantities import parse_share, parse_span

    try:
        jitter = parse_share(options["jitter"], "jitter")
        next_after: timedelta | None = None
        if options["next_after"] != "never":
            next_after = parse_span(options["next_after"], "the next campaign")
            if next_after % timedelta(seconds=1) or not next_after:
                raise InvalidValue("the next campaign begins after some whole seconds")
        return make_plan(stream, endpoint, jitter=jitter, next_after=next_after)
    except PostbacksError as error:
        raise click.UsageError(str(error)) from None


def _write(session: Session, made: Plan, remarks: Sequence[str]) -> None:
    from mockserver.load.plan import document

    output = session.output
    if session.json:
        output.document(document(made) | {"remarks": list(remarks)})
        return
    for line in _drawn(output, made):
        output.url_line(line)
    for remark in remarks:
        output.remark(f"Note: {remark}.")


def _drawn(output: Output, made: Plan) -> list[str]:
    from mockserver.load.drawing import plan_lines

    full = "█"
    try:
        full.encode(output.console.encoding)
    except (UnicodeEncodeError, LookupError):
        full = "#"
    return plan_lines(made, full)


def _write_assumed(session: Session) -> None:
    from mockserver.load.assumptions import MIX, knobs

    mix = ",".join(f"{name}={float(share * 100):g}%" for name, share in MIX.items())
    if session.json:
        session.output.document({"mix": mix, "assume": knobs()})
        return
    session.output.line("Assumed, each to be replaced by --assume NAME=VALUE:", "bold")
    session.output.table(["name", "value"], [[name, value] for name, value in knobs().items()])
    session.output.line(f"And by --mix: {mix}")
    session.output.line(
        "A share is of those to whom the step before happened. A delay is the median of a "
        "log-normal distribution, a spread the standard deviation of its logarithm."
    )


def _write_file(name: str, path: Path, made: Plan) -> None:
    import msgspec

    from mockserver.cli.report_files import write_file
    from mockserver.load.drawing import plan_lines
    from mockserver.load.plan import document
    from mockserver.load.report.plan_page import plan_page
    from mockserver.net.visible_text import json_visible

    if name == "html":
        text = plan_page(made)
    elif name == "json":
        written = msgspec.json.format(msgspec.json.encode(document(made)), indent=2).decode()
        text = json_visible(written) + "\n"
    else:
        text = "\n".join(plan_lines(made, "█")) + "\n"
    write_file(path, text)
