"""What is told of the postbacks of one inbox, over bursts, gaps, resets and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.following import Following, Notice
from mockserver.cli.listening import Listening, endpoint_of
from mockserver.client.event_stream import StreamEvent
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import ServerUnreachable
from mockserver.live import LiveSandbox
from mockserver.net.raw_client import RawClient
from mockserver.web import event_stream
from mockserver.web.shapes import FeedAnswer, FeedEntry
from tests.receiver.endpoints import Endpoint, endpoint


@pytest.fixture
def own() -> Iterator[Endpoint]:
    with endpoint() as own:
        yield own


@contextmanager
def followed(live: LiveSandbox, own: Endpoint) -> Iterator[tuple[Listening, Iterator[Notice]]]:
    client = SandboxClient(live.url)
    listening = Listening(
        client, "YOUR_APP_ID", endpoint_of(own.url, "messageEvents"), "messageEvents", ()
    )
    following = Following(client, listening, lambda: None)
    following.begin()
    with closing(following):
        listening.put_up()
        yield listening, following.notices()


def test_each_attempt_is_told_with_its_event_and_no_other(own: Endpoint) -> None:
    with LiveSandbox() as live, followed(live, own) as (_, notices):
        live.sandbox.add_postback(live.sandbox.inbox("crm").url)
        for user_id in ("ada", "bob"):
            live.sandbox.trigger("email.open", user_id=user_id)
        live.sandbox.resend(2)
        live.sandbox.resend(1)
        told = list(islice(notices, 3))
    assert [notice.kind for notice in told] == ["attempt"] * 3
    assert [notice.event.user_id for notice in told if notice.event] == ["ada", "bob", "ada"]
    assert [notice.attempt.number for notice in told if notice.attempt] == [1, 1, None]
    assert len(own.got) == 3


def test_an_event_of_before_is_asked_for(own: Endpoint) -> None:
    with LiveSandbox() as live, followed(live, own) as (listening, _):
        live.sandbox.trigger("email.open", user_id="ada")
        following = Following(SandboxClient(live.url), listening, lambda: None)
        following.begin()
        with closing(following):
            live.sandbox.resend(1)
            notice = next(following.notices())
    assert notice.event is not None
    assert notice.event.user_id == "ada"


def test_a_request_of_another_sender_is_told(own: Endpoint) -> None:
    with LiveSandbox() as live, followed(live, own) as (listening, notices):
        with RawClient("127.0.0.1", int(live.sandbox.receiver_url.rpartition(":")[2])) as client:
            client.post(f"/inbox/{listening.inbox}")
            client.post("/inbox/crm")
        live.sandbox.trigger("email.open")
        assert [notice.kind for notice in islice(notices, 2)] == ["other", "attempt"]


def test_a_burst_that_the_stream_leaves_out_is_told_whole(
    own: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MOST_AT_ONCE", 5)
    with LiveSandbox() as live, followed(live, own) as (_, notices):
        for _ in range(30):
            live.sandbox.trigger("email.open")
        told = list(islice(notices, 30))
    numbers = [notice.attempt.delivery_id for notice in told if notice.attempt]
    assert numbers == list(range(1, 31))


class Scripted:
    """A client whose stream and feed are told."""

    url = "http://127.0.0.1:8780"

    def __init__(self, stream: list[StreamEvent], feed: list[FeedEntry]) -> None:
        self._stream = stream
        self._feed = feed

    def stream(self, last_id: str = "") -> Any:
        return iter(self._stream)

    def feed(self, after: int) -> FeedAnswer:
        return FeedAnswer([entry for entry in self._feed if entry.sequence > after], 0)


def test_what_the_feed_has_dropped_is_told_as_missing() -> None:
    stream = [
        StreamEvent("begin", "a-1", {"last": 1}),
        StreamEvent("beat"),
        StreamEvent("gap", "a-9", {"missed": 8}),
        StreamEvent("happening", "a-10", {"sequence": 10, "kind": "clock", "facts": {}}),
    ]
    feed = [FeedEntry(number, "clock", {}) for number in (7, 8, 9, 10)]
    following = Following(Scripted(stream, feed), None, lambda: None)  # type: ignore[arg-type]
    following.begin()
    notices = islice(following._until_gone(), 5)
    assert list(notices) == [Notice("beat"), Notice("gap", missed=5)]


def test_a_server_that_ends_the_stream_at_once_is_said() -> None:
    following = Following(Scripted([], []), None, lambda: None)  # type: ignore[arg-type]
    with pytest.raises(ServerUnreachable, match="at once"):
        following.begin()


def test_a_reset_puts_it_up_again(own: Endpoint) -> None:
    with LiveSandbox() as live, followed(live, own) as (listening, notices):
        live.sandbox.reset()
        assert next(notices) == Notice("again", reason="the sandbox was reset")
        assert listening.is_up()
        live.sandbox.trigger("email.open")
        assert next(notices).kind == "attempt"


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_restart_is_told_and_it_goes_on(own: Endpoint, tmp_path: Path, is_stored: bool) -> None:
    with (
        LiveSandbox(tmp_path / "sandbox.db" if is_stored else None) as live,
        followed(live, own) as (listening, notices),
    ):
        live.sandbox.trigger("email.open", user_id="before")
        assert next(notices).kind == "attempt"
        live.restart()
        told = list(islice(notices, 3))
        assert [notice.kind for notice in told] == ["gone", "back", "again"]
        # The rule is in the file; what an inbox does is in memory only.
        assert len(live.sandbox.postbacks()) == 1
        live.sandbox.trigger("email.open", user_id="after")
        gap, after = islice(notices, 2)
        assert (gap.kind, gap.missed) == ("gap", None)
        assert after.kind == "attempt"
        assert after.event is not None
        assert after.event.user_id == "after"
        assert listening.is_up()
