"""Fits values from outside to a msgspec type, and explains to the user what does not fit.

msgspec decides what fits; its messages name types of Python. Here they become: where it is, what
was expected, what was got. The words come from the type: `Meta(extra={"expected": ...})`, and
`{"missing": ...}` for a field that must be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from mockserver.core.catalog import suggestion

T = TypeVar("T")

#: The names of fields, and the indexes in lists (from 0), that lead to a value.
Path = tuple[str | int, ...]


class Misfit(Exception):
    """A value that does not fit; who asked for it says so by an error of the package.

    Attributes:
        path: Where it is.
        reason: What is wrong; goes on where the place ends, e.g. ` must be text, got 1`.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(place_of(path) + reason)
        self.path = path
        self.reason = reason


def fit(value: Any, kind: type[T]) -> T:
    """Return `value`, as JSON or TOML has it, as a `kind`.

    Raises:
        Misfit: A part of it does not fit.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value, kind) from None


@contextmanager
def at(*path: str | int) -> Iterator[None]:
    """Say of every misfit in this block that its path begins with `path`."""
    try:
        yield
    except Misfit as misfit:
        raise Misfit((*path, *misfit.path), misfit.reason) from None


def not_as_expected(path: Path, expected: str, value: Any) -> Misfit:
    """Return the misfit of a value that is something else than was expected."""
    return Misfit(path, f" must be {expected}, got {_shown(value)}")


def place_of(path: Path, *, first: int = 0) -> str:
    """Return a path as text, e.g. `apps[1].retry`; `first` is the number of a list's first item."""
    steps = (f"[{step + first}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _explained(message: str, value: Any, kind: type) -> Misfit:
    said, _, place = message.partition(" - at `$")
    path: Path = tuple(
        name or int(index) for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", place)
    )
    expected, found = _wanted(inspect.type_info(kind)), value
    for step in path:
        expected, found = _wanted(_part(expected.kind, step)), found[step]
    if name := _quoted("Object contains unknown field", said):
        names = [field.encode_name for field in _fields(expected.kind)]
        known = f"{suggestion(name, names)}; expected one of: {', '.join(names)}"
        return Misfit((*path, name), f" is no known key{known}")
    if name := _quoted("Object missing required field", said):
        return Misfit(path, f" has no {name}; {_wanted(_part(expected.kind, name)).missing}")
    return not_as_expected(path, expected.words, found)


class _Wanted(msgspec.Struct):
    """A type, and the words for what it takes."""

    kind: inspect.Type
    words: str
    missing: str


def _wanted(kind: inspect.Type) -> _Wanted:
    extra: dict[str, str] = {}
    while isinstance(kind, inspect.Metadata):
        extra, kind = (kind.extra or {}) | extra, kind.type
    words = extra.get("expected") or _words_for(kind)
    return _Wanted(kind, words, extra.get("missing", f"it must be {words}"))


def _words_for(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(f'"{value}"' for value in kind.values)
    if isinstance(kind, inspect.StructType):
        return "a table"
    return "true or false" if isinstance(kind, inspect.BoolType) else "text"


def _part(kind: inspect.Type, step: str | int) -> inspect.Type:
    if isinstance(step, str):
        return next(field.type for field in _fields(kind) if field.encode_name == step)
    assert isinstance(kind, inspect.ListType | inspect.VarTupleType), f"{kind} has no items"
    return kind.item_type


def _fields(kind: inspect.Type) -> tuple[inspect.Field, ...]:
    assert isinstance(kind, inspect.StructType), f"{kind} has no fields"
    return kind.fields


def _quoted(beginning: str, said: str) -> str:
    return said.removeprefix(beginning).strip(" `") if said.startswith(beginning) else ""


def _shown(value: Any) -> str:
    if isinstance(value, str | int | float):
        return repr(value)
    if value == []:
        return "a list that is empty"
    return "a table" if isinstance(value, dict) else f"a {type(value).__name__}"
