"""Names the methods of Leanplum's API that are imitated, and the arguments that they know.

Documented, all of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue

_COMMON = ("action", "appId", "clientKey", "apiVersion")

#: The arguments of each method.
API_METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "addPostback": (*_COMMON, "type", "channels", "postbackUrl"),
        "listPostbacks": _COMMON,
        "deletePostback": (*_COMMON, "postbackId"),
    }
)

#: Every argument that some method knows.
KNOWN_ARGUMENTS = tuple(dict.fromkeys(name for names in API_METHODS.values() for name in names))
_KNOWN = frozenset(KNOWN_ARGUMENTS)


def checked_method(name: str) -> str:
    """Return `name` if it is that of a method.

    Raises:
        InvalidValue: It is none; the methods are listed.
    """
    if name not in API_METHODS:
        raise InvalidValue(
            f"no method of the API is called {name!r}{suggestion(str(name), API_METHODS)}; "
            f"there are {', '.join(API_METHODS)}"
        )
    return name


def ignored_arguments(names: Collection[str]) -> tuple[str, ...]:
    """Return those of `names` that no method knows."""
    # Nearly always there are none.
    if _KNOWN.issuperset(names):
        return ()
    return tuple(name for name in names if name not in KNOWN_ARGUMENTS)


def about_ignored(name: str, action: str, names: Collection[str]) -> str:
    """Return in words that an argument was ignored, which may be meant, and what that leads to.

    Args:
        name: The argument, as it was sent.
        action: The method that was called.
        names: All arguments of the call.
    """
    meant = _meant_by(name)
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    near = f" (did you mean {meant!r}?)" if meant else suggestion(name, KNOWN_ARGUMENTS)
    text = f"no method knows the argument {shown!r}{near}; it was ignored"
    if meant == "channels" and action == "addPostback" and "channels" not in names:
        text += ", so the rule is for every channel"
    return text


def _meant_by(name: str) -> str | None:
    """Return the argument that is written so by clients with a notation of their own.

    Lists as `channels[]`, `channels[0]`, `channels.0`; another case; the singular; words in snake
    case; spaces around it.
    """
    plain = re.sub(r"[\[.].*", "", name, flags=re.DOTALL).strip()
    folded = re.sub(r"[_\s-]", "", plain).lower()
    for known in KNOWN_ARGUMENTS:
        if known.lower() in (folded, f"{folded}s", folded.removesuffix("s")):
            return known
    return None


_LONGEST_NAME = 100
