"""`postbacks serve`: starting, announcing, stopping, and starting again."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli.root import root
from mockserver.cli.storage import place_of_ledger, readable_by_others
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.config import Config
from mockserver.core.errors import ServerUnreachable
from mockserver.web.shapes import AdvanceRequest, AppRequest, EventRequest, KeysJson
from tests.cli.serving import FREE_PORTS, environment, refused, serve, spawn

KEYS = {
    "data_export": "YOUR_DATA_EXPORT_KEY",
    "production": "YOUR_PROD_KEY",
    "development": "YOUR_DEV_KEY",
    "content_read_only": "YOUR_CONTENT_READ_ONLY_KEY",
    "content_read_write": "YOUR_CONTENT_READ_WRITE_KEY",
}


def add_rule(client: SandboxClient, inbox: str, script: str) -> str:
    url = client.behave(inbox, script).url
    client.add_postback("YOUR_APP_ID", f"{url}?user={{{{User ID}}}}")
    return url


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_says_what_it_is_serves_and_stops(tmp_path: Path, number: int) -> None:
    with serve(tmp_path, "--ephemeral") as served:
        assert served.facts["apps"] == [{"app_id": "YOUR_APP_ID", "keys": KEYS}]
        assert served.facts["storage"] == "in memory"
        assert served.facts["clock"]["mode"] == "running"
        assert served.facts["token"] is None
        assert served.client.health().receiver_url == served.facts["receiver_url"]
        began = time.monotonic()
        assert served.stop(number) == (0, "")
        assert time.monotonic() - began < 3
    with pytest.raises(ServerUnreachable):
        served.client.health()


#: Runs `serve`, and tells it to stop whenever its main thread waits with a lock in its hand.
_TOLD_AT_THE_WORST_MOMENT = """
import os, signal, sys, threading

def trace(frame, event, _):
    event = frame.f_locals.get("self") if frame.f_code.co_name == "wait" else None
    if isinstance(event, threading.Event) and event._cond._lock.locked():
        os.kill(os.getpid(), signal.SIGTERM)
    return trace

from mockserver.cli.root import root
from mockserver.cli.storage import place_of_ledger, readable_by_others
sys.settrace(trace)
root.main(["serve", "--json", "--ephemeral", "--port", "0", "--receiver-port", "0"])
"""


def test_it_stops_whatever_it_does_when_it_is_told(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _TOLD_AT_THE_WORST_MOMENT],
        stdout=subprocess.PIPE,
        env=environment(tmp_path),
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


def test_the_text_for_people_comes_before_it_serves(tmp_path: Path) -> None:
    process = spawn(tmp_path, "--ephemeral", "--clock", "manual", *FREE_PORTS)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "Ctrl-C stops it.\n":
            lines.append(process.stdout.readline())
        text = "".join(lines)
    finally:
        process.kill()
        process.communicate()
    assert "  storage   in memory\n" in text
    assert "  clock     manual: it stands at 2026-01-01 00:00:00 UTC" in text
    assert "  app       YOUR_APP_ID\n" in text
    for name, key in KEYS.items():
        assert f"{name:<19}{key}\n" in text
    assert text.count("\ncurl ") == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_two_curl_lines_work_as_they_are(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral", "--clock", "manual") as served:
        for line in served.facts["curl"]:
            command = shlex.split(line)
            done = subprocess.run([*command, "-s", "-f"], capture_output=True, text=True)
            assert done.returncode == 0, done
        got = served.client.requests("demo").requests
    assert [request.query["event"] for request in got] == ["Click"]


def test_the_default_storage_is_the_users_data_directory(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        assert served.facts["storage"] == str(tmp_path / "data" / "postbacks" / "sandbox.db")
        assert Path(served.facts["storage"]).exists()
        assert served.stop(signal.SIGTERM) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_data_directory_is_for_its_user_alone(tmp_path: Path, umask: int) -> None:
    """However it was: made wide by an earlier version, or not there."""
    folder = tmp_path / "data" / "postbacks"
    if umask == 0:
        folder.mkdir(parents=True, mode=0o755)
    before = os.umask(umask)
    try:
        with serve(tmp_path) as served:
            assert served.facts["warnings"] == []
            found = [folder, *folder.iterdir()]
            modes = {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in found}
            names = ["sandbox.db", "sandbox.db-shm", "sandbox.db-wal", "sandbox.db.lock"]
            assert modes == {"postbacks": "0o700"} | dict.fromkeys(names, "0o600")
            assert served.stop(signal.SIGTERM) == (0, "")
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_what_cannot_be_kept_from_others_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that has no permissions, and for each of its places."""
    folder = tmp_path / "data" / "postbacks"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder.mkdir(parents=True, mode=0o755)
    assert place_of_ledger(Config()) == str(folder / "sandbox.db")
    for place in (folder / "sandbox.db", tmp_path / "box.db"):
        place.touch()
    folder.chmod(0o755)
    (folder / "sandbox.db").chmod(0o640)
    lines = readable_by_others(str(folder / "sandbox.db"))
    assert [line.partition(" can be read by others")[0] for line in lines] == [
        str(folder),
        str(folder / "sandbox.db"),
    ]
    # The folder of a place that the user has chosen is the user's.
    for mode, count in ((0o600, 0), (0o604, 1), (0o640, 1)):
        (tmp_path / "box.db").chmod(mode)
        for place in (str(tmp_path / "box.db"), f"sqlite:///{tmp_path / 'box.db'}"):
            assert len(readable_by_others(place)) == count
    assert readable_by_others("memory://") == readable_by_others("sqlite://") == []


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    code, line = refused(tmp_path, *FREE_PORTS)
    assert code == 1
    assert "pass --db PATH or --ephemeral" in line


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    arguments = ("--db", "box.db", "--clock", "manual")
    with serve(tmp_path, *arguments) as served:
        add_rule(served.client, "crm", "503")
        served.client.put_app("second", AppRequest(KeysJson("secret")))
        served.client.trigger(EventRequest("email.click"))
        served.client.advance(AdvanceRequest(by="90m"))
        before = served.client.delivery(1)
        assert served.stop(signal.SIGTERM) == (0, "")
    with serve(tmp_path, *arguments) as served:
        assert served.facts["storage"] == str(tmp_path / "box.db")
        assert served.facts["clock"]["now"] == "2026-01-01T01:30:00+00:00"
        assert served.facts["repeated_attempts"] == 0
        assert served.client.delivery(1) == before
        assert served.client.app("second").keys.data_export == "secret"
        assert served.client.advance(AdvanceRequest(until="next")).now == before.due_at


