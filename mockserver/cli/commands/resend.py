"""Offers `postbacks resend`, which makes one attempt outside the schedule."""

from __future__ import annotations

import click

from mockserver.cli.parameters import WholeNumber
from mockserver.cli.session import Session, sandbox_options


@click.command(short_help="Make one attempt now, outside the schedule.")
@click.argument("delivery_id", type=WholeNumber(min=1), metavar="ID")
@sandbox_options
@click.pass_obj
def resend(session: Session, delivery_id: int) -> None:
    """Make one attempt of the delivery ID now, outside its schedule, and show what came of it."""
    from mockserver.cli.timeline import outcome_of, write_delivery

    delivery = session.client.resend(delivery_id)
    output = session.output
    if session.json:
        output.document(delivery)
        return
    write_delivery(output, delivery)
    if delivery.made is None:
        output.line(
            f"this resend is still under way; `postbacks deliveries {delivery_id}` shows it when "
            "it has ended",
            "yellow",
        )
        return
    from mockserver.cli.output import elapsed

    took = elapsed(delivery.made.elapsed_seconds)
    output.line(f"this resend: {outcome_of(delivery.made)} after {took}", "bold")
