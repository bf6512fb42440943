"""Describes the JSON of the control API as types, for the server, its clients and OpenAPI.

Requests are decoded into these types, answers are encoded from them, and the OpenAPI document is
generated from them. So a field is added here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from mockserver.core.durations import DURATION_PATTERN
from mockserver.core.instants import Instant
from mockserver.schema.app import AppRequest as AppRequest
from mockserver.schema.app import KeysJson as KeysJson
from mockserver.schema.app import RetryJson as RetryJson
from mockserver.web.api_shapes import ApiBehaviourAnswer as ApiBehaviourAnswer
from mockserver.web.api_shapes import ApiBehaviourRequest as ApiBehaviourRequest
from mockserver.web.api_shapes import ApiCallJson as ApiCallJson
from mockserver.web.api_shapes import ApiCallsAnswer as ApiCallsAnswer
from mockserver.web.api_shapes import ApiScriptJson as ApiScriptJson
from mockserver.web.delivery_shapes import ExplainedJson as ExplainedJson
from mockserver.web.delivery_shapes import UrlPieceJson as UrlPieceJson
from mockserver.web.receiver_shapes import BehaviourAnswer as BehaviourAnswer
from mockserver.web.receiver_shapes import BehaviourRequest as BehaviourRequest
from mockserver.web.receiver_shapes import FaultJson as FaultJson
from mockserver.web.receiver_shapes import FaultsAnswer as FaultsAnswer
from mockserver.web.receiver_shapes import ForwardedJson as ForwardedJson
from mockserver.web.receiver_shapes import HeaderJson as HeaderJson
from mockserver.web.receiver_shapes import InboxesAnswer as InboxesAnswer
from mockserver.web.receiver_shapes import InboxJson as InboxJson
from mockserver.web.receiver_shapes import ReceivedJson as ReceivedJson
from mockserver.web.receiver_shapes import ReplayedJson as ReplayedJson
from mockserver.web.receiver_shapes import ReplayRequest as ReplayRequest
from mockserver.web.receiver_shapes import RequestsAnswer as RequestsAnswer
from mockserver.web.report_shapes import FoundCaseJson as FoundCaseJson
from mockserver.web.report_shapes import ReportJson as ReportJson
from mockserver.web.report_shapes import ReportsAnswer as ReportsAnswer
from mockserver.web.report_shapes import VerifyAnswer as VerifyAnswer
from mockserver.web.report_shapes import VerifyRequest as VerifyRequest
from mockserver.web.report_shapes import VerifyRunJson as VerifyRunJson
from mockserver.web.rule_shapes import RuleCheckAnswer as RuleCheckAnswer
from mockserver.web.rule_shapes import RuleCheckRequest as RuleCheckRequest
from mockserver.web.rule_shapes import UrlRemarkJson as UrlRemarkJson
from mockserver.web.scenario_shapes import ScenarioAnswer as ScenarioAnswer
from mockserver.web.scenario_shapes import ScenarioRequest as ScenarioRequest
from mockserver.web.scenario_shapes import StepJson as StepJson
from mockserver.web.watching_shapes import FeedAnswer as FeedAnswer
from mockserver.web.watching_shapes import FeedEntry as FeedEntry
from mockserver.web.watching_shapes import Health as Health
from mockserver.web.watching_shapes import ResetAnswer as ResetAnswer
from mockserver.web.watching_shapes import ResetRequest as ResetRequest

Positive = Annotated[int, Meta(gt=0)]


class UnderWayJson(Struct):
    """An attempt that is being made right now."""

    delivery_id: int
    number: Annotated[int | None, Meta(description="None for a manual resend.")]
    url: str
    started_at: Instant
    real_seconds: Annotated[float, Meta(description="How long it has taken on the machine.")]


class AdvanceUnderWay(Struct):
    """An advance that goes on: how far it is, and what it waits for."""

    from_at: Annotated[
        Instant | None, Meta(description="None while it waits for attempts begun before it.")
    ] = field(name="from")
    to: Annotated[Instant | None, Meta(description="None: until nothing is pending.")]
    attempts_made: int
    real_seconds: float
    under_way: int
    waiting_for: Annotated[
        list[UnderWayJson], Meta(description="The first ten that are under way.")
    ]


class ClockState(Struct):
    """Where the clock stands, and the advance that moves it, if one does."""

    mode: Literal["manual", "running", "ambient"]
    now: Instant
    next_due: Instant | None
    pending: int
    rate: float = 1.0
    advance: AdvanceUnderWay | None = None


_DURATION = Meta(
    description="A duration: `10h`, `1h30m`, `PT10H`.",
    extra_json_schema={"pattern": DURATION_PATTERN},
)
_INSTANT = Meta(
    description="An instant: `2026-01-01T12:00:00Z`.", extra_json_schema={"format": "date-time"}
)


class AdvanceRequest(Struct, forbid_unknown_fields=True):
    """How far to move the clock: exactly one of the three."""

    by: Annotated[str, _DURATION] | UnsetType = UNSET
    to: Annotated[str, _INSTANT] | UnsetType = UNSET
    until: Literal["next", "idle"] | UnsetType = UNSET
    budget: Positive = 10_000
    real_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 20.0
    listed: Annotated[
        int, Meta(ge=0, description="How many attempts to list at most; all are counted.")
    ] = 10_000


class Nothing(Struct, forbid_unknown_fields=True):
    """No fields: `{}`. It tells a call from what a form, an image or a postback can send."""


class AttemptJson(Struct):
    """One POST that was made."""

    delivery_id: int
    number: Annotated[int | None, Meta(description="None for a manual resend.")]
    manual: bool
    repeated: bool
    started_at: Instant
    ended_at: Instant
    offset_hours: float
    outcome: Annotated[
        str, Meta(description="response, timeout, refused, reset, dns, tls or blocked.")
    ]
    status: int | None
    elapsed_seconds: float
    elapsed_real_seconds: float
    error: str | None
    headers: list[tuple[str, str]]
    body: str
    request_id: int | None
    reason: Annotated[
        list[str],
        Meta(
            description="Why it was no success, in short lines: what the answer says of it, or why "
            "the sandbox has sent nothing (`blocked`)."
        ),
    ] = []
    cut: Annotated[list[str], Meta(description="The places of values that were cut.")] = []


class AdvanceAnswer(Struct):
    """What an advance did; if it is not `complete`, ask again and it goes on.

    It is `cancelled` if somebody asked for that, or if nobody waited for the answer any more.
    """

    from_at: Instant = field(name="from")
    now: Instant
    attempts: list[AttemptJson]
    next_due: Instant | None
    complete: bool
    cancelled: bool = False
    attempts_made: Annotated[int, Meta(description="Also those that are not listed.")] = 0
    outcomes: Annotated[
        dict[str, int], Meta(description="How many came to what: a status, or e.g. `timeout`.")
    ] = field(default_factory=dict)


class CancelAnswer(Struct):
    """Whether an advance was cancelled, and where the clock stands now.

    If the advance has not ended yet, `clock.advance` tells what it waits for.
    """

    cancelled: bool
    clock: ClockState


class EventRequest(Struct, forbid_unknown_fields=True):
    """An event, by its name or by channel and event; what is left out has a sample value."""

    name: (
        Annotated[str, Meta(description="E.g. `email.click`; GET events lists all.")] | UnsetType
    ) = UNSET
    type: Literal["messageEvents", "abTestEvents"] | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    app_id: str | None = None
    user_id: str | UnsetType = UNSET
    device_id: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
    template_name: str | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    ab_test_id: str | UnsetType = UNSET
    variant_id: str | UnsetType = UNSET
    triggered_at: str | UnsetType = UNSET


class EventKindJson(Struct):
    """One combination of the catalog."""

    name: str
    type: str
    channel: str | None
    event: str
    template_name: str


class EventJson(Struct):
    """An event as it happened."""

    type: str
    app_id: str
    triggered_at: Instant
    user_id: str
    device_id: str
    channel: str | None = None
    event: str | None = None
    message_id: str | None = None
    template_name: str | None = None
    parameters: dict[str, Any] | None = None
    ab_test_id: str | None = None
    variant_id: str | None = None


class DeliveryJson(Struct):
    """One postback on its way."""

    id: int
    app_id: str
    postback_id: int
    url: str
    state: Literal["pending", "delivered", "rejected", "lost"]
    event: EventJson
    created_at: Instant
    attempts_made: int
    due_at: Instant | None
    attempts: list[AttemptJson]
    under_way: Annotated[
        UnderWayJson | None, Meta(description="The attempt that is being made right now.")
    ] = None
    cut: Annotated[list[str], Meta(description="The places of values that were cut.")] = []


class ResendAnswer(DeliveryJson):
    """A delivery, and the attempt that a resend has made of it."""

    made: Annotated[
        AttemptJson | None,
        Meta(description="Null if it is still under way; it is among `attempts` when it ends."),
    ] = None


class MismatchJson(Struct):
    """A rule that an event did not fire, and why."""

    postback_id: int
    reason: str


class TriggeredJson(Struct):
    """What one event led to."""

    event: EventJson
    deliveries: list[DeliveryJson]
    mismatches: list[MismatchJson]


class EventsAnswer(Struct):
    """What the events led to, in their order, and all their deliveries together."""

    deliveries: list[DeliveryJson]
    mismatches: list[MismatchJson]
    events: list[TriggeredJson]


class WouldFireJson(Struct):
    """A rule of the app, and whether an event would fire it."""

    postback_id: int
    template: str
    fires: bool
    reason: Annotated[str | None, Meta(description="Why it would not.")]
    url: Annotated[str | None, Meta(description="What would be sent.")]


class PreviewAnswer(Struct):
    """An event with all its values, and what it would do to each rule of its app."""

    event: EventJson
    rules: list[WouldFireJson]


class DeliveriesAnswer(Struct):
    """A page of deliveries; `next` is the `after` of the next page, None on the last."""

    deliveries: list[DeliveryJson]
    next: int | None
    in_all: Annotated[
        int | None, Meta(description="If none fits: how many there are without any filter.")
    ] = None


class PendingAnswer(Struct):
    """The deliveries whose next attempt is due first, in that order."""

    deliveries: list[DeliveryJson]


class RuleJson(Struct):
    """A postback rule."""

    postback_id: int
    app_id: str
    type: str
    channels: list[str]
    url: str
    created_at: Instant
    refused: Annotated[
        str | None,
        Meta(
            description="Why its postbacks will be refused, or may be, as far as its URL tells: "
            "`serve` is closed for public hosts (`--send-to`)."
        ),
    ] = None


class AppJson(AppRequest, kw_only=True, forbid_unknown_fields=False):
    """An app with its keys, knobs and rules."""

    app_id: str
    rules: list[RuleJson]


class AppsAnswer(Struct):
    """Every app, by app id."""

    apps: list[AppJson]


class AppDeleted(Struct):
    """What went with an app."""

    app_id: str
    rules: int
    deliveries: int
    comes_back: Annotated[
        bool,
        Meta(description="Whether the configuration has it: it is there again after a restart."),
    ]


class FidelityFact(Struct):
    """One behaviour of the fake, and how it is known."""

    id: str
    area: str
    statement: str
    source: Literal["documented", "observed", "assumed"]
    knob: str | None


class FidelityAnswer(Struct):
    """Everything the fake imitates, with its sources."""

    facts: list[FidelityFact]


class Problem(Struct, omit_defaults=True):
    """What went wrong, in the form of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
