"""Names the methods of Leanplum's API that are imitated, and the arguments that they know.

Documented, all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
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
KNOWN_ARGUMENTS = frozenset(name for names in API_METHODS.values() for name in names)


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
