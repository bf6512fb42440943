"""Breaks which events fire a rule, and by which name they arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import WHY_NOT, Value, mismatched_by, written_as
from mockserver.core.catalog import IN_APP_TEMPLATE_EVENTS, Channel, PostbackType
from mockserver.core.matching import why_not
from mockserver.core.models import AbTestEvent, Event, MessageEvent, PostbackRule

_SLUGS = {"Push%20Notification": "push", "Email": "email", "In-app%20Message": "in-app"}


def _message_fires_any_type(rule: PostbackRule, event: Event) -> str | None:
    if isinstance(event, MessageEvent):
        rule = replace(rule, type=PostbackType.MESSAGE_EVENTS)
    return why_not(rule, event)


def _ab_test_fires_any_type(rule: PostbackRule, event: Event) -> str | None:
    if isinstance(event, AbTestEvent):
        rule = replace(rule, type=PostbackType.AB_TEST_EVENTS)
    return why_not(rule, event)


def _sent(value: Value) -> str:
    is_sent = value.name == "Message event" and value.text == "Send"
    return "Sent" if is_sent else value.text


def _lower_case(value: Value) -> str:
    return value.text.lower() if value.name == "Message event" else value.text


def _slug(value: Value) -> str:
    return _SLUGS.get(value.text, "") if value.name == "Message channel" else value.text


def _is_push_held_back(event: Event) -> bool:
    return _is_message(event, Channel.PUSH, "Held Back")


def _is_email_dropped(event: Event) -> bool:
    return _is_message(event, Channel.EMAIL, "Dropped")


def _is_in_app_accept(event: Event) -> bool:
    return _is_message(event, Channel.IN_APP, "Accept")


def _is_ab_test(event: Event) -> bool:
    return isinstance(event, AbTestEvent)


def _has_custom_template(event: Event) -> bool:
    in_app = isinstance(event, MessageEvent) and event.channel is Channel.IN_APP
    return in_app and getattr(event, "template_name", "") not in IN_APP_TEMPLATE_EVENTS


def _is_message(event: Event, channel: Channel, name: str) -> bool:
    return isinstance(event, MessageEvent) and (event.channel, event.event) == (channel, name)


def _missing(name: str, what: str, is_missing: Callable[[Event], bool]) -> Deviant:
    def reason(rule: PostbackRule, event: Event) -> str | None:
        return "no such event is known" if is_missing(event) else why_not(rule, event)

    return Deviant(name, "events", f"{what} fires nothing.", patches=mismatched_by(reason))


DEVIANTS: tuple[Deviant, ...] = (
    Deviant(
        "message-fires-ab-rule",
        "events",
        "A message event fires rules for A/B test events, too.",
        patches=((WHY_NOT, _message_fires_any_type),),
    ),
    Deviant(
        "ab-test-fires-message-rule",
        "events",
        "An A/B test event fires rules for message events, too.",
        patches=((WHY_NOT, _ab_test_fires_any_type),),
    ),
    Deviant("sent-instead-of-send", "events", "Sent is written Sent.", patches=written_as(_sent)),
    Deviant(
        "event-lower-case",
        "events",
        "Message event is written in lower case.",
        patches=written_as(_lower_case),
    ),
    Deviant(
        "channel-as-slug",
        "events",
        "Message channel is push, email or in-app.",
        patches=written_as(_slug),
    ),
    _missing("push-held-back-missing", "Held Back of a push notification", _is_push_held_back),
    _missing("email-dropped-missing", "Dropped of an e-mail", _is_email_dropped),
    _missing("in-app-accept-missing", "Accept of an in-app message", _is_in_app_accept),
    _missing("ab-test-missing", "Entering an A/B test", _is_ab_test),
    _missing(
        "custom-template-missing", "An in-app template of a customer's own", _has_custom_template
    ),
)
