"""Offers `postbacks trigger`, which lets an event happen in a sandbox."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.app_choice import app_id_option, chosen_app_id
from mockserver.cli.parameters import a_json_object, an_instant
from mockserver.cli.session import Session, sandbox_options
from mockserver.core.catalog import suggestion

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.web.shapes import EventsAnswer, PreviewAnswer

FIELDS = (
    "user_id",
    "device_id",
    "message_id",
    "template_name",
    "ab_test_id",
    "variant_id",
    "parameters",
    "triggered_at",
)

#: How long to wait for the first attempts, which a running clock makes by itself.
_PATIENCE_REAL_SECONDS = 1.0


@click.command(short_help="Let an event happen, e.g. email.click.")
@click.argument("name")
@click.option(
    "--override",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help=f"A value in place of the sample one; may be repeated. Keys: {', '.join(FIELDS)}.",
)
@app_id_option
@click.option(
    "--at",
    type=an_instant,
    metavar="INSTANT",
    help="When it happened; now unless told. May lie in the past.",
)
@click.option(
    "--parameters", type=a_json_object, metavar="JSON", help="Its parameters, as a JSON object."
)
@click.option(
    "--dry-run", is_flag=True, help="Say which rules it would fire, and why not the others."
)
@sandbox_options
@click.pass_obj
def trigger(
    session: Session,
    name: str,
    overrides: tuple[str, ...],
    app_id: str | None,
    at: str | None,
    parameters: dict[str, Any] | None,
    dry_run: bool,
) -> None:
    """Let the event NAME happen, e.g. email.click; `postbacks events` lists all names."""
    from mockserver.cli.timeline import event_text, write_delivery, write_mismatches
    from mockserver.web.shapes import EventRequest

    fields = _read_overrides(overrides)
    for option, key, value in (
        ("--at", "triggered_at", at),
        ("--parameters", "parameters", parameters),
    ):
        if value is not None:
            if key in fields:
                raise click.UsageError(f"{option} and --override {key}=... say the same; give one")
            fields[key] = value
    client = session.client
    app_id = chosen_app_id(client, app_id)
    request = EventRequest(name=name, app_id=app_id, **fields)
    if dry_run:
        _write_preview(session, client.preview(request))
        return
    answer = _after_first_attempts(client, client.trigger(request))
    output = session.output
    if session.json:
        output.document(answer)
        return
    for delivery in answer.deliveries:
        write_delivery(output, delivery)
    write_mismatches(output, answer.mismatches)
    if not answer.deliveries:
        why = "" if answer.mismatches else "; it has none: add one with `postbacks rules add URL`"
        happened = event_text(answer.events[0].event)
        output.line(f"{happened} happened and fired no rule of the app{why}", "yellow")


def _write_preview(session: Session, preview: PreviewAnswer) -> None:
    output = session.output
    if session.json:
        output.document(preview)
        return
    for rule in preview.rules:
        if rule.fires:
            output.line(f"rule {rule.postback_id} would fire:", "green")
            output.url_line(f"  {rule.url}")
        else:
            output.line(f"rule {rule.postback_id} would not fire: {rule.reason}", "yellow")
    if not preview.rules:
        output.line("the app has no rules; add one with `postbacks rules add URL`", "yellow")


def _read_overrides(overrides: tuple[str, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise click.UsageError(
                f"--override takes KEY=VALUE, got {override!r}; e.g. --override user_id=ada"
            )
        if key not in FIELDS:
            raise click.UsageError(
                f"--override knows no key {key!r}{suggestion(key, FIELDS)}; "
                f"it takes: {', '.join(FIELDS)}"
            )
        if key in fields:
            raise click.UsageError(f"--override gives {key} more than once; give it once")
        fields[key] = a_json_object(value) if key == "parameters" else value
    return fields


def _after_first_attempts(client: SandboxClient, answer: EventsAnswer) -> EventsAnswer:
    """Return the answer with the first attempts; on a running clock they need a moment."""
    until = time.monotonic() + _PATIENCE_REAL_SECONDS
    waiting = [delivery for delivery in answer.deliveries if not delivery.attempts]
    if not waiting:
        return answer
    while any(not delivery.attempts for delivery in waiting) and time.monotonic() < until:
        time.sleep(0.02)
        waiting = [client.delivery(delivery.id) for delivery in waiting]
    latest = {delivery.id: delivery for delivery in waiting}

    def updated(deliveries: list[Any]) -> list[Any]:
        return [latest.get(delivery.id, delivery) for delivery in deliveries]

    answer.deliveries = updated(answer.deliveries)
    for event in answer.events:
        event.deliveries = updated(event.deliveries)
    return answer
