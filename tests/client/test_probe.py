"""What an endpoint has stored, as far as somebody can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.verify.postbacks import Composer, Postback, Subscription
from contracts.verify.stored import ProbeFailed, Stored
from mockserver.client import probe
from mockserver.client.probe import CommandProbe, FunctionProbe, UrlProbe, probe_of
from mockserver.core.errors import InvalidConfig
from mockserver.core.template import Template
from tests.transport.servers import RawServer, closing_after, hanging, keeping_alive, resetting

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
URL = "http://h.test/in?u={{User ID}}&d={{Device ID}}&m={{Message ID}}&at={{Trigger time}}&p={{Parameters}}"  # fmt: skip  # noqa: E501
PREFIX = "postbacks-verify-run"


def postbacks(number: int, **values: Any) -> list[Postback]:
    composer = Composer(Subscription(Template(URL)), "run", AT)
    return [composer.make(**values) for _ in range(number)]


def answer_of(body: bytes, status: str = "200 OK", *fields: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


@pytest.fixture
def stored() -> Iterator[RawServer]:
    with RawServer(keeping_alive(answer_of(b"[1]"))) as server:
        yield server


# URLs


def test_a_url_is_asked_with_get_and_the_prefix_put_in() -> None:
    with RawServer(keeping_alive(answer_of(b'["a"]'))) as server:
        lent = UrlProbe(f"{server.url}/stored?of={{prefix}}")
        assert lent.ask("a b/c") == Stored(1, ("a",))
        (_, head) = server.requests[0]
    assert head.startswith(b"GET /stored?of=a%20b%2Fc HTTP/1.1\r\n")
    assert lent.description.endswith("/stored?of={prefix}")


@pytest.mark.parametrize(
    ("user_info", "credentials"),
    [("ada:s3cr3t", b"YWRhOnMzY3IzdA=="), ("k%40y:", b"a0B5Og=="), ("k%40y", b"a0B5Og==")],
)
def test_user_info_is_sent_and_not_told(user_info: str, credentials: bytes) -> None:
    with RawServer(keeping_alive(answer_of(b"no", "401 No"))) as server:
        lent = UrlProbe(f"http://{user_info}@127.0.0.1:{server.port}/x")
        with pytest.raises(ProbeFailed, match=rf"http://127.0.0.1:{server.port}/x answered 401"):
            lent.ask("p")
        assert b"\r\nAuthorization: Basic " + credentials + b"\r\n" in server.requests[0][1]
    assert user_info not in lent.description


def test_an_at_behind_the_host_is_no_user_info() -> None:
    assert UrlProbe("http://h.test/a@b?c=@").description == "http://h.test/a@b?c=@"


def test_neither_a_proxy_nor_a_redirect_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RawServer(keeping_alive(answer_of(b"3"))) as target:
        redirect = answer_of(b"", "302 Found", f"Location: {target.url}/")
        with (
            RawServer(keeping_alive(redirect)) as server,
            pytest.raises(ProbeFailed, match="answered 302"),
        ):
            UrlProbe(server.url).ask("p")
        assert target.requests == []
        assert UrlProbe(target.url).ask("p") == Stored(3)


@pytest.mark.parametrize("status", ["404 Not Found", "500 No", "304 Not Modified"])
def test_another_status_is_no_answer(status: str) -> None:
    with (
        RawServer(keeping_alive(answer_of(b"", status))) as server,
        pytest.raises(ProbeFailed, match=f"answered {status[:3]}"),
    ):
        UrlProbe(server.url).ask("p")


@pytest.mark.parametrize(
    "behaviour",
    [
        resetting,
        closing_after(b""),
        closing_after(b"garbage\r\n\r\n"),
        closing_after(answer_of(b"[1]")[:-1]),
        closing_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1"),
        closing_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n[1"),
    ],
)
def test_half_an_answer_is_none(behaviour: Any) -> None:
    with (
        RawServer(behaviour) as server,
        pytest.raises(ProbeFailed, match=r"did not answer: .+"),
    ):
        UrlProbe(server.url).ask("p")


def test_an_answer_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROBE_REAL_SECONDS", 0.1)
    with RawServer(hanging) as server, pytest.raises(ProbeFailed, match="did not answer"):
        UrlProbe(server.url).ask("p")


def test_a_huge_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_BYTES", 1 << 20)
    with (
        RawServer(keeping_alive(answer_of(bytes((1 << 20) + 1)))) as server,
        pytest.raises(ProbeFailed, match="more than 1 MiB"),
    ):
        UrlProbe(server.url).ask("p")


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http://127.0.0.1:x/", "http://127.0.0.1:1/a b", "http://h/ü"]
)
def test_a_url_that_cannot_be_asked_is_told(url: str) -> None:
    with pytest.raises(ProbeFailed, match="did not answer: "):
        UrlProbe(url).ask("p")


# Commands


def test_a_command_is_run_by_the_shell_with_the_prefix_put_in() -> None:
    lent = CommandProbe("printf '%s\\n' '{prefix} x' \"a'b\" 'LIKE {prefix}%' | grep -v b")
    assert lent.ask("run-1").entries == ("run-1 x", "LIKE run-1%")


def test_what_a_command_prints_is_read() -> None:
    assert CommandProbe("echo 12").ask("p") == Stored(12)
    assert CommandProbe("printf '\\357\\273\\27712\\r\\n'").ask("p") == Stored(12)
    assert CommandProbe("printf '\\377'").ask("p") == Stored(1, ("\\xff",))
    assert CommandProbe("true").ask("p") == Stored(0, ())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sh -c 'echo bad >&2; exit 3'", "ended with 3: bad$"),
        ("sh -c 'echo one; echo two; exit 1'", "ended with 1: two$"),
        ("false", "ended with 1$"),
        ("/no/such/program", "ended with 127: .*not found"),
        ("echo 'a", "ended with 2: .*"),
        ("a\0b", "cannot be run: "),
    ],
)
def test_a_command_that_fails_is_told_with_its_last_line(command: str, said: str) -> None:
    with pytest.raises(ProbeFailed, match=said):
        CommandProbe(command).ask("p")


def test_a_command_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROBE_REAL_SECONDS", 0.2)
    with pytest.raises(ProbeFailed, match=r"was not done within 0\.2 s"):
        CommandProbe("sleep 60").ask("p")


@pytest.mark.parametrize("command", ["", "  "])
def test_what_is_no_command_is_refused_at_once(command: str) -> None:
    with pytest.raises(InvalidConfig, match=r"^--probe"):
        probe_of(command)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("http://h.test/stored", UrlProbe),
        ("HTTPS://h.test", UrlProbe),
        ("curl http://h.test", CommandProbe),
        ("httpie", CommandProbe),
    ],
)
def test_a_url_or_else_a_command_is_meant(text: str, kind: type) -> None:
    assert type(probe_of(text)) is kind


# Functions


def test_a_function_counts_or_lists() -> None:
    assert FunctionProbe(lambda: 3).ask(PREFIX) == Stored(3)
    assert FunctionProbe(lambda: "ada\n").ask(PREFIX) == Stored(1, ("ada",))
    rows = [{"u": f"{PREFIX}-1"}, {"u": "ada"}]
    assert FunctionProbe(lambda: rows).ask(PREFIX) == Stored(2, ({"u": f"{PREFIX}-1"},))
