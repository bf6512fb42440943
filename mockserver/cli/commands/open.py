"""Offers `postbacks open`, which shows the page of a running sandbox in a browser."""

from __future__ import annotations

import click

from mockserver.cli.browser import shown_in_browser
from mockserver.cli.session import Session, sandbox_options


@click.command(short_help="Show the page of the sandbox in a browser.")
@click.option("--print", "only_print", is_flag=True, help="Only print its address.")
@sandbox_options
@click.pass_obj
def open(session: Session, only_print: bool) -> None:
    """Show the page of the sandbox in a browser; where there is none, print its address."""
    client = session.client
    # Whoever has mistyped the address hears of it here, and not from the browser.
    client.health()
    url = f"{client.url}/"
    opened = not only_print and shown_in_browser(url)
    output = session.output
    if session.json:
        output.document({"url": url, "opened": opened})
        return
    click.echo(url)
    if not opened and not only_print:
        output.line("no browser was found here; open this address in one", "yellow")
    if session.token is not None:
        output.line("the page asks for the token", "dim")
