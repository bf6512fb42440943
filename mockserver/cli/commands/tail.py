"""Offers `postbacks tail`, which shows what happens in a sandbox, as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mockserver.cli.session import Session, sandbox_options
from mockserver.core.wording import count

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.client.sandbox_client import SandboxClient

#: How long the server may hold one request back while nothing happens.
_WAIT_REAL_SECONDS = 20.0


@click.command(short_help="Show what happens, live.")
@sandbox_options
@click.pass_obj
def tail(session: Session) -> None:
    """Show what happens, live, until Ctrl-C; with --json one document a line."""
    client = session.client
    output = session.output
    _follow(session, client, output)


def _follow(session: Session, client: SandboxClient, output: Output) -> None:
    from mockserver.cli.feed_lines import feed_line
    from mockserver.net.visible_text import one_line

    last = client.feed(-1).last
    output.remark(f"watching {client.url}; Ctrl-C ends it")
    while True:
        answer = client.feed(last, _WAIT_REAL_SECONDS)
        for entry in answer.happenings:
            if entry.sequence > last + 1:
                gone = count(entry.sequence - last - 1, "earlier happening")
                output.remark(f"{gone} no longer there")
            last = entry.sequence
            if session.json:
                output.document_line(entry)
            else:
                output.line(feed_line(entry.kind, entry.facts))
                if "url" in entry.facts:
                    output.url_line(f"  {one_line(entry.facts['url'])}")
        output.flush()
