"""Makes the script by which a shell completes the command line, and puts it where shells look."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.core.errors import PostbacksError

if TYPE_CHECKING:
    import click

_PROGRAM = "postbacks"
_VARIABLE = "_POSTBACKS_COMPLETE"
#: What stands before the line that is added to a file of the user's.
_MARK = "# Lets postbacks complete its commands (postbacks completion --install)."


#: zsh has no `compdef` before it has looked for completions.
_HAS_COMPDEF = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }"


class CompletionUnwritable(PostbacksError):
    """The script cannot be written to where the shell looks for it."""

    code = "completion-unwritable"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was written for a shell.

    Attributes:
        shell: Its name.
        files: The files that were written or added to.
        remark: What else it takes, in a line.
    """

    shell: str
    files: list[str]
    remark: str


def shell_of_the_user() -> str:
    """Return the name of the shell that the environment says is the user's."""
    return Path(os.environ.get("SHELL", "")).name


def script_of(shell: str, command: click.Command) -> str:
    """Return the script of a shell: `bash`, `zsh` or `fish`.

    Args:
        shell: Its name.
        command: That of the program itself.
    """
    from click.shell_completion import get_completion_class

    made_by = get_completion_class(shell)
    assert made_by is not None, "click knows these three"
    completion = made_by(command, {}, _PROGRAM, _VARIABLE)
    # Not `source`, which starts a bash to see how old it is, and writes of it amid the script.
    return completion.source_template % completion.source_vars()


def install_script(shell: str, script: str) -> Installed:
    """Write a script to where its shell finds it.

    Raises:
        CompletionUnwritable: It cannot be written there.
    """
    try:
        if shell == "fish":
            path = _folder("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "postbacks.fish"
            _write(path, script)
            return Installed(shell, [str(path)], "it counts in every new fish")
        if shell == "bash":
            data = _folder("XDG_DATA_HOME", ".local/share")
            path = data / "bash-completion" / "completions" / _PROGRAM
            _write(path, script)
            remark = "it counts in every new bash that loads bash-completion"
            return Installed(shell, [str(path)], remark)
        path = _folder("XDG_DATA_HOME", ".local/share") / _PROGRAM / "completion.zsh"
        _write(path, script)
        settings = Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"
        _add(settings, f"source '{path}'")
        return Installed(shell, [str(path), str(settings)], "it counts in every new zsh")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CompletionUnwritable(
            f"cannot write {getattr(error, 'filename', None) or 'the script'}: {reason}; put what "
            f"`postbacks completion {shell}` prints to where your {shell} reads it"
        ) from None


def _folder(variable: str, usual: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / usual)


def _write(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")


def _add(settings: Path, line: str) -> None:
    """Add a line to a file of the user's, once."""
    present = settings.read_text(encoding="utf-8", errors="replace") if settings.exists() else ""
    if line in present.splitlines():
        return
    with settings.open("a", encoding="utf-8") as file:
        gap = "" if not present or present.endswith("\n") else "\n"
        file.write(f"{gap}{_MARK}\n{_HAS_COMPDEF}\n{line}\n")
