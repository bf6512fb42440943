"""Ends `serve` with a delivery in each state, in each way, and starts it again."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import PostbacksError
from mockserver.schema.app import AppRequest, KeysJson, RetryJson
from mockserver.web.shapes import AdvanceRequest, DeliveryJson, EventRequest
from tests.cli.serving import Served, serve

APP = "YOUR_APP_ID"


class Endpoint:
    """Answers each user's postbacks as it was told, one after the other; the last one again.

    Attributes:
        url: The template of a rule that leads here.
        answers: For each user: statuses, or None for no answer while `held`.
    """

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[int | None]] = {}
        self.held = threading.Event()
        self._lock = threading.Lock()
        self._arrived: Counter[str] = Counter()

    def take(self, user_id: str) -> int:
        with self._lock:
            place = self._arrived[user_id]
            self._arrived[user_id] += 1
        answers = self.answers[user_id]
        answer = answers[min(place, len(answers) - 1)]
        if answer is None:
            self.held.wait(60)
        return answer or 200

    def arrived(self, user_id: str) -> int:
        with self._lock:
            return self._arrived[user_id]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever sends is ended in the middle of it."""


@contextmanager
def listening() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status = endpoint.take(parse_qs(urlsplit(self.path).query)["u"][0])
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/in?u={{{{User ID}}}}"
    try:
        yield endpoint
    finally:
        endpoint.held.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Asked:
    """Calls that wait for an endpoint that does not answer, each on a thread."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def begin(self, call: Callable[[], object]) -> None:
        def quietly() -> None:
            # Its server ends while it waits.
            with suppress(PostbacksError):
                call()

        thread = threading.Thread(target=quietly, daemon=True)
        thread.start()
        self._threads.append(thread)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    gives_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < gives_up_at
        time.sleep(0.01)


def by_user(client: SandboxClient) -> dict[str, DeliveryJson]:
    return {each.event.user_id: each for each in client.deliveries(limit=1000).deliveries}


def facts(delivery: DeliveryJson) -> tuple[object, ...]:
    """Return how far a delivery has come, whatever is under way."""
    return delivery.state, delivery.due_at, delivery.attempts


def end(served: Served, number: int) -> None:
    if number == signal.SIGKILL:
        served.process.kill()
        served.process.wait()
        return
    code, said = served.stop(number)
    assert code == 0
    assert said == ""


def trigger(client: SandboxClient, user_id: str, app_id: str = APP) -> None:
    client.trigger(EventRequest("push.open", user_id=user_id, app_id=app_id))


ENDS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
CLOCKS = pytest.mark.parametrize("clock", ["manual", "running"])


@ENDS
@CLOCKS
def test_a_delivery_in_each_state(tmp_path: Path, clock: str, number: int) -> None:
    arguments = ("--db", "box.db", "--clock", clock)
    asked = Asked()
    with listening() as endpoint:
        endpoint.answers = {
            "delivered": [200],
            "rejected": [404],
            "waiting": [503, 503, 200],
            "lost": [503],
            "resent": [200],
            "ended": [None, 200],
            "resending": [200, None, 200],
            "sending": [None, 503, 200],
        }
        with serve(tmp_path, *arguments) as served:
            client = served.client
            client.add_postback(APP, endpoint.url)
            client.put_app("short", AppRequest(KeysJson("k"), retry=RetryJson(delays=[])))
            client.add_postback("short", endpoint.url)
            for user_id in ("delivered", "rejected", "waiting", "resent", "resending"):
                trigger(client, user_id)
            trigger(client, "lost", "short")
            wait_for(lambda: all(each.attempts for each in by_user(client).values()))
            ids = {user_id: each.id for user_id, each in by_user(client).items()}
            client.resend(ids["resent"])
            # From here on somebody waits: the endpoint does not answer.
            for user_id in ("sending", "ended"):
                asked.begin(lambda user_id=user_id: trigger(client, user_id))  # type: ignore[misc]
                wait_for(lambda user_id=user_id: endpoint.arrived(user_id) == 1)  # type: ignore[misc]
            asked.begin(lambda: client.resend(by_user(client)["ended"].id))
            wait_for(lambda: by_user(client)["ended"].state == "delivered")
            asked.begin(lambda: client.resend(ids["resending"]))
            wait_for(lambda: endpoint.arrived("resending") == 2)
            before = by_user(client)
            now_at = client.clock().now
            end(served, number)
            asked.end()
        with serve(tmp_path, *arguments) as served:
            client = served.client
            assert served.facts["repeated_attempts"] == 1
            (warning,) = served.facts["warnings"]
            assert warning.startswith(
                "1 attempt of deliveries that a resend had ended was under way"
            )
            assert client.clock().now >= now_at
            assert client.clock().advance is None
            wait_for(lambda: clock == "manual" or bool(by_user(client)["sending"].attempts))
            after = by_user(client)
            for user_id in set(before) - {"sending"}:
                assert facts(after[user_id]) == facts(before[user_id]), user_id
            assert client.advance(AdvanceRequest(until="idle")).complete
            final = by_user(client)
            states = {user_id: each.state for user_id, each in final.items()}
            assert states == dict.fromkeys(before, "delivered") | {
                "rejected": "rejected",
                "lost": "lost",
            }
            made = {
                user_id: [(each.number, each.repeated) for each in delivery.attempts]
                for user_id, delivery in final.items()
            }
            assert made["waiting"] == [(1, False), (2, False), (3, False)]
            assert made["sending"] == [(1, True), (2, False)]
            assert made["resent"] == [(1, False), (None, False)]
            assert made["ended"] == [(None, False)]
            for user_id, attempts in made.items():
                more = endpoint.arrived(user_id) - len(attempts)
                # What was under way: one is marked, one was told of at the start, and of a resend
                # whoever asked for it has heard that it broke off.
                assert more == (user_id in {"sending", "ended", "resending"}), user_id
            assert served.stop(signal.SIGTERM)[0] == 0
        with serve(tmp_path, *arguments) as served:
            assert served.facts["repeated_attempts"] == 0
            assert served.facts["warnings"] == []
            assert by_user(served.client) == final


@ENDS
@CLOCKS
def test_in_the_middle_of_an_advance(tmp_path: Path, clock: str, number: int) -> None:
    arguments = ("--db", "box.db", "--clock", clock)
    users = [f"u{each}" for each in range(6)]
    with listening() as endpoint:
        asked = Asked()
        endpoint.answers = defaultdict(lambda: [503, 200])
        # The second attempts of two of them are waited for.
        endpoint.answers |= {"u2": [503, None, 503, 200], "u4": [503, None, 200]}
        with serve(tmp_path, *arguments) as served:
            client = served.client
            client.add_postback(APP, endpoint.url)
            for user_id in users:
                trigger(client, user_id)
            wait_for(lambda: all(each.attempts for each in by_user(client).values()))
            began_at = client.clock().now
            asked.begin(lambda: client.advance(AdvanceRequest(by="100h")))
            # On a clock that runs, the one is due some microseconds before the other.
            wait_for(lambda: _waited_for(client) == {"u2", "u4"} - _not_begun(endpoint))
            waited_for = _waited_for(client)
            end(served, number)
            asked.end()
        with serve(tmp_path, *arguments) as served:
            client = served.client
            assert served.facts["repeated_attempts"] == len(waited_for) >= 1
            assert served.facts["warnings"] == []
            assert client.clock().advance is None
            assert client.clock().now >= began_at
            endpoint.held.set()
            assert client.advance(AdvanceRequest(by="100h")).complete
            final = by_user(client)
            assert {each.state for each in final.values()} == {"delivered"}
            for user_id in users:
                attempts = final[user_id].attempts
                numbers = [each.number for each in attempts]
                assert numbers == list(range(1, len(numbers) + 1))
                marked = sum(each.repeated for each in attempts)
                assert endpoint.arrived(user_id) == len(attempts) + marked
                assert marked == (user_id in waited_for)


def _waited_for(client: SandboxClient) -> set[str]:
    """Return the users whose postbacks an advance waits for; never empty."""
    progress = client.clock().advance
    if progress is None or not progress.waiting_for:
        return {"nobody yet"}
    return {each.url[-2:] for each in progress.waiting_for}


def _not_begun(endpoint: Endpoint) -> set[str]:
    return {user_id for user_id in ("u2", "u4") if endpoint.arrived(user_id) < 2}


@ENDS
@CLOCKS
def test_with_an_outcome_that_is_not_written(tmp_path: Path, clock: str, number: int) -> None:
    arguments = ("--db", "box.db", "--clock", clock)
    with listening() as endpoint:
        asked = Asked()
        endpoint.answers = {"u": [None, 200]}
        with serve(tmp_path, *arguments) as served:
            client = served.client
            client.add_postback(APP, endpoint.url)
            asked.begin(lambda: trigger(client, "u"))
            wait_for(lambda: endpoint.arrived("u") == 1)
            with closing(sqlite3.connect(tmp_path / "box.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                endpoint.held.set()
                wait_for(lambda: _says_that_it_is_away(client))
                if number == signal.SIGTERM:
                    served.process.send_signal(number)
                    served.process.wait(timeout=10)
                else:
                    end(served, number)
                other.execute("ROLLBACK")
            asked.end()
        with serve(tmp_path, *arguments) as served:
            assert served.facts["repeated_attempts"] == 1
            assert served.client.advance(AdvanceRequest(by="1h")).complete
            (attempt,) = by_user(served.client)["u"].attempts
            assert (attempt.number, attempt.repeated) == (1, True)
            assert endpoint.arrived("u") == 2


def _says_that_it_is_away(client: SandboxClient) -> bool:
    try:
        client.health()
    except PostbacksError as error:
        return "store unavailable" in str(error)
    return False
