"""What is kept of the requests, and for how long."""

from __future__ import annotations

import threading
import time

from mockserver.receiver.journal import Journal, ReceivedRequest


def arrive(journal: Journal, inbox: str = "a", body: bytes = b"") -> ReceivedRequest:
    target = f"/inbox/{inbox}/x?a=1&a=2&b=%2B+%C3%A9&empty="
    headers = ((b"Host", b"h"), (b"X-Twice", b"1"), (b"x-twice", b"2"))
    line = f"POST {target} HTTP/1.1".encode()
    return journal.arrived(inbox, "POST", target, line, headers, body, ("127.0.0.1", 1), "200")


def test_a_request_is_there_on_arrival_and_its_end_comes_later() -> None:
    journal = Journal()
    request = arrive(journal)
    assert journal.requests("a") == [request]
    assert (request.end, request.ended_at, request.status) == (None, None, None)
    journal.ended(request, "answered", 200)
    assert (request.end, request.status) == ("answered", 200)
    journal.ended(request, "client-gone")
    assert request.end == "answered"


def test_what_is_parsed_is_parsed_once_and_right() -> None:
    request = arrive(Journal(), body="é".encode())
    assert request.path == "/inbox/a/x"
    assert request.query_list == [("a", "1"), ("a", "2"), ("b", "+ é"), ("empty", "")]
    assert request.query == {"a": "1", "b": "+ é", "empty": ""}
    assert list(request.query) == ["a", "b", "empty"]
    assert request.text == "é"
    assert request.header("X-TWICE") == "1"
    assert request.header("Nothing") is None


def test_requests_are_filtered() -> None:
    journal = Journal()
    for inbox in "aabab":
        arrive(journal, inbox)
    assert [request.id for request in journal.requests("a")] == [1, 2, 4]
    assert [request.id for request in journal.requests("a", after=1, limit=1)] == [2]
    assert journal.requests("a", method="GET") == []
    assert len(journal.requests("a", method="post")) == 3
    assert len(journal.requests(path_prefix="/inbox/b")) == 2


def test_the_oldest_go_first_and_it_is_said_how_many() -> None:
    journal = Journal(max_requests=3)
    for inbox in "aabaab":
        arrive(journal, inbox)
    assert [request.id for request in journal.requests()] == [4, 5, 6]
    assert journal.evicted == 3
    assert journal.evicted_of("a") == 2
    assert journal.evicted_of("b") == 1


def test_bytes_are_bounded_too_but_the_newest_stays() -> None:
    journal = Journal(max_bytes=10_000)
    for _ in range(3):
        arrive(journal, body=b"x" * 6000)
    assert [request.id for request in journal.requests()] == [3]
    assert journal.evicted == 2
    arrive(journal, body=b"x" * 20_000)
    assert [request.id for request in journal.requests()] == [4]


def test_clearing_forgets_one_inbox_or_all_and_ids_go_on() -> None:
    journal = Journal()
    for inbox in "ab":
        arrive(journal, inbox)
    journal.clear("a")
    assert [request.id for request in journal.requests()] == [2]
    journal.clear()
    assert journal.requests() == []
    assert arrive(journal).id == 3


def test_waiting_ends_when_enough_have_arrived_or_time_is_up() -> None:
    journal = Journal()
    arrive(journal)
    assert len(journal.wait_for("a", 1, 0)) == 1
    assert len(journal.wait_for("a", 2, 0.01)) == 1
    thread = threading.Thread(target=lambda: [arrive(journal) for _ in range(2)])
    waited: list[int] = []
    waiter = threading.Thread(target=lambda: waited.append(len(journal.wait_for("a", 3, 5))))
    waiter.start()
    thread.start()
    waiter.join()
    thread.join()
    assert waited == [3]


def received(target: str) -> ReceivedRequest:
    journal = Journal()
    line = f"GET {target} HTTP/1.1".encode("latin-1")
    return journal.arrived("a", "GET", target, line, (), b"", ("127.0.0.1", 1), "200")


def test_any_target_that_a_socket_takes_can_be_read() -> None:
    assert received("http://[/inbox/a?x=1").path == "/inbox/a"
    assert received("http://[/inbox/a?x=1").query == {"x": "1"}
    assert received("/inbox/a?x=[1]&y=%E2%82%AC").query == {"x": "[1]", "y": "€"}


def test_waiting_counts_what_was_evicted_and_stays_cheap() -> None:
    journal = Journal(max_requests=2)
    for _ in range(5):
        journal.arrived("a", "GET", "/inbox/a", b"", (), b"", ("127.0.0.1", 1), "200")
    began = time.perf_counter()
    assert len(journal.wait_for("a", 5, 0.5)) == 2
    assert time.perf_counter() - began < 0.3
