"""How a receiver listens, is reset and stops."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from mockserver.core.errors import AddressUnavailable
from mockserver.net.raw_client import RawClient
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver
from tests.receiver.clients import POST


def test_a_reset_ends_what_hangs_and_nothing_of_it_comes_back(
    client: RawClient, receiver: Receiver, inboxes: Inboxes, inbox: Inbox
) -> None:
    inbox.behave("hang")
    client.post("/inbox/a", silence=0.05)
    (hung,) = inbox.requests
    receiver.reset()
    inboxes.reset()
    assert client.exchange(b"").ending in ("closed", "reset")
    assert hung.end == "cancelled"
    assert inbox.requests == []


def test_a_reset_leaves_idle_connections_alone(
    client: RawClient, receiver: Receiver, inbox: Inbox
) -> None:
    assert client.exchange(POST).status == 200
    receiver.reset()
    again = client.exchange(POST, 1)
    assert (again.status, again.ending) == (200, "enough")


def test_stopping_with_hung_connections_is_quick_and_leaves_no_thread(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes)
    receiver.start()
    inbox = inboxes.inbox("a", receiver.url)
    inbox.behave("hang")
    clients = [RawClient("127.0.0.1", receiver.port) for _ in range(5)]
    for client in clients:
        client.socket.sendall(b"POST /inbox/a HTTP/1.1\r\n\r\n")
    inbox.wait_for(5)
    began = time.perf_counter()
    receiver.stop()
    assert time.perf_counter() - began < 1
    assert {request.end for request in inbox.requests} == {"cancelled"}
    for client in clients:
        client.socket.close()
    assert "postbacks-receiver" not in [thread.name for thread in threading.enumerate()]


def test_a_receiver_that_was_never_started_can_be_stopped(inboxes: Inboxes) -> None:
    Receiver(inboxes).stop()


def test_a_port_that_is_taken_is_said_in_one_line(receiver: Receiver, inboxes: Inboxes) -> None:
    with pytest.raises(AddressUnavailable, match=f"port {receiver.port}.*choose another"):
        Receiver(inboxes, port=receiver.port)


def test_who_listens_everywhere_is_called_at_loopback(inboxes: Inboxes) -> None:
    receiver = Receiver(inboxes, host="0.0.0.0")
    try:
        assert receiver.url == f"http://127.0.0.1:{receiver.port}"
    finally:
        receiver.stop()


def test_two_receivers_on_one_port_fail_before_either_starts(inboxes: Inboxes) -> None:
    first = Receiver(inboxes)
    try:
        with pytest.raises(AddressUnavailable):
            Receiver(inboxes, port=first.port)
    finally:
        first.stop()


def test_sockets_are_free_of_threads_and_descriptors_afterwards(inboxes: Inboxes) -> None:
    before = threading.active_count()
    for _ in range(20):
        receiver = Receiver(inboxes)
        receiver.start()
        with socket.create_connection(("127.0.0.1", receiver.port)):
            receiver.stop()
    assert threading.active_count() == before
