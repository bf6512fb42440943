"""Attempts that stay in this process are claimed and recorded together, where nobody can look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import Pull, is_batching
from mockserver.transport.routing import RoutingTransport
from tests.transport.exchanges import attempts_at

OK = Outcome(OutcomeKind.RESPONSE, status=200)
#: The prefix of URLs, and how many of them may be made together.
BATCHED, ALONE, OUTSIDE = "many:", "one:", "out:"


class Queue:
    """Hands out attempts in order, and takes them back to where they were."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.left = list(attempts_at(list(urls)))
        self.asked: list[int] = []
        self.out: list[str] = []
        self.given_back = 0

    def pull(self, places: int) -> list[DueAttempt]:
        self.asked.append(places)
        taken, self.left = self.left[:places], self.left[places:]
        self.out += [attempt.url for attempt in taken]
        return taken

    def give_back(self, attempts: Sequence[DueAttempt]) -> None:
        self.given_back += len(attempts)
        self.left = [*attempts, *self.left]
        del self.out[-len(attempts) :]


class Outside:
    """A concurrent transport that makes what it pulls, one group."""

    capacity = 3

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        while pulled := pull(self.capacity):
            self._setting.sent += [attempt.url for attempt in pulled]
            yield [(attempt, OK) for attempt in pulled]

    def close(self) -> None:
        """Keep nothing open."""


class Setting:
    def __init__(self, urls: Sequence[str]) -> None:
        self.queue = Queue(urls)
        self.sent: list[str] = []
        #: Of each call of code that may look around: what was claimed and not recorded then.
        self.seen: list[list[str]] = []
        self.recorded: list[str] = []
        self.transport = RoutingTransport(
            [
                (lambda url: url.startswith(BATCHED), CallableTransport(self._together, 1000)),
                (lambda url: url.startswith(ALONE), CallableTransport(self._alone)),
            ],
            lambda: Outside(self),
            capacity=3,
        )

    def _together(self, attempt: DueAttempt) -> Outcome:
        if attempt.url.endswith("!"):
            raise RuntimeError(attempt.url)
        self.sent.append(attempt.url)
        return OK

    def _alone(self, attempt: DueAttempt) -> Outcome:
        self.seen.append(self.queue.out[len(self.recorded) :])
        return self._together(attempt)

    def run(self) -> list[list[str]]:
        groups = []
        for group in self.transport.exchange_batches(self.queue.pull, self.queue.give_back):
            groups.append([attempt.url for attempt, _ in group])
            self.recorded += groups[-1]
        return groups


def test_it_says_that_it_can() -> None:
    assert is_batching(Setting([]).transport)


def test_many_take_few_groups() -> None:
    urls = [f"{BATCHED}{number}" for number in range(5000)]
    setting = Setting(urls)
    groups = setting.run()
    assert [url for group in groups for url in group] == setting.sent == urls
    assert len(groups) <= 11
    assert max(map(len, groups)) == 1000
    assert setting.queue.given_back == 0


def test_code_that_may_look_is_called_when_all_before_it_is_recorded() -> None:
    urls = [f"{BATCHED}{number}" for number in range(30)]
    urls += [f"{ALONE}1", f"{ALONE}2", f"{BATCHED}30", f"{ALONE}3"]
    setting = Setting(urls)
    setting.run()
    assert setting.sent == urls
    assert setting.seen == [[f"{ALONE}1"], [f"{ALONE}2"], [f"{ALONE}3"]]


def test_no_more_is_claimed_for_sockets_than_can_be_begun() -> None:
    urls = [f"{BATCHED}{number}" for number in range(100)]
    urls += [f"{OUTSIDE}{number}" for number in range(100)]
    setting = Setting(urls)
    most = 0
    for group in setting.transport.exchange_batches(setting.queue.pull, setting.queue.give_back):
        setting.recorded += [attempt.url for attempt, _ in group]
        under_way = [url for url in setting.queue.out if url not in setting.recorded]
        most = max(most, sum(url.startswith(OUTSIDE) for url in under_way))
    assert sorted(setting.sent) == sorted(urls)
    assert most <= 3


def test_what_was_sent_before_an_error_is_yielded() -> None:
    setting = Setting([f"{BATCHED}1", f"{BATCHED}2", f"{BATCHED}3", f"{BATCHED}4!"])
    with pytest.raises(RuntimeError, match="4!"):
        setting.run()
    assert setting.recorded == [f"{BATCHED}1", f"{BATCHED}2", f"{BATCHED}3"]


@given(st.lists(st.sampled_from([BATCHED, ALONE, OUTSIDE]), max_size=60))
def test_each_is_sent_once_and_those_in_the_process_in_order(kinds: list[str]) -> None:
    urls = [f"{kind}{number}" for number, kind in enumerate(kinds)]
    setting = Setting(urls)
    setting.run()
    assert sorted(setting.sent) == sorted(urls)
    assert sorted(setting.recorded) == sorted(urls)
    for prefix in (BATCHED, ALONE, OUTSIDE):
        assert [url for url in setting.sent if url.startswith(prefix)] == [
            url for url in urls if url.startswith(prefix)
        ]
