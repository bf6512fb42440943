"""Gives tests the objects behind the fixtures, for use without pytest as well.

    from mockserver.testing import Leanplum

    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url + "?user={{User ID}}")
        leanplum.trigger("email.click", user_id="ada")
        leanplum.assert_delivered(user_id="ada")

The order in which to read: `leanplum` (what a test holds) with `app`, `clock`, `marker`; `partner`
(an application in the same process); `interception` and `api_calls` (calls of the API by the code
under test); `evidence` (what happened), which `assertions`, `comparisons` and `matching` compare
(`possible` and `sendable` refuse what cannot be), `failure_text` and `delivery_text` write, and
`problems` searches at the end; `awaited` (calls that nobody awaits); `repeats` (what is shown
once); `playing` (scenarios); `live` (real ports).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver.testing.leanplum import Leanplum as Leanplum
from mockserver.testing.leanplum import LeanplumClock as LeanplumClock
from mockserver.testing.problems import Problem as Problem

if TYPE_CHECKING:
    from mockserver.api.calls import ApiCall as ApiCall
    from mockserver.api.leanplum_api import LeanplumApi as LeanplumApi
    from mockserver.client.sandbox_client import SandboxClient as SandboxClient
    from mockserver.client.wire import Reply as Reply
    from mockserver.core.catalog import Channel as Channel
    from mockserver.core.catalog import PostbackType as PostbackType
    from mockserver.core.finding import DeliveryFilter as DeliveryFilter
    from mockserver.core.forwarded import Forwarded as Forwarded
    from mockserver.core.matching import Mismatch as Mismatch
    from mockserver.core.models import AbTestEvent as AbTestEvent
    from mockserver.core.models import App as App
    from mockserver.core.models import Attempt as Attempt
    from mockserver.core.models import DueAttempt as DueAttempt
    from mockserver.core.models import Event as Event
    from mockserver.core.models import KeyClass as KeyClass
    from mockserver.core.models import MessageEvent as MessageEvent
    from mockserver.core.models import PostbackRule as PostbackRule
    from mockserver.core.names import ApiMethod as ApiMethod
    from mockserver.core.names import ChannelName as ChannelName
    from mockserver.core.names import DeliveryFields as DeliveryFields
    from mockserver.core.names import EventFields as EventFields
    from mockserver.core.names import EventName as EventName
    from mockserver.core.names import RequestParts as RequestParts
    from mockserver.core.names import RuleType as RuleType
    from mockserver.core.names import StateName as StateName
    from mockserver.core.names import TimeUnits as TimeUnits
    from mockserver.core.outcome import Outcome as Outcome
    from mockserver.core.outcome import OutcomeKind as OutcomeKind
    from mockserver.core.playing import Became as Became
    from mockserver.core.playing import Checked as Checked
    from mockserver.core.playing import Played as Played
    from mockserver.core.retry import DeliveryState as DeliveryState
    from mockserver.core.retry import RetryPolicy as RetryPolicy
    from mockserver.delivery.history import Deliveries as Deliveries
    from mockserver.delivery.history import DeliveryHistory as DeliveryHistory
    from mockserver.delivery.history import Triggered as Triggered
    from mockserver.live import LiveSandbox as LiveSandbox
    from mockserver.receiver.faults.base import Fault as Fault
    from mockserver.receiver.inboxes import Inbox as Inbox
    from mockserver.receiver.journal import ReceivedRequest as ReceivedRequest
    from mockserver.sandbox import Sandbox as Sandbox
    from mockserver.testing.aio import LeanplumAio as LeanplumAio
    from mockserver.testing.api_calls import RefusedCall as RefusedCall
    from mockserver.testing.live import LiveInbox as LiveInbox
    from mockserver.testing.live import LiveLeanplum as LiveLeanplum
    from mockserver.testing.live import LiveServer as LiveServer
    from mockserver.testing.partner import Partner as Partner
    from mockserver.testing.told_answers import NeverAnswered as NeverAnswered
    from mockserver.time.advance import Advance as Advance
    from mockserver.transport.application.failure import ApplicationFailure as ApplicationFailure
    from mockserver.web.shapes import AttemptJson as AttemptJson
    from mockserver.web.shapes import DeliveryJson as DeliveryJson
    from mockserver.web.shapes import ReceivedJson as ReceivedJson

__all__ = [
    "AbTestEvent",
    "Advance",
    "ApiCall",
    "ApiMethod",
    "App",
    "ApplicationFailure",
    "Attempt",
    "AttemptJson",
    "Became",
    "Channel",
    "ChannelName",
    "Checked",
    "Deliveries",
    "DeliveryFields",
    "DeliveryFilter",
    "DeliveryHistory",
    "DeliveryJson",
    "DeliveryState",
    "DueAttempt",
    "Event",
    "EventFields",
    "EventName",
    "Fault",
    "Forwarded",
    "Inbox",
    "KeyClass",
    "Leanplum",
    "LeanplumAio",
    "LeanplumApi",
    "LeanplumClock",
    "LiveInbox",
    "LiveLeanplum",
    "LiveSandbox",
    "LiveServer",
    "MessageEvent",
    "Mismatch",
    "NeverAnswered",
    "Outcome",
    "OutcomeKind",
    "Partner",
    "Played",
    "PostbackRule",
    "PostbackType",
    "Problem",
    "ReceivedJson",
    "ReceivedRequest",
    "RefusedCall",
    "Reply",
    "RequestParts",
    "RetryPolicy",
    "RuleType",
    "Sandbox",
    "SandboxClient",
    "StateName",
    "TimeUnits",
    "Triggered",
]

# Every test that uses the fixture imports this module, but few need these.
_HOMES = {
    "AbTestEvent": "mockserver.core.models",
    "Advance": "mockserver.time.advance",
    "ApiCall": "mockserver.api.calls",
    "ApiMethod": "mockserver.core.names",
    "App": "mockserver.core.models",
    "ApplicationFailure": "mockserver.transport.application.failure",
    "Attempt": "mockserver.core.models",
    "AttemptJson": "mockserver.web.shapes",
    "Became": "mockserver.core.playing",
    "Channel": "mockserver.core.catalog",
    "ChannelName": "mockserver.core.names",
    "Checked": "mockserver.core.playing",
    "Deliveries": "mockserver.delivery.history",
    "DeliveryFields": "mockserver.core.names",
    "DeliveryFilter": "mockserver.core.finding",
    "DeliveryHistory": "mockserver.delivery.history",
    "DeliveryJson": "mockserver.web.shapes",
    "DeliveryState": "mockserver.core.retry",
    "DueAttempt": "mockserver.core.models",
    "Event": "mockserver.core.models",
    "EventFields": "mockserver.core.names",
    "EventName": "mockserver.core.names",
    "Fault": "mockserver.receiver.faults.base",
    "Forwarded": "mockserver.core.forwarded",
    "Inbox": "mockserver.receiver.inboxes",
    "KeyClass": "mockserver.core.models",
    "LeanplumAio": "mockserver.testing.aio",
    "LeanplumApi": "mockserver.api.leanplum_api",
    "LiveInbox": "mockserver.testing.live",
    "LiveLeanplum": "mockserver.testing.live",
    "LiveSandbox": "mockserver.live",
    "LiveServer": "mockserver.testing.live",
    "MessageEvent": "mockserver.core.models",
    "Mismatch": "mockserver.core.matching",
    "NeverAnswered": "mockserver.testing.told_answers",
    "Outcome": "mockserver.core.outcome",
    "OutcomeKind": "mockserver.core.outcome",
    "Partner": "mockserver.testing.partner",
    "Played": "mockserver.core.playing",
    "PostbackRule": "mockserver.core.models",
    "PostbackType": "mockserver.core.catalog",
    "ReceivedJson": "mockserver.web.shapes",
    "ReceivedRequest": "mockserver.receiver.journal",
    "RefusedCall": "mockserver.testing.api_calls",
    "Reply": "mockserver.client.wire",
    "RequestParts": "mockserver.core.names",
    "RetryPolicy": "mockserver.core.retry",
    "RuleType": "mockserver.core.names",
    "Sandbox": "mockserver.sandbox",
    "SandboxClient": "mockserver.client.sandbox_client",
    "StateName": "mockserver.core.names",
    "TimeUnits": "mockserver.core.names",
    "Triggered": "mockserver.delivery.history",
}


def __getattr__(name: str) -> Any:
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
