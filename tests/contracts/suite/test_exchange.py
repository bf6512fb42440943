"""What is kept of what went over the wire, and whether it can be sent again from a shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from contracts.conformance.api import Form, call
from contracts.suite.exchange import KEPT_CHARACTERS, KEY, TOKEN, as_text, curl_line, shortened
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import HttpWire, Reply
from mockserver.core.errors import ServerUnreachable
from mockserver.live import LiveSandbox
from mockserver.web.shapes import EventRequest
from tests.contracts.samples import RawServer, ScriptedWire, exchange_of, recording

SECRET = "k3y/with+odd&signs=é"
ENCODED = "k3y%2Fwith%2Bodd%26signs%3D%C3%A9"


def test_a_request_and_its_answer_are_kept() -> None:
    wire = recording(ScriptedWire(Reply(418, [("X-A", "1"), ("X-A", "2")], b"\xc3\xa9")))
    reply = wire.send("POST", "/api?a=%20", {"X-B": "3"}, b"body")
    assert reply == Reply(418, [("X-A", "1"), ("X-A", "2")], b"\xc3\xa9")
    (kept,) = wire.exchanges
    assert (kept.method, kept.url) == ("POST", "http://scripted.test/api?a=%20")
    assert (kept.headers, kept.body) == ([("X-B", "3")], "body")
    assert (kept.status, kept.answer_headers) == (418, [("X-A", "1"), ("X-A", "2")])
    assert (kept.answer_body, kept.error) == ("é", None)
    assert kept.real_seconds >= 0


def test_everything_is_kept_in_order() -> None:
    wire = recording(ScriptedWire())
    for number in range(3):
        wire.send("GET", f"/{number}", {}, None)
    assert [kept.url[-2:] for kept in wire.exchanges] == ["/0", "/1", "/2"]


def test_a_request_without_an_answer_is_kept_with_the_reason() -> None:
    wire = recording(HttpWire("http://127.0.0.1:1"))
    with pytest.raises(ServerUnreachable):
        wire.send("GET", "/a", {}, b"b")
    (kept,) = wire.exchanges
    assert (kept.status, kept.answer_headers, kept.answer_body) == (None, [], "")
    assert kept.body == "b"
    assert kept.error is not None
    assert "no sandbox answers" in kept.error


def test_a_request_that_ended_in_any_other_error_is_kept_with_it() -> None:
    def broken(*_: object) -> Reply:
        raise RuntimeError("the application broke")

    wire = recording(ScriptedWire(broken))
    with pytest.raises(RuntimeError):
        wire.send("GET", "/", {}, None)
    (kept,) = wire.exchanges
    assert kept.status is None
    assert kept.error is not None


# Secrets


@pytest.mark.parametrize("written", [SECRET, ENCODED], ids=["plain", "percent-encoded"])
def test_a_secret_is_masked_wherever_it_appears(written: str) -> None:
    echo = Reply(200, [("Location", f"/?k={written}")], f"you sent {written}".encode())
    wire = recording(ScriptedWire(echo), POSTBACKS_KEY=SECRET)
    wire.send("POST", f"/api?k={written}&z", {"X": f"<{written}>"}, f"{written}{written}".encode())
    (kept,) = wire.exchanges
    assert kept.url.endswith("/api?k=$POSTBACKS_KEY&z")
    assert kept.headers == [("X", "<$POSTBACKS_KEY>")]
    assert kept.body == "$POSTBACKS_KEY$POSTBACKS_KEY"
    assert kept.answer_headers == [("Location", "/?k=$POSTBACKS_KEY")]
    assert kept.answer_body == "you sent $POSTBACKS_KEY"


@pytest.mark.parametrize("form", list(Form))
def test_a_key_is_masked_in_every_form_of_a_call(form: Form) -> None:
    wire = recording(ScriptedWire(), POSTBACKS_KEY="dev_AbC-12_3")
    call(wire, {"action": "listPostbacks", "clientKey": "dev_AbC-12_3"}, form)
    written = msgspec.json.encode(wire.exchanges)
    assert b"dev_AbC" not in written
    assert b"$POSTBACKS_KEY" in written


def test_a_key_with_quotes_is_masked_in_a_json_body() -> None:
    """JSON writes such a key in another way than it is."""
    wire = recording(ScriptedWire(), POSTBACKS_KEY='a"b\\c-é')
    call(wire, {"action": "listPostbacks", "clientKey": 'a"b\\c-é'}, Form.JSON)
    assert json.loads(wire.exchanges[0].body)["clientKey"] == "$POSTBACKS_KEY"


def test_percent_encoding_in_small_letters_is_masked_too() -> None:
    wire = recording(ScriptedWire(Reply(200, [], ENCODED.lower().encode())), POSTBACKS_KEY="/+=é")
    wire.send("GET", "/?k=%2f%2b%3d%c3%a9", {}, None)
    assert wire.exchanges[0].url.endswith("/?k=$POSTBACKS_KEY")


@pytest.mark.parametrize("first", [KEY, TOKEN])
def test_of_two_secrets_the_longer_is_masked_as_a_whole(first: str) -> None:
    secrets = {KEY: "abc", TOKEN: "abc-def"}
    ordered = {first: secrets.pop(first)} | secrets
    wire = recording(ScriptedWire(), **ordered)
    wire.send("GET", "/abc-def/abc", {}, None)
    assert wire.exchanges[0].url.endswith(f"/${TOKEN}/${KEY}")


def test_a_secret_at_the_cut_of_a_long_body_is_not_half_shown() -> None:
    secret = "0123456789abcdef"
    wire = recording(ScriptedWire(), POSTBACKS_KEY=secret)
    wire.send("POST", "/", {}, b"x" * (KEPT_CHARACTERS - 8) + secret.encode())
    assert "01234567" not in wire.exchanges[0].body


def test_no_secret_is_no_mask() -> None:
    wire = recording(ScriptedWire(), POSTBACKS_KEY="")
    wire.send("GET", "/a", {}, None)
    assert wire.exchanges[0].url == "http://scripted.test/a"


def test_the_answer_itself_is_not_masked() -> None:
    wire = recording(ScriptedWire(Reply(200, [], b"abc")), POSTBACKS_KEY="abc")
    assert wire.send("GET", "/", {}, None).body == b"abc"


def test_the_reason_of_no_answer_is_masked() -> None:
    def gone(*_: object) -> Reply:
        raise ServerUnreachable("nobody at http://x:abc@scripted.test")

    wire = recording(ScriptedWire(gone), POSTBACKS_KEY="abc")
    with pytest.raises(ServerUnreachable):
        wire.send("GET", "/", {}, None)
    assert wire.exchanges[0].error == "nobody at http://x:$POSTBACKS_KEY@scripted.test"


@pytest.mark.parametrize("text", ["Test", "%74est", "TEST"])
def test_a_word_that_is_the_secret_in_other_letters_stays(text: str) -> None:
    wire = recording(ScriptedWire(), POSTBACKS_KEY="test")
    wire.send("POST", "/", {}, text.encode())
    assert wire.exchanges[0].body == text


# Rules of others


def listed(*urls: str, **arguments: Any) -> str:
    """Return what is kept of an answer that lists rules with these templates."""
    rules = [{"postbackId": number, "postbackUrl": url} for number, url in enumerate(urls)]
    answer = json.dumps({"response": [{"success": True, "postbacks": rules}]}, **arguments)
    wire = recording(ScriptedWire(Reply(200, [], answer.encode())))
    wire.hide_rules_but("ours.invalid")
    wire.send("GET", "/api", {}, None)
    return wire.exchanges[0].answer_body


@pytest.mark.parametrize(
    "url",
    [
        "https://theirs.test/in?token=hush",
        'https://theirs.test/in?token="hush"&b=\\',
        "https://theirs.test/hush/jürgen",
    ],
)
@pytest.mark.parametrize("arguments", [{}, {"indent": 2}, {"ensure_ascii": False}], ids=repr)
def test_the_template_of_a_rule_of_others_is_not_kept(url: str, arguments: Any) -> None:
    ours = "https://ours.invalid/in?a={{User ID}}"
    kept = json.loads(listed(ours, url, ours, **arguments))
    first, second, third = kept["response"][0]["postbacks"]
    assert (first["postbackUrl"], third["postbackUrl"]) == (ours, ours)
    assert "hush" not in second["postbackUrl"]
    assert second["postbackId"] == 1


def test_without_being_told_every_template_is_kept() -> None:
    wire = recording(ScriptedWire(Reply(200, [], b'{"postbackUrl": "https://a.test/"}')))
    wire.send("GET", "/", {}, None)
    assert wire.exchanges[0].answer_body == '{"postbackUrl": "https://a.test/"}'


# Bodies as text


def test_bytes_that_are_no_text_are_shown_by_their_number() -> None:
    assert as_text(b"a\xffb\xc3\xa9\xc3") == "a\\xffbé\\xc3"


def test_a_very_long_body_is_cut_and_says_so() -> None:
    assert shortened("a" * KEPT_CHARACTERS) == "a" * KEPT_CHARACTERS
    text = shortened("a" * (KEPT_CHARACTERS + 5))
    assert text == "a" * KEPT_CHARACTERS + f"... ({KEPT_CHARACTERS + 5} characters)"


# The command line

NASTY = [
    "plain",
    "it's",
    '"quoted"',
    "$HOME `id` $(id) ${HOME}",
    "back\\slash \\n \\\\ end\\",
    "line\nend\r\nand\ttab",
    "!history !! !$ #no & ; | > < * ? [a-z] ~",
    "Jürgen 😀",
    "'\"'\"'",
    "",
]


def arguments_of(line: str, **environment: str) -> list[str]:
    """Return what a shell hands to curl for a command line."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{line}\n"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={"PATH": os.environ["PATH"], "HOME": "/root", "LC_ALL": "C.UTF-8"} | environment,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def sent_by(arguments: list[str]) -> str | None:
    """Return the body among curl's arguments."""
    for number, argument in enumerate(arguments):
        if argument.startswith("--data"):
            return arguments[number + 1]
    return None


