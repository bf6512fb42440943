"""`postbacks open`."""

from __future__ import annotations

import json
import webbrowser

import pytest

from tests.cli.conftest import CommandLine, Live


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []

    def open_url(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", open_url)
    return opened


def test_the_page_is_opened(postbacks: CommandLine, live: Live, opened: list[str]) -> None:
    assert postbacks.ok("open").strip() == f"{live.url}/"
    assert opened == [f"{live.url}/"]


def test_only_the_address(postbacks: CommandLine, live: Live, opened: list[str]) -> None:
    assert postbacks.ok("open", "--print").strip() == f"{live.url}/"
    assert json.loads(postbacks.ok("open", "--print", "--json")) == {
        "url": f"{live.url}/",
        "opened": False,
    }
    assert opened == []


@pytest.mark.parametrize("raises", [False, True])
def test_without_a_browser_the_address_is_printed(
    raises: bool, postbacks: CommandLine, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_url(url: str) -> bool:
        if raises:
            raise webbrowser.Error("could not locate runnable browser")
        return False

    monkeypatch.setattr(webbrowser, "open", open_url)
    said = postbacks.ok("open")
    assert said.startswith(f"{live.url}/\n")
    assert "no browser was found" in said


def test_where_no_sandbox_answers_nothing_is_opened(opened: list[str]) -> None:
    done = CommandLine("http://127.0.0.1:9").run("open")
    assert done.exit_code == 3
    assert "no sandbox answers" in done.output
    assert opened == []
