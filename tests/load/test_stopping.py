"""A load is ended by what happened in its last seconds, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.core.errors import InvalidConfig
from mockserver.load.outcomes import Second
from mockserver.load.stopping import Condition, condition_of, first_met


def second(
    good: int, bad: int = 0, *, took: float = 0.01, open_: int = 0, unsent: int = 0
) -> Second:
    made = Second(
        planned=good + bad + open_ + unsent, unsent=unsent, ends={"2xx": good, "5xx": bad}
    )
    if good + bad:
        made.latency.record(int(took * 1e6), good + bad)
    return made


@pytest.mark.parametrize(
    ("text", "what", "share", "limit"),
    [
        ("errors>1%", "errors", 0.01, None),
        ("errors > 0.5 %".replace(" %", "%"), "errors", 0.005, None),
        ("ERRORS>0", "errors", 0.0, None),
        ("errors>0.25", "errors", 0.25, None),
        ("unsent>0", "unsent", 0.0, None),
        ("p99>5s", "p99", 0.01, timedelta(seconds=5)),
        ("p50>500ms", "p50", 0.5, timedelta(milliseconds=500)),
        ("p99.9>1m", "p99.9", 0.001, timedelta(minutes=1)),
    ],
)
def test_conditions_are_read(text: str, what: str, share: float, limit: timedelta | None) -> None:
    found = condition_of(text)
    assert (found.what, found.limit) == (what, limit)
    assert found.share == pytest.approx(share)
    assert found.why.endswith("(--stop-when)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "errors",
        "errors>",
        "errors<1%",
        "errors>1",
        "errors>100%",
        "errors>-1%",
        "rate>5",
        "p0>1s",
        "p100>1s",
        "p99>5",
        "p99>0s",
        "p99>x",
        "p>1s",
        "px>1s",
        "unsent>5s",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match=r"^--stop-when takes a condition like"):
        condition_of(text)


@pytest.mark.parametrize(("bad", "met"), [(0, False), (1, False), (2, True), (100, True)])
def test_errors_on_both_sides_of_the_limit(bad: int, met: bool) -> None:
    seconds = {n: second(100 - bad, bad) for n in range(10)}
    assert condition_of("errors>1%").is_met(seconds, 11.0) is met


def test_only_the_last_seconds_count() -> None:
    condition = condition_of("errors>1%")
    failed_early = {n: second(0, 100) if n < 5 else second(100) for n in range(20)}
    assert condition.is_met(failed_early, 7.0)
    assert not condition.is_met(failed_early, 20.0)
    # The second that is not over does not count.
    assert not condition.is_met({n: second(100, 0) for n in range(10)} | {10: second(0, 100)}, 11.9)


def test_too_few_say_nothing() -> None:
    assert not condition_of("errors>1%").is_met({0: second(0, 19)}, 2.0)
    assert condition_of("errors>1%").is_met({0: second(0, 20)}, 2.0)
    assert not condition_of("errors>1%").is_met({}, 100.0)


def test_what_was_not_sent_is_an_error_and_has_a_condition_of_its_own() -> None:
    seconds = {n: second(98, unsent=2) for n in range(5)}
    assert condition_of("errors>1%").is_met(seconds, 6.0)
    assert condition_of("unsent>1%").is_met(seconds, 6.0)
    assert not condition_of("unsent>2%").is_met(seconds, 6.0)
    assert not condition_of("unsent>0").is_met({0: second(90, 10)}, 2.0)


@pytest.mark.parametrize(("took", "met"), [(0.9, False), (1.1, True)])
def test_percentiles_on_both_sides_of_the_limit(took: float, met: bool) -> None:
    seconds = {n: second(98) for n in range(10)}
    for each in seconds.values():
        each.planned += 2
        each.ends["2xx"] += 2
        each.latency.record(int(took * 1e6), 2)
    assert condition_of("p99>1s").is_met(seconds, 12.0) is met
    assert not condition_of("p97>1s").is_met(seconds, 12.0)


def test_an_endpoint_that_answers_nothing_at_all_is_slow() -> None:
    seconds = {n: second(0, open_=100) for n in range(10)}
    condition = condition_of("p99>5s")
    # Nothing of the first five seconds is decided before they are longer ago.
    assert not condition.is_met(seconds, 6.9)
    assert condition.is_met(seconds, 7.1)
    assert not condition_of("errors>1%").is_met(seconds, 10.0)


def test_the_first_that_is_met_is_named() -> None:
    conditions = [condition_of("unsent>0"), condition_of("errors>1%")]
    assert first_met(conditions, {0: second(0, 100)}, 2.0) == conditions[1]
    assert first_met(conditions, {0: second(100)}, 2.0) is None
    assert Condition.is_goal is False
