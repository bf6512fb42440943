"""Offers `postbacks reset`, which empties a sandbox."""

from __future__ import annotations

import click

from mockserver.cli.session import Session, sandbox_options


@click.command(short_help="Forget rules, deliveries and requests.")
@sandbox_options
@click.pass_obj
def reset(session: Session) -> None:
    """Forget rules, deliveries and received requests; keep apps and the clock."""
    answer = session.client.reset()
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.output import count

    removed = f"{count(answer.rules, 'rule')} and "
    removed += count(answer.deliveries, "delivery", "deliveries")
    output.line(f"removed {removed}, and everything that inboxes received")
