"""Says which environment variables look like ours and are none, for whoever has misspelt one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.net.visible_text import one_line

PREFIX = "POSTBACKS_"
#: Those that are no setting of `serve`.
_OF_COMMANDS = frozenset(
    PREFIX + name
    for name in ("APP", "CA_FILE", "CONFIG", "KEY", "REPORTS", "TOKEN", "TRACEBACK", "URL")
)
#: Whatever follows: values for `verify`, and what the tests of this project are told.
_OPEN = (f"{PREFIX}SECRET_", f"{PREFIX}TEST_")
_LONGEST_NAME = 60


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each variable that begins like ours and is read by no command.

    Args:
        environment: E.g. `os.environ`.
    """
    ours = sorted(name for name in environment if name.startswith(PREFIX))
    unknown = [name for name in ours if name not in _OF_COMMANDS and not name.startswith(_OPEN)]
    if not unknown:
        return
    # Only now: the import takes longer than many a command.
    from difflib import get_close_matches

    from mockserver.config import variables

    known = _OF_COMMANDS | frozenset(variables().values())
    for name in unknown:
        if name not in known:
            # A name of any case is meant, and the prefix is nothing that names have in common.
            rests = [each.removeprefix(PREFIX) for each in sorted(known)]
            close = get_close_matches(name.removeprefix(PREFIX).upper(), rests, 1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else "see docs/configuration.md"
            shown = one_line(name[:_LONGEST_NAME])
            yield f"{shown} is no variable of postbacks and ignored; {hint}"
