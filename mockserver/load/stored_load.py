"""Compares what an endpoint has stored of a load with what it has answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.core.json_values import texts_in
from mockserver.core.wording import count
from mockserver.load.outcomes import Totals


@dataclass(frozen=True, slots=True)
class StoredLoad:
    """What became of a load where it is stored.

    Attributes:
        stored: How many postbacks are stored, each once.
        doubled: How many more entries there are than postbacks; None if the probe only counts.
        lost: How many were answered 2xx and are not stored, at the least.
        unanswered: How many are stored that were not answered 2xx, at the least; Leanplum would
            send those again that failed.
    """

    stored: int
    doubled: int | None
    lost: int
    unanswered: int

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "stored": self.stored,
            "doubled": self.doubled,
            "lost": self.lost,
            "unanswered": self.unanswered,
        }

    @property
    def sentences(self) -> list[str]:
        """Return what to say of it."""
        found = [f"{count(self.stored, 'postback')} stored"]
        if self.lost:
            found.append(f"LOST: {count(self.lost, 'postback')} answered 2xx and not stored")
        if self.doubled:
            found.append(f"DOUBLED: {count(self.doubled, 'entry', 'entries')} more than postbacks")
        if self.unanswered:
            found.append(
                f"{count(self.unanswered, 'postback')} stored although not answered 2xx: what "
                "Leanplum sends again is then stored twice, unless duplicates are noticed"
            )
        return found


def counted(before: int, after: int, totals: Totals) -> StoredLoad:
    """Return what follows from two counts.

    Args:
        before: How many events were stored before the load.
        after: How many are stored after it.
        totals: What came of the load.
    """
    stored = max(0, after - before)
    return _judged(stored, None, totals)


def listed(
    entries: Sequence[Any], prefix: str, totals: Totals, *, one_each: bool = False
) -> StoredLoad:
    """Return what follows from a list.

    Args:
        entries: One for each event; texts, or objects with texts anywhere.
        prefix: What the user ids of the run begin with.
        totals: What came of the load.
        one_each: Whether every user has one event, so that the id alone tells two apart.
    """
    user_id = re.compile(rf"{re.escape(prefix)}u\d+", re.IGNORECASE)
    seen: Counter[tuple[str, ...]] = Counter()
    for entry in entries:
        texts = list(texts_in(entry))
        users = [found[0].lower() for text in texts if (found := user_id.search(text))]
        if users:
            others = () if one_each else tuple(text for text in texts if not _ROW_NUMBER(text))
            seen[(users[0], *others)] += 1
    return _judged(len(seen), sum(seen.values()) - len(seen), totals)


def _judged(stored: int, doubled: int | None, totals: Totals) -> StoredLoad:
    lost = max(0, totals.delivered - stored)
    return StoredLoad(stored, doubled, lost, max(0, stored - totals.delivered))


#: What may be an entry's own number there, which two entries of one postback do not share.
_ROW_NUMBER = re.compile(r"\d{1,9}").fullmatch
