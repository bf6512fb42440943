"""`postbacks serve` is closed: public hosts are sent to only if they are named."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from mockserver.cli.feed_lines import feed_line
from mockserver.cli.root import root
from mockserver.web.shapes import EventRequest
from tests.cli.serving import FREE_PORTS, refused, serve, spawn

#: Documentation addresses: nobody is there, whatever goes wrong.
PUBLIC = ("203.0.113.7", "[2001:db8::7]", "[::ffff:203.0.113.7]", "[64:ff9b::cb00:7107]")
MANUAL = ("--ephemeral", "--clock", "manual")


def test_a_public_host_is_refused_and_it_is_said_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(tmp_path, *MANUAL) as served:
        served.client.add_postback("YOUR_APP_ID", "https://203.0.113.7:8443/in?u={{User ID}}")
        for _ in range(2):
            [delivery] = served.client.trigger(EventRequest(name="email.open")).deliveries
        [attempt] = delivery.attempts
        assert (attempt.outcome, delivery.state) == ("blocked", "rejected")
        said = (
            "blocked: serve is closed for 203.0.113.7, which is neither on this machine nor in a "
            "private network: start it with --send-to 203.0.113.7"
        )
        assert (attempt.error, attempt.reason) == (said, [said])
        url = ["--url", served.facts["api_url"]]
        with pytest.raises(SystemExit, match="0"):
            root.main(["deliveries", "2", *url])
        shown = " ".join(capsys.readouterr().out.split())
        assert said in shown
        assert "`postbacks resend 2` tries again" in shown
        entries = served.client.feed(0).happenings
        lines = [feed_line(each.kind, each.facts).plain for each in entries]
        assert sum(line.endswith(said) for line in lines) == 2
        _, complaints = served.stop(signal.SIGTERM)
    assert complaints.count(said) == 1
    assert "postbacks: warning: delivery 1: blocked: " in complaints


@pytest.mark.parametrize("host", PUBLIC)
def test_every_family_is_refused(tmp_path: Path, host: str) -> None:
    with serve(tmp_path, *MANUAL) as served:
        served.client.add_postback("YOUR_APP_ID", f"http://{host}/in")
        [delivery] = served.client.trigger(EventRequest(name="email.open")).deliveries
        assert [attempt.outcome for attempt in delivery.attempts] == ["blocked"]


def test_what_it_is_told_is_shown(tmp_path: Path) -> None:
    with serve(tmp_path, *MANUAL) as served:
        health = served.client.health()
        assert (health.addresses, health.send_to) == ("local", [])
        assert (served.facts["addresses"], served.facts["send_to"]) == ("local", [])
    named = ("--send-to", "shop.example", "--send-to", "203.0.113.0/24")
    with serve(tmp_path, *MANUAL, *named) as served:
        assert served.client.health().send_to == ["shop.example", "203.0.113.0/24"]
        assert served.facts["send_to"] == ["shop.example", "203.0.113.0/24"]
    with serve(tmp_path, *MANUAL, POSTBACKS_SEND_TO="a.example,*") as served:
        assert served.client.health().send_to is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "  sends to  this machine and private networks; --send-to HOST adds others\n"),
        (
            {"POSTBACKS_SEND_TO": "a.example,*.b.example"},
            "  sends to  this machine and private networks\n            and a.example\n"
            "            and *.b.example\n",
        ),
        (
            {"POSTBACKS_SEND_TO": "*"},
            "  sends to  this machine and private networks and every public host\n",
        ),
        ({"POSTBACKS_ADDRESSES": "public"}, "  sends to  every public host\n"),
        (
            {"POSTBACKS_ADDRESSES": "public", "POSTBACKS_SEND_TO": "a.example,b.example"},
            "  sends to  a.example\n            b.example\n",
        ),
    ],
)
def test_the_text_for_people_tells_it(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    process = spawn(tmp_path, *MANUAL, *FREE_PORTS, **variables)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "Ctrl-C stops it.\n":
            lines.append(process.stdout.readline())
            assert lines[-1]
    finally:
        process.kill()
        process.communicate()
    assert expected in "".join(lines)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("https://shop.example/in", "--send-to[1] takes a host like"),
        ("169.254.169.254", "--send-to[1] cannot have '169.254.169.254', which is a link-local"),
        (" ", "--send-to is empty; leave it out, or give it a name"),
    ],
)
def test_what_is_no_host_is_refused(tmp_path: Path, entry: str, expected: str) -> None:
    code, complaint = refused(tmp_path, *MANUAL, "--send-to", entry)
    assert code == 2
    assert expected in complaint


MAYBE = (
    "postbacks to shop.example will be refused unless it resolves to this machine or a private "
    "network; start serve with --send-to shop.example"
)
TEMPLATE = "https://shop.example/in?u={{User ID}}"


def call(api_url: str, url: str) -> dict[str, Any]:
    arguments = {
        "action": "addPostback",
        "appId": "YOUR_APP_ID",
        "clientKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
        "type": "messageEvents",
        "postbackUrl": url,
    }
    with urlopen(f"{api_url}/api?{urlencode(arguments)}", timeout=20) as response:
        answer: dict[str, Any] = json.load(response)["response"][0]
        return answer


def test_a_rule_that_leads_there_is_told_when_it_is_added(tmp_path: Path) -> None:
    with serve(tmp_path, *MANUAL) as served:
        answer = call(served.facts["api_url"], TEMPLATE)
        # Documented: a warning would say that the rule was not added.
        assert set(answer) == {"success", "postbackId"}
        call(served.facts["api_url"], served.facts["receiver_url"] + "/inbox/crm")
        first, second = served.client.app("YOUR_APP_ID").rules
        assert (first.refused, second.refused) == (MAYBE, None)
        calls = served.client.api_calls().calls
        assert [MAYBE in call.warnings for call in calls] == [True, False]
        _, complaints = served.stop(signal.SIGTERM)
    assert complaints == f"postbacks: warning: addPostback of YOUR_APP_ID: {MAYBE}\n"


def test_rules_tells_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*arguments: str) -> str:
        with pytest.raises(SystemExit, match="0"):
            root.main(["rules", *arguments, "--url", served.facts["api_url"]])
        return capsys.readouterr().out

    with serve(tmp_path, *MANUAL) as served:
        assert MAYBE in shown("add", TEMPLATE)
        assert json.loads(shown("add", TEMPLATE, "--json"))["refused"] == MAYBE
        assert "refused" not in shown("add", "http://127.0.0.1:9/in")
        assert shown("list").count(MAYBE) == 2
    with serve(tmp_path, *MANUAL, "--send-to", "*.example") as served:
        assert "refused" not in shown("add", TEMPLATE)
        assert json.loads(shown("add", TEMPLATE, "--json"))["refused"] is None


def test_rules_from_before_are_told_when_it_starts(tmp_path: Path) -> None:
    with serve(tmp_path, "--send-to", "*") as served:
        assert served.facts["warnings"] == []
        call(served.facts["api_url"], TEMPLATE)
        call(served.facts["api_url"], "http://127.0.0.1:9/in")
        [rule, _] = served.client.app("YOUR_APP_ID").rules
        served.stop(signal.SIGTERM)
    with serve(tmp_path) as served:
        told = f"rule {rule.postback_id} of YOUR_APP_ID: {MAYBE}"
        assert served.facts["warnings"] == [told]
        _, complaints = served.stop(signal.SIGTERM)
    assert complaints == f"postbacks: warning: {told}\n"
