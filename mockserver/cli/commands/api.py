"""Offers `postbacks api`, which shows the calls that Leanplum's API got, and lets it fail.

The options of one call are carried out in this order: as usual, behave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mockserver.cli.app_choice import app_id_filter, filtered_app_id
from mockserver.cli.session import Session, sandbox_options
from mockserver.core.api_methods import API_METHODS

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient


@click.command(short_help="Show what Leanplum's API was asked; make it fail.")
@click.option("--as-usual", is_flag=True, help="First forget how it was told to fail.")
@click.option(
    "--behave",
    metavar="SCRIPT",
    help="Then answer so, call by call: 503*2,200 or hang or error:408 Too Many Requests.",
)
@click.option(
    "--action",
    type=click.Choice(list(API_METHODS)),
    help="Only calls of this method; of all unless given.",
)
@click.option("--refused", is_flag=True, help="Show only calls that were refused.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Show so many calls, the newest.",
)
@app_id_filter
@sandbox_options
@click.pass_obj
def api(
    session: Session,
    as_usual: bool,
    behave: str | None,
    action: str | None,
    refused: bool,
    limit: int,
    app_id: str | None,
) -> None:
    """Show the calls that Leanplum's API got, keys masked; options say how it answers.

    200 is the API's own answer; what is told otherwise is answered in its place.
    """
    client = session.client
    app_id = filtered_app_id(client, app_id)
    if as_usual:
        client.api_as_usual(action=action, app_id=app_id)
    if behave is not None:
        client.behave_api(behave, action=action, app_id=app_id)
    if as_usual or behave is not None:
        _say_behaviour(session, client)
        return
    answer = client.api_calls(action=action, app_id=app_id, refused=refused, limit=limit)
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.api_lines import write_calls, write_scripts

    write_scripts(output, client.api_behaviour())
    write_calls(output, answer)


def _say_behaviour(session: Session, client: SandboxClient) -> None:
    answer = client.api_behaviour()
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.api_lines import write_scripts

    write_scripts(output, answer)
    if not answer.scripts:
        output.line("the API answers as usual")
