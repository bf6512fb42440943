"""Lets a case send postbacks to an endpoint as Leanplum would, and keeps what was exchanged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from contracts.suite.exchange import as_text, shortened
from contracts.suite.recorder import Deviation, NotApplicable, Recorder, Said, Untestable
from contracts.suite.results import RecordedExchange
from contracts.verify.consequence import consequence, is_accepted, outcome_text
from contracts.verify.endpoint import Endpoint
from contracts.verify.expectations import Expectations
from contracts.verify.meant import contradiction
from contracts.verify.postbacks import Composer, Postback, Subscription
from contracts.verify.raw_answer import RawAnswer
from contracts.verify.reckoning import is_required
from contracts.verify.sent import Contradiction, SentPostback
from mockserver.core.catalog import EventKind
from mockserver.core.outcome import Outcome, OutcomeKind

#: How long an endpoint may take until it listens again, in real seconds.
UP_AGAIN_REAL_SECONDS = 30.0
_POLL_REAL_SECONDS = 0.1


class EndpointTarget(Expectations):
    """An endpoint, as one case uses it.

    Args:
        endpoint: What the run is aimed at.
        rec: Records the checks and raises deviations.
    """

    def __init__(self, endpoint: Endpoint, rec: Recorder) -> None:
        super().__init__(endpoint, rec)
        self.exchanges: list[RecordedExchange] = []
        self._evidence: RecordedExchange | None = None
        self._shown: Deviation | None = None
        self._showing: tuple[list[RecordedExchange], RecordedExchange | None] = ([], None)

    # For the runner

    def fresh(self) -> None:
        """Forget the exchanges so far, except those of the last deviation.

        What the endpoint has stored stays there: it cannot be reset.
        """
        if self.rec.last is not self._shown:
            self._shown = self.rec.last
            self._showing = (list(self.exchanges), self._evidence)
        self.exchanges.clear()
        self._evidence = None

    def recall(self, deviation: Deviation) -> None:
        """Put back the exchanges of a deviation, if others were made after it."""
        if deviation is self._shown:
            self.exchanges, self._evidence = self._showing

    def clean_up(self) -> None:
        """Do nothing: the report lists the sent ids, so that the owner can remove them."""

    def masked(self, text: str) -> str:
        """Return a text in which names of variables stand for secrets."""
        return self.endpoint.masks.masked(text)

    def evidence(self, area: str) -> RecordedExchange | None:
        """Return the exchange that shows a deviation best: the chosen one, or else the last."""
        return self._evidence or (self.exchanges[-1] if self.exchanges else None)

    # Postbacks

    @property
    def subscription(self) -> Subscription:
        """Return the postbackUrl, and what it is registered for."""
        return self.endpoint.subscription

    @property
    def composer(self) -> Composer:
        """Return what makes postbacks."""
        return self.endpoint.composer

    def postback(
        self, kind: EventKind | None = None, *, suffix: str = "", **values: Any
    ) -> Postback:
        """Make a postback without sending it; see `Composer.make`."""
        return self.composer.make(kind, suffix=suffix, **values)

    def needs(self, *placeholders: str) -> None:
        """Continue only if the URL carries at least one of these values.

        Raises:
            NotApplicable: It carries none of them.
        """
        if not any(self.subscription.carries(name) for name in placeholders):
            names = " nor ".join(f"{{{{{name}}}}}" for name in placeholders)
            neither = "neither " if len(placeholders) > 1 else "no "
            raise NotApplicable(f"the URL carries {neither}{names}")

    # Sending

    def send(self, postback: Postback, *, fresh: bool = False, address: str = "") -> Outcome:
        """Send a postback once and return its outcome."""
        return self.send_all([postback], fresh=fresh, address=address)[0]

    def send_all(
        self,
        postbacks: Sequence[Postback],
        *,
        at_once: int = 1,
        fresh: bool = False,
        address: str = "",
    ) -> list[Outcome]:
        """Send each postback once and return their outcomes, in the same order."""
        urls = [postback.url for postback in postbacks]
        outcomes = self.endpoint.post(urls, at_once=at_once, fresh=fresh, address=address)
        for postback, outcome in zip(postbacks, outcomes, strict=True):
            exchange = self._exchange(postback.url, outcome, address)
            self.exchanges.append(exchange)
            self._note(postback, outcome, exchange)
        return outcomes

    def accept(self, postback: Postback, what: str, **options: Any) -> Outcome:
        """Send a postback that must be answered 2xx.

        Raises:
            Deviation: There was another answer, or none.
        """
        outcome = self.send(postback, **options)
        self.expect_accepted(outcome, what)
        return outcome

    def taken_as_usual(self) -> Postback:
        postback = self.postback()
        self.accept(postback, "a usual postback, to see which ids the probe shows")
        return postback

    def accept_all(self, postbacks: Sequence[Postback], what: str, **options: Any) -> None:
        """Send postbacks that must all be answered 2xx.

        Raises:
            Deviation: At least one was not; the report shows the first.
        """
        begin = len(self.exchanges)
        outcomes = self.send_all(postbacks, **options)
        refused = [number for number, each in enumerate(outcomes) if not is_accepted(each)]
        if not refused:
            self.rec.checks += len(outcomes)
            return
        first = refused[0]
        self.show(self.exchanges[begin + first])
        self.rec.checks += first
        number = f" ({len(refused)} of {len(outcomes)})" if len(outcomes) > 1 else ""
        self.expect_accepted(outcomes[first], f"{what}{number}")

    def accept_each(self, described: Sequence[tuple[Postback, str]], what: str) -> None:
        """Send postbacks that must all be answered 2xx, and name all that are not.

        Args:
            described: The postbacks, each with what is special about it.
            what: What is said of those that are not.

        Raises:
            Deviation: At least one was not; the report shows the smallest.
        """
        refused: list[tuple[Postback, str, Outcome]] = []
        for postback, special in described:
            outcome = self.send(postback)
            self.endpoint.sent.of([postback])[0].what = special
            self.rec.checks += 1
            if not is_accepted(outcome):
                refused.append((postback, special, outcome))
            if outcome.kind is not OutcomeKind.RESPONSE:
                break
        if not refused:
            return
        smallest, special, outcome = min(refused, key=lambda each: len(each[0].url))
        self.show_postback(smallest)
        names = dict.fromkeys(each for _, each, _ in refused)
        others = [each for each in names if each != special]
        also = f"; also {what}: {'; '.join(others)}" if others else ""
        self.expect_accepted(outcome, f"{special}{also}")

    def expect_kept_apart(self, described: Sequence[tuple[Postback, str]]) -> None:
        """Send postbacks that must be answered 2xx; expect each different one to be stored once."""
        before = self.stored_at_rest()
        self.accept_all([postback for postback, _ in described], "events that look alike")
        sent = self.endpoint.sent.of({each.url: each for each, _ in described}.values())
        what = {postback.url: special for postback, special in described}
        if before.entries is not None:
            self.expect_reckoned(sent, what)
            return
        least = sum(is_required(each, self.subscription) for each in sent)
        after = self.stored_at_rest(count=before.count + least).count - before.count
        expected = str(least) if least == len(sent) else f"{least} to {len(sent)}"
        self.rec.expect_that(
            least <= after <= len(sent),
            f"{expected} events",
            after,
            f"so many different URLs were sent: {'; '.join(dict.fromkeys(what.values()))}",
        )

    def expect_each_stored(
        self, sender: str, make: Callable[[], Sequence[tuple[Postback, str]]]
    ) -> None:
        """Expect what another case has sent to be stored as it was sent, once.

        Args:
            sender: The id of that case.
            make: Makes the same postbacks, if it was not run.

        Raises:
            Deviation: Something is not; the report shows the smallest example.
        """
        sent = [each for each in self.endpoint.sent.all() if each.case_id == sender]
        what: dict[str, str] = {}
        if not sent:
            described = make()
            what = {postback.url: special for postback, special in described}
            for postback, _ in described:
                self.send(postback)
            sent = self.endpoint.sent.of(postback for postback, _ in described)
        self.expect_reckoned(sent, what)

    def expect_accepted(self, outcome: Outcome, what: str) -> None:
        """Expect a 2xx.

        Raises:
            Deviation: It is not; the reason says what Leanplum does with the data then.
        """
        self.rec.expect_that(
            is_accepted(outcome),
            "2xx",
            Said(outcome_text(outcome)),
            f"{what}; {consequence(outcome)}",
        )

    def request(self, method: str, target: str) -> RawAnswer:
        """Send a request that is no postback, and keep the exchange."""
        began = time.perf_counter()
        answer = self.endpoint.request(method, target)
        self.record(method, target, answer, time.perf_counter() - began)
        return answer

    def record(self, method: str, target: str, answer: RawAnswer, real_seconds: float) -> None:
        """Keep an exchange that was made on a raw connection."""
        parts = urlsplit(self.subscription.template.url)
        mask = self.masked
        self.exchanges.append(
            RecordedExchange(
                method=method,
                url=mask(f"{parts.scheme}://{parts.netloc}{target}"),
                headers=[(name, mask(value)) for name, value in self.endpoint.headers],
                body="",
                status=answer.status,
                answer_headers=[(name, mask(value)) for name, value in answer.headers],
                answer_body=shortened(mask(as_text(answer.body))),
                real_seconds=round(real_seconds, 6),
                error=mask(answer.error) or None,
            )
        )

    def note(self, postback: Postback, answer: RawAnswer | None = None) -> None:
        """Remember that a postback was sent on a raw connection, and what was answered."""
        is_2xx = answer is not None and answer.status is not None and 200 <= answer.status < 300
        self.endpoint.sent.note(postback, self.rec.case_id, None, is_accepted=is_2xx)

    def note_other(self, postback: Postback) -> None:
        """Remember that the URL of a postback was sent with another method."""
        self.endpoint.sent.note(
            postback, self.rec.case_id, None, is_accepted=False, may_be_stored=False
        )

    def _note(self, postback: Postback, outcome: Outcome, exchange: RecordedExchange) -> None:
        sent = self.endpoint.sent
        accepted = is_accepted(outcome)
        if accepted and not sent.was_accepted(postback):
            what = contradiction(outcome.body)
            if what:
                found = Contradiction(self.rec.case_id, exchange, outcome.status or 0, what)
                sent.contradictions.append(found)
        sent.note(postback, self.rec.case_id, exchange, is_accepted=accepted)
        if sent.first is None:
            sent.first, sent.first_exchange = outcome, exchange

    def show_sent(self, sent: SentPostback) -> None:
        if sent.exchange is not None:
            if not any(each is sent.exchange for each in self.exchanges):
                self.exchanges.append(sent.exchange)
            self._evidence = sent.exchange

    def show(self, exchange: RecordedExchange) -> None:
        """Show this exchange in the report of the deviation that follows."""
        self._evidence = exchange

    def show_postback(self, postback: Postback) -> None:
        url = self.masked(postback.url)
        for exchange in reversed(self.exchanges):
            if exchange.url == url:
                self._evidence = exchange
                return

    @contextmanager
    def down(self) -> Iterator[None]:
        """Take the endpoint down for the time of a `with` block, and up again in any case.

        Raises:
            OperatorFailed: It could not be taken down or up.
            Untestable: It stays down.
        """
        operator = self.endpoint.operator
        assert operator is not None, "the case says that it needs an operator"
        clock = self.endpoint.time
        try:
            with self._waited_for():
                clock.is_down = True
                operator.down()
            yield
        finally:
            # Also if `down` was interrupted: the endpoint may be down already.
            with self._waited_for():
                operator.up()
                self.await_up()
            clock.is_down = False

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        """Leave out of the time of a run what somebody else takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.endpoint.time.extend(time.monotonic() - began)

    def await_up(self) -> None:
        """Wait until connections can be opened again; a server needs a moment to start.

        Raises:
            Untestable: It stays down.
        """
        ends = time.monotonic() + UP_AGAIN_REAL_SECONDS
        while not self.endpoint.still_answers():
            if time.monotonic() >= ends:
                raise Untestable(
                    f"nobody listens {UP_AGAIN_REAL_SECONDS:g} s after the endpoint was taken up"
                )
            time.sleep(_POLL_REAL_SECONDS)

    def _exchange(self, url: str, outcome: Outcome, address: str = "") -> RecordedExchange:
        mask = self.masked
        resolved_host = self.endpoint.resolved_host
        pinned = resolved_host.resolved((address,)) if resolved_host and address else ()
        # Accept is left out: curl sends it by itself.
        own = [("Content-Length", "0")]
        return RecordedExchange(
            method="POST",
            url=mask(url),
            headers=own + [(name, mask(value)) for name, value in self.endpoint.headers],
            body="",
            status=outcome.status,
            answer_headers=[(name, mask(value)) for name, value in outcome.headers],
            answer_body=shortened(mask(as_text(outcome.body))),
            real_seconds=round(outcome.elapsed.total_seconds(), 6),
            error=mask(outcome.error) if outcome.error else None,
            pinned="".join(pinned),
        )
