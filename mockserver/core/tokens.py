"""Checks a bearer token, for those who set one and those who send one."""

from __future__ import annotations

import re

from mockserver.core.errors import InvalidValue

#: What every client and server agree on in a header. Of anything else the encoding is a guess, and
#: spaces at its ends are lost.
_TOKEN = re.compile(r"[!-~]+")


def check_token(token: str) -> None:
    """Check that a bearer token can be sent as it is.

    Raises:
        InvalidValue: It is empty, or has a character that is not visible ASCII. The message does
            not show the token.
    """
    if _TOKEN.fullmatch(token) is not None:
        return
    what = "it is empty"
    for place, character in enumerate(token, start=1):
        if _TOKEN.fullmatch(character) is None:
            what = f"character {place} of {len(token)} is not"
            break
    raise InvalidValue(
        f"a token has visible ASCII characters only and no spaces, as a header carries it; {what}"
    )
