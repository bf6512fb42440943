from __future__ import annotations

from mockserver.load.hidden import hidden_in, masks_of

URL = "http://ada:pass-word@127.0.0.1/in?token=s3cr3t-of-mine&u={{User ID}}"


def test_a_secret_is_hidden_wherever_it_stands() -> None:
    facts = {"url": URL, "examples": {"reset": "POST /in?token=s3cr3t-of-mine"}, "n": [1, "x"]}
    found = hidden_in(facts, URL)
    assert "s3cr3t-of-mine" not in str(found)
    assert "pass-word" not in str(found)
    assert found["n"] == [1, "x"]
    assert masks_of("http://127.0.0.1/in").masked(URL) == URL
