"""Orders what is due by its instant for the memory ledger, first in first out on ties.

Retries lie an hour or more ahead, so the queue is cut into slices of an hour: an entry for
a later hour is appended to its slice, and a slice is sorted once, when its hour is reached.
That is about half the work of one large heap.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_right, insort
from collections.abc import Iterator
from datetime import datetime

#: When it is due, what breaks ties (unique in a queue), and what is due. A plain tuple:
#: sorting those is far quicker than sorting a class of their own.
Entry = tuple[datetime, int, int]


class DueQueue:
    """Entries in order of `(due_at, order)`; `due_at` is aware UTC. Not thread-safe."""

    def __init__(self) -> None:
        self._slices: dict[int, list[Entry]] = {}
        self._hours: list[int] = []
        self._open_hour = -1
        self._open: list[Entry] = []
        self._position = 0

    def push(self, entry: Entry) -> None:
        """Take in an entry, at any instant, the past included."""
        due_at = entry[0]
        hour = due_at.toordinal() * 24 + due_at.hour
        if hour <= self._open_hour:
            insort(self._open, entry, lo=self._position)
            return
        later = self._slices.get(hour)
        if later is None:
            self._slices[hour] = [entry]
            heapq.heappush(self._hours, hour)
        else:
            later.append(entry)

    def peek(self) -> Entry | None:
        """Return the first entry and leave it in the queue."""
        return self._open[self._position] if self._has_open() else None

    def drop(self) -> None:
        """Remove the first entry."""
        if self._has_open():
            self._position += 1

    def pop_until(self, until_at: datetime, limit: int) -> list[Entry]:
        """Remove and return up to `limit` entries due not after `until_at`, in order.

        The answer may stop at the end of an hour although more is due: ask until it is empty.
        """
        if not self._has_open():
            return []
        begin = self._position
        end = bisect_right(self._open, (until_at, _LAST, _LAST), lo=begin)
        end = min(end, begin + limit)
        self._position = end
        return self._open[begin:end]

    def in_order(self) -> Iterator[Entry]:
        """Yield all entries in their order and leave them in the queue."""
        yield from itertools.islice(self._open, self._position, None)
        for hour in sorted(self._hours):
            # In its place, so that to look again takes next to no time.
            later = self._slices[hour]
            later.sort()
            yield from later

    def _has_open(self) -> bool:
        if self._position < len(self._open):
            return True
        if not self._hours:
            return False
        self._open_hour = heapq.heappop(self._hours)
        self._open = sorted(self._slices.pop(self._open_hour))
        self._position = 0
        return True


_LAST = 1 << 62
