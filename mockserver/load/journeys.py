"""Draws by a seed what happens to the users of a campaign, and when, for a deck of users.

A deck has as many users as are needed for the rarest step, 65,536 at most. Each has a journey:
some steps, each with its delay. A larger audience is dealt the same deck again and again, which
takes no memory; `campaign` shifts and stretches the delays, so that no two rounds are alike. Shares
are met by counting, not by luck, so that a load is the one that was asked for: how many of a deck a
step happens to is its share, rounded up or down by the seed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import exp, log
from random import Random
from statistics import NormalDist

from mockserver.load.assumptions import Step

#: No deck has more users.
LARGEST_DECK = 1 << 16
#: Whoever deals stretches delays by up to one part in so many; they are drawn the shorter for it.
STRETCH = 24
#: What stands for a user to whom nothing happens at the beginning.
NOTHING = 255

_MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Hand:
    """What happens to some users after the beginning, in order.

    Attributes:
        delays: In microseconds since the beginning of the hand.
        codes: The place of the user in the hand, times the number of steps, plus the step.
    """

    delays: array[int]
    codes: array[int]


@dataclass(frozen=True, slots=True)
class Journeys:
    """A deck of journeys, cut into hands of equal size.

    Attributes:
        names: The steps, as `trigger` calls them.
        size: How many users a hand has.
        begins: The step with which each user of the deck begins at once; `NOTHING` if none.
        hands: What happens later.
    """

    names: tuple[str, ...]
    size: int
    begins: bytes
    hands: tuple[Hand, ...]


def deal(
    steps: Mapping[str, tuple[Step, ...]],
    mix: Mapping[str, Fraction],
    *,
    users: int,
    size: int,
    offsets: Sequence[int],
    within: timedelta,
    seed: int,
) -> Journeys:
    """Return a deck.

    Args:
        steps: What may happen in each channel.
        mix: Which share of the users has which channel.
        users: How many the deck has; a multiple of `size`.
        size: How many a hand has.
        offsets: When the journey of each place of a hand begins, in microseconds.
        within: No delay is longer than this, when it is stretched.
        seed: What all luck comes from.
    """
    luck = Random(f"journeys {seed}")
    names = tuple(step.name for channel in steps.values() for step in channel)
    begins = bytearray([NOTHING]) * users
    later: list[list[tuple[int, int]]] = [[] for _ in range(users // size)]
    for channel, members in _mixed(users, mix, luck):
        for name, happened in _happenings(steps[channel], members, within, luck):
            number = names.index(name)
            for user, at in happened.items():
                if at:
                    hand, place = divmod(user, size)
                    later[hand].append((at + offsets[place], place * len(names) + number))
                else:
                    begins[user] = number
    return Journeys(names, size, bytes(begins), tuple(map(_hand, later)))


def _hand(entries: list[tuple[int, int]]) -> Hand:
    entries.sort()
    return Hand(array("q", (at for at, _ in entries)), array("q", (code for _, code in entries)))


def _mixed(
    users: int, mix: Mapping[str, Fraction], luck: Random
) -> Iterator[tuple[str, list[int]]]:
    """Yield every channel with its users."""
    order = list(range(users))
    luck.shuffle(order)
    phase = luck.random()
    share, first = Fraction(0), 0
    for channel, part in mix.items():
        share += part
        last = users if share == 1 else int(share * users + Fraction(phase))
        yield channel, order[first:last]
        first = last


def _happenings(
    steps: tuple[Step, ...], members: list[int], within: timedelta, luck: Random
) -> Iterator[tuple[str, dict[int, int]]]:
    """Yield every step with the users to whom it happens, and when, in microseconds."""
    happened: dict[str, dict[int, int]] = {"": dict.fromkeys(members, 0)}
    taken: dict[tuple[str, str], set[int]] = {}
    for step in steps:
        before = happened[step.after]
        others = taken.setdefault((step.after, step.way), set()) if step.way else set()
        left = [user for user in before if user not in others]
        chosen = left
        if step.share is not None:
            many = int(step.share * len(before) + Fraction(luck.random()))
            chosen = luck.sample(left, min(many, len(left)))
        delays = _delays(step, len(chosen), within, luck)
        found = {user: before[user] + delay for user, delay in zip(chosen, delays, strict=True)}
        if step.way:
            others.update(found)
        happened[step.name] = found
        yield step.name, found
        if step.is_detour:
            happened[step.after] = before | found


def _delays(step: Step, many: int, within: timedelta, luck: Random) -> list[int]:
    """Return log-normal delays in whole milliseconds, of the very distribution that was asked for.

    One is drawn from each of `many` slices of equal probability, so that a few users are as well
    spread as many.
    """
    if not step.delay:
        return [0] * many
    median = step.delay / timedelta(milliseconds=1) / (1 + 1 / (2 * STRETCH))
    limit = within / timedelta(milliseconds=1) / (1 + 1 / STRETCH)
    if not step.spread:
        delays = [min(median, limit)] * many
    else:
        normal, spread = NormalDist(), float(step.spread)
        whole = normal.cdf(log(max(limit, 1) / median) / spread)
        delays = [
            median
            * exp(spread * normal.inv_cdf(max((number + luck.random()) / many * whole, 1e-12)))
            for number in range(many)
        ]
        luck.shuffle(delays)
    # Never at the very beginning, which is what happens at once.
    return [max(1, round(min(delay, limit))) * _MILLISECOND for delay in delays]
