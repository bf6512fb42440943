"""What every stream promises, whatever its shape."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from itertools import islice, pairwise
from tracemalloc import get_traced_memory, start, stop

from mockserver.load.arrival import Arrival, Stream
from mockserver.load.streams import stream_from


def whole(stream: Stream) -> list[Arrival]:
    return list(stream.part(0, 1))


def check_parts(stream: Stream, parts: int) -> None:
    """Parts are in order, disjoint and together the whole; a user is in one of them."""
    everything = whole(stream)
    assert [arrival.number for arrival in everything] == list(range(stream.total))
    assert all(a.after <= b.after for a, b in pairwise(everything))
    assert (everything[-1].after if everything else timedelta(0)) == stream.lasts
    users: Counter[str] = Counter()
    together: list[Arrival] = []
    for index in range(parts):
        part = list(stream.part(index, parts))
        assert [a.number for a in part] == sorted(a.number for a in part)
        users.update({arrival.event.user_id for arrival in part})
        together += part
    assert sorted(together, key=lambda arrival: arrival.number) == everything
    assert set(users.values()) <= {1}


def check_same_anywhere(stream: Stream) -> None:
    """What it is written as, sent as JSON, makes the same arrivals."""
    again = stream_from(json.loads(json.dumps(stream.as_json())))
    assert whole(again) == whole(stream)
    assert (again.total, again.lasts) == (stream.total, stream.lasts)
    assert again.as_json() == stream.as_json()


def check_counts(stream: Stream) -> None:
    everything = whole(stream)
    for seconds in (1, 60, 3600):
        every = timedelta(seconds=seconds)
        assert dict(stream.counts(every)) == Counter(a.after // every for a in everything)


def most_memory(stream: Stream, arrivals: int) -> int:
    """Return how many bytes were held at most while so many arrivals were made and dropped.

    Without what the stream holds however many there are, like the deck of a campaign.
    """
    for _ in islice(stream.part(0, 1), 1):
        pass
    start()
    try:
        for _ in islice(stream.part(0, 1), arrivals):
            pass
        return get_traced_memory()[1]
    finally:
        stop()
