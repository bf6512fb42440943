"""Measures the rendering of a nine-value template against the obvious way and quoting alone.

What is measured: one event made into one URL. The stream is realistic: ids, user, time and
parameters differ from event to event; channel, event and message repeat. The peer is what
one would write first, a regular expression that finds the placeholders, `urllib`'s `quote`
and `json.dumps`. The floor is `quote` alone, over the very same values, nothing put together.
The events are gone through in parts and the fastest part counts: whatever else the machine
does can only make a part slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from urllib.parse import quote

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.stream import POSTBACK_URL, naive_render, naive_values, realistic_events
from mockserver.core.models import MessageEvent
from mockserver.core.template import Template

EVENTS = 20_000
PARTS = 5

RENDER, NAIVE, FLOOR = "Template.render", "re.sub, quote, json.dumps", "quote alone"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; there is nothing to start."""
    events = realistic_events(max(10, int(EVENTS * scale)))
    template = Template(f"http://127.0.0.1/{POSTBACK_URL}")
    values = [tuple(naive_values(event).values()) for event in events]

    yield Plan(
        "Rendering: nine values into a URL",
        [
            Case(RENDER, lambda: _fastest(template.render, events)),
            Case(NAIVE, lambda: _fastest(_naive, events)),
            Case(FLOOR, lambda: _fastest(_quote_all, values)),
        ],
        [
            Comparison("µs", NAIVE, RENDER, at_least=3),
            Comparison("µs", FLOOR, RENDER),
        ],
    )


def _naive(event: MessageEvent) -> str:
    return naive_render(f"http://127.0.0.1/{POSTBACK_URL}", event)


def _quote_all(values: Sequence[str]) -> None:
    for value in values:
        quote(value, safe="")


def _fastest(act: Callable[[Any], object], items: Sequence[Any]) -> Mapping[str, float]:
    size = max(1, len(items) // PARTS)
    seconds = []
    for begin in range(0, size * PARTS, size):
        part = items[begin : begin + size]
        started = perf_counter()
        for item in part:
            act(item)
        seconds.append((perf_counter() - started) / len(part))
    return {"µs": min(seconds) * 1e6}