def test_killed_it_goes_on_and_says_what_was_under_way(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "box.db") as served:
        add_rule(served.client, "crm", "hang")
        served.client.advance(AdvanceRequest(by="1000h"))
        reached_at = served.client.clock().now
        served.client.trigger(EventRequest("email.click"))
        served.client.requests("crm", wait_for=1, timeout_real_seconds=20)
        served.process.kill()
        served.process.wait()
    with serve(tmp_path, "--db", "box.db") as served:
        assert served.facts["repeated_attempts"] == 1
        assert served.client.clock().now >= reached_at


@pytest.mark.parametrize("clock", ["running", "manual"])
def test_requests_that_hang_do_not_keep_it(tmp_path: Path, clock: str) -> None:
    with serve(tmp_path, "--ephemeral", "--clock", clock) as served:
        add_rule(served.client, "crm", "hang")
        served.client.trigger(EventRequest("email.click"))

        def wait_for_news() -> None:
            # Whether it still gets an answer depends on who is faster.
            with suppress(ServerUnreachable):
                served.client.feed(10**9, 30)

        waiting = threading.Thread(target=wait_for_news)
        waiting.start()
        served.client.requests("crm", wait_for=1, timeout_real_seconds=20)
        began = time.monotonic()
        assert served.stop(signal.SIGTERM) == (0, "")
        assert time.monotonic() - began < 3
        waiting.join()


