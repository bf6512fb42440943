"""Gives a case what it works with: an app of its own, inboxes, events, and the clock.

Everything goes over a recorded wire, as a user of the server would send it. Cases are kept
apart by apps, so a server that is not the suite's own is never reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import mockserver.web.shapes as shapes
from contracts.conformance.api import API_VERSION, ApiAnswer, Form, call, expect_accepted
from contracts.conformance.moved_clock import check_it_moved
from contracts.conformance.own_deliveries import first_attempts_made, until_none_is_pending
from contracts.conformance.server import Server
from contracts.suite.exchange import KEY, TOKEN, RecordingWire, evidence_among
from contracts.suite.recorder import Deviation, Recorder, Untestable
from contracts.suite.results import RecordedExchange
from contracts.suite.subject import CaseTarget, Names
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.leftovers import Leftovers
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import ClockCannotGoBack, PostbacksError, ServerUnreachable

#: A template with every value of a message event, as the documentation's example has it.
EVERY_MESSAGE_VALUE = (
    "?message_id={{Message ID}}&event={{Message event}}&device_id={{Device ID}}"
    "&user_id={{User ID}}&time={{Trigger time}}&channel={{Message channel}}"
    "&template_name={{Template name}}&parameters={{Parameters}}"
)
EVERY_AB_TEST_VALUE = (
    "?test={{AB test ID}}&variant={{Variant ID}}&device_id={{Device ID}}"
    "&user_id={{User ID}}&time={{Trigger time}}"
)

#: Where rules lead that nothing is to be sent to: nobody can have this host.
OUR_HOST = "postbacks-contracts.invalid"


class Target(CaseTarget):
    """A server, as one case uses it.

    Args:
        server: What the run is aimed at.
        rec: Told of calls that are not answered as they must be.
        names: Hands out numbers for apps and inboxes that nobody used before.
    """

    def __init__(self, server: Server, rec: Recorder, names: Names) -> None:
        self.server = server
        self.rec = rec
        self.wire = RecordingWire(server.wire)
        self.control = SandboxClient(token=server.token, wire=self.wire)
        if server.token is not None:
            self.wire.hide(TOKEN, server.token)
        self._names = names
        self._app: AppUnderTest | None = None
        self._app_ids: list[str] = []
        #: The pauses between attempts, once `schedule` has found them out.
        self.pauses: tuple[timedelta, ...] | None = None
        self._added: list[tuple[AppUnderTest, int]] = []
        self._unsure: list[AppUnderTest] = []
        # What passes here is no part of a case, so it is not recorded.
        self._unrecorded = SandboxClient(token=server.token, wire=server.wire)
        self._leftovers = Leftovers(self._unrecorded)

    @property
    def kind(self) -> TargetKind:
        """Return what the server is."""
        return self.server.kind

    @property
    def capabilities(self) -> frozenset[Need]:
        """Return what can be asked of the server."""
        return self.server.capabilities

    @property
    def app(self) -> AppUnderTest:
        """Return the app of this case, with no rule in it."""
        if self._app is None:
            self._app = self.another_app()
        return self._app

    @property
    def exchanges(self) -> list[RecordedExchange]:
        """Return what went over the wire so far."""
        return self.wire.exchanges

    def masked(self, text: str) -> str:
        return self.wire.masked(text)

    def recall(self, deviation: Deviation) -> None:
        """Do nothing: the last example repeats the deviation, so its exchanges are held anyway."""

    def evidence(self, area: str) -> RecordedExchange | None:
        return evidence_among(area, self.exchanges)

    def fresh(self) -> None:
        """Begin again with a new app, and without what was there: all of it if it is ours."""
        self._app = None
        self._app_ids.clear()
        if self.server.is_ours:
            self.control.reset()
        else:
            # What is pending of an earlier example would fall due in the next one.
            self._leftovers.remove()
        # Afterwards: a recording that is replayed elsewhere must not reset what is there.
        self.wire.exchanges.clear()

    def another_app(self, **knobs: Any) -> AppUnderTest:
        """Return a further app.

        Args:
            **knobs: What `AppRequest` takes beside the keys, e.g. `parameters_encoding`.
        """
        credentials = self.server.credentials
        if credentials is not None:
            self.wire.hide(KEY, credentials.key)
            self.wire.hide_rules_but(OUR_HOST)
            return AppUnderTest(self, credentials.app_id, shapes.KeysJson(credentials.key))
        app_id = self._names.next("app")
        keys = shapes.KeysJson(
            *(f"{app_id}-{kind}" for kind in ("export", "production", "development", "ro", "rw"))
        )
        self._leftovers.app(app_id)
        self._app_ids.append(app_id)
        self.control.put_app(app_id, shapes.AppRequest(keys, **knobs))
        return AppUnderTest(self, app_id, keys)

    def inbox(self, behaviour: str | list[Any] = "200") -> InboxUnderTest:
        """Return a new inbox that behaves like this."""
        name = self._names.next("inbox")
        self._leftovers.inbox(name)
        answer = self.control.behave(name, behaviour)
        return InboxUnderTest(self, answer.inbox, answer.url)

    # Time

    def now(self) -> datetime:
        """Return where the sandbox's clock stands."""
        return self.control.clock().now

    def advance(
        self, *, by: str | None = None, to: datetime | None = None, until: str | None = None
    ) -> list[shapes.AttemptJson]:
        """Move the clock all the way and return the attempts that were made on it.

        Raises:
            Untestable: It did not get there, so that what is not seen may only not be due yet.
        """
        fields: dict[str, Any] = {"by": by, "to": to and to.isoformat(), "until": until}
        given = {name: value for name, value in fields.items() if value is not None}
        answers = list(self.control.advances(shapes.AdvanceRequest(**given)))
        if self.server.is_ours and Need.MANUAL_CLOCK in self.capabilities:
            check_it_moved(answers, by, to, until)
        return [made for answer in answers for made in answer.attempts]

    def until_idle(self) -> None:
        """Move the clock until nothing of this case is pending."""
        if self.server.is_ours:
            self.advance(until="idle")
        else:
            until_none_is_pending(self._unrecorded, self._app_ids, self._advance_to)

    def _advance_to(self, due_at: datetime) -> None:
        # A running clock may have gone past it by itself, and the attempt is under way.
        with suppress(ClockCannotGoBack):
            self.advance(to=due_at)

    def restart(self) -> None:
        """Stop the server and start it again over the same data."""
        self.server.restart()

    def happen(
        self, events: shapes.EventRequest | Sequence[shapes.EventRequest]
    ) -> list[shapes.DeliveryJson]:
        """Let events happen; return their deliveries, each after its first attempt."""
        deliveries = self.control.trigger(events).deliveries
        if Need.MANUAL_CLOCK not in self.capabilities:
            first_attempts_made(self._unrecorded, deliveries)
            deliveries = [self.delivery(item.id) for item in deliveries]
        return deliveries

    def delivery(self, delivery_id: int) -> shapes.DeliveryJson:
        """Return one delivery as it stands."""
        return self.control.delivery(delivery_id)

    # Cleaning up

    def added(self, app: AppUnderTest, postback_id: int) -> None:
        """Take note of a rule that is to be deleted if it outlives the case."""
        self._added.append((app, postback_id))

    def may_have_added(self, app: AppUnderTest) -> None:
        """Take note that a rule may be there whose id nobody knows."""
        self._unsure.append(app)

    def deleted(self, app: AppUnderTest, postback_id: object) -> None:
        """Take note that such a rule is gone."""
        self._added = [item for item in self._added if item != (app, postback_id)]

    def clean_up(self) -> None:
        """Remove what the case has added, where it would stay.

        Of Leanplum that is rules; of a sandbox that somebody else started, apps and inboxes.

        Raises:
            Untestable: Something could not be removed; the message says what.
        """
        if self.kind is TargetKind.REAL:
            _check_nothing_is_left("these rules", self._delete_rules())
        elif not self.server.is_ours:
            _check_nothing_is_left("these", self._leftovers.remove())

    def _delete_rules(self) -> list[object]:
        left: list[object] = []
        for app in self._unsure:
            try:
                self._added += [(app, number) for number in app.own_rules()]
            except PostbacksError:
                left.append("one whose id was not answered")
        self._unsure.clear()
        added = {(app.app_id, postback_id): app for app, postback_id in self._added}
        for (_, postback_id), app in added.items():
            try:
                # A warning means that it was gone already.
                if app.delete(postback_id).success is not True:
                    left.append(postback_id)
            except PostbacksError:
                left.append(postback_id)
        self._added.clear()
        return left


