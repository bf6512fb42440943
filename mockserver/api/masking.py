"""Keeps keys out of what is written down of a call to the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from mockserver.net.visible_text import one_line

#: What stands in the place of a secret.
MASK = "***"

#: How much is kept of an argument, of its name, and how many arguments.
LONGEST_VALUE = 1000
LONGEST_NAME = 100
MOST_ARGUMENTS = 50

_SECRET_NAME = re.compile(r"key|token|secret|passw|auth|credential", re.IGNORECASE)
#: How Leanplum's own keys begin (observed); one of them may stand in the place of the app id.
_LIKE_A_KEY = re.compile(r"\b(?:prod|dev|exp|cro|crw)_[A-Za-z0-9]{12,}")
#: What is shorter may be a part of anything.
_SHORT = 6


class Masked:
    """The arguments of one call without its secrets, and texts without them.

    Args:
        arguments: As they were sent.
        secrets: What is a secret beside the values of arguments that are named like one.

    Attributes:
        arguments: Each as text; a list or an object as JSON.
    """

    def __init__(self, arguments: Mapping[str, Any], secrets: Iterable[str] = ()) -> None:
        texts = {name: _text(value) for name, value in arguments.items()}
        hidden = {texts[name] for name in texts if _is_secret(name)}
        long_ones = sorted((each for each in {*hidden, *secrets} if len(each) >= _SHORT), key=len)
        self._secrets = long_ones[::-1]
        self.arguments = {
            self.text(name, LONGEST_NAME): (MASK if value else "")
            if _is_secret(name)
            else self.text(value, LONGEST_VALUE)
            for name, value in list(texts.items())[:MOST_ARGUMENTS]
        }

    def text(self, text: str, longest: int) -> str:
        """Return `text` in one line without the secrets, cut if it is long."""
        # What is cut off is not looked through, and a secret must not be cut in half.
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        if "_" in text:
            text = _LIKE_A_KEY.sub(MASK, text)
        shown = text[:longest]
        # Most texts are plain, and to look for more in them takes longer than all else here.
        if not (shown.isascii() and shown.isprintable()):
            shown = one_line(shown)
        return shown if len(text) <= longest else f"{shown}... (cut, {len(text)} characters)"


def _is_secret(name: str) -> bool:
    return _is_short_secret(name) if len(name) <= _SHORT_NAME else bool(_SECRET_NAME.search(name))


@lru_cache(maxsize=256)
def _is_short_secret(name: str) -> bool:
    # Every call has the same few names.
    return bool(_SECRET_NAME.search(name))


#: Longer names are not remembered.
_SHORT_NAME = 40


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
