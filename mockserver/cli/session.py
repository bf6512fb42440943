"""Holds what all commands share: which sandbox is meant, and in which form to answer.

The options of all commands may stand before or after the command's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mockserver.client.address import DEFAULT_URL

if TYPE_CHECKING:
    from mockserver.cli.output import Output
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.core.errors import InvalidValue

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """One call of the command line.

    Attributes:
        url: Where the sandbox answers; None for the default.
        token: Its bearer token.
        ca_file: The certificates to trust if it answers at https; None for the system's.
        json: Whether to answer in JSON.
        given: The names of those that were given on the command line.
    """

    url: str | None = None
    token: str | None = None
    ca_file: str | None = None
    json: bool = False
    given: set[str] = field(default_factory=set)

    @property
    def client(self) -> SandboxClient:
        """Return a client of the sandbox that is meant.

        Raises:
            UsageError: `url` is no URL of a sandbox, no header can carry `token`, or `ca_file` has
                no certificates, or was typed for a sandbox that needs none.
        """
        from mockserver.client.sandbox_client import SandboxClient
        from mockserver.core.errors import InvalidValue
        from mockserver.core.tokens import check_token

        if self.token is not None:
            try:
                check_token(self.token)
            except InvalidValue as error:
                raise click.UsageError(f"--token (or POSTBACKS_TOKEN): {error}") from None
        url = self.url or DEFAULT_URL
        if "ca_file" in self.given and url.lower().startswith("http:"):
            raise click.UsageError(
                f"--ca-file is for a sandbox at https, but --url (or POSTBACKS_URL) is {url}"
            )
        try:
            return SandboxClient(url, self.token, ca_file=self.ca_file)
        except InvalidValue as error:
            raise usage_error(error) from None

    @property
    def output(self) -> Output:
        """Return what writes the answer, as text or as JSON."""
        from mockserver.cli.output import Output

        return Output(as_json=self.json)


def usage_error(error: InvalidValue) -> click.UsageError:
    """Return what to say of an address or a file that a client does not take."""
    option = "--ca-file (or POSTBACKS_CA_FILE)" if str(error).startswith("ca_file") else "--url"
    return click.UsageError(f"{option}: {error}")


class SuggestingGroup(click.Group):
    """A group that suggests the nearest commands when there is none of the given name.

    Called without a command it shows its help and exits with 2.
    """

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take the options of the group; without anything, show its help."""
        # Not while a shell asks how a command may go on.
        if not args and not context.resilient_parsing:
            click.echo(context.get_help(), color=context.color)
            context.exit(2)
        return super().parse_args(context, args)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(self.commands)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name."""
        name = args[0] if args else ""
        if not name.startswith("-") and self.get_command(context, name) is None:
            from mockserver.core.catalog import suggestion

            known = self.list_commands(context)
            raise click.UsageError(
                f"no such command {name!r}{suggestion(name, known)}; there are: {', '.join(known)}",
                context,
            )
        return super().resolve_command(context, args)


def json_option(function: _Function) -> _Function:
    """Add `--json`."""
    return _option("--json", is_flag=True, help="Answer in JSON on stdout.")(function)


def sandbox_options(function: _Function) -> _Function:
    """Add the options of a command that talks to a running sandbox."""
    return _url_options(f"Where the sandbox answers (POSTBACKS_URL; default {DEFAULT_URL}).")(
        function
    )


def own_sandbox_options(function: _Function) -> _Function:
    """Add the options of a command that starts a sandbox of its own unless it is given one."""
    return _url_options(
        "Where a sandbox answers already (POSTBACKS_URL); without it one is started."
    )(function)


def _url_options(help: str) -> Callable[[_Function], _Function]:
    def add(function: _Function) -> _Function:
        function = json_option(function)
        function = _option(
            "--token",
            metavar="TOKEN",
            help="The bearer token that `postbacks serve` printed, if it did (POSTBACKS_TOKEN).",
        )(function)
        function = _option(
            "--ca-file",
            metavar="FILE",
            help="The certificates to trust if that is https (POSTBACKS_CA_FILE; default the "
            "system's).",
        )(function)
        return _option("--url", metavar="URL", help=help)(function)

    return add


def _option(name: str, **settings: Any) -> Callable[[_Function], _Function]:
    return click.option(name, default=None, expose_value=False, callback=_take_over, **settings)


def _take_over(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    # What stands after the command's name counts; an option that is not given changes nothing.
    if value == "":
        raise click.UsageError(f"--{parameter.name} is empty; leave it out for the default")
    if value and parameter.name is not None:
        session = context.find_object(Session)
        setattr(session, parameter.name, value)
        if session is not None:
            session.given.add(parameter.name)
