"""Offers `postbacks listen`, which forwards postbacks to one's own endpoint, and shows each."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.app_choice import app_id_option, chosen_app_id
from mockserver.cli.parameters import channels_of
from mockserver.cli.session import Session, sandbox_options
from mockserver.core.catalog import PostbackType
from mockserver.core.wording import count

if TYPE_CHECKING:
    from mockserver.cli.following import Following
    from mockserver.cli.listening import Listening
    from mockserver.client.sandbox_client import SandboxClient

#: How long to wait before a server that is gone is looked for again.
_REST_REAL_SECONDS = 1.0
#: After so many signs of life with nothing to tell it is told that it still listens: a minute.
_BEATS_UNTIL_TOLD = 4


@click.command(short_help="Forward postbacks to your endpoint; show each, live.")
@click.option(
    "--forward-to",
    "template",
    metavar="URL",
    required=True,
    help="Your endpoint, as in postbackUrl: http://localhost:5000/hook?user={{User ID}}. Without "
    "a query every value is sent.",
)
@click.option(
    "--channels",
    metavar="NAMES",
    multiple=True,
    help="push, email, in-app: with commas, or repeated. All three unless given.",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice([kind.value for kind in PostbackType]),
    default=PostbackType.MESSAGE_EVENTS.value,
    show_default=True,
    help="What to listen to.",
)
@click.option("--keep", is_flag=True, help="Leave the rule and the inbox there at the end.")
@click.option("--serve", is_flag=True, help="Start a sandbox as well, in memory, until the end.")
@app_id_option
@sandbox_options
@click.pass_obj
def listen(
    session: Session,
    template: str,
    channels: tuple[str, ...],
    kind: str,
    keep: bool,
    serve: bool,
    app_id: str | None,
) -> None:
    """Forward postbacks to your endpoint and show what it answers, live, until Ctrl-C.

    It adds a rule and an inbox that forwards, and removes both at the end. Resends and retries are
    forwarded as well. With --json one document a line.
    """
    from mockserver.cli.following import Following
    from mockserver.cli.listening import Listening, endpoint_of
    from mockserver.core.errors import InvalidValue

    named = _channels(channels)
    if named and kind != PostbackType.MESSAGE_EVENTS.value:
        raise click.UsageError("--channels is for messageEvents; A/B tests have no channel")
    try:
        endpoint = endpoint_of(template, kind)
    except InvalidValue as error:
        raise click.UsageError(f"--forward-to: {error}") from None
    with ExitStack() as stack:
        client = _serving(session, stack) if serve else session.client
        listening = Listening(client, chosen_app_id(client, app_id), endpoint, kind, named)
        following = Following(client, listening, lambda: time.sleep(_REST_REAL_SECONDS))
        following.begin()
        stack.callback(following.close)
        if not keep:
            stack.callback(_remove, session, listening)
        refused = listening.put_up()
        _say_what_is_up(session, client, listening, refused, keep=keep)
        _tell_all(session, following)


def _channels(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return channels_of(texts)
    except click.BadParameter as error:
        raise click.UsageError(f"--channels: {error.message}") from None


def _tell_all(session: Session, following: Following) -> None:
    from mockserver.cli.listen_lines import document_of, lines_of, remark_of

    output = session.output
    silent, forwarded = 0, 0
    for notice in following.notices():
        silent = silent + 1 if notice.kind == "beat" else 0
        if session.json:
            output.document_line(document_of(notice))
        elif notice.kind in ("attempt", "other"):
            forwarded += 1
            for line in lines_of(notice):
                output.line(line)
            output.flush()
        elif notice.kind != "beat":
            output.remark(remark_of(notice))
        elif silent % _BEATS_UNTIL_TOLD == 0:
            output.remark(f"still listening; {count(forwarded, 'postback')} so far")


def _say_what_is_up(
    session: Session,
    client: SandboxClient,
    listening: Listening,
    refused: str | None,
    *,
    keep: bool,
) -> None:
    output = session.output
    if session.json:
        facts: dict[str, Any] = {
            "kind": "listening",
            "url": client.url,
            "app_id": listening.app_id,
            "postback_id": listening.postback_id,
            "inbox": listening.inbox,
            "template": listening.template,
            "forward_to": listening.forward_to,
            "refused": refused,
        }
        output.document_line(facts)
        return
    output.line(f"rule {listening.postback_id} of {listening.app_id} and inbox {listening.inbox}")
    output.url_line(f"  forward to {listening.forward_to}")
    if refused:
        output.line(refused, "yellow")
    output.flush()
    what = "ends it, they stay" if keep else "ends it and removes them"
    output.remark(f"listening at {client.url}; Ctrl-C {what}")


def _remove(session: Session, listening: Listening) -> None:
    from mockserver.cli.process import tell
    from mockserver.core.errors import PostbacksError

    try:
        listening.remove()
    except PostbacksError as error:
        rule = f"rule {listening.postback_id} of {listening.app_id}"
        tell(
            f"postbacks: {rule} and inbox {listening.inbox} could not be removed: {error}; later "
            f"do that with `postbacks rules delete {listening.postback_id}`"
        )
        return
    if session.json:
        session.output.document_line({"kind": "removed"})


def _serving(session: Session, stack: ExitStack) -> SandboxClient:
    """Start a sandbox in memory, which ends with the command, and return a client of it."""
    if "url" in session.given:
        raise click.UsageError("--serve starts a sandbox, so --url cannot name another one")
    import os

    from mockserver.cli.serving import start
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.config import load_config

    config = load_config({"ephemeral": True}, os.environ, None)
    info, server = start(config, stack)
    server.start()
    token = config.token or info.generated_token
    session.output.remark(f"a sandbox in memory was started at {info.api_url}")
    return SandboxClient(info.api_url, token, ca_file=info.ca_file)
