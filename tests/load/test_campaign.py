from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from math import exp, log
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.core.catalog import Channel
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue
from mockserver.core.events import check_event
from mockserver.core.models import MessageEvent
from mockserver.load.arrival import Arrival
from mockserver.load.assumptions import STEPS, parse_mix, with_knobs
from mockserver.load.campaign import PACES, Campaign, CampaignStream
from mockserver.load.people import People
from tests.load.streams import check_counts, check_parts, check_same_anywhere, most_memory, whole

SECOND = timedelta(seconds=1)
MIXES = (
    "push=70%,email=30%",
    "email=100%",
    "in-app=100%",
    "ab-test=100%",
    "push=25%,email=25%,in-app=25%,ab-test=25%",
)


def named(arrival: Arrival) -> str:
    event = arrival.event
    if not isinstance(event, MessageEvent):
        return "ab-test.enter"
    slug = event.event.lower().replace(" ", "-")
    before = {Channel.PUSH: "push", Channel.EMAIL: "email", Channel.IN_APP: "in-app.center-popup"}
    return f"{before[event.channel]}.{slug}"


campaigns = st.builds(
    lambda audience, seed, pace, rate, mix, assume: Campaign(
        audience,
        People(seed),
        pace,
        None if pace == "blast" else rate,
        parse_mix(mix),
        with_knobs(assume),
    ),
    audience=st.integers(1, 300) | st.sampled_from([1, 2, 3, 4, 5, 4097]),
    seed=st.integers(0, 5),
    pace=st.sampled_from(PACES),
    rate=st.fractions(Fraction(1, 50), 1000, max_denominator=90),
    mix=st.sampled_from(MIXES),
    assume=st.sampled_from(
        [
            (),
            ("push.open=100%", "email.open=100%", "email.click=100%"),
            ("email.deferred=100%", "email.bounce=50%", "email.dropped=50%"),
            ("email.open.delay=0s", "email.click.delay=0s", "push.open.spread=0"),
            ("push.held-back=40%", "email.held-back=100%"),
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(campaign=campaigns, parts=st.integers(1, 7))
def test_parts_are_the_whole_and_made_anywhere(campaign: Campaign, parts: int) -> None:
    stream = CampaignStream(campaign)
    check_parts(stream, parts)
    check_same_anywhere(stream)
    check_counts(stream)
    assert {name: n for name, n in stream.shares().items() if n} == Counter(
        map(named, whole(stream))
    )


@settings(max_examples=60, deadline=None)
@given(campaign=campaigns)
def test_what_happens_to_a_user_is_a_way_through_the_steps_in_order(campaign: Campaign) -> None:
    steps = {step.name: step for channel in campaign.steps.values() for step in channel}
    users: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in CampaignStream(campaign).part(0, 1):
        check_event(arrival.event)
        assert arrival.event.triggered_at == DEFAULT_START_AT + arrival.after
        users[arrival.event.user_id].append(arrival)
    for arrivals in users.values():
        seen: dict[str, timedelta] = {}
        ways = set()
        for arrival in arrivals:
            step = steps[named(arrival)]
            assert step.name not in seen
            if step.after:
                assert seen[step.after] <= arrival.after
                assert arrival.after - max(seen.values()) <= campaign.within
            if step.way:
                assert (step.after, step.way) not in ways
                ways.add((step.after, step.way))
            seen[step.name] = arrival.after
        if "email.deferred" in seen and "email.delivered" in seen:
            assert seen["email.deferred"] <= seen["email.delivered"]
        devices = {a.event.device_id for a in arrivals} - {""}
        assert len(devices) <= 1


def chi_square(observed: dict[str, int], expected: dict[str, float]) -> float:
    return sum((observed[name] - n) ** 2 / n for name, n in expected.items())


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize("audience", [20_000, 200_000])
def test_shares_are_those_that_are_assumed(audience: int, seed: int) -> None:
    """By chi-square: of all that may follow on the same step, as often as assumed."""
    mix = parse_mix("push=50%,email=40%,in-app=10%")
    stream = CampaignStream(Campaign(audience, People(seed), mix=mix))
    happened = stream.shares()
    sent = {"push.send": 0.5, "email.send": 0.4, "in-app.center-popup.view": 0.03}
    expected = {name: share * audience for name, share in sent.items()}
    assert chi_square(dict(happened), expected) < 16.3  # 3 degrees of freedom, 0.1 %
    for steps in STEPS.values():
        for step in steps:
            if step.after and step.share and happened[step.after]:
                of = happened[step.after]
                hit = float(step.share) * of
                two = {"yes": hit, "no": of - hit}
                found = {"yes": happened[step.name], "no": of - happened[step.name]}
                assert chi_square(found, two) < 10.8, step.name  # 1 degree of freedom, 0.1 %


def test_a_share_of_all_and_a_share_of_none_are_exact() -> None:
    assume = with_knobs(("push.open=100%", "push.held-back=0%"))
    stream = CampaignStream(Campaign(70_001, steps=assume, mix=parse_mix("push=100%")))
    happened = {name: number for name, number in stream.shares().items() if number}
    assert happened == {"push.send": 70_001, "push.open": 70_001}


@pytest.mark.parametrize("pace", PACES)
def test_delays_are_log_normal(pace: str) -> None:
    """By chi-square over ten slices of equal probability, of the distribution cut at 24 hours."""
    rate = None if pace == "blast" else Fraction(100)
    assume = with_knobs(("push.open=50%", "push.open.delay=20m", "push.open.spread=1.5"))
    campaign = Campaign(20_000, People(3), pace, rate, parse_mix("push=100%"), assume)  # type: ignore[arg-type]
    sent: dict[str, timedelta] = {}
    delays = []
    for arrival in CampaignStream(campaign).part(0, 1):
        if named(arrival) == "push.send":
            sent[arrival.event.user_id] = arrival.after
        else:
            delays.append((arrival.after - sent[arrival.event.user_id]) / SECOND)
    assert len(delays) == pytest.approx(10_000, abs=200)
    normal = NormalDist()
    whole_share = normal.cdf(log(24 * 3600 / 1200) / 1.5)
    edges = [1200 * exp(1.5 * normal.inv_cdf(whole_share * part / 10)) for part in range(1, 10)]
    found = Counter(sum(delay > edge for edge in edges) for delay in delays)
    each = len(delays) / 10
    assert sum((found[part] - each) ** 2 / each for part in range(10)) < 27.9
    assert max(delays) <= 24 * 3600


def test_paces_send_as_they_are_called() -> None:
    mix = parse_mix("push=100%")
    assume = with_knobs(("push.open=0%",))

    def sent(pace: str, rate: Fraction | None, audience: int = 1000) -> list[timedelta]:
        campaign = Campaign(audience, pace=pace, send_rate=rate, mix=mix, steps=assume)  # type: ignore[arg-type]
        return [arrival.after for arrival in whole(CampaignStream(campaign))]

    assert set(sent("blast", None)) == {timedelta(0)}
    assert sent("even", Fraction(10)) == [number * SECOND / 10 for number in range(1000)]
    minutes = Counter(sent("minutes", Fraction(5)))
    assert minutes == {
        0 * SECOND: 300, 60 * SECOND: 300, 120 * SECOND: 300, 180 * SECOND: 100
    }  # fmt: skip
    # Less than one a minute: some minutes have none.
    slow = sent("minutes", Fraction(1, 120), 3)
    assert slow == [0 * SECOND, 120 * SECOND, 240 * SECOND]


def test_another_seed_is_another_campaign() -> None:
    first, second = (whole(CampaignStream(Campaign(500, People(seed)))) for seed in (1, 2))
    assert [a.after for a in first] != [a.after for a in second]
    assert not {a.event.user_id for a in first} & {a.event.user_id for a in second}


@pytest.mark.parametrize("pace", PACES)
def test_memory_does_not_grow_with_the_number_of_events(pace: str) -> None:
    rate = None if pace == "blast" else Fraction(5000)
    few, many = (
        most_memory(CampaignStream(Campaign(n, pace=pace, send_rate=rate)), 5_000)  # type: ignore[arg-type]
        for n in (300_000, 10_000_000)
    )
    assert many < 1.5 * few + 500_000


def test_another_process_makes_the_same_campaign() -> None:
    """Whatever seed its hashes have: a worker is another process."""
    program = (
        "from mockserver.load.campaign import *\n"
        "stream = CampaignStream(Campaign(300, People(6)))\n"
        "print([(a.after, a.event.user_id, a.event.triggered_at) for a in stream.part(0, 1)])"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert b"postbacks-load-6-u299" in made.pop()


def test_a_user_is_told_by_number_and_seed_alone() -> None:
    small, large = (whole(CampaignStream(Campaign(n, People(4)))) for n in (10, 20))
    ids = {a.event.user_id for a in small}
    assert ids == {f"postbacks-load-4-u{number}" for number in range(10)}
    assert ids < {a.event.user_id for a in large}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"audience": 0}, "one user at least"),
        ({"audience": 5, "pace": "evenly"}, "did you mean 'even'"),
        ({"audience": 5, "pace": "blast", "send_rate": Fraction(1)}, "no send rate"),
        ({"audience": 5, "pace": "even"}, "needs a send rate"),
        ({"audience": 5, "pace": "minutes", "send_rate": Fraction(0)}, "needs a send rate"),
        ({"audience": 5, "within": timedelta(0)}, "some time"),
        (
            {"audience": 366 * 24 + 1, "pace": "even", "send_rate": Fraction(1, 3600)},
            "takes longer than 366 days",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        Campaign(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("audience", [1, 4096, 4097, 1_000_000, 50_000_000])
@pytest.mark.parametrize("pace", PACES)
def test_there_are_a_few_thousand_blocks_however_large_the_audience(
    pace: str, audience: int
) -> None:
    """A block is all that is held of those who are in it."""
    rate = None if pace == "blast" else Fraction(audience, 600)
    stream = CampaignStream(Campaign(audience, pace=pace, send_rate=rate))  # type: ignore[arg-type]
    blocks = list(stream._blocks())
    assert len(blocks) <= 4096 + 10
    assert sum(block.size for block in blocks) == audience
    ends = [block.first + block.size for block in blocks]
    assert [block.first for block in blocks] == [0, *ends[:-1]]
