"""Offers `postbacks events`, which lists the events that can be triggered."""

from __future__ import annotations

import click

from mockserver.cli.session import Session, sandbox_options


@click.command()
@sandbox_options
@click.pass_obj
def events(session: Session) -> None:
    """List every event that can be triggered."""
    kinds = session.client.event_kinds()
    output = session.output
    if session.json:
        output.document({"events": kinds})
        return
    output.table(
        ["NAME", "EVENT", "CHANNEL OR TEMPLATE"],
        [[kind.name, kind.event, kind.template_name or kind.channel or "-"] for kind in kinds],
    )
