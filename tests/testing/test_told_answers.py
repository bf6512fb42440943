"""What the API is told to answer looks the same in this process and over a socket."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from mockserver.live import LiveSandbox
from mockserver.receiver.faults.registry import all_faults
from mockserver.testing import Leanplum
from mockserver.testing.told_answers import NeverAnswered

URL = "https://api.leanplum.com/api"
READ_TIMEOUT = 0.3
CALL = {
    "action": "listPostbacks",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
}

#: Every fault as its documentation writes it, late ones and odd statuses beside. The API forwards
#: nothing.
DOCUMENTED = {
    example.partition("@")[0]
    for fault in all_faults().values()
    if fault.tag() != "forward"
    for line in fault.DOCS
    for example in re.findall(r"`([^`]+)`", str(line))
}
SCRIPTS = [
    *sorted(DOCUMENTED - {"redirect:URL", "slow-read", "drip", "drip:body"}),
    "redirect:http://127.0.0.1:9/x", "slow-read@20ms", "slow-read@1s", "drip@1ms", "drip@1s",
    "drip:body@1ms", "drip:body@1s", "200@50ms", "200@1s", "503@50ms", "503@1s", "100", "102",
    "204", "304", "201",
]  # fmt: skip


@pytest.fixture(scope="module")
def live() -> Iterator[LiveSandbox]:
    with LiveSandbox() as live:
        yield live


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about within 5 seconds")


def seen(url: str, timeout: Any = (5, READ_TIMEOUT)) -> tuple[Any, ...]:
    """Return what a client sees: status, header fields that count, and body, or the error."""
    try:
        answer = requests.get(url, params=CALL, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        causes = [type(each).__name__ for each in (error, error.args[0])]
        # Where it was sent to, and a repr of bytes, differ.
        detail = re.sub(r"HTTPS?ConnectionPool\(.*?\)|None", "POOL", str(error.args[0]))
        return (*causes, detail.replace("\\r\\n", ""))
    names = ("Content-Type", "Retry-After", "Location")
    return (answer.status_code, [answer.headers.get(name) for name in names], answer.content)


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_is_the_same_in_this_process_and_over_a_socket(script: str, live: LiveSandbox) -> None:
    live.sandbox.reset()
    live.sandbox.api.behave(script)
    expected = seen(f"{live.url}/api")
    with Leanplum() as leanplum:
        leanplum.api.behave(script)
        assert seen(URL) == expected
        (call,) = leanplum.api.calls
        assert leanplum.problems() == []
    (other,) = live.sandbox.api.calls
    # The thread that sends it notices a little later that the client has gone.
    wait_until(lambda: other.end is not None)
    assert (call.status, call.end) == (other.status, other.end)
    assert (call.behaviour, call.took) == (other.behaviour, other.took)


def test_no_time_passes_and_the_clock_stands() -> None:
    with Leanplum() as leanplum:
        before_at = leanplum.now()
        leanplum.api.behave("200@1h")
        assert seen(URL, (5, 7200))[0] == 200
        assert leanplum.now() == before_at
        assert leanplum.api.calls[0].took == timedelta(hours=1)


@pytest.mark.parametrize("timeout", [30, 30.5, (5, 30), (None, 30)])
def test_the_read_timeout_is_what_counts_however_it_is_given(timeout: Any) -> None:
    with Leanplum() as leanplum:
        for script, is_late in (("200@29s", False), ("200@31s", True)):
            leanplum.api.behave(script)
            assert (seen(URL, timeout)[0] == "ReadTimeout") == is_late


@pytest.mark.parametrize("timeout", [None, (5, None)])
@pytest.mark.parametrize("script", ["hang", "stall"])
def test_who_would_wait_for_ever_is_told_so(script: str, timeout: Any) -> None:
    with Leanplum() as leanplum:
        leanplum.api.behave(script)
        with pytest.raises(NeverAnswered, match="no timeout: it would wait for ever"):
            requests.get(URL, params=CALL, timeout=timeout)


def test_code_that_swallows_that_fails_the_test_all_the_same() -> None:
    with Leanplum() as leanplum:
        leanplum.api.behave("hang")
        with pytest.raises(NeverAnswered):
            requests.get(URL, params=CALL)
        (problem,) = leanplum.problems()
    assert problem.kind == "refused"
    assert "listPostbacks is never answered: it has no timeout" in problem.text


def test_a_late_answer_was_carried_out() -> None:
    rule = {**CALL, "action": "addPostback", "type": "messageEvents", "postbackUrl": "https://x.y/"}
    with Leanplum() as leanplum:
        for script in ("200@1h", "stall", "truncated", "drip@1h", "slow-read@1h"):
            leanplum.api.behave(script)
            before = len(leanplum.postbacks)
            assert not was_accepted(rule), script
            assert len(leanplum.postbacks) == before + 1, script
            leanplum.sandbox.reset()
        for script in ("503", "hang", "reset", "close", "malformed", "html:200", "error:no"):
            leanplum.api.behave(script)
            assert not was_accepted(rule), script
        assert leanplum.postbacks == []


def was_accepted(rule: dict[str, str]) -> bool:
    try:
        answer = requests.post(URL, json=rule, timeout=1)
        return bool(answer.json()["response"][0]["success"])
    except requests.RequestException:
        return False


def test_some_methods_alone_can_fail() -> None:
    with Leanplum() as leanplum:
        leanplum.api.behave("503", action="addPostback")
        assert seen(URL)[0] == 200
        assert requests.get(URL, params=CALL | {"action": "addPostback"}).status_code == 503
        leanplum.api.as_usual()
        assert requests.get(URL, params=CALL | {"action": "addPostback"}).status_code == 400


def test_a_body_is_read_piece_by_piece_until_it_ends() -> None:
    with Leanplum() as leanplum:
        leanplum.api.behave("truncated")
        got: list[bytes] = []
        with requests.get(URL, params=CALL, stream=True, timeout=1) as answer:
            pieces = answer.iter_content(4)
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                got.extend(pieces)
    assert b"".join(got).startswith(b'{"response"')
