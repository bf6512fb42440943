"""Defines the command `postbacks` itself, and turns errors into one line and an exit code.

Exit codes: 0 done; 1 the sandbox refused, or a check failed; 2 wrong usage, or a command that
cannot be loaded; 3 no server; 4 a fault of postbacks or of the contract suite; 130 interrupted by
SIGINT, SIGTERM or SIGHUP.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from mockserver.cli.lookup import foreign_commands, load_foreign, own_command, own_names
from mockserver.cli.process import INTERRUPTED, tell, writing
from mockserver.cli.session import Session, SuggestingGroup, sandbox_options
from mockserver.cli.shortages import out_of_files, shortage
from mockserver.cli.variables import unknown_variables
from mockserver.core.errors import PostbacksError
from mockserver.net.visible_text import json_visible, one_line
from mockserver.version import __version__

FAILED = 1
USAGE = 2
OWN_FAULT = 4

#: Shows the traceback of a fault of our own.
TRACEBACK = "POSTBACKS_TRACEBACK"

#: Set by the shell that asks how a line may go on; `click` reads it.
COMPLETE = "_POSTBACKS_COMPLETE"

#: A message is cut in its middle from here on: what was typed may be of any length.
_LONGEST_MESSAGE = 1_000


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
        if COMPLETE in os.environ:
            with _nothing_to_offer():
                extra["obj"] = Session()
                super().main(arguments, prog_name or "postbacks", **extra)
            sys.exit(0)
        try:
            _check_text(arguments, os.environ)
            for line in unknown_variables(os.environ):
                tell(f"postbacks: {line}")
            extra["obj"] = Session(
                url=os.environ.get("POSTBACKS_URL") or None,
                token=os.environ.get("POSTBACKS_TOKEN") or None,
                ca_file=os.environ.get("POSTBACKS_CA_FILE") or None,
            )
            code = super().main(arguments, prog_name or "postbacks", **extra)
        except click.ClickException as error:
            code = _report(_usage_text(error), "usage", 400, arguments, USAGE)
        except click.Abort:
            code = INTERRUPTED
        except PostbacksError as error:
            # What a file is advised to be changed for may be no fault of the file.
            said = out_of_files(error.__cause__) or str(error)
            code = _report(said, error.code, error.http_status, arguments, error.exit_code)
        except Exception as error:
            missing = shortage(error)
            if _has_within(error, KeyboardInterrupt):
                code = _interrupted()
            elif missing is not None:
                code = _report(missing, "shortage", 503, arguments, 1)
            else:
                code = _own_fault(error, arguments)
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        """Read the arguments, and show the help if it was asked for."""
        with _ends_early(), writing():
            return super().make_context(*arguments, **more)

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was asked for; a reader who leaves early is no error."""
        with _ends_early():
            return super().invoke(context)


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


@contextmanager
def _nothing_to_offer() -> Iterator[None]:
    """Offer a shell nothing where something is wrong: it would show an error amid the line."""
    try:
        yield
    except Exception:
        sys.exit(0)


@contextmanager
def _ends_early() -> Iterator[None]:
    """Write what is left of the output; end quietly if nobody reads it, or at an interrupt."""
    try:
        yield
        with writing():
            sys.stdout.flush()
    except BrokenPipeError:
        raise click.exceptions.Exit(0) from None
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_interrupted()) from None


def _check_text(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Go on only if every argument and variable of ours is text.

    Raises:
        click.UsageError: One is not.
    """
    given = {f"argument {number}": text for number, text in enumerate(arguments, 1)}
    given |= {name: text for name, text in environment.items() if name.startswith("POSTBACKS_")}
    for place, text in given.items():
        if "\0" in text:
            raise click.UsageError(f"{place} has a NUL character in it, got {_shown(text)}")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise click.UsageError(f"{place} is not UTF-8, got {_shown(text)}; no other is read")


def _shown(text: str) -> str:
    written = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return f"'{one_line(written.decode('utf-8', 'backslashreplace'))}'"


def _is_escaped(text: str) -> bool:
    """Return whether the system's bytes can be had back from a text."""
    return not any("\ud800" <= each <= "\udc7f" or "\udd00" <= each <= "\udfff" for each in text)


def _usage_text(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1]
    context = getattr(error, "ctx", None)
    if isinstance(context, click.Context) and "--help" not in text:
        text = f"{text} (see `{context.command_path} --help`)"
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _interrupted() -> int:
    if sys.stderr.isatty():
        # The terminal has written ^C, and the prompt begins on a line of its own.
        tell("")
    return INTERRUPTED


def _has_within(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Return whether an error came of one of this kind; a class that is being made wraps any."""
    if error is None or isinstance(error, kind):
        return error is not None
    return _has_within(error.__cause__ or error.__context__, kind)


def _own_fault(error: Exception, arguments: list[str]) -> int:
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return _report(
        f"this is a fault of postbacks itself, not yours: {type(error).__name__}: {error} "
        f"({os.path.basename(where.filename)}:{where.lineno}); {TRACEBACK}=1 shows where",
        "own-fault",
        500,
        arguments,
        OWN_FAULT,
    )


def _report(message: str, code: str, status: int, arguments: list[str], exit_code: int) -> int:
    message = one_line(" ".join(message.split()))
    if len(message) > _LONGEST_MESSAGE:
        half = _LONGEST_MESSAGE // 2
        message = f"{message[:half]} [...] {message[-half:]}"
    if "--json" in arguments:
        import json

        problem = {
            "type": f"urn:postbacks:problem:{code}",
            "title": code.replace("-", " ").capitalize(),
            "status": status,
            "detail": message,
        }
        text = json_visible(json.dumps(problem, ensure_ascii=False))
    else:
        text = f"postbacks: {message}"
    tell(text)
    return exit_code
