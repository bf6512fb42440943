"""How an exchange runs: streaming, closing early, links, threads."""

from __future__ import annotations

import dataclasses
import os
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.curl.transport import CurlTransport
from mockserver.transport.protocol import ExchangeStopped, is_concurrent
from tests.transport.exchanges import attempt_at, attempts_at, curl_transport, post, pulling, run
from tests.transport.servers import OK, Connection, RawServer, hanging, keeping_alive, resetting


@pytest.fixture
def transport() -> Iterator[CurlTransport]:
    transport = curl_transport(capacity=3)
    yield transport
    transport.close()


def test_it_is_a_concurrent_transport() -> None:
    assert is_concurrent(CurlTransport())
    assert CurlTransport().capacity == 64


class Gate:
    """A server whose answers to `/wait...` come once it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.closed_by_client = threading.Semaphore(0)

    def __call__(self, connection: Connection) -> None:
        while (head := connection.read_request()) is not None:
            if head.startswith(b"POST /wait") and not self.opened.is_set():
                if not connection.read_something():
                    self.closed_by_client.release()
                return
            connection.send(OK)


def test_nothing_to_send_ends_at_once(transport: CurlTransport) -> None:
    asked: list[int] = []
    assert list(transport.exchange(pulling([], asked))) == []
    assert asked == [3]


def test_places_are_filled_as_they_become_free(transport: CurlTransport) -> None:
    asked: list[int] = []
    with RawServer(keeping_alive()) as server:
        finished = 0
        groups = transport.exchange(pulling(attempts_at([f"{server.url}/"] * 20), asked))
        for group in groups:
            finished += len(group)
            assert min(sum(asked), 20) - finished <= 3
        assert finished == 20
        assert asked[0] == 3


def test_a_group_comes_while_others_are_still_under_way(transport: CurlTransport) -> None:
    with RawServer(Gate()) as server:
        urls = [f"{server.url}/{path}" for path in ("wait1", "1", "2", "wait2", "3")]
        groups = transport.exchange(pulling(attempts_at(urls)))
        finished: list[str] = []
        while len(finished) < 3:
            finished.extend(attempt.url for attempt, _ in next(groups))
        assert sorted(finished) == [urls[1], urls[2], urls[4]]
        groups.close()  # type: ignore[attr-defined]


def test_it_looks_for_more_while_others_are_under_way(transport: CurlTransport) -> None:
    with RawServer(Gate()) as server:
        batches = [[attempt_at(f"{server.url}/wait")], [], [attempt_at(f"{server.url}/new")]]

        def pull(_places: int) -> Sequence[DueAttempt]:
            return batches.pop(0) if batches else []

        groups = transport.exchange(pull)
        ((attempt, outcome),) = next(groups)
        assert attempt.url == f"{server.url}/new"
        assert outcome.status == 200
        groups.close()  # type: ignore[attr-defined]


def test_what_falls_due_meanwhile_waits_as_long_as_is_asked_for() -> None:
    """Between two looks for more there is a wait, while all that is under way hangs."""

    def looks(longest_wait: timedelta) -> int:
        transport = CurlTransport(capacity=2, longest_wait=longest_wait)
        asked: list[float] = []
        with RawServer(hanging) as server:
            waiting = [attempt_at(server.url)]

            def pull(free: int) -> Sequence[DueAttempt]:
                asked.append(time.monotonic())
                if asked[-1] - asked[0] > 0.3:
                    raise ExchangeStopped
                return [waiting.pop()] if waiting else []

            with suppress(ExchangeStopped):
                list(transport.exchange(pull))
        transport.close()
        return len(asked)

    assert looks(timedelta(milliseconds=150)) <= 5 < looks(timedelta(milliseconds=5))


def test_closed_early_it_drops_what_is_under_way(transport: CurlTransport) -> None:
    gate = Gate()
    with RawServer(gate) as server:
        urls = [f"{server.url}/{path}" for path in ("wait1", "quick", "wait2")]
        groups = transport.exchange(pulling(attempts_at(urls)))
        ((attempt, _),) = next(groups)
        assert attempt.url == urls[1]
        server.wait_for_requests(3)
        groups.close()  # type: ignore[attr-defined]
        for _ in range(2):
            assert gate.closed_by_client.acquire(timeout=10)
        gate.opened.set()
        results = run(transport, attempts_at(urls))
        assert [outcome.status for _, outcome in results] == [200] * 3


def test_a_mistake_of_the_caller_leaves_the_transport_usable(transport: CurlTransport) -> None:
    with RawServer(Gate()) as server:
        batches = [attempts_at([f"{server.url}/wait", f"{server.url}/quick"])]

        def pull(_places: int) -> Sequence[DueAttempt]:
            return batches.pop()

        with pytest.raises(IndexError):
            list(transport.exchange(pull))
        assert len(run(transport, attempts_at([f"{server.url}/"] * 9))) == 9


def test_bad_urls_do_not_hold_up_good_ones(transport: CurlTransport) -> None:
    with RawServer(keeping_alive()) as server:
        urls = ["nonsense", f"{server.url}/a", "http://a b/", f"{server.url}/b", "ftp://x/"] * 4
        results = run(transport, attempts_at(urls))
    kinds = {attempt.delivery_id: outcome.kind for attempt, outcome in results}
    expected = [OutcomeKind.RESPONSE if "127.0.0.1" in url else OutcomeKind.BLOCKED for url in urls]
    assert [kinds[number] for number in range(1, len(urls) + 1)] == expected


# The link


class RecordingLink:
    def __init__(self) -> None:
        self.sent: list[tuple[int, int, DueAttempt]] = []
        self.ended: list[tuple[int, DueAttempt, Outcome]] = []

    def sending(self, local_port: int, remote_port: int, attempt: DueAttempt) -> None:
        self.sent.append((local_port, remote_port, attempt))

    def received(self, local_port: int, attempt: DueAttempt, outcome: Outcome) -> Outcome:
        self.ended.append((local_port, attempt, outcome))
        return dataclasses.replace(outcome, elapsed=timedelta(hours=1), request_id=7)


def test_the_link_knows_the_ports_of_every_attempt() -> None:
    peers: dict[bytes, int] = {}

    def behave(connection: Connection) -> None:
        port = connection.take_socket().getpeername()[1]
        while (head := connection.read_request()) is not None:
            peers[head.split()[1]] = port
            # Told before the request was written, not after.
            assert any(sent[0] == port for sent in link.sent)
            connection.send(OK)

    link = RecordingLink()
    transport = curl_transport(link=link)
    with RawServer(behave) as server:
        attempts = attempts_at([f"{server.url}/{number}" for number in range(200)])
        results = run(transport, attempts)
        transport.close()
        assert len(link.sent) == len(link.ended) == len(results) == 200
        for local_port, remote_port, attempt in link.sent:
            target = attempt.url.removeprefix(server.url).encode()
            assert (local_port, remote_port) == (peers[target], server.port)
        sent = {attempt.delivery_id: port for port, _, attempt in link.sent}
        assert {attempt.delivery_id: port for port, attempt, _ in link.ended} == sent
    assert {(outcome.elapsed, outcome.request_id) for _, outcome in results} == {
        (timedelta(hours=1), 7)
    }


def test_the_link_may_turn_a_failure_into_something_else() -> None:
    class Link(RecordingLink):
        def received(self, local_port: int, attempt: DueAttempt, outcome: Outcome) -> Outcome:
            assert outcome.kind is OutcomeKind.RESET
            return Outcome(OutcomeKind.TIMEOUT)

    transport = curl_transport(link=Link())
    with RawServer(resetting) as server:
        assert post(transport, f"{server.url}/").kind is OutcomeKind.TIMEOUT
    transport.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nonexistent.invalid/", "ftp://x/"])
def test_the_link_hears_nothing_of_what_was_never_sent(url: str) -> None:
    link = RecordingLink()
    transport = curl_transport(link=link)
    post(transport, url)
    transport.close()
    assert (link.sent, link.ended) == ([], [])


def test_a_mistake_of_the_link_is_passed_on_before_anything_is_sent() -> None:
    class Link(RecordingLink):
        def sending(self, local_port: int, remote_port: int, attempt: DueAttempt) -> None:
            raise ZeroDivisionError

    transport = curl_transport(link=Link())
    with RawServer(keeping_alive()) as server:
        with pytest.raises(ZeroDivisionError):
            post(transport, f"{server.url}/")
        assert server.requests == []
    transport.close()


# Threads and descriptors


def test_threads_may_use_it_one_after_another(transport: CurlTransport) -> None:
    with RawServer(keeping_alive()) as server:
        results: list[tuple[DueAttempt, Outcome]] = []
        urls = [f"{server.url}/{number}" for number in range(30)]

        def work() -> None:
            results.extend(run(transport, attempts_at(urls)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == len(server.requests) == 120


def test_a_second_exchange_in_the_same_thread_is_refused(transport: CurlTransport) -> None:
    with RawServer(keeping_alive()) as server:
        groups = transport.exchange(pulling(attempts_at([f"{server.url}/"] * 9)))
        next(groups)
        with pytest.raises(RuntimeError, match="has an exchange under way"):
            post(transport, f"{server.url}/")
        with pytest.raises(RuntimeError, match="has an exchange under way"):
            transport.close()
        groups.close()  # type: ignore[attr-defined]
        assert post(transport, f"{server.url}/").status == 200


def test_sockets_beyond_what_select_can_watch_are_served(transport: CurlTransport) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 2048:
        pytest.skip("needs more than 2048 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
    opened: list[int] = []
    try:
        with RawServer(keeping_alive()) as server:
            while not opened or opened[-1] < 1100:
                opened.append(os.dup(0))
            results = run(transport, attempts_at([f"{server.url}/"] * 20))
            assert {outcome.status for _, outcome in results} == {200}
            assert max(outcome.elapsed_real_seconds for _, outcome in results) < 1
        with RawServer(hanging) as server:
            impatient = curl_transport(seconds=0.2)
            assert post(impatient, f"{server.url}/").kind is OutcomeKind.TIMEOUT
            impatient.close()
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_no_descriptor_left_is_an_error_and_no_refusal(transport: CurlTransport) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with RawServer(keeping_alive()) as server:
        run(transport, [attempt_at("nonsense")])
        opened: list[int] = []
        try:
            with suppress(OSError):
                while True:
                    opened.append(os.dup(0))
            with pytest.raises(OSError, match="open files"):
                post(transport, f"{server.url}/")
        finally:
            for descriptor in opened:
                os.close(descriptor)
        assert post(transport, f"{server.url}/").status == 200
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
