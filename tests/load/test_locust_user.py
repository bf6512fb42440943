"""Somebody's own locustfile, run by Locust's own command."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from tests.load.crews import needs_locust
from tests.load.sink import sink

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
    from tests.load.crews import job

    file = folder / "locustfile.py"
    stream = dict(job(url, 50, 2).stream)
    text = LOCUSTFILE.format(url=url, stream=stream, report=folder / "load.json")
    file.write_text(text + listening)
    return file


def locust(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "--headless", *map(str, arguments)],
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
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
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
