"""`postbacks inbox`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.cli.conftest import CommandLine, Live
from tests.receiver.endpoints import endpoint, says


def test_what_an_inbox_got(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    lines = postbacks.ok("inbox", "crm").splitlines()
    assert lines[0].split("  ")[1:] == ["2026-01-01 00:00:00", "200", "delivery 1, attempt 1"]
    assert lines[1] == "  POST /inbox/crm?user=ada%2Bnews%40example.com&event=Click"
    assert lines[2:] == ["    user  = ada+news@example.com", "    event = Click"]


def test_an_empty_inbox(postbacks: CommandLine) -> None:
    assert postbacks.ok("inbox", "crm") == "inbox crm has got nothing\n"


def test_behave(postbacks: CommandLine, live: Live, add_rule: Callable[..., int]) -> None:
    shown = postbacks.ok("inbox", "crm", "--behave", "503*2,200")
    assert shown == f"inbox crm does 503*2,200; the last one stays\n{live.inbox_url('crm')}\n"
    assert postbacks.json("inbox", "crm", "--behave", "404")["behaviour"] == "404"
    add_rule()
    assert live.sandbox.trigger("email.click").deliveries[0].state == "rejected"


def test_clear(postbacks: CommandLine, live: Live, add_rule: Callable[..., int]) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    assert postbacks.json("inbox", "crm", "--clear") == {"inbox": "crm", "cleared": True}
    assert postbacks.json("inbox", "crm")["requests"] == []


def test_clear_comes_before_behave(postbacks: CommandLine, live: Live) -> None:
    postbacks.ok("inbox", "crm", "--behave", "404", "--clear")
    assert live.sandbox.inboxes.script("crm")[0].status == 404  # type: ignore[union-attr]


def test_wait_for_what_comes_later(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    later = threading.Thread(target=live.sandbox.trigger, args=("email.click",))
    later.start()
    answer = postbacks.json("inbox", "crm", "--wait-for", "1", "--timeout", "20")
    later.join()
    assert len(answer["requests"]) == 1


def test_one_call_answers_with_one_document(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    answer = postbacks.json("inbox", "crm", "--behave", "404", "--wait-for", "1")
    assert len(answer["requests"]) == 1


def test_waiting_in_vain_is_exit_code_1(postbacks: CommandLine) -> None:
    message = postbacks.fails(1, "inbox", "crm", "--wait-for", "2", "--timeout", "0.05")
    assert message == "inbox crm got 0 of 2 requests within 0.05 s"


def test_a_script_that_cannot_be_read(postbacks: CommandLine) -> None:
    assert "'5o3'" in postbacks.fails(1, "inbox", "crm", "--behave", "5o3")


def test_a_name_that_is_none(postbacks: CommandLine) -> None:
    for name in ("a b", "a b/c?d", "", "x" * 101):
        assert "no name of an inbox" in postbacks.fails(2, "inbox", name, "--behave", "200")
    postbacks.fails(2, "inbox", "crm", "--wait-for", "0")


def test_foreign_text_cannot_steer_the_terminal(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    live.sandbox.add_postback(live.inbox_url("crm?user={{User ID}}"))
    live.sandbox.trigger("email.click", user_id="\x1b[31mred\u202e")
    shown = postbacks.ok("inbox", "crm")
    assert "user = \\x1b[31mred\\u202e" in shown


def test_without_a_name_all_inboxes_are_listed(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    assert postbacks.ok("inbox") == (
        "no inbox is in use; each exists as soon as something is sent to it:\n"
        f"  {live.inbox_url('NAME')}\n"
    )
    add_rule()
    live.sandbox.trigger("email.click")
    live.sandbox.advance(hours=1)
    live.sandbox.trigger("email.click")
    live.sandbox.inbox("later").behave("503*9,200")
    lines = postbacks.ok("inbox").splitlines()
    assert [line.split() for line in lines] == [
        ["INBOX", "REQUESTS", "LAST", "AT", "BEHAVIOUR"],
        ["crm", "2", "2026-01-01", "01:00:00", "200"],
        ["later", "0", "-", "503*9,200"],
    ]
    listed = postbacks.json("inbox")["inboxes"]
    assert listed[0] == {
        "inbox": "crm",
        "url": live.inbox_url("crm"),
        "requests": 2,
        "last_at": "2026-01-01T01:00:00Z",
        "behaviour": "200",
    }
    assert [inbox["inbox"] for inbox in listed] == ["crm", "later"]


def test_options_need_a_name(postbacks: CommandLine) -> None:
    for option in (["--clear"], ["--behave", "404"], ["--wait-for", "1"]):
        assert "need the NAME of an inbox" in postbacks.fails(2, "inbox", *option)


@pytest.mark.parametrize("more", [[], ["crm"], ["crm", "--clear"], ["crm", "--behave", "404"]])
def test_a_timeout_is_for_waiting(postbacks: CommandLine, more: list[str]) -> None:
    message = postbacks.fails(2, "inbox", "--timeout", "3", *more)
    assert message.startswith("--timeout is how long --wait-for waits; give that as well")


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e999", "-1", "x"])
def test_a_wait_ends(postbacks: CommandLine, seconds: str) -> None:
    message = postbacks.fails(2, "inbox", "crm", "--wait-for", "1", "--timeout", seconds)
    assert message.startswith("invalid value for '--timeout': ")


def test_a_resend_is_called_so(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    live.sandbox.resend(1)
    headings = [line for line in postbacks.ok("inbox", "crm").splitlines() if line[0] == "#"]
    assert headings[0].endswith("  delivery 1, attempt 1")
    assert headings[1].endswith("  delivery 1, resent")


def test_a_request_is_sent_again(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click", user_id="ada")
    live.sandbox.inbox("other").behave([{"kind": "status", "status": 422, "body": "\x1b[31mno"}])
    to = live.inbox_url("other")
    said = postbacks.ok("inbox", "crm", "--replay", "1", "--to", to)
    assert said.startswith("answered with 422\n")
    assert "\x1b" not in said
    (got,) = live.sandbox.inbox("other").requests
    assert got.query["user"] == "ada"
    assert postbacks.json("inbox", "crm", "--replay", "1", "--to", to)["status"] == 422


@pytest.mark.parametrize(
    "arguments",
    [
        ("--replay", "1", "--to", "http://127.0.0.1:9/"),
        ("crm", "--replay", "1"),
        ("crm", "--to", "http://127.0.0.1:9/"),
        ("crm", "--replay", "1", "--to", "http://127.0.0.1:9/", "--clear"),
        ("crm", "--replay", "7", "--to", "http://127.0.0.1:9/"),
        ("crm", "--replay", "7", "--to", "http://shop.example/"),
    ],
)
def test_a_replay_that_cannot_be(arguments: tuple[str, ...], postbacks: CommandLine) -> None:
    assert postbacks.run("inbox", *arguments).exit_code in (1, 2)


def test_an_endpoint_that_does_not_answer_is_a_failure(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    done = postbacks.run("inbox", "crm", "--replay", "1", "--to", "http://127.0.0.1:9/")
    assert done.exit_code == 1
    assert "did not answer" in done.output


def test_an_inbox_that_forwards_shows_both_sides(live: Live, postbacks: CommandLine) -> None:
    said = b"HTTP/1.1 422 No\r\nContent-Length: 3\r\n\r\nbad"
    with endpoint(says(said)) as own:
        postbacks.ok("inbox", "crm", "--behave", f"forward:{own.url}")
        live.sandbox.add_postback(live.inbox_url("crm/x?user=1"))
        live.sandbox.trigger("email.open")
    shown = postbacks.ok("inbox", "crm")
    assert f"  -> {own.url}/x?user=1\n    answered 422 in " in shown
    assert "    its body: bad\n" in shown
    (request,) = postbacks.json("inbox", "crm")["requests"]
    assert request["forwarded"]["body_base64"] == "YmFk"
    assert request["forwarded"]["headers"] == [{"name": "Content-Length", "value": "3"}]
    postbacks.ok("resend", "1")
    assert "    no answer in " in postbacks.ok("inbox", "crm")
    assert f"    nobody listens at 127.0.0.1:{own.port} (Connection refused)\n" in postbacks.ok(
        "inbox", "crm"
    )


def test_a_forward_to_the_sandbox_itself_is_refused_in_one_line(
    live: Live, postbacks: CommandLine
) -> None:
    url = live.inbox_url("crm")
    said = postbacks.fails(1, "inbox", "crm", "--behave", f"forward:{url}")
    assert "is this sandbox's own receiver: it would be a loop" in said
