"""Offers `postbacks trigger`, which lets an event happen in a sandbox, many, or a scenario."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.app_choice import app_id_option, chosen_app_id
from mockserver.cli.parameters import EventName, WholeNumber, a_json_object, an_instant
from mockserver.cli.session import Session, sandbox_options
from mockserver.core.catalog import suggestion
from mockserver.core.wording import count

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

#: How often the same may happen in one call.
MOST_REPEATS = 1_000_000
#: How long to wait for the first attempts, which a running clock makes by itself.
_PATIENCE_REAL_SECONDS = 1.0


@click.command(short_help="Let an event happen, e.g. email.click; play a file.")
@click.argument("name", type=EventName(), required=False, metavar="[NAME]")
@click.option(
    "--file",
    "file",
    metavar="FILE",
    help="Play the scenario in this file: JSON lines; - is stdin. Exit code 1 if something else "
    "became of its events than it expects.",
)
@click.option("--all", "is_all", is_flag=True, help="One event of every kind there is.")
@click.option(
    "--repeat",
    type=WholeNumber(min=1, max=MOST_REPEATS),
    metavar="N",
    help="So many times.",
)
@click.option(
    "--own-users", is_flag=True, help="Each time a user of its own: -1, -2, ... behind its id."
)
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
    "--dry-run",
    is_flag=True,
    help="Say which rules it would fire, and why not the others; of a FILE, whether it can be "
    "played.",
)
@sandbox_options
@click.pass_obj
def trigger(
    session: Session,
    name: str | None,
    file: str | None,
    is_all: bool,
    repeat: int | None,
    own_users: bool,
    overrides: tuple[str, ...],
    app_id: str | None,
    at: str | None,
    parameters: dict[str, Any] | None,
    dry_run: bool,
) -> None:
    """Let the event NAME happen, e.g. email.click; `postbacks events` lists all names.

    A line of FILE is {"event": "email.click", "values": {"user_id": "ada"}, "at": "1h", "expect":
    "delivered"}; all but the event may be left out. {"at": "65h"} moves the clock.
    """
    _check_choice(name, file, is_all)
    if own_users and repeat is None:
        raise click.UsageError("--own-users goes with --repeat; give that as well")
    fields = _fields_of(overrides, at, parameters)
    if file is not None:
        if fields:
            raise click.UsageError("the values are in the FILE: no --override, --at, --parameters")
        _play(session, file, app_id, repeat or 1, own_users, dry_run)
    elif is_all or repeat is not None:
        if dry_run:
            raise click.UsageError("--dry-run is for one event, or for a FILE")
        _trigger_many(session, name, app_id, fields, repeat or 1, own_users)
    else:
        _trigger_one(session, str(name), app_id, fields, dry_run)


def _check_choice(name: str | None, file: str | None, is_all: bool) -> None:
    if [name is not None, file is not None, is_all].count(True) != 1:
        raise click.UsageError("trigger takes exactly one of: NAME, --file FILE, --all")


def _fields_of(
    overrides: tuple[str, ...], at: str | None, parameters: dict[str, Any] | None
) -> dict[str, Any]:
    fields = _read_overrides(overrides)
    for option, key, value in (
        ("--at", "triggered_at", at),
        ("--parameters", "parameters", parameters),
    ):
        if value is not None:
            if key in fields:
                raise click.UsageError(f"{option} and --override {key}=... say the same; give one")
            fields[key] = value
    return fields


def _play(
    session: Session, file: str, app_id: str | None, times: int, own_users: bool, dry_run: bool
) -> None:
    from mockserver.cli.playing import play_all, read_scenario

    # All of it, before anything happens.
    steps = read_scenario(file)
    if dry_run:
        happening = sum(1 for step in steps if step.event is not None)
        if session.json:
            session.output.document({"lines": len(steps), "events": happening})
        else:
            session.output.line(f"{count(len(steps), 'line')} can be played; nothing was sent")
        return
    client = session.client
    app_id = chosen_app_id(client, app_id)
    play_all(session, client, app_id, steps, times=times, own_users=own_users)


def _trigger_many(
    session: Session,
    name: str | None,
    app_id: str | None,
    fields: dict[str, Any],
    times: int,
    own_users: bool,
) -> None:
    from mockserver.cli.playing import trigger_many
    from mockserver.core.catalog import event_kind, event_kinds
    from mockserver.core.clock import DEFAULT_START_AT
    from mockserver.core.events import build_event
    from mockserver.core.samples import SAMPLE_VALUES

    kinds = event_kinds() if name is None else (event_kind(name),)
    for kind in kinds:
        # Every one, before the first happens.
        build_event(kind, "any", DEFAULT_START_AT, fields)
    user_id = fields.get("user_id", SAMPLE_VALUES["user_id"])
    own = ({"user_id": f"{user_id}-{number + 1}"} if own_users else {} for number in range(times))
    events = ((kind.name, fields | each) for each in own for kind in kinds)
    client = session.client
    trigger_many(session, client, chosen_app_id(client, app_id), events)


def _trigger_one(
    session: Session, name: str, app_id: str | None, fields: dict[str, Any], dry_run: bool
) -> None:
    from mockserver.cli.timeline import event_text, write_delivery, write_mismatches
    from mockserver.web.shapes import EventRequest

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
