"""An endpoint with all that its user lends to a run."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.suite.recorder import NotApplicable, Untestable
from contracts.suite.request_budget import BudgetSpent, RequestBudget
from contracts.suite.vocabulary import Need, Profile
from contracts.verify.endpoint import Endpoint
from contracts.verify.operator import AskingOperator
from contracts.verify.postbacks import Subscription
from contracts.verify.raw import NoConnection
from contracts.verify.raw_answer import RawAnswer
from contracts.verify.sender import Trust
from mockserver.client.probe import FunctionProbe
from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.template import Template
from mockserver.net.masks import Masks
from mockserver.transport.resolved_host import ResolvedHost
from tests.transport.servers import RawServer, hanging, keeping_alive

URL = "https://ada:s3cr3t@partner.test:8443/in?u={{User ID}}"
HERE = ResolvedHost("http", "partner.test", 80, ("127.0.0.1",))
HERE_TLS = ResolvedHost("https", "partner.test", 443, ("127.0.0.1",))
ELSEWHERE_TLS = ResolvedHost("https", "partner.test", 443, ("192.0.2.7",))


@dataclass
class SampleSender:
    """Answers in so many seconds each, in turn; nothing leaves.

    Attributes:
        sent: The groups of URLs, as they were handed in.
    """

    seconds: Sequence[float] = (0.0,)
    kind: OutcomeKind = OutcomeKind.RESPONSE
    sent: list[tuple[list[str], dict[str, Any]]] = field(default_factory=list)
    is_closed: bool = False

    def post(self, urls: Sequence[str], **options: Any) -> list[Outcome]:
        begun = sum(len(group) for group, _ in self.sent)
        self.sent.append((list(urls), options))
        numbers = range(begun, begun + len(urls))
        took = [timedelta(seconds=self.seconds[n % len(self.seconds)]) for n in numbers]
        return [Outcome(self.kind, each, status=200) for each in took]

    def close(self) -> None:
        self.is_closed = True


def endpoint(sender: SampleSender | None = None, url: str = URL, **fields: Any) -> Endpoint:
    return Endpoint(Subscription(Template(url)), sender or SampleSender(), **fields)


# What can be asked


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, set()),
        ({"resolved_host": HERE}, {Need.CONNECTIONS}),
        ({"resolved_host": HERE_TLS}, {Need.CONNECTIONS, Need.TLS}),
        ({"resolved_host": HERE_TLS, "trust": Trust(verify=False)}, {Need.CONNECTIONS}),
        ({"resolved_host": HERE_TLS, "is_proxied": True}, {Need.TLS}),
        ({"probe": FunctionProbe(list)}, {Need.PROBE}),
        ({"url": "http://h.test/in", "probe": FunctionProbe(list)}, set()),
        ({"url": "http://h.test/in#{{User ID}}", "probe": FunctionProbe(list)}, set()),
        ({"operator": AskingOperator(print)}, {Need.OPERATOR}),
        ({"recording": ["/in"]}, {Need.RECORDING}),
        ({"profile": Profile.FULL}, {Need.GENERATED}),
        ({"profile": Profile.SOAK, "resolved_host": HERE}, {Need.GENERATED, Need.CONNECTIONS}),
        ({"profile": Profile.FULL, "resolved_host": ELSEWHERE_TLS}, {Need.CONNECTIONS, Need.TLS}),
    ],
)
def test_what_can_be_asked_of_it(fields: dict[str, Any], needs: set[Need]) -> None:
    assert endpoint(**fields).capabilities == needs | {Need.OTHER_METHODS}
    assert endpoint(**fields, only_post=True).capabilities == needs


def test_what_is_written_of_it_holds_no_secret() -> None:
    masks = Masks()
    masks.hide("POSTBACKS_SECRET_1", "s3cr3t")
    tested = endpoint(masks=masks)
    assert tested.url == URL.replace("s3cr3t", "$POSTBACKS_SECRET_1")
    assert "ada" not in tested.description
    assert tested.description.startswith("the endpoint at partner.test:8443 (Push Notification, ")


def test_its_description_says_what_its_rule_listens_to() -> None:
    url = "http://[::1]:81?u={{User ID}}"
    some = Subscription(Template(url), channels=(Channel.PUSH, Channel.EMAIL))
    assert Endpoint(some, SampleSender()).description == (
        f"the endpoint at [::1]:81 ({Channel.PUSH}, {Channel.EMAIL})"
    )
    tests = Subscription(Template(url), PostbackType.AB_TEST_EVENTS)
    assert Endpoint(tests, SampleSender()).description == "the endpoint at [::1]:81 (A/B tests)"


# Sending


def test_groups_leave_together_each_at_its_turn() -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(real_seconds: float) -> None:
        slept.append(real_seconds)
        now[0] += real_seconds

    sender = SampleSender()
    tested = endpoint(sender, budget=RequestBudget(100, 0.5, sleep, lambda: now[0]))
    outcomes = tested.post([f"/{number}" for number in range(5)], at_once=2, fresh=True)
    assert len(outcomes) == 5
    assert [urls for urls, _ in sender.sent] == [["/0", "/1"], ["/2", "/3"], ["/4"]]
    assert sender.sent[0][1] == {"at_once": 2, "fresh": True}
    assert slept == [1.0, 1.0]
    assert tested.post([], at_once=3) == []


def test_more_than_the_budget_sends_nothing() -> None:
    sender = SampleSender()
    tested = endpoint(sender, budget=RequestBudget(5))
    tested.post(["/"] * 2)
    with pytest.raises(BudgetSpent):
        tested.post(["/"] * 4)
    assert (len(sender.sent), tested.budget.left) == (2, 3)
    tested.post(["/"] * 3)


def test_other_requests_count_as_well() -> None:
    class Others:
        def request(self, method: str, target: str) -> RawAnswer:
            return RawAnswer(418, body=f"{method} {target}".encode())

    tested = endpoint(others=Others(), budget=RequestBudget(1))
    assert tested.request("GET", "/in").body == b"GET /in"
    with pytest.raises(BudgetSpent):
        tested.request("GET", "/in")


def test_other_requests_leave_on_connections_of_their_own() -> None:
    with RawServer(keeping_alive()) as server:
        resolved_host = ResolvedHost("http", "partner.test", server.port, ("127.0.0.1",))
        tested = endpoint(resolved_host=resolved_host, headers=[("X-Gateway", "1")])
        assert [tested.request("GET", "/in").status for _ in range(2)] == [200, 200]
        assert server.connections == 2
        assert server.requests[0][1].startswith(b"GET /in HTTP/1.1\r\nHost: partner.test:")
        assert b"\r\nX-Gateway: 1\r\n" in server.requests[0][1]
        assert tested.still_answers()


def test_a_request_takes_no_longer_than_a_postback_may() -> None:
    with RawServer(hanging) as server:
        resolved_host = ResolvedHost("http", "partner.test", server.port, ("127.0.0.1",))
        answer = endpoint(resolved_host=resolved_host, timeout=timedelta(seconds=0.1)).request(
            "GET", "/in"
        )
    assert (answer.status, answer.error) == (None, "no whole answer within 0.1 s")


def test_where_nobody_listens_a_request_has_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    tested = endpoint(resolved_host=ResolvedHost("http", "partner.test", port, ("127.0.0.1",)))
    answer = tested.request("GET", "/in")
    assert answer.status is None
    assert answer.error.startswith(f"no connection to partner.test:{port} can be opened: ")
    with pytest.raises(NoConnection, match="no connection to"):
        tested.connection()
    assert not tested.still_answers()


def test_nothing_goes_past_a_proxy() -> None:
    with RawServer(keeping_alive()) as server:
        resolved_host = ResolvedHost("http", "partner.test", server.port, ("127.0.0.1",))
        tested = endpoint(resolved_host=resolved_host, is_proxied=True)
        with pytest.raises(NotApplicable, match="no GET"):
            tested.request("GET", "/in")
        assert (server.connections, tested.budget.sent) == (0, 0)
        assert tested.still_answers()


def test_in_this_process_it_is_there() -> None:
    assert endpoint().still_answers()


# Figures


@pytest.mark.parametrize(
    ("seconds", "figures"),
    [
        ([0.5], (1, 0.5, 0.5, 0.5)),
        ([0.2, 0.1], (2, 0.15, 0.199, 0.2)),
        ([number / 100 for number in range(1, 101)], (100, 0.505, 0.9901, 1.0)),
    ],
)
def test_how_long_answers_took(
    seconds: list[float], figures: tuple[int, float, float, float]
) -> None:
    told: list[float] = []
    tested = endpoint(SampleSender(seconds), on_answer=told.append)
    assert tested.latency() is None
    tested.post(["/"] * len(seconds))
    latency = tested.latency()
    assert latency is not None
    assert (latency.answers, latency.p50, latency.p99, latency.longest) == figures
    assert told == seconds


def test_what_was_not_answered_is_not_measured() -> None:
    tested = endpoint(SampleSender([30.0], OutcomeKind.TIMEOUT))
    tested.post(["/"] * 2)
    assert tested.latency() is None


@given(st.lists(st.floats(0, 40), min_size=1, max_size=200))
def test_quantiles_are_in_their_order(seconds: list[float]) -> None:
    tested = endpoint(SampleSender(seconds))
    tested.post(["/"] * len(seconds))
    latency = tested.latency()
    assert latency is not None
    assert min(seconds) - 1e-6 <= latency.p50 <= latency.p99 <= latency.longest
    assert latency.longest == pytest.approx(max(seconds), abs=1e-6)


def test_what_was_sent_and_may_be_stored() -> None:
    tested = endpoint(run="r1")
    tested.post([tested.composer.make().url, tested.composer.make(user_id="x", device_id="y").url])
    traffic = tested.traffic()
    assert (traffic.requests, traffic.prefix) == (2, "postbacks-verify-r1")
    assert traffic.stored == ["postbacks-verify-r1-1"]


def test_the_end_closes_the_sender() -> None:
    sender = SampleSender()
    endpoint(sender).close()
    assert sender.is_closed


def test_who_answers_nothing_is_sent_nothing_more() -> None:
    tested = endpoint(SampleSender([30.0], OutcomeKind.TIMEOUT))
    tested.post(["/"] * 2)
    with pytest.raises(Untestable, match="first 2 postbacks in a row were not answered"):
        tested.post(["/"])
    assert tested.budget.sent == 2


def test_who_serves_one_connection_is_sent_no_burst() -> None:
    tested = endpoint()
    tested.serves_one = True
    with pytest.raises(Untestable, match="see PB-REACH-SECOND-CONNECTION"):
        tested.post(["/"] * 2, at_once=2)
    assert tested.budget.sent == 0
