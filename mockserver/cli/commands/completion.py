"""Offers `postbacks completion`, which lets the shell complete commands, options and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mockserver.cli.session import Session, json_option

if TYPE_CHECKING:
    from mockserver.cli.completing import Installed

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Let your shell complete commands and options.")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option("--install", is_flag=True, help="Write it to where the shell finds it.")
@json_option
@click.pass_context
def completion(context: click.Context, shell: str | None, install: bool) -> None:
    """Write the script by which SHELL completes commands, options, events and channels.

    Without SHELL it is the one that $SHELL names. Installed, it counts in every new shell; to try
    it in this one: eval "$(postbacks completion bash)".
    """
    from mockserver.cli.completing import install_script, script_of, shell_of_the_user

    chosen = shell or shell_of_the_user()
    if chosen not in SHELLS:
        raise click.UsageError(
            f"which shell? $SHELL is {chosen!r}, and only {', '.join(SHELLS)} are known; name one"
        )
    session: Session = context.obj
    script = script_of(chosen, context.find_root().command)
    if install:
        _tell(session, install_script(chosen, script))
    elif session.json:
        session.output.document({"shell": chosen, "script": script})
    else:
        session.output.url_line(script)


def _tell(session: Session, installed: Installed) -> None:
    if session.json:
        session.output.document(installed)
        return
    for path in installed.files:
        session.output.line(f"written: {path}")
    session.output.line(installed.remark)
