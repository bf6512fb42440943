"""Offers `postbacks deliveries`, which lists deliveries or shows one with its attempts."""

from __future__ import annotations

from typing import Any

import click

from mockserver.cli.app_choice import (
    app_id_filter,
    filtered_app_id,
    is_given_on_the_command_line,
)
from mockserver.cli.parameters import WholeNumber, an_instant
from mockserver.cli.session import Session, sandbox_options
from mockserver.core.retry import DeliveryState


@click.command(short_help="List deliveries, or show one with its attempts.")
@click.argument("delivery_id", type=WholeNumber(min=1), required=False, metavar="[ID]")
@click.option(
    "--state",
    type=click.Choice([state.value for state in DeliveryState]),
    help="Only deliveries in this state.",
)
@click.option(
    "--postback-id", type=WholeNumber(min=0), metavar="ID", help="Only deliveries of this rule."
)
@click.option("--user-id", metavar="ID", help="Only deliveries of events of this user.")
@click.option("--event", metavar="NAME", help="Only deliveries of this event: email.click.")
@click.option(
    "--text", metavar="TEXT", help="Only with this in the URL, the user id, or the event."
)
@click.option("--since", type=an_instant, metavar="INSTANT", help="Only of events then or later.")
@click.option("--until", type=an_instant, metavar="INSTANT", help="Only of events before.")
@app_id_filter
@click.option("--after", type=WholeNumber(min=0), default=0, help="Only ids greater than this.")
@click.option(
    "--limit",
    type=WholeNumber(1, 1000),
    default=100,
    show_default=True,
    help="How many to show at most.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["pytest", "curl"]),
    help="Write the one with ID as a test, or as a command that sends it.",
)
@sandbox_options
@click.pass_obj
def deliveries(
    session: Session,
    delivery_id: int | None,
    state: str | None,
    postback_id: int | None,
    user_id: str | None,
    event: str | None,
    text: str | None,
    since: str | None,
    until: str | None,
    app_id: str | None,
    after: int,
    limit: int,
    form: str | None,
) -> None:
    """List deliveries, or show the one with ID and the timeline of its attempts."""
    given = {
        "state": state,
        "postback_id": postback_id,
        "user_id": user_id,
        "event": event,
        "text": text or None,
        "since": since,
        "until": until,
    }
    filters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if delivery_id is not None:
        others = any(map(is_given_on_the_command_line, ("app_id", "after", "limit")))
        if bool(filters) or others:
            raise click.UsageError("filters and an ID do not go together; leave one out")
        if form is None:
            _show_one(session, delivery_id)
        else:
            _write_as(session, delivery_id, form)
        return
    if form is not None:
        raise click.UsageError(f"--as {form} is for one delivery; give its ID")
    client = session.client
    app_id = filtered_app_id(client, app_id)
    page = client.deliveries(**filters, app_id=app_id, after=after, limit=limit)
    output = session.output
    if session.json:
        output.document(page)
        return
    from mockserver.cli.listing import write_delivery_rows

    if not page.deliveries:
        output.line(_nothing(page.in_all))
        return
    write_delivery_rows(output, page.deliveries)
    if page.next is not None:
        output.line(f"there are more: --after {page.next}", "dim")


def _nothing(in_all: int | None) -> str:
    if not in_all:
        return "no deliveries; `postbacks trigger email.click` makes one if a rule fits"
    if in_all == 1:
        return "the only delivery there is does not fit; leave filters out to see it"
    return f"none of the {in_all:,} deliveries fits; leave filters out to see them"


def _write_as(session: Session, delivery_id: int, form: str) -> None:
    explained = session.client.explained(delivery_id)
    written = explained.pytest if form == "pytest" else explained.curl
    if session.json:
        session.output.document({"delivery_id": delivery_id, form: written})
    else:
        # Not through rich, which would wrap it: it is to be put into a file or a shell.
        click.echo(written.rstrip("\n"))


def _show_one(session: Session, delivery_id: int) -> None:
    from mockserver.cli.answers import write_answers
    from mockserver.cli.output import instant
    from mockserver.cli.shortening import bounded
    from mockserver.cli.timeline import write_delivery

    delivery = session.client.delivery(delivery_id)
    output = session.output
    if session.json:
        output.document(delivery)
    else:
        write_delivery(output, delivery)
        event = delivery.event
        output.line(f"event taken in at {instant(delivery.created_at)}, app {delivery.app_id}")
        output.line(f"  trigger time {instant(event.triggered_at)}")
        for name, value in (("user", event.user_id), ("device", event.device_id)):
            output.url_line(f"  {name} {bounded(value) or '-'}")
        write_answers(output, delivery.attempts)
