"""What a sandbox must have before others can reach it."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.cli.exposure import check_keys, generated_token, is_exposed
from mockserver.config import Config
from mockserver.core.errors import InvalidConfig
from mockserver.core.models import EXAMPLE_KEYS, App, KeyClass
from tests.cli.serving import FREE_PORTS, refused, serve

OWN = App("YOUR_APP_ID", {KeyClass.DATA_EXPORT: "a key of our own"})
LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "localhost"]
EXPOSED = ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "fd00::2", "8.8.8.8", "box.example", "127.1"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_on_loopback_nothing_is_asked_for(host: str) -> None:
    assert not is_exposed(host)
    assert generated_token(Config(host=host)) is None
    check_keys(Config(host=host), [App("shop")])


@pytest.mark.parametrize("host", EXPOSED)
def test_elsewhere_a_token_and_keys_of_ones_own_are(host: str) -> None:
    config = Config(host=host)
    assert is_exposed(host)
    assert len(generated_token(config) or "") >= 32
    assert generated_token(replace(config, token="secret")) is None
    with pytest.raises(InvalidConfig, match=f"reach {host}, .*'YOUR_APP_ID'.*--allow-example-keys"):
        check_keys(config, [])
    check_keys(replace(config, allow_example_keys=True), [App("shop")])


@pytest.mark.parametrize("kind", KeyClass)
def test_each_of_the_example_keys_is_known_to_everybody(kind: KeyClass) -> None:
    app = App("shop", {KeyClass.DATA_EXPORT: "own", kind: EXAMPLE_KEYS[kind]})
    with pytest.raises(InvalidConfig, match="'shop'"):
        check_keys(Config(host="::", apps=(app,), apps_given=True), [])


def test_apps_of_the_ledger_count_as_they_will_be() -> None:
    given = Config(host="0.0.0.0", apps=(OWN,), apps_given=True)
    check_keys(given, [])
    # Replaced by that of the file.
    check_keys(given, [App()])
    with pytest.raises(InvalidConfig, match="'left'"):
        check_keys(given, [App("left")])
    # Without a file, what is stored stays.
    check_keys(Config(host="0.0.0.0"), [OWN])


def test_serve_refuses_before_it_listens_and_says_both_ways_out(tmp_path: Path) -> None:
    exposed = ("--host", "0.0.0.0", *FREE_PORTS)
    code, line = refused(tmp_path, "--ephemeral", *exposed)
    assert code == 2
    assert "--config" in line
    assert "--allow-example-keys" in line
    # Also where the app is left from an earlier start on loopback.
    with serve(tmp_path, "--db", "box.db") as served:
        served.stop(signal.SIGTERM)
    (tmp_path / "own.toml").write_text("[[apps]]\napp_id='a'\n[apps.keys]\ndata_export='k'\n")
    code, line = refused(tmp_path, "--db", "box.db", "--config", "own.toml", *exposed)
    assert (code, "'YOUR_APP_ID'" in line) == (2, True)


@pytest.mark.parametrize("way", ["file", "flag", "variable"])
def test_serve_starts_by_either_way(tmp_path: Path, way: str) -> None:
    (tmp_path / "own.toml").write_text("[[apps]]\napp_id='a'\n[apps.keys]\ndata_export='k'\n")
    arguments = {"file": ["--config", "own.toml"], "flag": ["--allow-example-keys"]}.get(way, [])
    variables = {"POSTBACKS_ALLOW_EXAMPLE_KEYS": "yes"} if way == "variable" else {}
    with serve(tmp_path, "--ephemeral", "--host", "0.0.0.0", *arguments, **variables) as served:
        assert served.client.health().status == "ok"
