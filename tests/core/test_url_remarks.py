"""What is wrong with a postbackUrl that addPostback takes; `verify` says it in the same words."""

from __future__ import annotations

from contracts.verify.lint import remarks
from contracts.verify.postbacks import Subscription
from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.template import PLACEHOLDERS, Template
from mockserver.core.url_remarks import remarks_on, secrets_in

MESSAGES, AB_TESTS = PostbackType.MESSAGE_EVENTS, PostbackType.AB_TEST_EVENTS


def codes(url: str, type: PostbackType = MESSAGES, **more: bool) -> list[str]:
    return [each.code for each in remarks_on(Template(url), type, ALL_CHANNELS, **more)]


def test_whoever_registers_and_whoever_verifies_hear_the_same() -> None:
    urls = ["http://h/?key=abc", "https://h/#{{User ID}}", "https://h/?a=1&a=2"]
    urls += [f"https://h/?x={{{{{name}}}}}" for name in PLACEHOLDERS]
    for url in urls:
        for kind in PostbackType:
            for channels in (ALL_CHANNELS, (Channel.EMAIL,), (Channel.PUSH, Channel.IN_APP)):
                said = remarks(Subscription(Template(url), kind, channels))
                found = remarks_on(Template(url), kind, channels)
                assert [(each.code, each.text) for each in found] == [
                    (each.code, each.text) for each in said
                ]


def test_plain_http_to_this_machine_is_no_problem() -> None:
    assert "plain-http" in codes("http://h/")
    assert "plain-http" not in codes("http://h/", is_local=True)


def test_a_value_behind_the_number_sign_is_not_sent() -> None:
    assert "nobody-named" in codes("https://h/#{{User ID}}")
    assert "nobody-named" not in codes("https://h/?u={{User ID}}")
    assert "always-empty" not in codes("https://h/#{{Parameters}}", AB_TESTS)


def test_what_cannot_be_read_as_a_url_has_no_secrets() -> None:
    assert secrets_in("http://[?key=abc") == []
    assert [each.text for each in secrets_in("http://[::1]/?key=abc")] == ["abc"]
