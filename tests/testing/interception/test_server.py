"""One server for all tests: connections that clients keep, processes that are forked, faults."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import socket
import ssl

import httpx
import pytest

from mockserver.testing import Leanplum
from mockserver.testing.interception import server
from tests.testing.interception.clients import http_client, requests_
from tests.testing.pytest_runs import python

URL = "https://api.leanplum.com/api"


def test_a_connection_that_was_kept_is_answered_for_the_test_that_runs() -> None:
    with httpx.Client() as client:
        for _ in range(3):
            with Leanplum() as leanplum:
                assert client.post(URL).status_code == 400
                assert len(leanplum.refused_calls) == 1


def test_after_the_test_it_is_refused_on_a_connection_that_was_kept() -> None:
    connection = http.client.HTTPSConnection("api.leanplum.com")
    with Leanplum() as leanplum:
        connection.request("GET", "/api")
        assert connection.getresponse().read()
    connection.request("GET", "/api")
    answer = connection.getresponse()
    assert answer.status == 503
    message = json.loads(answer.read())["response"][0]["error"]["message"]
    assert "kept from a test that is over" in message
    connection.close()
    assert len(leanplum.refused_calls) == 1


def test_it_is_not_started_for_a_test_that_does_not_need_it() -> None:
    done = python(
        """
        import requests
        from mockserver.testing import Leanplum
        from mockserver.testing.interception import server
        with Leanplum() as leanplum:
            leanplum.add_postback(leanplum.inbox().url)
            leanplum.trigger("email.click")
            requests.get("https://api.leanplum.com/api")
        print(server._running)
        """
    )
    assert (done.stderr, done.stdout) == ("", "None\n")


def test_no_other_certificate_of_leanplum_is_believed() -> None:
    """Whoever gets to the real one by an address that it knew has not sent its key yet."""
    context = ssl.create_default_context()
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        Leanplum(),
        socket.create_connection(other.getsockname()) as sock,
        pytest.raises(ConnectionError, match="that is not its sandbox"),
    ):
        context.wrap_socket(sock, server_hostname="api.leanplum.com")


def test_the_name_of_another_host_is_refused() -> None:
    with Leanplum() as leanplum:
        assert http_client("http://api.leanplum.com/api", {})[0] == 400
        connection = http.client.HTTPConnection("127.0.0.1", server.port())
        connection.request("GET", "http://shop.example/")
        assert connection.getresponse().status == 403
        connection.close()
        assert len(leanplum.refused_calls) == 1


@pytest.mark.parametrize("behaviour", ["503", "reset", "malformed", "close"])
def test_the_api_fails_through_a_socket_as_it_was_told(behaviour: str) -> None:
    with Leanplum() as leanplum:
        leanplum.api.behave(f"{behaviour},200")
        if behaviour == "503":
            assert http_client(URL, {})[0] == 503
        else:
            with pytest.raises((OSError, http.client.HTTPException)):
                http_client(URL, {})
        assert leanplum.refused_calls == []


def _call_in_child(name: str) -> None:
    call = {"requests": requests_, "http.client": http_client}[name]
    os._exit(0 if call(URL, {})[0] == 400 else 1)


@pytest.mark.parametrize("name", ["requests", "http.client"])
@pytest.mark.parametrize("is_running", [True, False])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_calls_of_a_forked_process_are_seen_here(name: str, is_running: bool) -> None:
    if not is_running:
        server.stop()
    with Leanplum() as leanplum:
        if is_running:
            server.port()
        process = multiprocessing.get_context("fork").Process(target=_call_in_child, args=(name,))
        process.start()
        process.join(20)
        assert process.exitcode == 0
        assert len(leanplum.refused_calls) == 1


def test_a_test_in_a_forked_process_has_a_server_of_its_own() -> None:
    server.stop()
    with Leanplum():
        port = server.port()
    pid = os.fork()
    if pid == 0:
        with Leanplum() as leanplum:
            is_answered = http_client(URL, {})[0] == 400 and len(leanplum.refused_calls) == 1
            os._exit(0 if is_answered and server.port() != port else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
