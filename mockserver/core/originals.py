"""Finds the classes that other tools have put stand-ins in place of, for all who must not meet one.

freezegun replaces `datetime.datetime`, vcrpy `http.client.HTTPConnection`, pytest-recording
`pycurl.Curl`: in the modules that have them, and in whatever looks them up later. A stand-in that
is looked up once is kept for ever by who remembers types, as msgspec does.
"""

from __future__ import annotations

from typing import Any


def original(stand_in: Any, module: str, name: str) -> Any:
    """Return the class that may have been replaced.

    Args:
        stand_in: What is found in its place: the class itself, or anything else.
        module: Where the class is at home, e.g. `http.client`.
        name: Its name there, e.g. `HTTPConnection`. Its only base is `object`, or `stand_in`
            is derived from it.

    Raises:
        LookupError: There is no such class in this process.
    """
    # Tools that replace a class either derive theirs from it, or do not.
    for candidate in (*getattr(stand_in, "__mro__", ()), *object.__subclasses__()):
        if candidate.__module__ == module and candidate.__qualname__ == name:
            return candidate
    raise LookupError(f"{module}.{name} is not to be found behind {stand_in!r}")
