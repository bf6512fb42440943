"""Names for type checkers every word that calls of a test can hold, so that a wrong one is found.

At run time the same is checked by `catalog` and `events`, for whoever has no type checker.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict

#: What `trigger` takes, in the order of the documentation.
EventName = Literal[
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

#: A messaging channel.
ChannelName = Literal[
    "Push Notification",
    "Email",
    "In-app Message",
]

#: What a rule listens to.
RuleType = Literal[
    "messageEvents",
    "abTestEvents",
]

#: Where a delivery stands.
StateName = Literal[
    "pending",
    "delivered",
    "rejected",
    "lost",
]

#: A method of Leanplum's API.
ApiMethod = Literal[
    "addPostback",
    "listPostbacks",
    "deletePostback",
]


class EventFields(TypedDict, total=False):
    """What can be told of an event; what is not told has a sample of what Leanplum would send.

    Events of messages have no `ab_test_id` and no `variant_id`; A/B tests have only these and
    `user_id`, `device_id` and `triggered_at`.
    """

    user_id: str
    device_id: str
    message_id: str
    template_name: str
    parameters: Mapping[str, Any]
    ab_test_id: str
    variant_id: str
    triggered_at: datetime | str


class DeliveryFields(TypedDict, total=False):
    """Which deliveries are meant; values are compared with `==`, so anything may stand for one."""

    event: Any
    channel: Any
    user_id: Any
    device_id: Any
    message_id: Any
    template_name: Any
    parameters: Any
    ab_test_id: Any
    variant_id: Any
    triggered_at: Any
    url: Any
    state: Any
    postback_id: Any
    app_id: Any
    query: Any


class RequestParts(TypedDict, total=False):
    """Which requests of an inbox are meant; values are compared with `==`."""

    method: Any
    path: Any
    body: Any
    query: Any


class TimeUnits(TypedDict, total=False):
    """How long, in what `timedelta` takes."""

    weeks: float
    days: float
    hours: float
    minutes: float
    seconds: float
    milliseconds: float
    microseconds: float
