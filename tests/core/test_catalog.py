"""Which events exist, what they are called, and what is said of those that do not."""

from __future__ import annotations

import pytest

from mockserver.core.catalog import (
    CHANNEL_EVENTS,
    Channel,
    PostbackType,
    check_message_event,
    event_kind,
    event_kinds,
    events_of,
    parse_channel,
    parse_type,
    suggestion,
)
from mockserver.core.errors import InvalidEvent, InvalidValue


def test_every_event_has_its_name() -> None:
    assert [kind.name for kind in event_kinds()] == [
        "push.send",
        "push.open",
        "push.held-back",
        "email.send",
        "email.deferred",
        "email.delivered",
        "email.bounce",
        "email.open",
        "email.click",
        "email.marked-as-spam",
        "email.dropped",
        "email.unsubscribe",
        "email.held-back",
        "in-app.center-popup.view",
        "in-app.center-popup.held-back",
        "in-app.center-popup.accept",
        "in-app.confirm.view",
        "in-app.confirm.held-back",
        "in-app.confirm.accept",
        "in-app.interstitial.view",
        "in-app.interstitial.held-back",
        "in-app.interstitial.accept",
        "in-app.rich-interstitial.view",
        "in-app.rich-interstitial.held-back",
        "in-app.rich-interstitial.select-button-1",
        "in-app.rich-interstitial.select-button-2",
        "in-app.satisfaction-survey.view",
        "in-app.satisfaction-survey.held-back",
        "in-app.satisfaction-survey.submit",
        "in-app.banner.view",
        "in-app.banner.held-back",
        "in-app.banner.select",
        "ab-test.enter",
    ]


def test_every_event_of_the_catalog_is_found_and_passes_its_own_check() -> None:
    for kind in event_kinds():
        assert event_kind(kind.name) is kind
        assert event_kind(kind.name.upper()) is kind
        if kind.channel is None:
            assert kind.type is PostbackType.AB_TEST_EVENTS
        else:
            assert kind.type is PostbackType.MESSAGE_EVENTS
            check_message_event(kind.channel, kind.event, kind.template_name)


def test_sent_is_written_send_on_the_wire() -> None:
    assert event_kind("email.send").event == "Send"
    assert event_kind("push.send").event == "Send"
    assert all("Sent" not in events for events in CHANNEL_EVENTS.values())


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("email.clicked", "did you mean 'email.click'"),
        ("push.opened", "did you mean 'push.open'"),
        ("in-app.banner.selected", "'in-app.banner.select'"),
        ("qqqqqqqq", "`postbacks events` lists all of them"),
    ],
)
def test_an_unknown_event_is_refused_with_the_nearest_names(name: str, offered: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        event_kind(name)
    assert repr(name) in str(caught.value)
    assert offered in str(caught.value)


@pytest.mark.parametrize(
    ("channel", "event", "template_name", "said"),
    [
        (Channel.PUSH, "Click", "", "Push Notification has no event 'Click'; it has: Send, Open"),
        (Channel.EMAIL, "Sent", "", "Email has no event 'Sent'"),
        (Channel.EMAIL, "open", "", "Email has no event 'open'"),
        (Channel.IN_APP, "Accept", "Banner", "In-app Message 'Banner' has no event 'Accept'"),
        (Channel.IN_APP, "Accept", "", "In-app Message '' has no event 'Accept'"),
        (Channel.IN_APP, "Select", "My own", "'My own' has no event 'Select'; it has: View"),
        (Channel.EMAIL, "Open", "Banner", "Email messages have no template name, got 'Banner'"),
    ],
)
def test_what_leanplum_cannot_produce_is_refused(
    channel: Channel, event: str, template_name: str, said: str
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        check_message_event(channel, event, template_name)
    assert said in str(caught.value)


def test_a_template_of_ones_own_has_the_events_of_every_template() -> None:
    assert events_of(Channel.IN_APP, "My own") == ("View", "Held Back")
    check_message_event(Channel.IN_APP, "View", "My own")


def test_channels_and_types_are_read_exactly() -> None:
    assert parse_channel("In-app Message") is Channel.IN_APP
    assert parse_type("abTestEvents") is PostbackType.AB_TEST_EVENTS
    with pytest.raises(InvalidValue, match="did you mean 'Email'") as caught:
        parse_channel("email")
    assert "allowed: Push Notification, Email, In-app Message" in str(caught.value)
    with pytest.raises(InvalidValue, match="allowed: messageEvents, abTestEvents"):
        parse_type("messageevents")


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert suggestion("qqq", ("User ID", "Device ID")) == ""
    assert suggestion("USER ID", ("User ID",)) == " (did you mean 'User ID'?)"


def test_three_near_names_are_offered_at_most() -> None:
    near = suggestion("email.ope", ["email.open", "email.opes", "email.oped", "email.opez"])
    assert near.count(" or ") == 2


def test_only_in_app_messages_have_events_of_a_template() -> None:
    assert events_of(Channel.EMAIL, "Banner") == CHANNEL_EVENTS[Channel.EMAIL]
    assert events_of(Channel.PUSH, "Banner") == CHANNEL_EVENTS[Channel.PUSH]
    for channel in (Channel.PUSH, Channel.EMAIL):
        with pytest.raises(InvalidEvent, match="have no template name"):
            check_message_event(channel, "Open", "Banner")
