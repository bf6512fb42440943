"""Says which names an inbox of the receiver may have, to whoever names one."""

from __future__ import annotations

import re

from mockserver.core.errors import InvalidValue

#: Every inbox is found below this path.
INBOX_PATH = "/inbox/"

_CHARACTER = "[A-Za-z0-9._-]"

#: What a path never has to encode, so that the name and the address are the same text; a pattern.
#: Not one or two dots: those are steps of a path, which clients take before they send it.
INBOX_NAME = rf"(?!\.{{1,2}}(?!{_CHARACTER})){_CHARACTER}{{1,100}}"


def checked_inbox_name(name: str) -> str:
    """Return `name` once it is known to be one.

    Raises:
        InvalidValue: It has characters that a path would have to encode, or too many, or is a step
            of a path.
    """
    if not re.fullmatch(INBOX_NAME, name):
        raise InvalidValue(
            f"{name!r} is no name of an inbox; use up to 100 letters, digits, '.', '_' and '-', "
            "and not '.' or '..'"
        )
    return name
