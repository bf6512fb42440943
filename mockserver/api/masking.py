"""Keeps keys out of what is written down of a call to the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import islice
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
        arguments: As they were sent; a list or an object becomes JSON.
        secrets: What is a secret beside the values of arguments that are named like one.
    """

    def __init__(self, arguments: Mapping[str, Any], secrets: Iterable[str] = ()) -> None:
        self._given = arguments
        self._beside = secrets

    @property
    def is_short(self) -> bool:
        """Return whether nothing of it would be cut, so that it may be kept as it is."""
        if self.count > MOST_ARGUMENTS:
            return False
        for name, value in self._given.items():
            if len(name) > LONGEST_NAME or len(_text(value)) > LONGEST_VALUE:
                return False
        return True

    @property
    def count(self) -> int:
        """Return how many arguments there are."""
        return len(self._given)

    @property
    def size(self) -> int:
        """Return how many characters their names and texts have."""
        return sum(len(name) + len(_text(value)) for name, value in self._given.items())

    @property
    def arguments(self) -> dict[str, str]:
        """Return each argument as text without secrets, keys as `***`; the first 50 of them."""
        return {
            self.text(name, LONGEST_NAME): (MASK if _text(value) else "")
            if _is_secret(name)
            else self.text(_text(value), LONGEST_VALUE)
            for name, value in islice(self._given.items(), MOST_ARGUMENTS)
        }

    @cached_property
    def _secrets(self) -> list[str]:
        hidden = {_text(value) for name, value in self._given.items() if _is_secret(name)}
        return sorted({each for each in (*hidden, *self._beside) if len(each) >= _SHORT}, key=len)[
            ::-1
        ]

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
