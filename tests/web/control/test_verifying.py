"""A run of `verify` over the control API: this machine alone, no option of the caller's making."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox, SocketOptions
from mockserver.delivery.reach import Reach
from mockserver.delivery.wiring import Wiring
from mockserver.live import LiveSandbox
from mockserver.reports import verify_run
from mockserver.transport.addresses import AddressGuard
from mockserver.web.app import create_app
from mockserver.web.control.verifying import words_of
from mockserver.web.shapes import VerifyRequest
from tests.certificates import ca_file_in, server_context
from tests.web.answers import ok, refused

QUERY = "?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}"
HERE = f"http://127.0.0.1:5000/in{QUERY}"
PATIENCE = 60.0
REACH = Reach(AddressGuard())


@pytest.fixture
def nothing_starts() -> Iterator[mock.Mock]:
    with mock.patch.object(verify_run.subprocess, "Popen", side_effect=AssertionError) as popen:
        yield popen


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"url": "http://shop.example/in"}, "--allow-host shop.example"),
        ({"url": "http://192.168.1.5:5000/in"}, "this machine only"),
        ({"url": "http://localhost.evil.example/"}, "this machine only"),
        ({"url": "http://127.0.0.1@evil.example/"}, "this machine only"),
        ({"url": "http://127.1/"}, "this machine only"),
        ({"url": "http://{{User ID}}/"}, "as you would register it"),
        ({"url": "http://127.0.0.1:{{User ID}}/"}, "as you would register it"),
        ({"url": "--down-command=touch /tmp/x"}, "as you would register it"),
        ({"url": "-h"}, "as you would register it"),
        ({"url": "ftp://127.0.0.1/"}, "as you would register it"),
        ({"url": "http://127.0.0.1:5000/\x00"}, "control characters"),
        ({"url": "http://127.0.0.1:5000/\n"}, "control characters"),
        ({"url": HERE, "cases": ["PB-\x1b"]}, "control characters"),
        # The client of this test calls port 80.
        ({"url": "http://localhost/_sandbox/reset"}, "own API"),
        ({"url": ""}, "length"),
        ({"url": "http://127.0.0.1:5000/" + "x" * 20_000}, "length"),
        ({"url": HERE, "events": ["x"] * 51}, "length"),
        ({"url": HERE, "events": ["x" * 201]}, "length"),
        ({"url": HERE, "profile": "soak"}, "profile"),
        ({"url": HERE, "probe": "touch /tmp/x"}, "probe"),
        ({"url": HERE, "down_command": "touch /tmp/x"}, "down_command"),
        ({"url": HERE, "reports": ["html=/tmp/x"]}, "reports"),
        ({}, "url"),
    ],
)
def test_what_is_not_for_a_page_to_ask_starts_nothing(
    body: dict[str, Any], says: str, client: FlaskClient, nothing_starts: mock.Mock
) -> None:
    said = refused(client.post("/_sandbox/verify", json=body), 400, "invalid-value")
    assert says in said
    assert nothing_starts.call_count == 0


def test_a_page_of_another_site_starts_none(client: FlaskClient, nothing_starts: mock.Mock) -> None:
    headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post("/_sandbox/verify", json={"url": HERE}, headers=headers)
    refused(answer, 403, "foreign-origin")
    # What a form can send is no JSON.
    refused(client.post("/_sandbox/verify", data={"url": HERE}), 400, "invalid-value")
    guarded = create_app(Sandbox(), token="a-token").test_client()
    refused(guarded.post("/_sandbox/verify", json={"url": HERE}), 401, "token-needed")
    assert nothing_starts.call_count == 0


def test_a_shared_sandbox_starts_none(nothing_starts: mock.Mock) -> None:
    with (
        Sandbox(sockets=SocketOptions()) as sandbox,
        mock.patch.object(Wiring, "destinations", ("public", None)),
    ):
        answer = create_app(sandbox).test_client().post("/_sandbox/verify", json={"url": HERE})
        assert "public" in refused(answer, 400, "invalid-value")
    assert nothing_starts.call_count == 0


def test_every_choice_is_an_option_of_the_command() -> None:
    from contracts.cli.verify import verify

    chosen = VerifyRequest(
        HERE, "abTestEvents", ["Email"], ["push.open"], "twice", "full", ["PB-*", "-h"], True
    )
    words = words_of(chosen, REACH)
    assert words[0] == "verify"
    assert words[-2:] == ["--", HERE]
    # As click reads them: what begins with a dash is a value, and nothing is left over.
    context = verify.make_context("verify", words[1:], obj=None)
    values = context.params
    assert values["urls"] == (HERE,)
    assert (values["type_name"], values["channels"]) == ("abTestEvents", ("Email",))
    assert (values["events"], values["globs"]) == (("push.open",), ("PB-*", "-h"))
    assert (values["parameters_encoding"], values["profile"]) == ("twice", "full")
    assert values["strict"] is True
    assert words_of(VerifyRequest(HERE), REACH) == ["verify", "--", HERE]


def test_certificates_count_as_they_do_for_postbacks(tmp_path: Path) -> None:
    there = HERE.replace("http:", "HTTPS:")
    lax = Reach(AddressGuard(), "ca.pem", verify_tls=False)
    assert words_of(VerifyRequest(HERE), lax) == ["verify", "--", HERE]
    assert words_of(VerifyRequest(there), REACH) == ["verify", "--", there]
    words = ["verify", "--ca-file=ca.pem", "--insecure", "--", there]
    assert words_of(VerifyRequest(there), lax) == words
    ca_file = ca_file_in(tmp_path)
    with (
        LiveSandbox(tls_context=server_context(), ca_file=ca_file) as live,
        Sandbox(sockets=SocketOptions(ca_file=ca_file)) as sandbox,
    ):
        client = create_app(sandbox).test_client()
        body = {"url": live.sandbox.inbox("in").url + QUERY, "cases": ["PB-ANSWER-POST"]}
        ok(client.post("/_sandbox/verify", json=body))
        assert ended(client)["verdict"] == "passed"
        assert live.sandbox.inbox("in").requests


def test_without_a_run_there_is_none_to_tell_of(client: FlaskClient) -> None:
    assert ok(client.get("/_sandbox/verify")) == {"run": None}
    assert ok(client.post("/_sandbox/verify/cancel", json={})) == {"run": None}


def ended(client: FlaskClient) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        run: dict[str, Any] = ok(client.get("/_sandbox/verify"))["run"]
        if not run["is_running"]:
            return run
        time.sleep(0.02)
    raise AssertionError(f"still {run}")


def test_a_run_puts_an_endpoint_to_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path / "reports"))
    with LiveSandbox() as there, Sandbox() as sandbox:
        client = create_app(sandbox).test_client()
        there.sandbox.inbox("in").behave("404")
        url = there.sandbox.inbox("in").url + QUERY
        body = {"url": url, "cases": ["PB-ANSWER-*"]}
        run = ok(client.post("/_sandbox/verify", json=body))["run"]
        assert run["is_running"]
        assert run["verdict"] is None
        refused(client.post("/_sandbox/verify", json=body), 409, "verify-under-way")
        run = ended(client)
        assert (run["exit_code"], run["verdict"]) == (1, "failed")
        assert sum(run["by_status"].values()) == run["cases"] > 3
        assert {found["status"] for found in run["found"]} <= {"FAIL", "WARN", "UNTESTABLE"}
        assert run["found"]
        assert there.sandbox.inbox("in").requests
        page = client.get(f"/_sandbox/reports/{run['report_id']}/page").get_data(as_text=True)
        assert run["found"][0]["id"] in page


def test_with_the_sandbox_a_run_ends() -> None:
    with LiveSandbox() as there:
        there.sandbox.clock_mode = "running"
        there.sandbox.inbox("in").behave("200@5s")
        with Sandbox() as sandbox:
            client = create_app(sandbox).test_client()
            ok(client.post("/_sandbox/verify", json={"url": there.sandbox.inbox("in").url + QUERY}))
        run = ok(client.get("/_sandbox/verify"))["run"]
        assert run["is_cancelled"]
        assert not run["is_running"]
