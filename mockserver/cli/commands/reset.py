"""Offers `postbacks reset`, which empties a sandbox."""

from __future__ import annotations

import click

from mockserver.cli.session import Session, sandbox_options


@click.command(short_help="Forget rules, deliveries and requests.")
@click.option(
    "--everything",
    is_flag=True,
    help="Begin again as if new: only the apps of the configuration, the clock at its start, ids "
    "from 1 on.",
)
@sandbox_options
@click.pass_obj
def reset(session: Session, everything: bool) -> None:
    """Forget rules, deliveries and received requests; keep apps and the clock."""
    answer = session.client.reset(everything=everything)
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.output import count

    removed = f"{count(answer.rules, 'rule')} and "
    removed += count(answer.deliveries, "delivery", "deliveries")
    output.line(f"removed {removed}, and everything that inboxes received")
    if everything:
        from mockserver.cli.output import instant

        now = instant(session.client.clock().now)
        output.line(f"the apps are those of the configuration, the clock is at {now}, ids from 1")