def test_no_postback_reaches_its_own_api(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral", "--clock", "manual") as served:
        client = served.client
        own = f"{served.facts['api_url']}/_sandbox/reset"
        client.add_postback("YOUR_APP_ID", own)
        inbox = add_rule(client, "fine", "200")
        outcomes = [
            (delivery.url.partition("?")[0], delivery.attempts[0].outcome)
            for delivery in client.trigger(EventRequest(name="email.click")).deliveries
        ]
        assert outcomes == [(own, "blocked"), (inbox, "response")]
        assert len(client.app("YOUR_APP_ID").rules) == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_what_a_refusal_says_to_add_to_curl_is_enough(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral", "--clock", "manual") as served:
        add_rule(served.client, "fine", "200")
        command = ["curl", "-sS", "-X", "POST", f"{served.facts['api_url']}/_sandbox/reset"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (words,) = re.findall(r"\(curl: (.*?)\)", said)
        assert len(served.client.app("YOUR_APP_ID").rules) == 1
        command += shlex.split(words)
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert json.loads(said) == {"rules": 1, "deliveries": 0}


def test_a_foreign_endpoint_that_hangs_does_not_keep_it(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as foreign,
        serve(tmp_path, "--ephemeral") as served,
    ):
        foreign_url = f"http://127.0.0.1:{foreign.getsockname()[1]}/?u={{{{User ID}}}}"
        served.client.add_postback("YOUR_APP_ID", foreign_url)
        served.client.trigger(EventRequest("email.click"))
        with closing(foreign.accept()[0]):
            began = time.monotonic()
            assert served.stop(signal.SIGTERM) == (0, "")
            assert time.monotonic() - began < 3


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for flags in (("--port", port, "--receiver-port", "0"), ("--receiver-port", port)):
            code, line = refused(tmp_path, "--ephemeral", *flags)
            assert code == 1
            assert f"port {port}" in line
            assert "choose another port" in line


def test_a_ledger_in_use_is_one_line(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "box.db"):
        code, line = refused(tmp_path, "--db", "box.db", *FREE_PORTS)
    assert code == 1
    assert "is in use by process" in line


@pytest.mark.parametrize("names", [[""], [" "], ["box", ""]])
def test_an_empty_name_allows_nothing(tmp_path: Path, names: list[str]) -> None:
    options = [text for name in names for text in ("--allow-host", name)]
    code, line = refused(tmp_path, "--ephemeral", *options, *FREE_PORTS)
    assert code == 2
    assert "--allow-host is empty" in line


def test_a_start_in_the_ledgers_past_is_refused(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "box.db", "--clock", "manual") as served:
        add_rule(served.client, "crm", "200")
        served.client.trigger(EventRequest("email.click"))
        served.stop(signal.SIGTERM)
    code, line = refused(tmp_path, "--db", "box.db", "--start", "2025-01-01T00:00:00Z", *FREE_PORTS)
    assert code == 2
    assert "the clock cannot start at 2025-01-01" in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--port", "http"], "--port must be a port"),
        (["--clock", "slow"], "--clock must be"),
        (["--start", "noon"], "--start must be an instant"),
        (["--prot", "1"], "no such option"),
        (["--config", "missing.toml"], "missing.toml cannot be read"),
        (["--db", "x.db", "--ephemeral"], "db and ephemeral at once"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_wrong_flags(arguments: list[str], expected: str) -> None:
    result = CliRunner().invoke(root, ["serve", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


def test_a_file_with_apps(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text(
        """
[server]
clock = "manual"
db = "box.db"
[[apps]]
app_id = "shop"
rule_limit = 1
[apps.keys]
data_export = "it's a key"
[apps.retry]
delays = ["5m"]
"""
    )
    with serve(tmp_path, "--config", "box.toml") as served:
        assert served.facts["apps"] == [{"app_id": "shop", "keys": {"data_export": "it's a key"}}]
        assert served.facts["clock"]["mode"] == "manual"
        assert served.client.app("shop").retry.delays == ["5m"]
        assert served.client.app("shop").rule_limit == 1
        served.stop(signal.SIGTERM)
    path = tmp_path / "box.toml"
    path.write_text(path.read_text().replace("it's a key", "another"))
    with serve(tmp_path, POSTBACKS_CONFIG="box.toml") as served:
        assert served.client.app("shop").keys.data_export == "another"


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral", "--token", "secret") as served:
        assert served.facts["token"] is None
        assert "secret" not in str(served.facts)
        with pytest.raises(Refused, match="POSTBACKS_TOKEN"):
            served.client.health()
        assert SandboxClient(served.client.url, "secret").health().status == "ok"


def test_beyond_loopback_a_token_is_generated(tmp_path: Path) -> None:
    arguments = ("--ephemeral", "--host", "0.0.0.0", "--allow-example-keys")
    with serve(tmp_path, *arguments) as served:
        assert served.facts["api_url"].startswith("http://127.0.0.1:")
        assert len(served.facts["token"]) >= 32
        assert served.client.health().status == "ok"
        assert f"Authorization: Bearer {served.facts['token']}" in served.facts["curl"][1]
        with pytest.raises(Refused):
            SandboxClient(served.client.url).health()


def test_a_running_clock_makes_retries_by_itself(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral", "--rate", "36000") as served:
        add_rule(served.client, "crm", "503,200")
        served.client.trigger(EventRequest("email.click"))
        got = served.client.requests("crm", wait_for=2, timeout_real_seconds=20)
        assert got.complete
