"""Offers `postbacks advance`, which turns the clock of a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.parameters import a_duration, an_instant
from mockserver.cli.session import Session, sandbox_options

if TYPE_CHECKING:
    from mockserver.web.shapes import AdvanceAnswer, AdvanceRequest

#: How much one request may do. Between two of them a running clock goes on, so it is a lot.
_BUDGET = 1_000_000
_REAL_SECONDS = 86_400.0
#: How many attempts a document has; all are counted.
_LISTED_IN_JSON = 100_000
_INTERRUPTED = 130


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
@click.option(
    "--cancel", is_flag=True, help="End the advance that is under way, whoever asked for it."
)
@sandbox_options
@click.pass_obj
def advance(
    session: Session, duration: str | None, to: str | None, until: str | None, cancel: bool
) -> None:
    """Move the clock by DURATION (10h, 1h30m, PT10H), making every attempt on the way.

    Ctrl-C ends it at the server, too: what has no answer yet is dropped and due again.
    """
    given = {"by": duration, "to": to, "until": until}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if len(chosen) + cancel != 1:
        raise click.UsageError(
            "advance takes exactly one of: DURATION (like 10h), --to INSTANT, --until next|idle, "
            "--cancel"
        )
    if cancel:
        _cancel(session)
    else:
        _advance(session, chosen)


def _advance(session: Session, chosen: dict[str, Any]) -> None:
    from mockserver.cli.advancing import Interrupted, advance_all_the_way
    from mockserver.cli.timeline import SHOWN_ATTEMPTS
    from mockserver.web.shapes import AdvanceRequest

    listed = _LISTED_IN_JSON if session.json else SHOWN_ATTEMPTS
    request = AdvanceRequest(**chosen, budget=_BUDGET, real_seconds=_REAL_SECONDS, listed=listed)
    try:
        answer = advance_all_the_way(session.client, request, session.output)
    except Interrupted as interrupted:
        if interrupted.answer is None:
            session.output.remark("interrupted; the server ends the advance as soon as it can")
        else:
            _write(session, interrupted.answer)
            if not interrupted.answer.complete:
                session.output.remark(f"interrupted; {_goes_on(request, interrupted.answer)}")
        raise click.exceptions.Exit(_INTERRUPTED) from None
    _write(session, answer)
    if answer.cancelled:
        from mockserver.client.sandbox_client import Refused

        raise Refused(f"somebody cancelled the advance; {_goes_on(request, answer)}")


def _write(session: Session, answer: AdvanceAnswer) -> None:
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.output import count, instant, offset
    from mockserver.cli.timeline import write_attempts

    moved = offset(answer.now - answer.from_at)
    made = count(answer.attempts_made, "attempt")
    output.line(f"{instant(answer.from_at)} -> {instant(answer.now)} ({moved}): {made}", "bold")
    write_attempts(output, answer.attempts, answer.outcomes)
    if answer.next_due is None:
        output.line("nothing is pending")
    else:
        output.line(f"the next attempt is due at {instant(answer.next_due)}")


def _goes_on(request: AdvanceRequest, answer: AdvanceAnswer) -> str:
    """Return how to go on to where a cancelled advance was to end."""
    from mockserver.core.durations import parse_duration

    way = f"--to {request.to}" if isinstance(request.to, str) else f"--until {request.until}"
    if isinstance(request.by, str):
        target_at = answer.from_at + parse_duration(request.by)
        way = f"--to {target_at.isoformat().replace('+00:00', 'Z')}"
    return f"`postbacks advance {way}` goes on from there"


def _cancel(session: Session) -> None:
    answer = session.client.cancel_advance()
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.output import instant

    if not answer.cancelled:
        output.line("no advance is under way")
    elif answer.clock.advance is not None:
        output.line("the advance was told to end, and ends with the attempt that it makes now")
    else:
        output.line(f"the advance is cancelled; the clock stands at {instant(answer.clock.now)}")
