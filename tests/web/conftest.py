"""A sandbox, a client of its API without a socket, and a rule, for tests of the control API."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.web.app import create_app


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


@pytest.fixture
def rule(sandbox: Sandbox) -> int:
    url = f"{sandbox.inbox('crm').url}?event={{{{Message event}}}}"
    return sandbox.add_postback(url, channels=["Email"]).postback_id
