"""Offers `postbacks advance`, which turns the clock of a sandbox.

A long way is asked for in several requests, so that a bar can show how far it has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.parameters import a_duration, an_instant
from mockserver.cli.session import Session, sandbox_options

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.web.shapes import AdvanceAnswer, AdvanceRequest

#: How much one request may do: so little that the bar moves, so much that it costs no time.
_BUDGET = 2_000
_REAL_SECONDS = 0.5


@click.command(short_help="Turn the clock: 10h, --until next, --until idle.")
@click.argument("duration", type=a_duration, required=False)
@click.option(
    "--to",
    type=an_instant,
    metavar="INSTANT",
    help="Go to this instant, e.g. 2026-01-02T00:00:00Z.",
)
@click.option(
    "--until",
    type=click.Choice(["next", "idle"]),
    help="Go to the next attempt that is due, or on until nothing is pending.",
)
@sandbox_options
@click.pass_obj
def advance(session: Session, duration: str | None, to: str | None, until: str | None) -> None:
    """Move the clock by DURATION (10h, 1h30m, PT10H), making every attempt on the way."""
    from mockserver.web.shapes import AdvanceRequest

    given = {"by": duration, "to": to, "until": until}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if len(chosen) != 1:
        raise click.UsageError(
            "advance takes exactly one of: DURATION (like 10h), --to INSTANT, --until next|idle"
        )
    request = AdvanceRequest(**chosen, budget=_BUDGET, real_seconds=_REAL_SECONDS)
    answer = _all_the_way(session, session.client, request)
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.output import count, instant, offset
    from mockserver.cli.timeline import write_attempts

    moved = offset(answer.now - answer.from_at)
    made = count(len(answer.attempts), "attempt")
    output.line(f"{instant(answer.from_at)} -> {instant(answer.now)} ({moved}): {made}", "bold")
    write_attempts(output, answer.attempts)
    if answer.next_due is None:
        output.line("nothing is pending")
    else:
        output.line(f"the next attempt is due at {instant(answer.next_due)}")


def _all_the_way(session: Session, client: SandboxClient, request: AdvanceRequest) -> AdvanceAnswer:
    """Return one answer for all the way, however many requests it takes."""
    answers = client.advances(request)
    whole = next(answers)
    if whole.complete:
        return whole
    if not session.json:
        answers = _with_progress(client, whole, answers)
    for answer in answers:
        whole.attempts += answer.attempts
        whole.now, whole.next_due = answer.now, answer.next_due
        whole.complete = answer.complete
    return whole


def _with_progress(
    client: SandboxClient, first: AdvanceAnswer, answers: Iterator[AdvanceAnswer]
) -> Iterator[AdvanceAnswer]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from mockserver.cli.output import instant, plain_console

    console = plain_console(stderr=True)
    if not console.is_terminal:
        yield from answers
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} attempts"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(instant(first.now), total=None)
        made = len(first.attempts)
        for answer in answers:
            made += len(answer.attempts)
            # Each pending delivery takes one more attempt at least.
            total = made + client.clock().pending
            progress.update(task, completed=made, total=total, description=instant(answer.now))
            yield answer
