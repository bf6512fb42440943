"""Calls of Leanplum's API by code under test reach the sandbox, whatever they look like."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
import requests
import responses
import urllib3

from mockserver.testing import Leanplum
from tests.testing.interception.conftest import CountingServer

URL = "https://api.leanplum.com/api"
TEMPLATE = "https://partner.example/in?user={{User ID}}"


@pytest.fixture
def entered() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        yield leanplum


@pytest.fixture
def somebody_else() -> Iterator[str]:
    """Answer on the loopback interface as a host that has nothing to do with Leanplum."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"else")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def arguments(leanplum: Leanplum, action: str = "addPostback") -> dict[str, str]:
    given = {
        "action": action,
        "appId": leanplum.app.app_id,
        "clientKey": leanplum.app.keys["data_export"],  # type: ignore[index]
        "apiVersion": "1.0.6",
    }
    if action == "addPostback":
        given |= {"postbackUrl": TEMPLATE, "type": "messageEvents"}
    return given


def check(leanplum: Leanplum, answer: requests.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.json()["response"][0]["success"] is True
    assert [rule.url for rule in leanplum.postbacks] == [TEMPLATE]
    assert leanplum.refused_calls == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://api.leanplum.com/api",
        "https://www.leanplum.com/api",
        "http://www.leanplum.com/api",
        "https://api.leanplum.com/api/",
        "https://API.Leanplum.COM/api",
        "https://api.leanplum.com:443/api",
        "http://www.leanplum.com:80/api",
        "https://api.leanplum.com:8443/api",
        "https://api.leanplum.com./api",
        "https://user:secret@api.leanplum.com/api",
        "https://api.leanplum.com//api",
    ],
)
def test_every_address_of_the_api(entered: Leanplum, url: str) -> None:
    check(entered, requests.get(url, params=arguments(entered)))


