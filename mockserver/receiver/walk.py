"""Counts how far somebody has got in a script, request by request, for inboxes and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mockserver.receiver.behaviours import Script, format_behaviour

if TYPE_CHECKING:
    from mockserver.receiver.behaviours import Behaviour


class ScriptWalk:
    """A script, and what of it comes next. Not for two threads at once.

    Attributes:
        script: The whole of it.
        size: About how many bytes it takes.
        forwards: Whether it forwards some requests.
    """

    __slots__ = ("_left", "_position", "_shown", "forwards", "script", "size")

    def __init__(self, script: Script) -> None:
        self.script = script
        self._position = 0
        self._left = script[0].times
        self._shown = [format_behaviour(replace(behaviour, times=1)) for behaviour in script]
        self.size = sum(behaviour.size for behaviour in script)
        self.forwards = any(behaviour.forwards_to is not None for behaviour in script)

    def step(self) -> tuple[Behaviour, str]:
        """Return what serves the next request, and its shorthand; the last one stays."""
        if self._left == 0 and self._position < len(self.script) - 1:
            self._position += 1
            self._left = self.script[self._position].times
        self._left = max(0, self._left - 1)
        return self.script[self._position], self._shown[self._position]
