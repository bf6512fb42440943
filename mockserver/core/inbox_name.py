"""Says which names an inbox of the receiver may have, to whoever names one."""

from __future__ import annotations

import re

from mockserver.core.errors import InvalidValue

#: What a path never has to encode, so that the name and the address are the same text; a pattern.
INBOX_NAME = "[A-Za-z0-9._-]{1,100}"


def checked_inbox_name(name: str) -> str:
    """Return `name` once it is known to be one.

    Raises:
        InvalidValue: It has characters that a path would have to encode, or too many.
    """
    if not re.fullmatch(INBOX_NAME, name):
        raise InvalidValue(
            f"{name!r} is no name of an inbox; use up to 100 letters, digits, '.', '_' and '-'"
        )
    return name