@pytest.mark.parametrize("text", NASTY)
def test_whatever_is_in_a_request_reaches_curl_as_it_is(text: str) -> None:
    header = text.replace("\n", " ").replace("\r", " ")
    exchange = exchange_of("POST", f"http://127.0.0.1/api?{text}", {"X-Header": header}, text)
    arguments = arguments_of(curl_line(exchange))
    assert arguments[-1] == f"http://127.0.0.1/api?{text}"
    assert (f"X-Header: {header}" if header else "X-Header;") in arguments
    assert (sent_by(arguments) or "") == text


@pytest.mark.parametrize("text", NASTY)
def test_with_a_secret_beside_it_too(text: str) -> None:
    body = f"{text}$POSTBACKS_KEY{text}$POSTBACKS_TOKEN"
    line = curl_line(exchange_of("POST", body=body))
    arguments = arguments_of(line, POSTBACKS_KEY="a'\"$HOME`id`\\", POSTBACKS_TOKEN="t o k")
    assert sent_by(arguments) == f"{text}a'\"$HOME`id`\\{text}t o k"


def test_a_secret_is_followed_by_letters_that_are_not_part_of_its_name() -> None:
    line = curl_line(exchange_of(url="http://h/$POSTBACKS_KEYring"))
    assert arguments_of(line, POSTBACKS_KEY="a")[-1] == "http://h/aring"


