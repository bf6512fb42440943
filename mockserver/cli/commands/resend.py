"""Offers `postbacks resend`, which makes one attempt outside the schedule."""

from __future__ import annotations

import click

from mockserver.cli.session import Session, sandbox_options


@click.command(short_help="Make one attempt now, outside the schedule.")
@click.argument("delivery_id", type=click.IntRange(min=1), metavar="ID")
@sandbox_options
@click.pass_obj
def resend(session: Session, delivery_id: int) -> None:
    """Make one attempt of the delivery ID now, outside its schedule."""
    from mockserver.cli.timeline import write_delivery

    delivery = session.client.resend(delivery_id)
    output = session.output
    if session.json:
        output.document(delivery)
    else:
        write_delivery(output, delivery)