@pytest.mark.parametrize(
    "url",
    [
        "https://leanplum.com.example/api",
        "https://api.leanplum.com.example/api",
        "https://api.leanplum.com@shop.example/api",
        "https://leanplum.com/api",
        "https://apixleanplum.com/api",
        "ftp://api.leanplum.com/api",
    ],
)
def test_no_other_address(entered: Leanplum, url: str) -> None:
    asked: list[str] = []

    class Adapter(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            asked.append(str(request.url))
            raise requests.ConnectionError

        def close(self) -> None:
            pass

    with requests.Session() as session:
        session.mount("", Adapter())
        session.mount("https://", Adapter())
        with pytest.raises(requests.ConnectionError):
            session.get(url)
    assert asked == [url]


def test_a_query(entered: Leanplum) -> None:
    check(entered, requests.post(URL, params=arguments(entered)))


def test_a_form(entered: Leanplum) -> None:
    check(entered, requests.post(URL, data=arguments(entered)))


def test_json(entered: Leanplum) -> None:
    check(entered, requests.post(URL, json=arguments(entered)))


def test_json_with_the_action_in_the_query(entered: Leanplum) -> None:
    rest = arguments(entered)
    check(entered, requests.post(f"{URL}?action={rest.pop('action')}", json=rest))


def test_multipart(entered: Leanplum) -> None:
    fields = {name: (None, value) for name, value in arguments(entered).items()}
    check(entered, requests.post(URL, files=fields))


@pytest.mark.parametrize("kind", ["chunks", "file", "text", "bytes"])
def test_a_body_of_every_kind(entered: Leanplum, kind: str) -> None:
    text = requests.Request("POST", URL, json=arguments(entered)).prepare().body
    assert isinstance(text, bytes)
    body: Any = {
        "chunks": (text[at : at + 7] for at in range(0, len(text), 7)),
        "file": io.BytesIO(text),
        "text": text.decode(),
        "bytes": text,
    }[kind]
    headers = {"Content-Type": "application/json"}
    check(entered, requests.post(URL, data=body, headers=headers))


def test_a_session_with_adapters_of_its_own(entered: Leanplum) -> None:
    with requests.Session() as session:
        session.mount("https://api.leanplum.com", requests.adapters.HTTPAdapter(max_retries=9))
        check(entered, session.post(URL, data=arguments(entered), timeout=1, stream=True))


def test_a_session_that_was_made_before() -> None:
    with requests.Session() as session, Leanplum() as leanplum:
        check(leanplum, session.post(URL, data=arguments(leanplum)))


def test_a_prepared_request(entered: Leanplum) -> None:
    with requests.Session() as session:
        prepared = session.prepare_request(requests.Request("POST", URL, json=arguments(entered)))
        check(entered, session.send(prepared))


def test_another_thread(entered: Leanplum) -> None:
    answers: list[requests.Response] = []

    def call() -> None:
        answers.append(requests.post(URL, data=arguments(entered)))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    check(entered, answers[0])


def test_the_answer_is_one_of_requests(entered: Leanplum) -> None:
    seen: list[int] = []
    hooks = {"response": lambda answer, *_, **__: seen.append(answer.status_code)}
    answer = requests.post(URL, data=arguments(entered), hooks=hooks)
    assert (answer.url, answer.reason, answer.ok, seen) == (URL, "OK", True, [200])
    assert answer.headers["content-type"] == "application/json"
    assert answer.request.method == "POST"
    assert answer.elapsed.total_seconds() >= 0
    assert answer.text == answer.content.decode()


def test_a_refusal_raises_as_it_would_from_a_socket(entered: Leanplum) -> None:
    answer = requests.post(URL, data=arguments(entered) | {"clientKey": "wrong"})
    with pytest.raises(requests.HTTPError, match=r"403 Client Error: F(?i:orbidden) for url"):
        answer.raise_for_status()
    assert [call.reply.status for call in entered.refused_calls] == [403]
    assert entered.refused_calls[0].action == "addPostback"
    assert entered.refused_calls[0].message == "Invalid access key"


def test_keys_are_not_shown_of_a_refused_call(entered: Leanplum) -> None:
    requests.post(URL, data=arguments(entered) | {"type": "wrong"})
    assert entered.app.keys["data_export"] not in entered.problems()[0].text  # type: ignore[index]


def test_others_are_passed_through(entered: Leanplum, somebody_else: str) -> None:
    assert requests.get(somebody_else, proxies={"http": ""}).text == "else"


def test_strict_lets_nobody_else_through_but_this_machine(somebody_else: str) -> None:
    with Leanplum(strict=True) as leanplum:
        with pytest.raises(requests.ConnectionError, match="strict"):
            requests.get("https://shop.example/")
        assert requests.get(somebody_else, proxies={"http": ""}).text == "else"
        check(leanplum, requests.post(URL, data=arguments(leanplum)))


def test_strict_lets_through_what_a_mock_of_the_test_does(somebody_else: str) -> None:
    with Leanplum(strict=True), responses.RequestsMock() as mock:
        mock.get("https://other.example/", body="mocked")
        assert requests.get("https://other.example/").text == "mocked"
        with pytest.raises(requests.ConnectionError):
            requests.get(somebody_else)


@pytest.mark.leaves
def test_it_can_be_left_out(outside: CountingServer) -> None:
    with Leanplum(intercept=False), pytest.raises(requests.ConnectionError):
        requests.get(f"http://api.leanplum.com:{outside.port}/api")
    assert outside.count > 0


class CountingRetry(urllib3.Retry):
    """Counts the answers after which it was asked whether to try again."""

    asked: ClassVar[list[int]] = []

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        self.asked.append(status_code)
        return super().is_retry(method, status_code, has_retry_after)


def test_a_mounted_retry_sees_the_answers(entered: Leanplum) -> None:
    entered.api.behave("503*2,200")
    CountingRetry.asked.clear()
    retry = CountingRetry(5, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    with requests.Session() as session:
        session.mount("https://api.leanplum.com", requests.adapters.HTTPAdapter(max_retries=retry))
        check(entered, session.post(URL, data=arguments(entered)))
    assert CountingRetry.asked == [503, 503, 200]


def test_a_mounted_retry_gives_up(entered: Leanplum) -> None:
    entered.api.behave("503")
    retry = urllib3.Retry(2, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    with requests.Session() as session:
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
        with pytest.raises(requests.exceptions.RetryError):
            session.post(URL, data=arguments(entered))
    assert [call.status for call in entered.api.calls] == [503, 503, 503]


def test_a_session_that_chooses_adapters_itself(entered: Leanplum) -> None:
    class Own(requests.Session):
        def get_adapter(self, url: str) -> Any:
            return requests.adapters.HTTPAdapter()

    with Own() as session:
        check(entered, session.post(URL, data=arguments(entered)))


def test_an_adapter_of_somebody_is_run(entered: Leanplum) -> None:
    class Signing(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *rest: Any, **named: Any) -> Any:
            request.headers["X-Signed"] = "yes"
            return super().send(request, *rest, **named)

    with requests.Session() as session:
        session.mount("https://", Signing())
        answer = session.post(URL, data=arguments(entered))
    check(entered, answer)
    assert answer.request.headers["X-Signed"] == "yes"


def test_the_innermost_answers() -> None:
    with Leanplum() as outer, Leanplum() as inner:
        requests.get(URL)
        assert (len(outer.refused_calls), len(inner.refused_calls)) == (0, 1)


def test_it_ends_even_if_the_test_fails() -> None:
    before = requests.Session.get_adapter
    with suppress(ZeroDivisionError), Leanplum():
        assert requests.Session.get_adapter is not before
        raise ZeroDivisionError
    assert requests.Session.get_adapter is before


def test_all_of_it_ends_even_if_an_application_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    before = requests.Session.get_adapter
    leanplum = Leanplum().__enter__()
    partner = leanplum.partner("https://partner.example/", lambda environ, start: [])
    monkeypatch.setattr(partner.transport, "close", broken)
    with pytest.raises(ZeroDivisionError):
        leanplum.close()
    assert requests.Session.get_adapter is before
    assert leanplum.sandbox.engine.is_stopped


def test_it_can_be_closed_twice() -> None:
    before = requests.Session.get_adapter
    leanplum = Leanplum().__enter__()
    leanplum.close()
    leanplum.close()
    assert requests.Session.get_adapter is before