def test_other_variables_are_left_alone() -> None:
    line = curl_line(exchange_of(url="http://h/$HOME$POSTBACKS_KEY$PATH${HOME}"))
    arguments = arguments_of(line, POSTBACKS_KEY="a")
    assert arguments[-1] == "http://h/$HOMEa$PATH${HOME}"


@pytest.mark.parametrize("body", ["a!b", 'a!b $POSTBACKS_KEY !!"!x'])
def test_an_interactive_shell_expands_no_history(body: str) -> None:
    line = curl_line(exchange_of("POST", body=body))
    script = f"set -o history\nset -o histexpand\ncurl() {{ printf '%s\\0' \"$@\"; }}\n{line}\n"
    done = subprocess.run(
        ["bash", "--norc"],
        input=script.encode(),
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "POSTBACKS_KEY": "k"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    arguments = done.stdout.decode().split("\0")[:-1]
    assert sent_by(arguments) == body.replace("$POSTBACKS_KEY", "k")


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


def ran(line: str, **environment: str) -> None:
    """Run a command line as somebody would who pastes it; a `RawServer` answers `hi`."""
    answer = answered(line, **environment)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhi")


def answered(line: str, **environment: str) -> bytes:
    """Run a command line and return what was answered to it, head and all."""
    done = subprocess.run(
        ["bash", "--norc", "-c", line],
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "no_proxy": "*"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def twice(
    method: str,
    target: str,
    headers: Mapping[str, str],
    content: bytes | None,
    **secrets: str,
) -> tuple[bytes, bytes]:
    """Send a request, and again by its command line; return both as they came."""
    with RawServer(ANSWER) as server:
        wire = recording(HttpWire(server.url), **secrets)
        wire.send(method, target, headers, content)
        line = curl_line(wire.exchanges[0])
        for secret in secrets.values():
            assert secret not in line
        ran(line, **secrets)
        first, second = server.requests
        return first, second


def compared(first: bytes, second: bytes, headers: Mapping[str, str]) -> None:
    first_head, _, first_body = first.partition(b"\r\n\r\n")
    second_head, _, second_body = second.partition(b"\r\n\r\n")
    assert first_head.split(b"\r\n")[0] == second_head.split(b"\r\n")[0]
    assert first_body == second_body
    for name, value in headers.items():
        line = f"\r\n{name}: {value}".lower().encode()
        assert line in first_head.lower()
        assert line in second_head.lower()


@needs_curl
@pytest.mark.parametrize("form", list(Form))
def test_the_command_line_sends_the_same_call(form: Form) -> None:
    key = "dev_AbC-12_3"
    with RawServer(ANSWER) as server:
        wire = recording(HttpWire(server.url), POSTBACKS_KEY=key)
        arguments = {
            "action": "addPostback",
            "clientKey": key,
            "postbackUrl": "https://e.test/?a={{User ID}}&b='\"$`\\!\n[1-3]{a,b}é",
            "channels": ["Email", "In-app"],
        }
        call(wire, arguments, form)
        line = curl_line(wire.exchanges[0])
        assert key not in line
        ran(line, POSTBACKS_KEY=key)
        first, second = server.requests
    kept = {name: value for name, value in wire.exchanges[0].headers if name != "Authorization"}
    compared(first, second, kept)


@needs_curl
@pytest.mark.parametrize("content", [text.encode() for text in NASTY], ids=repr)
def test_the_command_line_sends_the_same_body(content: bytes) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer to-ken"}
    first, second = twice("PUT", "/a?b=c%20d", headers, content, POSTBACKS_TOKEN="to-ken")
    compared(first, second, headers)


@needs_curl
def test_a_get_and_a_delete_without_a_body() -> None:
    for method in ("GET", "DELETE", "POST"):
        first, second = twice(method, "/a", {"Accept": "application/json"}, None)
        compared(first, second, {"Accept": "application/json"})


@needs_curl
def test_a_get_with_a_body_stays_a_get() -> None:
    first, second = twice("GET", "/a", {"Content-Type": "text/plain"}, b"x")
    compared(first, second, {})


@needs_curl
def test_a_body_that_begins_with_an_at_sign_is_no_file() -> None:
    first, second = twice("POST", "/a", {"Content-Type": "text/plain"}, b"@/etc/hostname")
    compared(first, second, {})


@needs_curl
def test_brackets_and_braces_in_a_url_are_no_pattern() -> None:
    first, second = twice("GET", "/a?b={c,d}&e=[1-3]", {}, None)
    compared(first, second, {})


@needs_curl
def test_dots_in_a_path_stay() -> None:
    first, second = twice("GET", "/a/../b/./c", {}, None)
    compared(first, second, {})


@needs_curl
def test_a_header_without_a_value_is_sent() -> None:
    first, second = twice("GET", "/a", {"X-Empty": ""}, None)
    assert b"\r\nx-empty:" in first.lower()
    assert b"\r\nx-empty:" in second.lower()


def test_a_body_that_was_cut_makes_no_command_that_sends_another_body() -> None:
    """A body that is not kept as a whole cannot be sent again; the line has to say so."""
    wire = recording(ScriptedWire())
    wire.send("POST", "/", {"Content-Type": "text/plain"}, b"a" * (KEPT_CHARACTERS + 1))
    line = curl_line(wire.exchanges[0])
    assert "aaa" not in line
    assert line.endswith("  # the body was too long to be kept")
    assert sent_by(arguments_of(line)) is None
    assert arguments_of(line)[-1] == "http://scripted.test/"


@needs_curl
def test_a_sandbox_takes_the_command_line_of_a_control_call() -> None:
    """Those without arguments are those that could be left without a body."""
    with LiveSandbox() as live:
        wire = recording(HttpWire(live.url))
        client = SandboxClient(wire=wire)
        client.add_postback("YOUR_APP_ID", client.behave("a", "200").url)
        (delivery,) = client.trigger(EventRequest(name="email.click")).deliveries
        assert len(client.resend(delivery.id).attempts) == 2
        again = answered(curl_line(wire.exchanges[-1]))
        assert again.startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(client.delivery(delivery.id).attempts) == 3
        client.reset()
        client.add_postback("YOUR_APP_ID", "http://127.0.0.1:1/")
        (reset,) = (kept for kept in wire.exchanges if kept.url.endswith("/reset"))
        assert answered(curl_line(reset)).endswith(b'{"rules":1,"deliveries":0}')
