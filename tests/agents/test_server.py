"""An agent uses the tools through a client library, in this process and over stdio."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from flask import Flask, request

from mockserver.live import LiveSandbox
from mockserver.web.server import ApiServer

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp.client import Client

from mockserver.agents.server import create_server
from mockserver.client.sandbox_client import SandboxClient

URL = "?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}"
TOOLS = [
    "add_rule",
    "advance",
    "behave",
    "deliveries",
    "docs",
    "explain_case",
    "inbox",
    "state",
    "trigger",
    "verify_endpoint",
]

ROOT = Path(__file__).parents[2]

Use = Callable[[Any], Awaitable[None]]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveSandbox]:
    with LiveSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def agent(live: LiveSandbox) -> Callable[[Use], None]:
    """Run what an agent does with the tools of a sandbox without anything in it."""
    client = SandboxClient(live.url)
    client.reset(everything=True)

    def run(use: Use) -> None:
        async def connected() -> None:
            async with Client(create_server(client)) as connection:
                await use(connection)

        anyio.run(connected)

    return run


async def call(connection: Any, tool: str, **arguments: Any) -> Any:
    """Return the structured answer of a tool; what it refuses is raised."""
    answer = await connection.call_tool(tool, arguments)
    assert not answer.is_error, answer.content[0].text
    content = answer.structured_content
    assert json.loads(json.dumps(content)) == content
    return content.get("result", content) if set(content) == {"result"} else content


async def refused(connection: Any, tool: str, **arguments: Any) -> str:
    answer = await connection.call_tool(tool, arguments)
    assert answer.is_error
    text: str = answer.content[0].text
    return text


def test_the_tools_are_few_short_and_say_what_they_do(agent: Callable[[Use], None]) -> None:
    async def use(connection: Any) -> None:
        listed = await connection.list_tools()
        assert sorted(tool.name for tool in listed.tools) == TOOLS
        assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) < 12_000
        for tool in listed.tools:
            assert tool.description
            assert tool.annotations.read_only_hint is not None
            assert tool.output_schema is not None, tool.name

    agent(use)


def test_why_did_my_postback_not_arrive(agent: Callable[[Use], None]) -> None:
    """The typical first question about a sandbox."""

    async def use(connection: Any) -> None:
        inbox = await call(connection, "behave", inbox="shop", script="422,200")
        await call(connection, "add_rule", url=inbox["url"] + URL, channels=["Email"])
        state = await call(connection, "state")
        assert state["rules"][0]["listens_to"] == "messageEvents: Email"
        assert state["pending"] == 0
        fired = await call(connection, "trigger", event="push.open")
        assert fired["deliveries"] == []
        assert "Push Notification" in fired["not_fired"][0]
        fired = await call(connection, "trigger", event="email.click", user_id="ada")
        (delivery,) = fired["deliveries"]
        (seen,) = await call(connection, "deliveries", delivery_id=delivery["id"])
        assert seen["state"] == "rejected"
        assert seen["attempts"][0]["outcome"] == "422"
        (got,) = await call(connection, "inbox", name="shop")
        assert got["query"]["user"] == "ada"
        assert got["answered"] == "422"

    agent(use)


def test_sixty_five_hours_of_retries(agent: Callable[[Use], None]) -> None:
    async def use(connection: Any) -> None:
        inbox = await call(connection, "behave", inbox="shop", script="503")
        await call(connection, "add_rule", url=inbox["url"] + URL)
        await call(connection, "trigger", event="email.click")
        advanced = await call(connection, "advance", by="3h")
        assert advanced["attempts_made"] == 2
        assert advanced["pending"] == 1
        advanced = await call(connection, "advance", until="idle")
        assert advanced["outcomes"] == {"503": 7}
        assert advanced["complete"]
        assert advanced["next_due"] is None
        (lost,) = await call(connection, "deliveries", state="lost")
        assert lost["attempts_made"] == 10
        assert lost["attempts"] == []

    agent(use)


def test_a_dry_run_changes_nothing(agent: Callable[[Use], None]) -> None:
    async def use(connection: Any) -> None:
        await call(connection, "add_rule", url="http://127.0.0.1:9/x" + URL, channels=["Email"])
        seen = await call(connection, "trigger", event="email.click", dry_run=True)
        assert seen["not_fired"][0].endswith("would fire")
        assert (await call(connection, "state"))["pending"] == 0

    agent(use)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("trigger", {"event": "email.clik"}, "did you mean 'email.click'"),
        ("trigger", {"event": "email.click", "values": {"nme": "x"}}, "values has no 'nme'"),
        ("trigger", {"event": "email.click", "app_id": "x"}, "x"),
        ("advance", {}, "give either by, e.g. 10h, or until"),
        ("advance", {"by": "1h", "until": "idle"}, "give either by"),
        ("advance", {"by": "soon"}, "soon"),
        ("behave", {"inbox": "a", "script": "5O3"}, "5O3"),
        ("add_rule", {"url": "http://h.example/?u={{User Id}}"}, "write {{User ID}}"),
        ("deliveries", {"delivery_id": 99}, "99"),
        ("explain_case", {"case_id": "PB-VALUES-EMTY"}, "PB-VALUES-EMPTY"),
        ("docs", {"page": "testng"}, "testing"),
        ("docs", {"page": "lint", "section": "What is fund"}, "What is found"),
        ("verify_endpoint", {"url": "http://127.0.0.1:1/{{User Id}}"}, "{{User ID}}"),
        ("verify_endpoint", {"url": "http://192.0.2.1/{{User ID}}"}, "--allow-host"),
    ],
)
def test_what_is_refused_says_the_way_out(
    agent: Callable[[Use], None], tool: str, arguments: dict[str, Any], said: str
) -> None:
    async def use(connection: Any) -> None:
        assert said in await refused(connection, tool, **arguments)

    agent(use)


def test_a_failing_endpoint_is_mended(agent: Callable[[Use], None]) -> None:
    """The typical first question about an endpoint: what is wrong with it, and is it right now?"""
    app, mended = Flask("endpoint"), []

    @app.post("/in")
    def receive() -> tuple[str, int]:
        return ("", 204) if request.args["device"] or mended else ("no device", 400)

    server = ApiServer(app)
    server.start()

    async def use(connection: Any) -> None:
        asked = {"url": f"{server.url}/in{URL}", "cases": ["PB-VALUES-EMPTY", "PB-ANSWER-EVENTS"]}
        seen = await call(connection, "verify_endpoint", **asked)
        (failing,) = seen["failing"]
        assert (failing["id"], failing["since"]) == ("PB-VALUES-EMPTY", "not run before")
        assert "expected 2xx, got 400" in failing["why"]
        assert failing["curl"].startswith("curl ")
        seen = await call(connection, "verify_endpoint", **asked)
        assert seen["failing"][0]["since"] == "still failing"
        why = await call(connection, "explain_case", case_id=failing["id"])
        assert why["fix"] == failing["fix"]
        mended.append(True)
        seen = await call(connection, "verify_endpoint", **asked)
        assert (seen["fixed"], seen["failing"]) == (["PB-VALUES-EMPTY"], [])
        assert seen["verdict"] == "every MUST passed"
        mended.clear()
        seen = await call(connection, "verify_endpoint", **asked)
        assert seen["failing"][0]["since"] == "regressed"

    try:
        agent(use)
    finally:
        server.stop()


def test_the_pages_can_be_read(agent: Callable[[Use], None]) -> None:
    async def use(connection: Any) -> None:
        listed = await call(connection, "docs")
        assert "testing: " in listed
        page = await call(connection, "docs", page="lint.md")
        assert page.startswith("# Postback URLs in files")
        part = await call(connection, "docs", page="lint", section="before each commit")
        assert part.startswith("## Before each commit\n")
        assert "## What is found" not in part
        assert len(await call(connection, "docs", page="testing")) < 13_000

    agent(use)


def test_every_page_is_in_the_package() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert f'"docs/{page.name}" = "mockserver/docs/{page.name}"' in project


def test_the_page_names_every_tool() -> None:
    page = (ROOT / "docs" / "agents.md").read_text()
    assert re.findall("(?m)^[|] `([a-z_]+)`", page) == [
        tool.name for tool in create_server(SandboxClient())._tool_manager.list_tools()
    ]
