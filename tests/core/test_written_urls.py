"""Postback URLs are found however a text writes them, and nothing else is taken for one."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.template import PLACEHOLDERS
from mockserver.core.written_urls import WrittenUrl, written_urls

URL = "https://shop.example/in?user={{User ID}}&at={{Trigger time}}"


def urls(text: str) -> list[str]:
    return [found.url for found in written_urls(text)]


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f'url = "{URL}"',
        f"url = '{URL}'",
        f"const url = `{URL}`;",
        f"postbackUrl: {URL}\n",
        f"- {URL}  # a comment",
        f"See <{URL}>.",
        f"See {URL}.",
        f"[the rule]({URL}), and more",
        f"curl --data-urlencode 'postbackUrl={URL}' https://api.leanplum.com/api",
        f"https://api.leanplum.com/api?action=addPostback&postbackUrl={quote(URL, safe='')}",
        f"postbackUrl={quote(URL, safe='')}&type=messageEvents",
        json.dumps({"postbackUrl": URL}),
        json.dumps({"postbackUrl": URL}).replace("/", "\\/"),
        json.dumps({"postbackUrl": URL}).replace("&", "\\u0026"),
        f'<a href="{URL.replace("&", "&amp;")}">rule</a>',
        'url = (\n    "https://shop.example/in?user={{User ID}}"\n    "&at={{Trigger time}}"\n)',
        'url = "https://shop.example/in?user={{User ID}}" +\n  "&at={{Trigger time}}";',
        "url = 'https://shop.example/in?user={{User ID}}' . '&at={{Trigger time}}';",
        "url='https://shop.example/in?user={{User ID}}' \\\n  '&at={{Trigger time}}'",
    ],
)
def test_it_is_found_in_every_way_in_which_texts_write_it(text: str) -> None:
    assert urls(text) == [URL]


def test_a_variable_may_be_the_port() -> None:
    assert urls('f"http://127.0.0.1:{port}/in?user={{{{User ID}}}}"') == [
        "http://127.0.0.1:1/in?user={{User ID}}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        'f"https://{host}/in?user={{{{User ID}}}}"',
        '"https://${HOST}/in?user={{User ID}}"',
        '"https://$HOST/in?user={{User ID}}"',
        "'https://%s/in?user={{User ID}}' % host",
        "https://$(hostname)/in?user={{User ID}}",
        '"https://<%= host %>/in?user={{User ID}}"',
        "https://${{ vars.HOST }}/in?user={{User ID}}",
    ],
)
def test_a_variable_of_the_language_stands_for_some_host(text: str) -> None:
    assert urls(text) == ["https://x/in?user={{User ID}}"]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/",
        "https://example.com/{{ page.url }}",
        "https://example.com/{{user_id}}/{{ name }}",
        "https://${{ secrets.HOST }}/",
        'f"https://example.com/{user_id}"',
        "{{User ID}} without an address",
        "ftp://example.com/{{User ID}}",
        "",
    ],
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert urls(text) == []


def test_what_is_percent_encoded_is_no_variable() -> None:
    url = "https://h.example/in%da?u={{User ID}}"
    assert urls(url) == [url]


@pytest.mark.parametrize("name", ["User Id", "user ID", "Trigger Time", " User ID", "Usr ID"])
def test_a_placeholder_that_is_nearly_one_of_leanplums_counts(name: str) -> None:
    assert urls(f"https://example.com/?u={{{{{name}}}}}") == [
        f"https://example.com/?u={{{{{name}}}}}"
    ]


@pytest.mark.parametrize(
    "before",
    ["postbackUrl=", '"postbackUrl": "', "postback_url = '", "postbackUrl => ", "POSTBACK_URL="],
)
def test_behind_the_name_of_the_argument_any_placeholder_counts(before: str) -> None:
    assert urls(before + "https://example.com/?u={{user_id}}") == [
        "https://example.com/?u={{user_id}}"
    ]
    assert urls(before + "https://example.com/") == []


def test_one_in_the_query_of_another_url_is_told_to_be_bare() -> None:
    call = "https://api.leanplum.com/api?action=addPostback&postbackUrl="
    assert [(found.url, found.is_bare) for found in written_urls(call + URL)] == [(URL, True)]
    assert [found.is_bare for found in written_urls(call + quote(URL, safe=""))] == [False]
    assert [found.is_bare for found in written_urls(f"{call}\n{URL}")] == [False]


def test_each_is_told_with_its_place() -> None:
    text = f"a\n\n  {URL}\nb {URL} c {URL}\n"
    assert [(found.line, found.column) for found in written_urls(text)] == [(3, 3), (4, 3), (4, 66)]


def test_a_line_may_say_that_nothing_is_to_be_said() -> None:
    text = f'a = "{URL}"  # postbacks: ignore\nb = "{URL}"\n'
    assert [found.is_ignored for found in written_urls(text)] == [True, False]


def test_a_url_of_several_lines_is_ignored_by_any_of_them() -> None:
    text = 'a = ("https://x.example/?u={{User ID}}"  # no joint\n)'
    assert list(written_urls(text)) == [
        WrittenUrl("https://x.example/?u={{User ID}}", 1, 7, False),
    ]
    joined = 'a = ("https://x.example/?u={{User ID}}"\n "&a={{Trigger time}}") # postbacks: ignore'
    assert [found.is_ignored for found in written_urls(joined)] == [True]


@given(
    st.lists(st.sampled_from(PLACEHOLDERS), min_size=1, max_size=4),
    st.sampled_from(['"', "'", "`", "", "<"]),
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=30),
)
def test_whatever_stands_around_it(names: list[str], quote_: str, around: str) -> None:
    url = "https://h.example/p?" + "&".join(f"n{n}={{{{{name}}}}}" for n, name in enumerate(names))
    end = {"<": ">"}.get(quote_, quote_)
    text = f"{around}\n{quote_}{url}{end}\n \n{around}"
    assert url in urls(text)


@given(st.text(st.sampled_from("https:/%3A2Fx.{}\"'`\\ \n&$()<User ID>7Bb"), max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    for found in written_urls("https://a/{{User ID}}" + text):
        assert found.line >= 1
        assert found.column >= 1
