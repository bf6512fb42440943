"""Child processes are answered in Leanplum's place: curl, Python and Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mockserver.testing import Leanplum
from mockserver.testing.interception import server
from tests.testing.pytest_runs import run_apart

PYTHON = {
    "urllib": "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).status)",
    "requests": "import sys, requests; print(requests.get(sys.argv[1]).status_code)",
    "httpx": "import sys, httpx; print(httpx.get(sys.argv[1]).status_code)",
    "aiohttp": """
import asyncio, sys, aiohttp
async def main():
    async with aiohttp.ClientSession(trust_env=True) as s, s.get(sys.argv[1]) as answer:
        print(answer.status)
asyncio.run(main())
""",
}
CURL = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}\n"]
NODE = """
fetch(process.argv[1]).then(r => console.log(r.status), e => {
  console.error(e)
  process.exit(1)
})
"""
CHILDREN = {f"python, {name}": [sys.executable, "-c", code] for name, code in PYTHON.items()}
CHILDREN |= {"curl": CURL, "node": ["node", "-e", NODE]}


@pytest.fixture
def leanplum() -> Iterator[Leanplum]:
    with Leanplum() as entered:
        yield entered


@pytest.fixture(params=CHILDREN)
def command(request: pytest.FixtureRequest) -> list[str]:
    command: list[str] = CHILDREN[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    if command[0] == "node":
        version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
        if tuple(map(int, version.strip()[1:].split(".")))[:2] < (22, 21):
            pytest.skip(f"node {version} takes no proxy from the environment")
    return command


def run(command: list[str], url: str, leanplum: Leanplum, folder: Path) -> tuple[str, str]:
    environment = {**os.environ, **leanplum.environment(folder)}
    done = subprocess.run(
        [*command, url], env=environment, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", ["api.leanplum.com", "www.leanplum.com"])
def test_a_child_is_answered(
    command: list[str], scheme: str, host: str, leanplum: Leanplum, tmp_path: Path
) -> None:
    query = (
        f"action=listPostbacks&appId={leanplum.app_id}&clientKey={leanplum.key}&apiVersion=1.0.6"
    )
    shown, errors = run(command, f"{scheme}://{host}/api?{query}", leanplum, tmp_path)
    assert (shown, errors) == ("200", "")
    assert [call.action for call in leanplum.api.calls] == ["listPostbacks"]


def test_no_other_host_is_reached_by_a_child(
    command: list[str], leanplum: Leanplum, tmp_path: Path
) -> None:
    for scheme in ("https", "http"):
        shown, errors = run(command, f"{scheme}://shop.example/", leanplum, tmp_path)
        assert shown in ("403", "000", "")
        assert shown == "403" or errors


def test_what_is_on_this_machine_is_reached(
    command: list[str], leanplum: Leanplum, tmp_path: Path
) -> None:
    # The server answers it itself: it is not called as a proxy.
    shown, errors = run(command, f"http://127.0.0.1:{server.port()}/", leanplum, tmp_path)
    assert shown == "403" or "403" in errors


def test_the_authorities_that_were_believed_still_are(
    leanplum: Leanplum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.pem"
    trustme.CA().cert_pem.write_to_path(str(own))
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "missing"))
    found = leanplum.environment(tmp_path)
    assert own.read_bytes() in Path(found["SSL_CERT_FILE"]).read_bytes()
    assert server.AUTHORITY_FILE.read_bytes() in Path(found["SSL_CERT_FILE"]).read_bytes()
    assert found["CURL_CA_BUNDLE"] == str(server.AUTHORITY_FILE)


def test_the_fixture(pytester: pytest.Pytester) -> None:
    code = json.dumps(PYTHON["urllib"])
    done = run_apart(
        pytester,
        f"""
        import os, subprocess, sys

        def test_it(leanplum, leanplum_environment):
            url = "https://api.leanplum.com/api?action=listPostbacks&apiVersion=1.0.6"
            url += f"&appId={{leanplum.app_id}}&clientKey={{leanplum.key}}"
            command = [sys.executable, "-c", {code}, url]
            environment = {{**os.environ, **leanplum_environment}}
            assert subprocess.check_output(command, env=environment) == b"200\\n"
            assert len(leanplum.api.calls) == 1
        """,
    )
    done.assert_outcomes(passed=1)
