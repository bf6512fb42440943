"""Finds the commands of `postbacks` by their names, so that only the one that runs is imported.

A command of our own is a module in `mockserver/cli/commands` that has a `click` command of the
module's own name. Other packages add commands by the entry-point group `postbacks.commands`, as
the contract suite does: it imports this package, and this package never imports it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NoReturn

import click

from mockserver.cli import commands
from mockserver.core.errors import PostbacksError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: The order in which `--help` shows our own commands. One that is not named here comes after them.
ORDER = (
    "demo",
    "serve",
    "open",
    "trigger",
    "events",
    "rules",
    "apps",
    "deliveries",
    "advance",
    "inbox",
    "api",
    "tail",
    "listen",
    "resend",
    "reset",
    "load",
    "plan",
    "lint",
    "mcp",
    "completion",
    "doctor",
    "reports",
)

#: The entry-point group of the commands that other packages add.
ENTRY_POINTS = "postbacks.commands"

_OWN_DISTRIBUTION = "postbacks"


class CommandUnusable(PostbacksError):
    """A command of another package cannot be loaded."""

    code = "command-unusable"
    exit_code = 2


class UnusableCommand(click.Command):
    """Stands for a command that cannot be loaded, so that the others can still be used.

    Args:
        name: The name of the command.
        reason: What is said to who runs it.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, short_help="Cannot be loaded; run it to see why.")
        self._reason = reason

    def make_context(self, *_: object, **__: object) -> NoReturn:
        """Refuse to run, whatever the arguments.

        Raises:
            CommandUnusable: Always.
        """
        raise CommandUnusable(self._reason)


def own_names() -> list[str]:
    """Return the names of our own commands in the order of `--help`; imports none of them."""
    names = [module.name.replace("_", "-") for module in iter_modules(commands.__path__)]
    return sorted(names, key=lambda name: (_place(name), name))


def own_command(name: str) -> click.Command:
    """Return one of our own commands, importing its module."""
    attribute = name.replace("-", "_")
    command = getattr(import_module(f"{commands.__name__}.{attribute}"), attribute)
    assert isinstance(command, click.Command)
    return command


def foreign_commands() -> dict[str, EntryPoint]:
    """Return the commands that other packages add, by their names; imports none of them."""
    # Slow to import, and not needed to run a command of our own.
    from importlib.metadata import entry_points

    found = [entry for entry in entry_points(group=ENTRY_POINTS) if not _is_left_out(entry)]
    return {entry.name: entry for entry in sorted(found)}


def load_foreign(entry: EntryPoint) -> click.Command:
    """Return a command of another package, or one that says why it cannot be loaded."""
    from postbacks_entry.origin import PACKAGES, problem_of

    package = entry.module.partition(".")[0]
    if package in PACKAGES and (problem := problem_of(package)) is not None:
        return UnusableCommand(entry.name, problem)
    try:
        command = entry.load()
    except (Exception, SystemExit) as error:
        return UnusableCommand(entry.name, _explained(entry, f"{type(error).__name__}: {error}"))
    if not isinstance(command, click.Command):
        return UnusableCommand(entry.name, _explained(entry, f"{entry.value} is no click command"))
    return command


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _is_left_out(entry: EntryPoint) -> bool:
    """Return whether this belongs to a part of our own distribution that is not installed."""
    own = entry.dist is not None and entry.dist.name == _OWN_DISTRIBUTION
    return own and find_spec(entry.module.partition(".")[0]) is None


def _explained(entry: EntryPoint, reason: str) -> str:
    origin = "an unknown package"
    if entry.dist is not None:
        origin = f"the package {entry.dist.name} {entry.dist.version}"
    return f"the command {entry.name!r} of {origin} cannot be loaded: {reason}"
