"""What can be seen in a postbackUrl before anything is sent."""

from __future__ import annotations

import pytest

from contracts.verify.lint import Secret, remarks, secrets_in
from contracts.verify.postbacks import Subscription
from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType
from mockserver.core.template import Template
from mockserver.net.masks import Masks, secret_variable
from mockserver.transport.resolved_host import ResolvedHost

MESSAGES, AB_TESTS = PostbackType.MESSAGE_EVENTS, PostbackType.AB_TEST_EVENTS
GOOD = (
    "https://partner.test/in?user={{User ID}}&device={{Device ID}}&message={{Message ID}}"
    "&event={{Message event}}&channel={{Message channel}}&at={{Trigger time}}"
    "&parameters={{Parameters}}"
)
GOOD_AB_TEST = "https://partner.test/in?user={{User ID}}&at={{Trigger time}}&test={{AB test ID}}"


def codes(
    url: str,
    type: PostbackType = MESSAGES,
    channels: tuple[Channel, ...] = ALL_CHANNELS,
    resolved_host: ResolvedHost | None = None,
) -> list[str]:
    return [
        remark.code
        for remark in remarks(Subscription(Template(url), type, channels), resolved_host)
    ]


@pytest.mark.parametrize(("url", "type"), [(GOOD, MESSAGES), (GOOD_AB_TEST, AB_TESTS)])
def test_of_a_good_url_nothing_is_said(url: str, type: PostbackType) -> None:
    assert codes(url, type) == []


@pytest.mark.parametrize(
    ("url", "type", "code"),
    [
        (GOOD.replace("https", "http"), MESSAGES, "plain-http"),
        (GOOD.replace("https", "HTTP"), MESSAGES, "plain-http"),
        (GOOD + "&key=abc", MESSAGES, "secret-in-url"),
        (GOOD.replace("&at={{Trigger time}}&", "&").replace("{{Message ID}}", "1"), MESSAGES,
         "duplicates-look-alike"),
        (GOOD_AB_TEST.replace("{{Trigger time}}", "1"), AB_TESTS, "duplicates-look-alike"),
        (GOOD.replace("{{User ID}}", "1").replace("{{Device ID}}", "2"), MESSAGES, "nobody-named"),
        (GOOD + "&test={{AB test ID}}", MESSAGES, "always-empty"),
        (GOOD + "&variant={{Variant ID}}", MESSAGES, "always-empty"),
        (GOOD_AB_TEST + "&message={{Message ID}}", AB_TESTS, "always-empty"),
        (GOOD_AB_TEST + "&x={{Parameters}}", AB_TESTS, "always-empty"),
        (GOOD.replace("{{Parameters}}", ""), MESSAGES, "clicks-without-target"),
        (GOOD.replace("{{Message event}}", ""), MESSAGES, "events-look-alike"),
        (GOOD.replace("{{Message channel}}", ""), MESSAGES, "channels-look-alike"),
        (GOOD + "#{{Template name}}", MESSAGES, "value-in-fragment"),
        (GOOD.replace("&device", "%26device"), MESSAGES, "encoded-separator"),
        (GOOD + "&user=x", MESSAGES, "name-twice"),
        (GOOD + "&us%65r=x", MESSAGES, "name-twice"),
    ],
)  # fmt: skip
def test_one_thing_is_said_of_one_mistake(url: str, type: PostbackType, code: str) -> None:
    assert codes(url, type) == [code]


def test_plain_http_is_no_matter_on_this_machine() -> None:
    url = GOOD.replace("https", "http")
    assert codes(url, resolved_host=ResolvedHost("http", "partner.test", 80, ("127.0.0.1",))) == []
    elsewhere = ResolvedHost("http", "partner.test", 80, ("192.0.2.7",))
    assert codes(url, resolved_host=elsewhere) == ["plain-http"]


def test_either_of_message_and_time_tells_a_retry_from_a_second_event() -> None:
    assert codes(GOOD.replace("{{Message ID}}", "")) == []
    assert codes(GOOD.replace("{{Trigger time}}", "")) == []


@pytest.mark.parametrize("name", ["{{User ID}}", "{{Device ID}}"])
def test_one_id_says_whose_event_it_is(name: str) -> None:
    assert codes(GOOD.replace(name, "")) == []


def test_a_template_name_is_for_in_app_messages() -> None:
    url = GOOD + "&template={{Template name}}"
    assert codes(url) == []
    assert codes(url, channels=(Channel.EMAIL, Channel.IN_APP)) == []
    assert codes(url, channels=(Channel.EMAIL,)) == ["always-empty"]


def test_one_channel_needs_no_name_and_only_email_needs_parameters() -> None:
    url = GOOD.replace("{{Message channel}}", "").replace("{{Parameters}}", "")
    assert codes(url, channels=(Channel.PUSH,)) == []
    assert codes(url, channels=(Channel.EMAIL,)) == ["clicks-without-target"]


