from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mockserver.core.catalog import event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidTemplate, InvalidValue
from mockserver.core.models import AbTestEvent, MessageEvent
from mockserver.core.template import Template
from mockserver.load.people import People
from mockserver.load.recorded_urls import UrlEvents

MESSAGES = (
    "https://h/in?u={{User ID}}&d={{Device ID}}&m={{Message ID}}&e={{Message event}}"
    "&c={{Message channel}}&t={{Template name}}&p={{Parameters}}&at={{Trigger time}}&x=1"
)
TESTS = "https://h/in?u={{User ID}}&d={{Device ID}}&a={{AB test ID}}&v={{Variant ID}}"


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.name)
def test_every_event_is_read_back_from_its_url(kind: object) -> None:
    event = People(2).event(kind, 7, timedelta(seconds=5))  # type: ignore[arg-type]
    event = replace(event, user_id="ada+ü%20&=/{}@example.com")
    template = TESTS if isinstance(event, AbTestEvent) else MESSAGES
    url = Template(template).render(event)
    found = UrlEvents(template).event_of(url, event.app_id, event.triggered_at)
    assert found == event
    path_alone = url.removeprefix("https://h")
    assert UrlEvents(template).event_of(path_alone, event.app_id, event.triggered_at) == event


def test_a_template_of_a_few_values_makes_a_sample_of_the_rest() -> None:
    found = UrlEvents("http://h/?user={{User ID}}").event_of("/?user=ada", "app", DEFAULT_START_AT)
    assert isinstance(found, MessageEvent)
    assert (found.user_id, found.event, found.channel) == ("ada", "Open", "Email")


def test_a_url_for_another_endpoint_is_none() -> None:
    urls = UrlEvents(MESSAGES)
    for other in ("/in", "/in?x=1", "/in?user=ada", "http://h/in?", "/in?#u=1"):
        assert urls.event_of(other, "app", DEFAULT_START_AT) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/in?c=Mail&e=Open", "unknown channel 'Mail'"),
        ("/in?c=Email&e=Opened", "no event 'Opened'"),
        ("/in?u=a&p=%5B1%5D", "Parameters are no JSON object"),
        ("/in?u=a&p=%7B", "Parameters are no JSON object"),
        ("/in?c=Email&e=Open&t=Banner", "no template name"),
    ],
)
def test_what_no_event_is_written_as_is_refused(url: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        UrlEvents(MESSAGES).event_of(url, "app", DEFAULT_START_AT)


def test_a_template_must_be_one_and_carry_a_value_in_its_query() -> None:
    with pytest.raises(InvalidTemplate):
        UrlEvents("http://h/?u={{User Id}}")
    for template in ("http://h/", "http://h/{{User ID}}", "http://h/?u=x{{User ID}}"):
        with pytest.raises(InvalidValue, match="carries no value"):
            UrlEvents(template)
