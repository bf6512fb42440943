"""Defines what a load is made of: arrivals, each with its planned instant, and streams of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from mockserver.core.models import Event


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event whose postback is to be sent at a planned instant.

    Attributes:
        number: Its place in the whole stream, from 0.
        after: The planned instant, from the beginning of the load.
        event: What happened; `core.template` renders it.
    """

    number: int
    after: timedelta
    event: Event


class Stream(Protocol):
    """Arrivals in the order of their planned instants, of which any part can be made by itself.

    The parts of a stream together are exactly the whole, whatever their number. All events of a
    user are in one part. Every call makes the same arrivals again, on any machine, and the memory
    that it takes does not grow with how many there are.
    """

    @property
    def total(self) -> int:
        """Return how many arrivals there are."""

    @property
    def lasts(self) -> timedelta:
        """Return the planned instant of the last arrival."""

    def part(self, index: int, parts: int) -> Iterator[Arrival]:
        """Return the arrivals of one worker, in the order of their planned instants.

        Args:
            index: Which part, from 0.
            parts: How many there are.
        """

    def counts(self, every: timedelta) -> Mapping[int, int]:
        """Return how many arrivals there are in each slice of time that has any.

        Args:
            every: How long a slice is; slice 0 begins with the load.
        """

    def as_json(self) -> Mapping[str, Any]:
        """Return what `streams.stream_from` makes an equal stream of, on any machine."""
