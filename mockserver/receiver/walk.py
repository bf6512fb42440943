"""Counts for an inbox how far it has got in the behaviours it was given."""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.receiver.behaviours import Behaviour, Script, format_behaviour


class Walk:
    """The script of one inbox, and where it is.

    Args:
        script: What it does, request by request; the last goes on for ever.

    Attributes:
        script: The whole of it.
        size: About how many bytes it takes.
    """

    __slots__ = ("_left", "_position", "_shown", "script", "size")

    def __init__(self, script: Script) -> None:
        self.script = script
        self._position = 0
        self._left = script[0].times
        self._shown = [format_behaviour(replace(behaviour, times=1)) for behaviour in script]
        self.size = sum(behaviour.size for behaviour in script)

    def step(self) -> tuple[Behaviour, str]:
        """Return what serves the next request, and its shorthand."""
        if self._left == 0 and self._position < len(self.script) - 1:
            self._position += 1
            self._left = self.script[self._position].times
        self._left = max(0, self._left - 1)
        return self.script[self._position], self._shown[self._position]
