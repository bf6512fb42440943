"""Command lines that send a request again."""

from __future__ import annotations

import shlex

import pytest

from mockserver.net.curl_command import curl_command, single_quoted


@pytest.mark.parametrize("url", ["https://a.example/?a=b&c=[1]", "https://a.example/?q='$(x)'"])
def test_a_url_is_one_word_for_a_shell(url: str) -> None:
    words = shlex.split(curl_command("POST", url))
    assert (words[0], words[-1]) == ("curl", url)
    assert "-g" in words, "curl expands no brackets"
    assert "--path-as-is" in words, "and removes no dots"


def test_the_method_is_given_where_curl_would_take_another() -> None:
    assert "-X" not in curl_command("GET", "http://h/")
    assert "-X" not in curl_command("POST", "http://h/", body="{}")
    assert " -X POST " in curl_command("POST", "http://h/")
    assert " -X PUT " in curl_command("PUT", "http://h/", body="{}")


def test_headers_are_sent_even_if_they_are_empty() -> None:
    line = curl_command("GET", "http://h/", [("A", "1"), ("B", "")])
    assert line.endswith("-H 'A: 1' -H 'B;' 'http://h/'")


def test_a_body_is_sent_as_it_is() -> None:
    words = shlex.split(curl_command("POST", "http://h/", body="@file 'a'"))
    assert words[words.index("--data-raw") + 1] == "@file 'a'"


def test_words_can_be_quoted_otherwise() -> None:
    line = curl_command("GET", "http://h/$A", quote=lambda text: f'"{text}"')
    assert line.endswith('"http://h/$A"')


@pytest.mark.parametrize("text", ["", "'", "a b", "$x `y` !z", "\\", '"'])
def test_a_quoted_text_is_the_text_for_a_shell(text: str) -> None:
    assert shlex.split(single_quoted(text)) == [text]
    assert single_quoted(text).startswith("'")
