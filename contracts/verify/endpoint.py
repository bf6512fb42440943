"""Holds the endpoint that a run checks, together with the means that its user gives to the run.

One budget counts every request that is sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median, quantiles
from typing import Any, Protocol
from urllib.parse import urlsplit

from contracts.suite.recorder import NotApplicable, Untestable
from contracts.suite.request_budget import RequestBudget
from contracts.suite.results import Latency, Remark, Traffic
from contracts.suite.vocabulary import Need, Profile, TargetKind
from contracts.verify import raw
from contracts.verify.operator import Operator
from contracts.verify.postbacks import Composer, Subscription
from contracts.verify.raw import NoConnection
from contracts.verify.raw_answer import RawAnswer
from contracts.verify.run_time import RunTime
from contracts.verify.sender import PostbackSender, Trust
from contracts.verify.sent import SentPostbacks
from contracts.verify.sight import ProbeSight
from contracts.verify.storage import StorageDelay
from mockserver.client.probe import Probe
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.net.masks import Masks
from mockserver.transport.resolved_host import ResolvedHost

#: How many postbacks make a burst, by default.
BURST = 10
#: So many answers tell how fast it was at the beginning.
FIRST_ANSWERS = 50
#: How many requests a run may send, by default.
MOST_REQUESTS = 600


class OtherMethods(Protocol):
    """Sends requests that are no postbacks."""

    def request(self, method: str, target: str) -> RawAnswer:
        """Send a request without a body and return what came back."""


@dataclass
class Endpoint:
    """An endpoint under test.

    Attributes:
        subscription: The postbackUrl, and what it is registered for.
        sender: Sends postbacks.
        resolved_host: Its host and addresses; None if it is in this process.
        trust: How its certificate is checked.
        others: Sends requests of other methods; a new connection does unless given.
        probe: Asks what it has stored; None if the user gave no probe.
        operator: Takes it down and up again; None if the user gave none.
        outage: How long an outage is played to last, in the time of Leanplum's retries.
        recording: Recorded URLs, which are sent instead of generated ones.
        budget: How many requests may be sent, and how fast.
        profile: Which cases are tried, from quick to soak.
        burst: How many postbacks make a burst.
        timeout: How long an answer may take.
        headers: Header fields that are sent beyond those of a postback.
        masks: The secrets, and the names that replace them in reports.
        remarks: Remarks about its postbackUrl.
        is_proxied: Whether requests go through a proxy; then no connection reaches it directly.
        only_post: Whether it is sent nothing but POSTs, for those who ban what looks like a scan.
        run: Part of every id, so that ids of different runs differ; random unless given.
        time: How long the run may take, and whether it makes sense to go on.
        serves_one: Whether it was found to serve one connection at a time only.
        on_answer: Called with the time that each answer took, in real seconds.
    """

    subscription: Subscription
    sender: PostbackSender
    resolved_host: ResolvedHost | None = None
    trust: Trust = field(default_factory=Trust)
    others: OtherMethods | None = None
    probe: Probe | None = None
    operator: Operator | None = None
    outage: timedelta = timedelta(hours=4)
    recording: Sequence[str] = ()
    budget: RequestBudget = field(default_factory=lambda: RequestBudget(MOST_REQUESTS))
    profile: Profile = Profile.QUICK
    burst: int = BURST
    timeout: timedelta = DEFAULT_TIMEOUT
    headers: Sequence[tuple[str, str]] = ()
    masks: Masks = field(default_factory=Masks)
    remarks: Sequence[Remark] = ()
    is_proxied: bool = False
    only_post: bool = False
    run: str | None = None
    time: RunTime = field(default_factory=RunTime)
    serves_one: bool = False
    on_answer: Callable[[float], None] = lambda real_seconds: None

    kind = TargetKind.ENDPOINT
    is_ours = False

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self.composer = Composer(self.subscription, self.run)
        self.storage_delay = StorageDelay()
        worded = self.subscription.names_of("Message event", "Message channel")
        self.probe_sight = ProbeSight(worded)
        self.sent = SentPostbacks()
        self._answers: list[float] = []

    @property
    def url(self) -> str:
        """Return the postbackUrl, secrets masked."""
        return self.masks.masked(self.subscription.template.url)

    @property
    def description(self) -> str:
        """Return what is tested, for the head of a report."""
        parts = urlsplit(self.subscription.template.url)
        host = parts.netloc.rpartition("@")[2]
        listens = "A/B tests"
        if self.subscription.type == "messageEvents":
            listens = ", ".join(self.subscription.channels)
        return f"the endpoint at {host} ({listens})"

    @property
    def capabilities(self) -> frozenset[Need]:
        """Return the needs of cases that it can meet."""
        resolved_host = self.resolved_host
        found = {
            Need.PROBE: self.probe is not None and self.composer.can_be_recognised,
            Need.OPERATOR: self.operator is not None,
            Need.CONNECTIONS: resolved_host is not None and not self.is_proxied,
            Need.TLS: resolved_host is not None and resolved_host.is_tls and self.trust.verify,
            Need.RECORDING: bool(self.recording),
            Need.OTHER_METHODS: not self.only_post,
            Need.GENERATED: self.profile is not Profile.QUICK
            and (resolved_host is None or resolved_host.is_loopback),
        }
        return frozenset(need for need, there in found.items() if there)

    def post(self, urls: Sequence[str], **options: Any) -> list[Outcome]:
        """POST to each URL, within its budget; see `PostbackSender`.

        Raises:
            BudgetSpent: Fewer requests than that are left; none was sent.
            Untestable: The run has no time left, or nothing is answered; the message says which.
        """
        if self.serves_one and options.get("at_once", 1) > 1:
            raise Untestable(
                "it serves one connection at a time, so several at once would all time out; see "
                "PB-REACH-SECOND-CONNECTION"
            )
        at_once = min(options.get("at_once", 1), len(urls))
        # Sending only a part would prove nothing, and use up requests that other cases need.
        self.budget.expect(len(urls))
        outcomes: list[Outcome] = []
        for start in range(0, len(urls), max(1, at_once)):
            group = urls[start : start + max(1, at_once)]
            self.time.check()
            self.budget.take(len(group))
            came = self.sender.post(group, **options)
            outcomes += came
            if at_once == 1:
                self.time.learn(came)
        for outcome in outcomes:
            self._measure(outcome)
        return outcomes

    def request(self, method: str, target: str) -> RawAnswer:
        """Send a request that is no postback.

        Raises:
            BudgetSpent: No request is left.
            NotApplicable: It would have to go through a proxy.
        """
        if self.is_proxied:
            raise NotApplicable(f"through a proxy nothing but POST is sent, so no {method}")
        self.budget.take()
        if self.others is not None:
            return self.others.request(method, target)
        try:
            with self.connection() as connection:
                # Nobody looks at what comes behind this answer.
                return connection.request(method, target, self.headers, settling_real_seconds=0.0)
        except NoConnection as error:
            return RawAnswer(error=str(error))

    def connection(self) -> raw.RawConnection:
        """Open a new connection to the endpoint.

        Raises:
            NoConnection: Nobody listens.
        """
        assert self.resolved_host is not None
        # A server for one connection at a time would wait for the sender's connection to close,
        # which is not what this case is about.
        self.sender.close()
        return raw.RawConnection(self.resolved_host, self.trust, self.timeout.total_seconds())

    def still_answers(self) -> bool:
        """Return whether a connection can still be opened, whether or not an answer would come."""
        return self.resolved_host is None or self.is_proxied or raw.is_listening(self.resolved_host)

    def latency(self) -> Latency | None:
        """Return how long answers took so far; None without any."""
        took = sorted(self._answers)
        if not took:
            return None
        p99 = quantiles(took, n=100, method="inclusive")[98] if len(took) > 1 else took[0]
        return Latency(len(took), round(median(took), 6), round(p99, 6), round(took[-1], 6))

    def at_first(self) -> timedelta | None:
        """Return how long an answer took at the beginning of the run; None without any."""
        first = self._answers[:FIRST_ANSWERS]
        return timedelta(seconds=median(first)) if first else None

    def traffic(self) -> Traffic:
        """Return what was sent so far."""
        return Traffic(self.budget.sent, self.composer.prefix, list(self.composer.keys))

    def close(self) -> None:
        """Close all connections."""
        self.sender.close()

    def _measure(self, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.RESPONSE:
            took = outcome.elapsed.total_seconds()
            self._answers.append(took)
            self.on_answer(took)
