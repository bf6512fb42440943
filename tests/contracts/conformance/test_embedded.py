"""A sandbox of the suite's own: there while it is needed, and nothing left afterwards."""

from __future__ import annotations

import gc
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.conformance.embedded import EmbeddedServer
from contracts.conformance.target import Target
from contracts.suite.generated import Effort
from contracts.suite.recorder import Recorder
from contracts.suite.registry import find_case
from contracts.suite.run import ExitCode, run_suite
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Need, Status, TargetKind
from mockserver.core.errors import ServerUnreachable
from tests.contracts.samples import KNOWN_ID, case_of


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary folders be made in one of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(temporary: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


def ours() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("postbacks-")}


def test_it_can_do_everything(server: EmbeddedServer) -> None:
    assert server.capabilities == set(Need)
    assert (server.kind, server.is_ours) == (TargetKind.FAKE, True)
    assert (server.token, server.credentials, server.why_untestable(1)) == (None, None, "")
    assert run_case(find_case(KNOWN_ID), server, Effort(), Names()).status is Status.PASS


def test_its_data_is_in_a_folder_that_goes_away_with_it(temporary: Path) -> None:
    before = ours()
    with EmbeddedServer() as server:
        (folder,) = temporary.iterdir()
        assert folder.name.startswith("postbacks-contracts-")
        assert (folder / "sandbox.db").exists()
        assert ours() > before
    assert list(temporary.iterdir()) == []
    assert ours() == before
    with pytest.raises(ServerUnreachable):
        server.wire.send("GET", "/", {}, None)


def test_it_goes_away_after_an_error_too(temporary: Path) -> None:
    with pytest.raises(RuntimeError), EmbeddedServer():
        raise RuntimeError
    assert list(temporary.iterdir()) == []
    assert ours() == set()


def test_one_that_was_never_started_leaves_nothing(temporary: Path) -> None:
    server = EmbeddedServer()
    del server
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_one_that_could_not_be_started_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: object) -> None:
        raise ServerUnreachable("no port")

    monkeypatch.setattr("mockserver.live.LiveSandbox.start", failing)
    server = EmbeddedServer()
    with pytest.raises(ServerUnreachable):
        server.__enter__()
    del server
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_it_comes_back_after_a_restart_with_everything(server: EmbeddedServer) -> None:
    target = Target(server, Recorder(), Names())
    url, inbox = server.wire.url, target.inbox("503")
    target.app.add(inbox.url)
    delivery = target.app.trigger_one("email.click")
    target.advance(by="30m")
    now_at = target.now()
    target.restart()
    assert server.wire.url == url
    assert target.now() == now_at
    assert len(target.app.rules()) == 1
    assert target.delivery(delivery.id).state == "pending"
    assert target.inbox().url.partition("/inbox/")[0] == inbox.url.partition("/inbox/")[0]


def test_it_is_emptied_between_cases(server: EmbeddedServer) -> None:
    seen: list[int] = []

    def body(target: Target, rec: Recorder) -> None:
        seen.append(len(target.control.deliveries().deliveries))
        target.app.add(target.inbox("503").url)
        target.app.trigger_one("email.click")

    assert run_suite([case_of(body), case_of(body)], server).exit_code() is ExitCode.PASSED
    assert seen == [0, 0]


def test_two_of_them_live_side_by_side(server: EmbeddedServer) -> None:
    with EmbeddedServer() as other:
        assert other.wire.url != server.wire.url
        first, second = (Target(one, Recorder(), Names()) for one in (server, other))
        first.app.add("https://nowhere.invalid/in")
        assert (len(first.app.rules()), len(second.app.rules())) == (1, 0)
