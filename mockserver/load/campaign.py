"""Streams what a campaign fires: what is sent to an audience, and what its users do then.

Users are sent to in the order of their numbers. Those who are sent to together are a block; a block
is dealt one hand of `journeys`, and all it needs while it lasts is the place in that hand. There
are a few thousand blocks, however large the audience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from heapq import heappop, heappush, heapreplace
from typing import Any, Literal, NamedTuple, get_args

from mockserver.core.catalog import event_kind, suggestion
from mockserver.core.errors import InvalidValue
from mockserver.load.arrival import Arrival
from mockserver.load.assumptions import MIX, STEPS, Step
from mockserver.load.journeys import LARGEST_DECK, NOTHING, STRETCH, Journeys, deal
from mockserver.load.people import People, mixed
from mockserver.load.quantities import LONGEST, format_rate

#: `blast`: all at once; `even`: one after the other; `minutes`: the share of each minute at once.
Pace = Literal["blast", "even", "minutes"]
PACES: tuple[Pace, ...] = get_args(Pace)

#: About how many blocks there are.
_BLOCKS = 4096
_SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is sent to whom, and what is assumed of them.

    Attributes:
        audience: How many users are sent to.
        people: Who they are.
        pace: How they are sent to.
        send_rate: How many a second; None for a blast.
        mix: Which share of them is reached by which channel.
        steps: What may happen to them.
        within: Nothing happens later than this after what it follows on (assumed).

    Raises:
        InvalidValue: The audience is nobody, or pace and rate do not fit.
    """

    audience: int
    people: People = field(default_factory=People)
    pace: Pace = "blast"
    send_rate: Fraction | None = None
    mix: Mapping[str, Fraction] = field(default_factory=lambda: MIX)
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=lambda: STEPS)
    within: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        """Refuse what cannot be sent."""
        if self.audience < 1:
            raise InvalidValue(f"an audience has one user at least, got {self.audience}")
        if self.pace not in PACES:
            raise InvalidValue(
                f"unknown pace {self.pace!r}{suggestion(self.pace, PACES)}; one of: "
                + ", ".join(PACES)
            )
        if self.pace == "blast" and self.send_rate is not None:
            raise InvalidValue("a blast has no send rate: it is sent to all at once")
        if self.pace != "blast" and (self.send_rate is None or self.send_rate <= 0):
            raise InvalidValue(f"the pace {self.pace} needs a send rate, e.g. 1000/s")
        if self.send_rate is not None and self.audience > self.send_rate * (
            LONGEST // timedelta(seconds=1)
        ):
            raise InvalidValue(
                f"to send to {self.audience:,} users at {format_rate(self.send_rate)} takes longer "
                f"than {LONGEST.days} days"
            )
        if self.within <= timedelta(0):
            raise InvalidValue("events must have some time to happen within")


class _Block(NamedTuple):
    """Users who are sent to together; `begins` is in microseconds."""

    number: int
    first: int
    size: int
    begins: int


