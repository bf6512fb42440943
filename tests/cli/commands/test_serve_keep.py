"""`serve --keep` and `--keep-deliveries`."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver.config import load_config
from mockserver.core.errors import InvalidConfig
from mockserver.web.shapes import AdvanceRequest, EventRequest
from tests.cli.serving import refused, serve, spawn


@pytest.mark.parametrize("store", ["--db=sandbox.db", "--ephemeral"])
def test_old_deliveries_go_at_the_start(tmp_path: Path, store: str) -> None:
    arguments = (store, "--clock", "manual", "--keep", "30d")
    with serve(tmp_path, *arguments) as served:
        assert served.facts["keep"] == {"age": "30d", "deliveries": None}
        client = served.client
        client.add_postback("YOUR_APP_ID", f"{served.facts['receiver_url']}/inbox/crm")
        client.trigger(EventRequest("email.click"))
        client.advance(AdvanceRequest(by="31d"))
        assert client.delivery(1).state == "delivered"
    if store == "--ephemeral":
        return
    with serve(tmp_path, *arguments) as served:
        gives_up_at = time.monotonic() + 10
        while served.client.deliveries().deliveries:
            assert time.monotonic() < gives_up_at
            time.sleep(0.01)
        (entry,) = [each for each in served.client.feed(0).happenings if each.kind == "retention"]
        assert entry.facts == {"removed": 1}


def test_the_banner_says_what_is_kept(tmp_path: Path) -> None:
    process = spawn(
        tmp_path, "--port", "0", "--receiver-port", "0", "--ephemeral", "--keep-deliveries", "10"
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(11)]
    finally:
        process.kill()
        process.communicate()
    assert "  keeps     of finished deliveries the latest 10; the others are removed\n" in lines


def test_flags_environment_and_file(tmp_path: Path) -> None:
    file = tmp_path / "postbacks.toml"
    file.write_text('[limits]\nkeep = "12h"\nkeep_deliveries = 5\n')
    config = load_config({}, {}, str(file))
    assert (config.keep, config.keep_deliveries) == (timedelta(hours=12), 5)
    config = load_config({}, {"POSTBACKS_KEEP": "P2D", "POSTBACKS_KEEP_DELIVERIES": "6"}, str(file))
    assert (config.keep, config.keep_deliveries) == (timedelta(days=2), 6)
    config = load_config({"keep": "1d", "keep_deliveries": "7"}, {}, str(file))
    assert (config.keep, config.keep_deliveries) == (timedelta(days=1), 7)
    assert (load_config({}, {}).keep, load_config({}, {}).keep_deliveries) == (None, None)


@pytest.mark.parametrize("value", ["0s", "-1d", "30", "soon", "", "1e9d"])
def test_what_is_no_duration_is_refused(value: str) -> None:
    with pytest.raises(InvalidConfig, match=r'--keep must be a duration .*like "30d"'):
        load_config({"keep": value}, {})


@pytest.mark.parametrize("value", ["30", "true", "1.5", "[]"])
def test_what_is_no_duration_in_the_file_is_refused(tmp_path: Path, value: str) -> None:
    file = tmp_path / "postbacks.toml"
    file.write_text(f"[limits]\nkeep = {value}\n")
    with pytest.raises(InvalidConfig, match=r"limits\.keep must be a duration"):
        load_config({}, {}, str(file))


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_what_is_no_number_of_deliveries_is_refused(value: str) -> None:
    with pytest.raises(InvalidConfig, match="--keep-deliveries"):
        load_config({"keep_deliveries": value}, {})


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    code, line = refused(tmp_path, "--keep", "soon")
    assert code == 2
    assert line.startswith("postbacks: --keep must be a duration greater than 0, like")