def test_what_stands_in_the_fragment_only_is_not_sent() -> None:
    url = "https://partner.test/in?at={{Trigger time}}&x={{AB test ID}}#{{User ID}}"
    assert codes(url, AB_TESTS) == ["nobody-named", "value-in-fragment"]


def test_the_weightiest_comes_first_and_each_says_what_to_do() -> None:
    said = remarks(Subscription(Template("http://partner.test/in?key=abc&x=1&x=2")))
    assert [remark.code for remark in said] == [
        "plain-http",
        "secret-in-url",
        "duplicates-look-alike",
        "nobody-named",
        "clicks-without-target",
        "events-look-alike",
        "channels-look-alike",
        "name-twice",
    ]
    assert all(remark.text and remark.fix for remark in said)
    assert not any("abc" in remark.text + remark.fix for remark in said)


def test_several_secrets_are_counted() -> None:
    (remark,) = remarks(Subscription(Template(GOOD + "&key=abc&sig=def")))
    assert "holds 2 parts that look like secrets" in remark.text


# Secrets


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("ada:s3cr3t@h.test/in", [Secret("s3cr3t", "ada:", "@")]),
        ("ada:p%40s:s@h.test/in", [Secret("p%40s:s", "ada:", "@")]),
        (":s3cr3t@h.test/in", [Secret("s3cr3t", ":", "@")]),
        ("sk_live_123:@h.test/in", [Secret("sk_live_123", "//", ":@")]),
        ("sk_live_123@h.test/in", [Secret("sk_live_123", "//", "@")]),
        ("h.test?key=abc", [Secret("abc", "key=")]),
        ("[::1]:81/in?x=1&api_key=a%2Bb&y=2#z", [Secret("a%2Bb", "api_key=")]),
        ("h.test/in?key=a=b==", [Secret("a=b==", "key=")]),
        ("h.test/in?key=a&token=a", [Secret("a", "key="), Secret("a", "token=")]),
        ("h.test/in?key=a&key=a", [Secret("a", "key=")]),
        ("h.test/in/a1b2c3d4e5a1b2c3d4e5/x", [Secret("a1b2c3d4e5a1b2c3d4e5")]),
        ("h.test/T0123/B0123/aZ09aZ09aZ09aZ09aZ09", [Secret("aZ09aZ09aZ09aZ09aZ09")]),
        ("h.test/123e4567-e89b-12d3-a456-426614174000", [
            Secret("123e4567-e89b-12d3-a456-426614174000")]),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret(rest: str, found: list[Secret]) -> None:
    for scheme in ("https", "HTTPS"):
        assert secrets_in(f"{scheme}://{rest}") == found


@pytest.mark.parametrize(
    "name",
    [
        "key", "KEYS", "apikey", "apiKey", "api_key", "api-key", "X-Api-Key", "token", "auth",
        "accessToken", "authToken", "clientSecret", "client_secret", "partner.secret", "password",
        "pwd", "passwd", "access_token", "authorization", "sig", "signature", "keys", "credentials",
        "secretKey", "api%5Fkey",
    ],
)  # fmt: skip
def test_names_that_secrets_have(name: str) -> None:
    assert secrets_in(f"https://h.test/in?{name}=abc") == [Secret("abc", f"{name}=")]


@pytest.mark.parametrize(
    "query",
    [
        "monkey=abc", "turkey=1", "keyboard=1", "author=ada", "signal=1", "design=x", "tokens_used",
        "key=", "key", "key={{User ID}}", "token=x-{{Message ID}}", "user=ada&x=key",
    ],
)  # fmt: skip
def test_names_and_values_that_are_no_secrets(query: str) -> None:
    assert secrets_in(f"https://h.test/in?{query}") == []


@pytest.mark.parametrize(
    "path",
    [
        "/in/postbacks/leanplum",
        "/a-very-long-name-of-a-folder-in-words",
        "/12345678901234567890123456789",
        "/{{User ID}}/{{Device ID}}/x",
        "",
    ],
)
def test_paths_that_hold_no_secret(path: str) -> None:
    assert secrets_in(f"https://h.test{path}") == []


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://ada:abc@h.test/abc?key=abc&token=abc", "https://ada:$S1@h.test/abc?key=$S1&token=$S1"),
        ("https://abc@h.test/abc", "https://$S1@h.test/abc"),
        ("https://ada:s3cr3t-1@h.test/?key=s3cr3t-2", "https://ada:$S1@h.test/?key=$S2"),
    ],
)  # fmt: skip
def test_what_is_found_can_be_hidden(url: str, masked: str) -> None:
    masks = Masks()
    names: dict[str, str] = {}
    for text, before, after in secrets_in(url):
        variable = names.setdefault(text, secret_variable(len(names) + 1))
        masks.hide(variable, text, before=before, after=after)
    assert masks.masked(url) == masked.replace("$S", "$POSTBACKS_SECRET_")
