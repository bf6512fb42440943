"""Learns for a run what its probe shows: whether anything, which ids, and under which names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.verify.postbacks import DEVICE, LINK, Postback
from contracts.verify.stored import Stored, is_same, texts_in

#: Shorter values may be the same by chance.
_TELLING = 5


def key_pattern(prefix: str) -> re.Pattern[str]:
    """Return what finds the keys of a run, and what follows them, also in another case."""
    return re.compile(rf"({re.escape(prefix)}-\d+)({DEVICE}|{LINK})?(?!\d)", re.IGNORECASE)


@dataclass
class ProbeSight:
    """What a probe has shown so far of what a run has sent.

    Attributes:
        has_seen: Whether it has shown anything.
        is_blind: Whether it should have, and a case has said so.
        first_count: How many events there were when it was first asked.
        shown: Which forms of a key it has shown: that of user ids (empty), devices, and links.
        aliases: Names of an entry, by the names of the URL or the placeholder in its path.
    """

    has_seen: bool = False
    is_blind: bool = False
    first_count: int | None = None
    shown: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)

    def look(self, stored: Stored, prefix: str) -> None:
        """Take note of an answer of the probe."""
        if self.first_count is None:
            self.first_count = stored.count
        self._pattern = key_pattern(prefix)
        forms = {
            (found[2] or "").lower()
            for entry in stored.entries or ()
            for text in texts_in(entry)
            for found in self._pattern.finditer(text)
        }
        self.shown |= forms
        self.has_seen = self.has_seen or stored.count != self.first_count or bool(forms)

    def keys_in(self, text: str) -> list[str]:
        """Return the keys that stand in a text."""
        return [found[1].lower() for found in self._pattern.finditer(text)]

    def shows(self, postback: Postback) -> bool:
        """Return whether the probe can show a postback: its key stands where keys were shown.

        While it has shown nothing at all, it should have shown everything.
        """
        return not self.shown or any(form in self.shown for form in postback.forms)

    def learn(self, postback: Postback, entry: Any) -> None:
        """Learn from a postback that is like any other under which names its values are stored."""
        if not isinstance(entry, Mapping) or not postback.is_plain:
            return
        for name, sent in {**postback.values, **postback.path_values}.items():
            if name in entry or name in self.aliases or len(sent) < _TELLING:
                continue
            same = [each for each, value in entry.items() if is_same(sent, value)]
            if len(same) == 1:
                self.aliases[name] = same[0]
