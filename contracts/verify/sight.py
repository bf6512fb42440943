"""Learns for a run what its probe shows: whether anything, which values, and under which names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.suite.recorder import shown
from contracts.verify.postbacks import DEVICE, LINK, Postback
from contracts.verify.stored import (
    ID,
    Difference,
    Stored,
    differences,
    how_time_differs,
    id_difference,
    is_same,
    kept_under,
    nodes_in,
    texts_in,
)

#: Shorter values may be the same by chance.
_TELLING = 5


def key_pattern(prefix: str) -> re.Pattern[str]:
    """Return what finds the keys of a run, and what follows them, also in another case."""
    return re.compile(rf"({re.escape(prefix)}-\d+)(?!\d)({DEVICE}|{LINK})?", re.IGNORECASE)


@dataclass
class ProbeSight:
    """What a probe has shown so far of what a run has sent.

    Attributes:
        worded: Names of the URL whose values an endpoint may call by words of its own.
        has_seen: Whether it has shown anything.
        is_blind: Whether it should have, and a case has said so.
        first_count: How many events there were when it was first asked.
        shown: Which forms of a key it has shown: that of user ids (empty), devices, and links.
        aliases: Names of an entry, by the names of the URL or the placeholder in its path.
        words: What was sent where an entry has this word, by name and word.
        names: Names of the URL, and placeholders of its path, whose values it shows; None as long
            as it has shown no ordinary postback.
        learned: The keys of the postbacks that it has learned from.
    """

    worded: Collection[str] = ()
    has_seen: bool = False
    is_blind: bool = False
    first_count: int | None = None
    shown: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    names: set[str] | None = None
    learned: set[str] = field(default_factory=set)

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

    def tells(self, names: Collection[str]) -> bool:
        """Return whether the probe shows a value of the URL, known by any of these names.

        While it has shown no ordinary postback, it should show everything.
        """
        return self.names is None or not self.names.isdisjoint(names)

    def differences(
        self, postback: Postback, entry: Any, names: Collection[str] | None = None
    ) -> list[Difference]:
        """Return what an entry has otherwise than it was sent, and not in a way of its own.

        Args:
            postback: What was sent.
            entry: What is stored of it: a text with an id, or an object.
            names: The names in the query to compare; all unless given.
        """
        if isinstance(entry, str):
            return id_difference(postback, entry)
        found = differences(postback, entry, names, self.aliases)
        return [each for each in found if not self._is_own_word(each)]

    def described(self, different: Difference) -> tuple[str, str, str]:
        """Return what should be stored of a value, what is, and what is wrong with that."""
        name, sent, kept = different
        if name == ID:
            return (
                f"an entry with {shown(sent)}",
                shown(kept),
                "the id is not stored as it was sent",
            )
        other = self.words.get((name, kept))
        if other is not None:
            return (
                f"a word of its own for {sent!r}",
                f"{kept!r}, which stands for {other!r} as well",
                f"what was {name!r} cannot be told any more",
            )
        why = how_time_differs(sent, kept) or f"{name!r} is not stored as it was sent"
        return shown({name: sent}), shown({name: kept}), why

    def guesses(self, postback: Postback, entry: Any) -> int:
        """Return how many values may be those that were sent, in words that are not known yet."""
        found = differences(postback, entry, aliases=self.aliases)
        return sum(
            self._is_own_word(each) and (each.name, each.kept) not in self.words for each in found
        )

    def learn(self, postback: Postback, entry: Any) -> None:
        """Learn from the only entry of a postback how the endpoint stores values.

        From one that is like any other it learns which values are shown, and under which names.
        """
        if postback.key in self.learned:
            return
        self.learned.add(postback.key)
        if postback.is_plain:
            self._learn_names(postback, entry)
        for name in self.worded:
            kept = kept_under(name, entry, self.aliases)
            if kept and name in postback.values:
                self.words.setdefault((name, kept), postback.values[name])

    def _learn_names(self, postback: Postback, entry: Any) -> None:
        self.names = self.names or set()
        for name, sent in {**postback.values, **postback.path_values}.items():
            if isinstance(entry, Mapping) and name in entry:
                self.names.add(name)
            if name in self.names or len(sent) < _TELLING:
                continue
            if isinstance(entry, Mapping):
                same = [each for each, value in entry.items() if is_same(sent, value)]
                if len(same) == 1:
                    self.aliases[name] = same[0]
            if any(is_same(sent, node) or _stands_in(sent, node) for node in nodes_in(entry)):
                self.names.add(name)

    def _is_own_word(self, each: Difference) -> bool:
        """Return whether a value may be stored so: by a word that stands for no other value."""
        if each.name not in self.worded or each.kept.strip() in ("", "null"):
            return False
        return self.words.get((each.name, each.kept), each.sent) == each.sent


def _stands_in(sent: str, node: Any) -> bool:
    """Return whether a text holds a value that was sent, and not only a longer id."""
    if not isinstance(node, str) or sent not in node:
        return False
    # The id of a device begins like that of the user who was made for the same event.
    return re.search(rf"{re.escape(sent)}(?!\d|{DEVICE}|{LINK})", node) is not None
