"""Somebody's own locustfile, run by Locust's own command."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.load.crews import job, needs_locust, wait_until
from tests.load.sink import sink
from tests.transport.servers import RawServer, keeping_alive

pytestmark = needs_locust

LOCUSTFILE = """
from locust import events
from mockserver.load.locust_user import PostbackShape, PostbackUser


class Campaign(PostbackUser):
    url = "{url}"
    stream = {stream}
    reports = ("json={report}",)


class UntilSent(PostbackShape):
    pass
"""

LISTENING = """

@events.request.add_listener
def count(request_type, name, response_time, exception, **_):
    with open("{heard}", "a") as heard:
        print(request_type, name, response_time > 0, exception, file=heard)
"""


def written(folder: Path, url: str, listening: str = "") -> Path:
    file = folder / "locustfile.py"
    stream = dict(job(url, 50, 2).stream)
    text = LOCUSTFILE.format(url=url, stream=stream, report=folder / "load.json")
    file.write_text(text + listening)
    return file


def locust(folder: Path, *arguments: object, headless: bool = True) -> subprocess.Popen[str]:
    how = ["--headless"] if headless else []
    return subprocess.Popen(
        [sys.executable, "-m", "locust", *how, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return out


def test_alone(tmp_path: Path) -> None:
    with sink() as endpoint:
        out = ended(locust(tmp_path, "-f", written(tmp_path, endpoint.url), "--only-summary"))
    facts = json.loads((tmp_path / "load.json").read_text())
    assert facts["counts"]["delivered"] == facts["counts"]["expected"] == 100
    # Locust's own table has them as well.
    assert "postback" in out
    assert "100" in out


def test_what_listens_to_requests_hears_every_one(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    with sink("--status", 503) as endpoint:
        file = written(tmp_path, endpoint.url, LISTENING.format(heard=heard))
        process = locust(tmp_path, "-f", file, "--only-summary")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, out
    assert heard.read_text().splitlines() == ["POST postback True 503"] * 100


def test_with_workers_that_get_the_file_from_the_master(tmp_path: Path) -> None:
    port = free_port()
    with sink() as endpoint:
        file = written(tmp_path, endpoint.url)
        master = locust(
            tmp_path,
            *("-f", file, "--master", "--expect-workers", 2),
            *("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--only-summary"),
        )
        where = ("--master-host", "127.0.0.1", "--master-port", port)
        workers = [locust(tmp_path, "-f", "-", "--worker", *where) for _ in range(2)]
        ended(master)
        for worker in workers:
            ended(worker)
    facts = json.loads((tmp_path / "load.json").read_text())
    assert facts["counts"]["delivered"] == 100


def test_locusts_own_page_shows_it_and_begins_it_again(tmp_path: Path) -> None:
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    with RawServer(keeping_alive()) as endpoint:
        file = written(tmp_path, f"{endpoint.url}/in?user={{{{User ID}}}}")
        arguments = ("-f", file, "--web-host", "127.0.0.1", "--web-port", port)
        with locust(tmp_path, *arguments, headless=False) as process:
            try:
                wait_until(lambda: answered(f"{page}/stats/requests") is not None)
                for sent in (100, 200):
                    assert answered(f"{page}/swarm", b"user_count=1&spawn_rate=1")["success"]
                    wait_until(lambda sent=sent: len(endpoint.requests) == sent)
                    wait_until(lambda: requests(page) == 100)
                    wait_until(lambda: answered(f"{page}/stats/requests")["state"] == "stopped")
            finally:
                process.terminate()
                process.communicate(timeout=30)


def requests(page: str) -> int:
    stats = answered(f"{page}/stats/requests")["stats"]
    return next((each["num_requests"] for each in stats if each["name"] == "postback"), 0)


def answered(url: str, form: bytes | None = None) -> Any:
    try:
        with urlopen(url, form, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
