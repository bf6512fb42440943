"""The command `postbacks` itself: its commands, and what becomes of errors.

Decides: exit codes and the one line an expected error is worth. Place in the flow: the
outermost layer; calls the commands. Must not import: rich, servers, the sandbox.

Exit codes: 0 done; 1 the sandbox refused, or a check failed; 2 wrong usage; 3 no server; 4 a
fault of the contract suite.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mockserver.cli.commands.advance import advance
from mockserver.cli.commands.deliveries import deliveries, resend, reset
from mockserver.cli.commands.demo import demo, doctor
from mockserver.cli.commands.inbox import inbox
from mockserver.cli.commands.rules import rules
from mockserver.cli.commands.serve import serve
from mockserver.cli.commands.tail import tail
from mockserver.cli.commands.trigger import events, trigger
from mockserver.cli.session import Session, SuggestingGroup, sandbox_options
from mockserver.core.errors import PostbacksError
from mockserver.version import __version__

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

USAGE = 2
INTERRUPTED = 130


#: Other packages add their commands here, as the contract suite does: it imports this package,
#: and this package never imports it.
COMMANDS_OF_OTHERS = "postbacks.commands"


class Root(SuggestingGroup):
    """A group whose errors are one line each, and never a traceback for expected ones."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the commands, those that other packages add at the end."""
        own = super().list_commands(context)
        return [*own, *sorted(entry_points_by_name().keys() - set(own))]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name; one of another package is imported only now."""
        own = super().get_command(context, name)
        if own is not None or name not in (others := entry_points_by_name()):
            return own
        command: click.Command = others[name].load()
        return command

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line and exit."""
        arguments = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        extra["obj"] = Session(
            url=os.environ.get("POSTBACKS_URL") or None,
            token=os.environ.get("POSTBACKS_TOKEN") or None,
        )
        try:
            code = super().main(arguments, prog_name or "postbacks", **extra)
        except click.ClickException as error:
            code = _report(_usage_text(error), "usage", 400, arguments, USAGE)
        except click.Abort:
            code = INTERRUPTED
        except PostbacksError as error:
            code = _report(str(error), error.code, error.http_status, arguments, error.exit_code)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was asked for; a reader who leaves early is no error."""
        try:
            result = super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, which must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return result


@click.group(
    cls=Root,
    name="postbacks",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `postbacks demo`, then `postbacks serve` in one terminal and "
    "`postbacks trigger email.click` in another.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@sandbox_options
def root() -> None:
    """Leanplum's side of postbacks, on your machine.

    Registers rules as Leanplum's API does, fires events, delivers and retries on a clock that
    you can turn, and receives what was sent, or fails in the way that you choose.
    """


for _command in (
    demo,
    serve,
    trigger,
    events,
    rules,
    deliveries,
    advance,
    inbox,
    tail,
    resend,
    reset,
    doctor,
):
    root.add_command(_command)


def entry_points_by_name() -> dict[str, EntryPoint]:
    """Return the commands that installed packages add, by their names."""
    # Slow to import, and most commands are our own.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=COMMANDS_OF_OTHERS)}


def _usage_text(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if isinstance(context, click.Context) and "--help" not in text:
        text = f"{text} (see `{context.command_path} --help`)"
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _report(message: str, code: str, status: int, arguments: list[str], exit_code: int) -> int:
    if "--json" in arguments:
        import json

        problem = {
            "type": f"urn:postbacks:problem:{code}",
            "title": code.replace("-", " ").capitalize(),
            "status": status,
            "detail": message,
        }
        print(json.dumps(problem, ensure_ascii=False), file=sys.stderr, flush=True)
    else:
        print(f"postbacks: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return exit_code
