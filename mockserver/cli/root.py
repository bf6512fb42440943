"""Defines the command `postbacks` itself, and turns errors into one line and an exit code.

Exit codes: 0 done; 1 the sandbox refused, or a check failed; 2 wrong usage, or a command that
cannot be loaded; 3 no server; 4 a fault of the contract suite.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from mockserver.cli.lookup import foreign_commands, load_foreign, own_command, own_names
from mockserver.cli.session import Session, SuggestingGroup, sandbox_options
from mockserver.core.errors import PostbacksError
from mockserver.version import __version__

USAGE = 2
INTERRUPTED = 130


class Root(SuggestingGroup):
    """A group that loads its commands as they are needed, and makes every error one line."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the commands, those of other packages at the end."""
        own = own_names()
        return [*own, *(name for name in foreign_commands() if name not in own)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name; its module is imported only now."""
        if name in own_names():
            return own_command(name)
        entry = foreign_commands().get(name)
        return None if entry is None else load_foreign(entry)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line and exit."""
        arguments = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        extra["obj"] = Session(
            url=os.environ.get("POSTBACKS_URL") or None,
            token=os.environ.get("POSTBACKS_TOKEN") or None,
            ca_file=os.environ.get("POSTBACKS_CA_FILE") or None,
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
