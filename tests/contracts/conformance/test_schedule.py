"""Which schedules of retries obey what is documented, and what cases measure by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contracts.conformance.deviants.deviant_server import Deviant, DeviantServer
from contracts.conformance.deviants.patch_points import under_policy
from contracts.conformance.schedule import PROMISED, is_documented, offsets_of, pauses_of
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.subject import Names
from mockserver.core.retry import DEFAULT_DELAYS, RetryPolicy


def hours(*each: float) -> list[timedelta]:
    return [timedelta(hours=number) for number in each]


HALF = hours(*(min(10.0, 1.5**number) for number in range(9)))
TENTH = hours(*(10 ** (number / 8) for number in range(8)), 10)


@pytest.mark.parametrize(
    ("pauses", "obeys"),
    [
        (PROMISED, True),
        (HALF, True),
        (TENTH, True),
        (hours(1, 3, 9, *[10] * 6), True),
        (hours(1, *[10] * 8), True),
        (hours(1, 2, 4, 8, *[10] * 4), False),
        (hours(1, 2, 4, 8, *[10] * 6), False),
        (hours(*range(1, 10)), False),
        (hours(1, 2, 4, 8, *[12] * 5), False),
        (hours(1, 2, 4, 8, *[9] * 5), False),
        (hours(0.5, 1, 2, 4, 8, *[10] * 4), False),
        (hours(1, 2, 6, *[10] * 6), False),
        (hours(1, 1, 1, *[10] * 6), False),
        (hours(1, 2, 4, 8, 10, 9, 10, 10, 10), False),
        ([], False),
    ],
)
def test_what_is_documented(pauses: Sequence[timedelta], obeys: bool) -> None:
    assert is_documented(pauses) is obeys


def test_what_is_promised_is_what_the_fake_does() -> None:
    assert PROMISED == DEFAULT_DELAYS
    assert [at / timedelta(hours=1) for at in offsets_of(PROMISED)][-1] == 65


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (RetryPolicy(), PROMISED),
        (RetryPolicy(tuple(HALF)), tuple(HALF)),
        (RetryPolicy(tuple(HALF[:8])), PROMISED),
        (RetryPolicy(tuple(hours(2))), PROMISED),
        (RetryPolicy(()), PROMISED),
    ],
)
def test_a_fake_is_measured_by_its_own_if_that_obeys(
    policy: RetryPolicy, expected: tuple[timedelta, ...]
) -> None:
    with DeviantServer(Deviant("own", "retry", "", sandbox=under_policy(policy))) as fake:
        target = Target(fake, Recorder(), Names())
        assert pauses_of(target) == expected
        made = len(target.control.apps())
        assert pauses_of(target) == expected
        assert len(target.control.apps()) == made
