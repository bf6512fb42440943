"""`postbacks demo`, as people read it."""

from __future__ import annotations

import json

from click.testing import CliRunner

from mockserver.cli.root import root


def test_the_text_for_people() -> None:
    shown = CliRunner().invoke(root, ["demo"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0
    text = shown.stdout
    assert "refused with HTTP 400: " in text
    assert "delivered by attempt 10, 65h after the first" in text
    assert "lost after 10 attempts" in text
    assert "rejected: 404 is not retried" in text
    assert "\x1b" not in text
    long = [line for line in text.splitlines() if len(line) > 80]
    assert all("http" in line or "refused" in line for line in long)


def test_json_is_one_document_of_the_same_story() -> None:
    shown = CliRunner().invoke(root, ["demo", "--json"])
    assert shown.exit_code == 0
    document = json.loads(shown.stdout)
    assert [delivery["state"] for delivery in document["deliveries"]] == [
        "delivered",
        "rejected",
        "delivered",
        "lost",
    ]
