"""Counts are those of HdrHistogram, however they are split and added."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.load.histogram import COARSE_BITS, Histogram

MICROSECONDS = st.integers(0, 3_000_000_000)
DURATIONS = st.lists(
    MICROSECONDS | st.integers(0, 5_000) | st.sampled_from([2**n - 1 for n in range(1, 31)]),
    max_size=60,
)


def counted(durations: list[int], bits: int = 11) -> Histogram:
    made = Histogram(bits)
    for each in durations:
        made.record(each)
    return made


@given(durations=DURATIONS, percentile=st.sampled_from([1, 50, 75, 90, 99, 99.9, 99.99, 100]))
def test_it_says_what_hdrhistogram_says(durations: list[int], percentile: float) -> None:
    hdrh = pytest.importorskip("hdrh.histogram", reason="HdrHistogram is not installed")
    theirs = hdrh.HdrHistogram(1, 3_600_000_000, 3)
    for each in durations:
        theirs.record_value(each)
    ours = counted(durations)
    assert ours.total == theirs.get_total_count()
    said = min(theirs.get_value_at_percentile(percentile), ours.longest)
    assert ours.at(percentile) == timedelta(microseconds=said)
    for lowest, times in ours.counts.items():
        assert theirs.get_count_at_value(lowest) == times


@given(durations=DURATIONS, parts=st.integers(1, 5), seed=st.integers(0, 9))
def test_parts_together_are_the_whole(durations: list[int], parts: int, seed: int) -> None:
    split: list[list[int]] = [[] for _ in range(parts)]
    for each in durations:
        split[random.Random(f"{seed}{each}").randrange(parts)].append(each)
    together = Histogram()
    for part in split:
        crossed = json.loads(json.dumps(counted(part).as_json()))
        together.add(Histogram.from_json(crossed))
    assert together == counted(durations)


@given(durations=DURATIONS)
def test_a_coarse_one_errs_by_less_than_two_percent(durations: list[int]) -> None:
    durations = durations or [7]
    said = counted(durations, COARSE_BITS).at(50) // timedelta(microseconds=1)
    target = max(1, int(len(durations) / 2 + 0.5))
    exact = sorted(durations)[target - 1]
    assert exact <= said <= exact * (1 + 2**-5) + 1


@pytest.mark.parametrize(
    ("durations", "beyond"),
    [([], 0), ([1_000_000], 0), ([1_000_448], 1), ([900_000, 2_000_000, 40_000_000], 2)],
)
def test_how_many_are_beyond_a_limit(durations: list[int], beyond: int) -> None:
    assert counted(durations).beyond(timedelta(seconds=1)) == beyond


def test_without_any_there_is_no_duration() -> None:
    assert Histogram().percentiles((0, 50, 100)) == [timedelta(0)] * 3
    assert repr(counted([5, 6])) == "<Histogram of 2 up to 6 us>"
    assert Histogram() != 0


def test_what_it_keeps_does_not_grow_with_their_number() -> None:
    made = Histogram()
    for number in range(200_000):
        made.record(100 + number % 3_000)
    assert made.total == 200_000
    assert len(made.counts) <= 3_000
