"""Takes an endpoint down and up again, by the user's commands or by asking the user.

An endpoint counts as down when no connection to it can be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mockserver.core.errors import PostbacksError
from mockserver.net.command import run_command

#: How long a command may take, in real seconds.
COMMAND_REAL_SECONDS = 120.0


class OperatorFailed(PostbacksError):
    """The endpoint was not taken down, or not up again."""

    code = "operator-failed"


class Operator(Protocol):
    """Takes an endpoint down and up again."""

    description: str

    def down(self) -> None:
        """Take the endpoint down; return when it is down.

        Raises:
            OperatorFailed: It could not be done.
        """

    def up(self) -> None:
        """Take the endpoint up; return when that is done.

        Raises:
            OperatorFailed: It could not be done.
        """


class CommandOperator(Operator):
    """Runs two commands of the user in a shell.

    Args:
        down_command: Takes the endpoint down.
        up_command: Takes it up. It must end, so it has to start a server in the background.
    """

    def __init__(self, down_command: str, up_command: str) -> None:
        self.description = "the given commands"
        self._down, self._up = down_command, up_command

    def down(self) -> None:
        _run(self._down, "--down-command")

    def up(self) -> None:
        _run(self._up, "--up-command")


class AskingOperator(Operator):
    """Asks the person at the terminal.

    Args:
        ask: Shows a text and returns when the person has answered.
    """

    def __init__(self, ask: Callable[[str], None]) -> None:
        self.description = "you, when asked"
        self._ask = ask

    def down(self) -> None:
        self._ask("take the endpoint down now, as in an outage, then press Enter")

    def up(self) -> None:
        self._ask("take the endpoint up again, then press Enter")


def _run(command: str, option: str) -> None:
    try:
        ended = run_command(command, COMMAND_REAL_SECONDS)
    except TimeoutError:
        raise OperatorFailed(
            f"{option} was not done within {COMMAND_REAL_SECONDS:g} s: {command}; put a server "
            "into the background"
        ) from None
    except (OSError, ValueError) as error:
        raise OperatorFailed(f"{option} cannot be run: {command}: {error}") from None
    if ended.code:
        because = f": {ended.complaint}" if ended.complaint else ""
        raise OperatorFailed(f"{option} ended with {ended.code}: {command}{because}")