@dataclass(frozen=True, slots=True)
class AppUnderTest:
    """An app at the target, and calls with its credentials."""

    target: Target
    app_id: str
    keys: shapes.KeysJson = field(repr=False)

    def arguments(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Return the arguments of a call with this app's credentials; None leaves one out."""
        everything = {
            "action": action,
            "appId": self.app_id,
            "clientKey": self.keys.data_export,
            "apiVersion": API_VERSION,
        } | arguments
        return {name: value for name, value in everything.items() if value is not None}

    def call(self, action: str, form: Form = Form.JSON, **arguments: Any) -> ApiAnswer:
        """Call a method of the API; an argument of None is left out."""
        try:
            answer = call(self.target.wire, self.arguments(action, **arguments), form)
        except ServerUnreachable:
            if action == "addPostback":
                self.target.may_have_added(self)
            raise
        if action == "addPostback" and answer.success is True:
            number = _as_number(answer.response.get("postbackId"))
            if number is None:
                self.target.may_have_added(self)
            else:
                self.target.added(self, number)
        if action == "deletePostback" and answer.accepted:
            self.target.deleted(self, arguments.get("postbackId"))
        return answer

    def add(
        self,
        url: str,
        type: str = "messageEvents",
        channels: Sequence[str] | None = None,
        form: Form = Form.JSON,
    ) -> int:
        """Register a rule that must be accepted, and return its id.

        Raises:
            Deviation: It was refused, or the answer has no id.
        """
        chosen = list(channels) if channels is not None else None
        answer = self.call("addPostback", form, type=type, postbackUrl=url, channels=chosen)
        expect_accepted(answer, f"a {type} rule for {url}", self.target.rec)
        postback_id = answer.response.get("postbackId")
        self.target.rec.expect_that(
            isinstance(postback_id, int) and not isinstance(postback_id, bool),
            "a whole number postbackId",
            postback_id,
            "the id is what deletePostback takes",
        )
        assert isinstance(postback_id, int)
        return postback_id

    def rules(self) -> list[dict[str, Any]]:
        """Return what listPostbacks answers.

        Raises:
            Deviation: It was refused, or lists nothing of that name.
        """
        answer = self.call("listPostbacks")
        expect_accepted(answer, "listPostbacks", self.target.rec)
        postbacks = answer.response.get("postbacks")
        self.target.rec.expect_that(
            isinstance(postbacks, list) and all(isinstance(item, dict) for item in postbacks),
            "a list of objects called postbacks",
            answer.response,
            "listPostbacks answers the rules of the app",
        )
        assert isinstance(postbacks, list)
        return postbacks

    def own_rules(self) -> list[int]:
        """Return the ids of the app's rules that lead to the suite's host."""
        listed = self.call("listPostbacks").response.get("postbacks")
        rules = listed if isinstance(listed, list) else []
        ours = [rule for rule in rules if OUR_HOST in str(rule)]
        numbers = (_as_number(rule.get("postbackId")) for rule in ours if isinstance(rule, dict))
        return [number for number in numbers if number is not None]

    def delete(self, postback_id: int) -> ApiAnswer:
        """Call deletePostback."""
        return self.call("deletePostback", postbackId=postback_id)

    def trigger(self, name: str, **values: Any) -> list[shapes.DeliveryJson]:
        """Let an event happen in this app; return the deliveries it fired, tried once."""
        event = shapes.EventRequest(name=name, app_id=self.app_id, **values)
        return self.target.happen(event)

    def trigger_many(
        self, names: Sequence[str], values: Sequence[Mapping[str, Any]] = ()
    ) -> list[shapes.DeliveryJson]:
        """Let events happen in one call; return the deliveries they fired, tried once.

        Args:
            names: One for each event.
            values: The fields of each event; samples unless given.
        """
        events = [
            shapes.EventRequest(name=name, app_id=self.app_id, **own)
            for name, own in zip(names, values or [{}] * len(names), strict=True)
        ]
        return self.target.happen(events)

    def trigger_one(self, name: str, **values: Any) -> shapes.DeliveryJson:
        """Let an event happen that must fire exactly one rule; return its delivery.

        Raises:
            Deviation: It fired none, or several.
        """
        deliveries = self.trigger(name, **values)
        self.target.rec.expect(1, len(deliveries), f"{name} fires the one rule there is, once")
        return deliveries[0]

    def deliveries(self) -> list[shapes.DeliveryJson]:
        """Return all deliveries of this app."""
        return self.target.control.deliveries(app_id=self.app_id, limit=1000).deliveries


@dataclass(frozen=True, slots=True)
class InboxUnderTest:
    """An inbox of the target's receiver."""

    target: Target
    name: str
    url: str

    def behave(self, behaviour: str | list[Any]) -> None:
        """Say what it does from its next request on."""
        self.target.control.behave(self.name, behaviour)

    def requests(self) -> list[shapes.ReceivedJson]:
        """Return what it got, in the order of arrival."""
        return self.target.control.requests(self.name).requests

    def only_request(self) -> shapes.ReceivedJson:
        """Return the request it got, which must be one.

        Raises:
            Deviation: It got none, or several.
        """
        requests = self.requests()
        self.target.rec.expect(1, len(requests), "one event fires one rule with one request")
        return requests[0]


def _check_nothing_is_left(what: str, left: Sequence[object]) -> None:
    if left:
        raise Untestable(f"{what} are still there: {', '.join(map(str, left))}")


def _as_number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
