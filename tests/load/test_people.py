from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.core.catalog import event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.events import check_event
from mockserver.core.models import AbTestEvent, MessageEvent
from mockserver.core.samples import carried_by
from mockserver.core.template import Template
from mockserver.load.people import LINKS, People, mixed

AFTER = timedelta(seconds=90)


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.name)
def test_every_event_can_happen_and_carries_what_leanplum_would_send(kind: object) -> None:
    event = People(5).event(kind, 12, AFTER)  # type: ignore[arg-type]
    check_event(event)
    assert event.user_id == "postbacks-load-5-u12"
    assert event.triggered_at == DEFAULT_START_AT + AFTER
    if isinstance(event, AbTestEvent):
        assert re.fullmatch(r"\d{16}", event.ab_test_id)
        assert re.fullmatch(r"\d{16}", event.variant_id)
        return
    carried = carried_by(event.channel, event.event)
    assert bool(event.device_id) == carried.device_id
    assert bool(event.parameters) == bool(carried.parameters)
    assert set(event.parameters) == set(carried.parameters)
    assert re.fullmatch(r"\d{16}", event.message_id)


def test_ids_are_told_by_seed_and_number_alone_and_differ() -> None:
    kind = next(kind for kind in event_kinds() if kind.name == "push.open")
    made = {
        (seed, user): People(seed).event(kind, user, AFTER)
        for seed in range(5)
        for user in range(200)
    }
    assert made == {
        (seed, user): People(seed).event(kind, user, AFTER)
        for seed in range(5)
        for user in range(200)
    }
    assert len({event.user_id for event in made.values()}) == len(made)
    devices = {event.device_id for event in made.values()}
    assert len(devices) == len(made)
    assert all(re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", each) for each in devices)


def test_a_prefix_takes_the_place_of_the_usual_one() -> None:
    assert People(5, prefix="run-7-").user_id(3) == "run-7-u3"


def test_clicks_are_on_several_links_and_render() -> None:
    kind = next(kind for kind in event_kinds() if kind.name == "email.click")
    template = Template("http://127.0.0.1/in?user={{User ID}}&p={{Parameters}}")
    urls = set()
    for user in range(2000):
        event = People().event(kind, user, AFTER)
        assert isinstance(event, MessageEvent)
        urls.add(event.parameters["url"])
        assert 1 <= event.parameters["index"] <= 5
        query = parse_qs(urlsplit(template.render(event)).query)
        assert query["user"] == [event.user_id]
    assert len(urls) == LINKS


def test_as_json_makes_an_equal_value() -> None:
    people = People(9, "app", "x-", DEFAULT_START_AT + AFTER)
    assert People.from_json(people.as_json()) == people


def test_mixed_bits_look_random() -> None:
    ones = sum(mixed(number).bit_count() for number in range(1000)) / 1000
    assert ones == pytest.approx(32, abs=0.6)
    assert len({mixed(number) for number in range(1000)}) == 1000
    assert 0 <= mixed(2**70) < 2**64
