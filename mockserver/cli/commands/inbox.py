"""Offers `postbacks inbox`, which shows what an inbox got and sets how it behaves.

The options of one call are carried out in this order: clear, behave, wait.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from mockserver.cli.app_choice import is_given_on_the_command_line
from mockserver.cli.parameters import Seconds, WholeNumber, an_inbox_name
from mockserver.cli.session import Session, sandbox_options
from mockserver.cli.shortening import bounded
from mockserver.core.wording import count

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.web.shapes import ReplayedJson, RequestsAnswer

#: The longest that the server lets one request wait.
_LONGEST_WAIT_REAL_SECONDS = 30.0


@click.command(short_help="Show what the receiver got; make it fail.")
@click.argument("name", required=False, metavar="[NAME]", type=an_inbox_name)
@click.option("--clear", is_flag=True, help="First forget its requests and its behaviour.")
@click.option(
    "--behave",
    metavar="SCRIPT",
    help="Then let it do this, request by request: 503*9,200 or hang or 200@31s, for instance.",
)
@click.option(
    "--wait-for",
    type=WholeNumber(min=1),
    metavar="N",
    help="Wait until it has got N requests; exit code 1 if it does not in time.",
)
@click.option(
    "--timeout",
    type=Seconds(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for them, in real time.",
)
@click.option(
    "--replay",
    type=WholeNumber(min=1),
    metavar="ID",
    help="Send the request with this number once more, to the endpoint in --to.",
)
@click.option(
    "--to",
    metavar="URL",
    help="An endpoint on this machine, or at a host that serve --send-to names; without a query.",
)
@sandbox_options
@click.pass_obj
def inbox(
    session: Session,
    name: str | None,
    clear: bool,
    behave: str | None,
    wait_for: int | None,
    timeout: float,
    replay: int | None,
    to: str | None,
) -> None:
    """Show what the receiver's inbox NAME got; options say what it shall do.

    Without a NAME all inboxes are listed.
    """
    if wait_for is None and is_given_on_the_command_line("timeout"):
        raise click.UsageError("--timeout is how long --wait-for waits; give that as well")
    client = session.client
    if replay is not None or to is not None:
        if name is None or replay is None or to is None:
            raise click.UsageError("a replay needs the NAME of an inbox, --replay ID and --to URL")
        if clear or behave is not None or wait_for is not None:
            raise click.UsageError("--replay goes with no other option; leave one out")
        _replay(session, client.replay(name, replay, to))
        return
    if name is None:
        _list(session, client, has_options=clear or behave is not None or wait_for is not None)
        return
    if clear:
        client.clear_inbox(name)
    if behave is not None:
        _behave(session, client, name, behave, is_last=wait_for is None)
    if wait_for is not None:
        _wait(session, client, name, wait_for, timeout)
    elif clear and behave is None:
        _say_cleared(session, name)
    elif behave is None:
        _write_requests(session, client.requests(name))


def _replay(session: Session, answer: ReplayedJson) -> None:
    output = session.output
    if session.json:
        output.document(answer)
    if answer.status is None:
        from mockserver.client.sandbox_client import Refused

        raise Refused(f"the endpoint did not answer: {answer.error}")
    if not session.json:
        output.line(f"answered with {answer.status}")
        if answer.body:
            output.line(f"  {bounded(answer.body)}")


def _list(session: Session, client: SandboxClient, *, has_options: bool) -> None:
    if has_options:
        raise click.UsageError("--clear, --behave and --wait-for need the NAME of an inbox")
    inboxes = client.inboxes_in_short()
    output = session.output
    if session.json:
        output.document({"inboxes": inboxes})
        return
    from mockserver.cli.listing import write_inbox_rows

    if inboxes:
        write_inbox_rows(output, inboxes)
        return
    receiver = client.health().receiver_url
    output.line("no inbox is in use; each exists as soon as something is sent to it:")
    output.url_line(f"  {receiver}/inbox/NAME")


def _behave(
    session: Session, client: SandboxClient, name: str, script: str, *, is_last: bool
) -> None:
    answer = client.behave(name, script)
    output = session.output
    if session.json:
        # With --json one call writes one document: that of the last option.
        if is_last:
            output.document(answer)
        return
    output.line(f"inbox {answer.inbox} does {answer.behaviour}; the last one stays")
    output.url_line(answer.url)
    if answer.refused:
        output.line(bounded(answer.refused), "yellow")


def _say_cleared(session: Session, name: str) -> None:
    output = session.output
    if session.json:
        output.document({"inbox": name, "cleared": True})
    else:
        output.line(f"inbox {name} is empty and answers 200")


def _wait(
    session: Session, client: SandboxClient, name: str, wait_for: int, timeout: float
) -> None:
    until = time.monotonic() + timeout
    while True:
        left = max(0.0, until - time.monotonic())
        answer = client.requests(
            name,
            wait_for=wait_for,
            timeout_real_seconds=min(left, _LONGEST_WAIT_REAL_SECONDS),
        )
        if answer.complete or left <= _LONGEST_WAIT_REAL_SECONDS:
            break
    _write_requests(session, answer)
    if not answer.complete:
        from mockserver.client.sandbox_client import Refused

        raise Refused(
            f"inbox {name} got {len(answer.requests)} of {count(wait_for, 'request')} "
            f"within {timeout:g} s"
        )


def _write_requests(session: Session, answer: RequestsAnswer) -> None:
    output = session.output
    if session.json:
        output.document(answer)
        return
    from mockserver.cli.timeline import write_request

    if answer.evicted:
        evicted = count(answer.evicted, "older request")
        output.line(f"{evicted} of this inbox dropped to bound memory", "yellow")
    if not answer.requests:
        output.line(f"inbox {answer.inbox} has got nothing")
    for request in answer.requests:
        write_request(output, request)
