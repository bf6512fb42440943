"""What goes over the wire for one attempt, and how long it may take."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.curl.transport import CurlTransport
from tests.transport.exchanges import attempt_at, curl_transport, outcome_of, post, post_to
from tests.transport.servers import RawServer, dripping, hanging, keeping_alive


def test_the_request_has_just_what_http_needs() -> None:
    with RawServer(keeping_alive()) as server:
        outcome_of(f"{server.url}/in?user=ada%2Bnews&x=%E4%20%2F#fragment")
        ((_, head),) = server.requests
    assert head.decode() == (
        "POST /in?user=ada%2Bnews&x=%E4%20%2F HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\n"
        "Accept: */*\r\n"
        "Content-Length: 0\r\n"
        "\r\n"
    )


@pytest.mark.parametrize(
    "path",
    ["/a/../b/./c", "/%7euser/%2E%2E/", "//x", "/a%c3%a4?b=%C3%A4&&", "/?", "/x?y?/../z", "/'|^`"],
)
def test_the_url_is_sent_as_it_is(path: str) -> None:
    with RawServer(keeping_alive()) as server:
        outcome_of(server.url + path)
        assert server.targets == [path]


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("#fragment", "/"),
        ("?x=%c3%a4", "/?x=%c3%a4"),
        ("/a#b?c", "/a"),
        ("/a b?c d", "/a%20b?c%20d"),
        ("/\xe4?\xe4#\xe4", "/%C3%A4?%C3%A4"),
    ],
)
def test_what_a_url_leaves_out_or_may_not_hold_is_put_right(rest: str, target: str) -> None:
    with RawServer(keeping_alive()) as server:
        transport = curl_transport()
        # One handle for all: what one URL needed must not stick to the next.
        for url in (f"{server.url}/before", f"HTTP{server.url[4:]}{rest}", f"{server.url}/after"):
            post(transport, url)
        transport.close()
        assert server.targets == ["/before", target, "/after"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 407, 417, 421, 503])
def test_no_status_causes_another_request(status: int) -> None:
    with RawServer(keeping_alive()) as other:
        answer = (
            f"HTTP/1.1 {status} Somehow\r\nLocation: {other.url}/\r\nRetry-After: 0\r\n"
            "WWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        )
        with RawServer(keeping_alive(answer.encode())) as server:
            assert outcome_of(f"{server.url}/").status == status
            assert len(server.requests) == 1
        assert other.requests == []


def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(keeping_alive()) as proxy, RawServer(keeping_alive()) as server:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert outcome_of(f"{server.url}/").status == 200
        assert proxy.connections == 0


# Time


def check_timeout(outcome: Outcome, seconds: float) -> None:
    assert outcome.kind is OutcomeKind.TIMEOUT
    assert outcome.status is None
    assert outcome.elapsed == timedelta(seconds=seconds)
    assert seconds <= outcome.elapsed_real_seconds < seconds + 1
    assert f"within {seconds:g} seconds" in (outcome.error or "")


def test_a_server_that_hangs_is_a_timeout() -> None:
    check_timeout(post_to(hanging, seconds=0.3), 0.3)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "fields", "value", "interim"],
)
def test_a_head_that_drips_is_a_timeout_in_all(start: bytes, piece: bytes) -> None:
    check_timeout(post_to(dripping(start, piece), seconds=0.3), 0.3)


def test_each_attempt_has_its_own_deadline() -> None:
    deadlines = {1: timedelta(seconds=0.1), 2: timedelta(seconds=0.3)}
    with RawServer(hanging) as server:
        transport = CurlTransport(deadline_of=lambda attempt: deadlines[attempt.delivery_id])
        attempts = [attempt_at(server.url + "/", number) for number in (1, 2, 1)]
        for attempt in attempts:
            # Asked for more while it waits, it is to wait for this one alone.
            once = iter([[attempt]])
            ((_, outcome),) = next(transport.exchange(lambda _places, once=once: next(once, [])))
            assert outcome.elapsed == deadlines[attempt.delivery_id]
        transport.close()


def test_waiting_takes_no_processor_time() -> None:
    with RawServer(hanging) as server:
        transport = curl_transport(seconds=0.5)
        before = time.process_time()
        post(transport, f"{server.url}/")
        assert time.process_time() - before < 0.2
        transport.close()
