"""Strangers, rebound names and pages of other sites are kept out."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.web.app import create_app


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Sandbox()).test_client()


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8780", "127.0.0.1:1", "[::1]:8780", "192.168.1.5",
             "sandbox.localhost"]
)  # fmt: skip
def test_names_of_this_machine_are_answered(host: str, client: FlaskClient) -> None:
    assert client.get("/_sandbox/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
@pytest.mark.parametrize("path", ["/_sandbox/health", "/api", "/"])
def test_rebound_names_are_refused(host: str, path: str, client: FlaskClient) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert "--allow-host" in response.get_data(as_text=True)


def test_a_name_can_be_allowed() -> None:
    client = create_app(Sandbox(), allowed_hosts=frozenset({"box.example"})).test_client()
    assert client.get("/_sandbox/health", headers={"Host": "box.example:80"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_pages_of_other_sites_may_not_control(origin: str, client: FlaskClient) -> None:
    response = client.post("/_sandbox/reset", headers={"Origin": origin})
    assert response.status_code == 403
    assert response.get_json()["type"].endswith(":foreign-origin")


def test_our_own_pages_may_control(client: FlaskClient) -> None:
    response = client.post("/_sandbox/reset", headers={"Origin": "http://localhost"})
    assert response.status_code == 200


def test_with_a_token_the_control_api_needs_it_and_leanplums_does_not() -> None:
    client = create_app(Sandbox(), token="s3cret").test_client()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
        response = client.get("/_sandbox/health", headers=headers)
        assert response.status_code == 401
        assert "s3cret" not in response.get_data(as_text=True)
    right = {"Authorization": "Bearer s3cret"}
    assert client.get("/_sandbox/health", headers=right).status_code == 200
    assert client.get("/api").status_code == 400
