"""Says which app a command is about: one rule for all of them.

`--app-id` counts first, then `POSTBACKS_APP`, then the only app there is. With several, a command
that needs one app refuses and lists them; one that filters shows those of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mockserver.core.errors import UnknownApp

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient

#: The environment variable that names an app.
VARIABLE = "POSTBACKS_APP"

_Function = TypeVar("_Function", bound=Callable[..., Any])


def app_id_option(function: _Function) -> _Function:
    """Add `--app-id` to a command that needs one app."""
    return _option("Which app (POSTBACKS_APP; needed only where the sandbox has several).")(
        function
    )


def app_id_filter(function: _Function) -> _Function:
    """Add `--app-id` to a command that shows those of all apps without it."""
    return _option("Only those of this app (POSTBACKS_APP; all apps unless given).")(function)


def chosen_app_id(client: SandboxClient, given: str | None) -> str:
    """Return the app that is meant.

    Args:
        client: Asked which apps there are.
        given: What the option or the variable names; None for nothing.

    Raises:
        UnknownApp: There is no such app.
        UsageError: Nothing was named, and there are several.
    """
    known = client.health().app_ids
    if given is not None:
        return _checked(given, known)
    if len(known) != 1:
        raise click.UsageError(
            f"the sandbox has several apps; pass --app-id or set {VARIABLE}, one of: "
            f"{', '.join(known)}"
        )
    return known[0]


def filtered_app_id(client: SandboxClient, given: str | None) -> str | None:
    """Return the app whose things are to be shown; None for those of all.

    Raises:
        UnknownApp: There is no such app.
    """
    return None if given is None else _checked(given, client.health().app_ids)


def is_given_on_the_command_line(name: str) -> bool:
    """Return whether a parameter of the command that runs was typed, and not left to a default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE


def _option(help: str) -> Callable[[_Function], _Function]:
    return click.option("--app-id", metavar="ID", envvar=VARIABLE, help=help)


def _checked(app_id: str, known: list[str]) -> str:
    if app_id not in known:
        raise UnknownApp(f"unknown app {app_id!r}; the sandbox has: {', '.join(known)}")
    return app_id
