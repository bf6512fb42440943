"""Puts functions in the place of others, and takes them out again whoever came in between.

A function that something else has wrapped meanwhile cannot be taken out: it would take the other's
away. It stays where it is, and only calls what it has replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mockserver.testing.interception import active

#: Makes what stands in the place of a function out of it.
Replacing = Callable[[Any], Any]


class _Layer(NamedTuple):
    owner: Any
    name: str
    #: Whether the owner had it itself, and not from a class above it.
    was_own: bool
    replaced: Any
    function: Any

    def is_on_top(self) -> bool:
        return vars(self.owner).get(self.name) is self.function

    def take_out(self) -> None:
        if not self.is_on_top():
            return
        if self.was_own:
            setattr(self.owner, self.name, self.replaced)
        else:
            delattr(self.owner, self.name)


class Patches:
    """Functions that stand in the place of others from `put_in` to `take_out`.

    What was replaced is called while nobody answers, and can be found in `__wrapped__`.
    """

    def __init__(self) -> None:
        self._layers: list[_Layer] = []
        self._before: tuple[_Layer, ...] = ()
        self._kind: object = None
        #: What was made before, by owner and name: most tests find what the one before them found.
        self._made: dict[tuple[Any, str], tuple[Any, Any]] = {}

    def put_in(self, owner: Any, name: str, replacing: Replacing) -> None:
        """Put a function in the place of an attribute; nothing if it stands there already.

        Args:
            owner: A module or a class.
            name: Of the attribute; nothing happens if there is none.
            replacing: Makes the function out of what stands there.
        """
        replaced = getattr(owner, name, None)
        if replaced is None:
            return
        was_own = name in vars(owner)
        # Only if it is ours it can be one of those that stand there already.
        if getattr(replaced, "is_of_interception", False):
            if any(layer.function is replaced for layer in self._layers):
                return
            # It was covered when the last one ended, and what covered it has gone since.
            replaced = replaced.__wrapped__
        known, function = self._made.get((owner, name), (None, None))
        if known is not replaced:
            function = replacing(replaced)
            function.__wrapped__ = replaced
            function.is_of_interception = True
            self._made[owner, name] = replaced, function
        self._layers.append(_Layer(owner, name, was_own, replaced, function))
        setattr(owner, name, function)

    def take_out(self) -> None:
        """Take all of them out that nothing stands on, the last one first."""
        self._before = tuple(self._layers)
        while self._layers:
            self._layers.pop().take_out()

    def put_back(self, kind: object = None) -> bool:
        """Put all in as they were before the last `take_out`; return whether that was possible.

        It is not if anything stands elsewhere now than it did then. Most tests find what the one
        before them has left, and this takes a fraction of the time.

        Args:
            kind: The class that sockets are made of now: pytest-socket puts in another one for
                each test.
        """
        is_same, self._kind = kind is self._kind, kind
        if self._layers or not self._before or not is_same:
            return False
        for owner, name, was_own, replaced, _ in self._before:
            if vars(owner).get(name) is not (replaced if was_own else None):
                return False
        for owner, name, _, _, function in self._before:
            setattr(owner, name, function)
        self._layers = list(self._before)
        return True


def pass_through(function: Any, replaced: Any) -> Any:
    """Return a function that calls `function` while somebody answers, else what it replaces."""

    def chosen(*arguments: Any, **named: Any) -> Any:
        if active.is_anybody():
            return function(*arguments, **named)
        return replaced(*arguments, **named)

    chosen.__name__ = getattr(replaced, "__name__", "chosen")
    chosen.__doc__ = getattr(replaced, "__doc__", None)
    return chosen