class CampaignStream:
    """The arrivals of a campaign.

    Args:
        campaign: What is sent to whom.
    """

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self._size = min(_power_of_two(-(-campaign.audience // _BLOCKS)), LARGEST_DECK)
        self._deck = max(self._size, min(_power_of_two(campaign.audience), LARGEST_DECK))
        self._offsets = [self._at_rate(place) for place in range(self._size)]
        if campaign.pace != "even":
            self._offsets = [0] * self._size

    @property
    def total(self) -> int:
        """Return how many arrivals there are."""
        return self._extent[0]

    @property
    def lasts(self) -> timedelta:
        """Return the planned instant of the last arrival."""
        return self._extent[1] * _MICROSECOND

    def part(self, index: int, parts: int) -> Iterator[Arrival]:
        """Return the arrivals of one worker, in the order of their planned instants."""
        people = self.campaign.people
        kinds = [event_kind(name) for name in self._journeys.names]
        for number, (at, user, step) in enumerate(self._in_order()):
            if user % parts == index:
                after = timedelta(microseconds=at)
                yield Arrival(number, after, people.event(kinds[step], user, after))

    def counts(self, every: timedelta) -> Mapping[int, int]:
        """Return how many arrivals there are in each slice of time that has any."""
        slice_ = every // _MICROSECOND
        counted: Counter[int] = Counter()
        for block in self._blocks():
            first, offsets = block.begins, self._offsets
            begins = self._begins_of(block)
            if NOTHING not in begins and not offsets[-1]:
                counted[first // slice_] += block.size
            else:
                counted.update(
                    (first + offset) // slice_
                    for offset, step in zip(offsets, begins, strict=False)
                    if step != NOTHING
                )
            counted.update([at // slice_ for at, _ in self._later(block)])
        return counted

    def shares(self) -> Mapping[str, int]:
        """Return how often each step happens."""
        counted: Counter[int] = Counter()
        steps = len(self._journeys.names)
        for block in self._blocks():
            counted.update(self._begins_of(block))
            counted.update([code % steps for _, code in self._later(block)])
        return {name: counted[number] for number, name in enumerate(self._journeys.names)}

    def as_json(self) -> Mapping[str, Any]:
        """Return what `streams.stream_from` makes an equal stream of."""
        campaign = self.campaign
        return {
            "shape": "campaign",
            "audience": campaign.audience,
            "people": campaign.people.as_json(),
            "pace": campaign.pace,
            "send_rate": None if campaign.send_rate is None else str(campaign.send_rate),
            "mix": {name: str(share) for name, share in campaign.mix.items()},
            "steps": {
                channel: [_step_as_json(step) for step in steps]
                for channel, steps in campaign.steps.items()
            },
            "within_us": campaign.within // _MICROSECOND,
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> CampaignStream:
        """Return the stream that `as_json` was asked of."""
        rate = document["send_rate"]
        return CampaignStream(
            Campaign(
                document["audience"],
                People.from_json(document["people"]),
                document["pace"],
                None if rate is None else Fraction(rate),
                {name: Fraction(share) for name, share in document["mix"].items()},
                {
                    channel: tuple(map(_step_from_json, steps))
                    for channel, steps in document["steps"].items()
                },
                document["within_us"] * _MICROSECOND,
            )
        )

    @cached_property
    def _journeys(self) -> Journeys:
        campaign = self.campaign
        return deal(
            campaign.steps,
            campaign.mix,
            users=self._deck,
            size=self._size,
            offsets=self._offsets,
            within=campaign.within,
            seed=campaign.people.seed,
        )

    @cached_property
    def _extent(self) -> tuple[int, int]:
        """Return how many arrivals there are, and when the last one is."""
        total, last = 0, 0
        for block in self._blocks():
            begins = self._begins_of(block)
            total += block.size - begins.count(NOTHING)
            for place in range(block.size - 1, -1, -1):
                if begins[place] != NOTHING:
                    last = max(last, block.begins + self._offsets[place])
                    break
            later = self._later(block)
            total += len(later)
            if later:
                last = max(last, later[-1][0])
        return total, last

    def _in_order(self) -> Iterator[tuple[int, int, int]]:
        """Yield instant, user and step of every arrival; what is sent is before what follows."""
        steps = len(self._journeys.names)
        waiting: list[tuple[int, int, int, int]] = []
        blocks: dict[int, tuple[_Block, int]] = {}

        def happen() -> tuple[int, int, int]:
            at, number, place, code = waiting[0]
            block, stretch = blocks[number]
            following = self._next(block, stretch, place + 1)
            if following is None:
                heappop(waiting)
                del blocks[number]
            else:
                heapreplace(waiting, following)
            user, step = divmod(code, steps)
            return at, block.first + user, step

        for block in self._blocks():
            stretch = _stretch(self.campaign.people.seed, block.number)
            first = self._next(block, stretch, 0)
            begins = self._begins_of(block)
            if first is not None:
                blocks[block.number] = block, stretch
                heappush(waiting, first)
            for place in range(block.size):
                at = block.begins + self._offsets[place]
                while waiting and waiting[0][0] < at:
                    yield happen()
                if begins[place] != NOTHING:
                    yield at, block.first + place, begins[place]
        while waiting:
            yield happen()

    def _next(self, block: _Block, stretch: int, place: int) -> tuple[int, int, int, int] | None:
        """Return what happens next in a block, from a place in its hand on."""
        hand = self._journeys.hands[block.number % len(self._journeys.hands)]
        beyond = block.size * len(self._journeys.names)
        while place < len(hand.codes):
            code = hand.codes[place]
            if code < beyond:
                at = block.begins + (hand.delays[place] * stretch >> 16)
                return at, block.number, place, code
            place += 1
        return None

    def _later(self, block: _Block) -> list[tuple[int, int]]:
        """Return instant and code of all that happens in a block after its beginning, in order."""
        hand = self._journeys.hands[block.number % len(self._journeys.hands)]
        stretch = _stretch(self.campaign.people.seed, block.number)
        begins, beyond = block.begins, block.size * len(self._journeys.names)
        return [
            (begins + (delay * stretch >> 16), code)
            for delay, code in zip(hand.delays, hand.codes, strict=True)
            if code < beyond
        ]

    def _begins_of(self, block: _Block) -> bytes:
        first = block.number % len(self._journeys.hands) * self._size
        return self._journeys.begins[first : first + block.size]

    def _blocks(self) -> Iterator[_Block]:
        """Yield all blocks in the order in which they are sent to."""
        audience, number, first, minute = self.campaign.audience, 0, 0, 0
        while first < audience:
            end, begins = audience, 0
            if self.campaign.pace == "even":
                begins = self._at_rate(first)
            elif self.campaign.pace == "minutes":
                assert self.campaign.send_rate is not None, "checked by the campaign"
                end = min(audience, -int(-(minute + 1) * 60 * self.campaign.send_rate // 1))
                begins = minute * 60 * _SECOND
                minute += 1
            while first < end:
                size = min(self._size, end - first)
                yield _Block(number, first, size, begins)
                number, first = number + 1, first + size
                if self.campaign.pace == "even":
                    begins = self._at_rate(first)

    def _at_rate(self, user: int) -> int:
        rate = self.campaign.send_rate
        return 0 if rate is None else user * _SECOND * rate.denominator // rate.numerator


def _stretch(seed: int, block: int) -> int:
    """Return by how much the delays of a block are stretched, in parts of 65,536."""
    return (1 << 16) + mixed(seed * 0x9E3779B97F4A7C15 ^ block) % ((1 << 16) // STRETCH)


def _power_of_two(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()


def _step_as_json(step: Step) -> list[Any]:
    share = None if step.share is None else str(step.share)
    delay = step.delay // _MICROSECOND
    return [step.name, step.after, share, delay, str(step.spread), step.way, step.is_detour]


def _step_from_json(values: list[Any]) -> Step:
    name, after, share, delay, spread, way, is_detour = values
    share = None if share is None else Fraction(share)
    return Step(name, after, share, delay * _MICROSECOND, Fraction(spread), way, is_detour)
