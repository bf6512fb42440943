"""What `/` answers, to a browser and to a program, and what the page costs those who do without."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.web.app import create_app
from tests.web.answers import ok

BROWSERS = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_browser_gets_the_page(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Accept": BROWSERS})
    assert answer.mimetype == "text/html"
    assert "Accept" in answer.headers["Vary"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    etag = {"Accept": BROWSERS, "If-None-Match": answer.headers["ETag"]}
    assert client.get("/", headers=etag).status_code == 304


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_a_program_gets_where_to_find_what(accept: str | None, client: FlaskClient) -> None:
    found = ok(client.get("/", headers={} if accept is None else {"Accept": accept}))
    assert found["page"] == "http://localhost/"
    assert found["leanplum_api"] == "http://localhost/api"
    assert found["control_api"] == "http://localhost/_sandbox/openapi.json"


def test_what_is_not_there_is_said_in_the_form_of_the_control_api(client: FlaskClient) -> None:
    answer = client.get("/page/nothing.js")
    assert answer.status_code == 404
    assert answer.mimetype == "application/json" or answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/login"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_page_gets_nothing_of_it(
    path: str, headers: dict[str, str], client: FlaskClient
) -> None:
    answer = client.get(path, headers={"Accept": BROWSERS, **headers})
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"


def test_the_page_itself_needs_no_token() -> None:
    client = create_app(Sandbox(), token="secret").test_client()
    assert client.get("/", headers={"Accept": BROWSERS}).status_code == 200
    assert client.get("/page/main.js").status_code == 200
    assert client.get("/_sandbox/clock").status_code == 401


def test_who_serves_does_not_import_the_page_before_it_is_asked_for() -> None:
    code = (
        "import sys\n"
        "from mockserver import Sandbox\n"
        "from mockserver.web.app import create_app\n"
        "client = create_app(Sandbox()).test_client()\n"
        "client.get('/'); client.get('/_sandbox/clock')\n"
        "assert not [name for name in sys.modules if name.startswith('mockserver.web.page.')]\n"
        "client.get('/', headers={'Accept': 'text/html'})\n"
        "assert 'mockserver.web.page.assets' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
