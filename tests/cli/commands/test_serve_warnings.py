"""What `postbacks serve` says of calls that are odd although they are carried out."""

from __future__ import annotations

import signal
from pathlib import Path

import requests

from tests.cli.serving import serve

RULE = {
    "action": "addPostback",
    "type": "messageEvents",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
    "postbackUrl": "https://shop.test/in?u={{User ID}}",
}


def test_an_ignored_argument_and_an_encoded_separator_are_a_line_each_once(tmp_path: Path) -> None:
    with serve(tmp_path, "--ephemeral") as served:
        url = f"{served.facts['api_url']}/api"
        assert requests.get(url, params=RULE | {"channels[]": "Email"}).status_code == 200
        assert requests.get(url, params=RULE | {"channels[]": "Email"}).status_code == 200
        odd = RULE | {"postbackUrl": "https://shop.test/?u={{User ID}}%26d={{Device ID}}"}
        assert requests.post(url, json=odd).status_code == 200
        status, said = served.stop(signal.SIGTERM)
    assert status == 0
    first, second = said.splitlines()
    assert first == (
        "postbacks: warning: addPostback of YOUR_APP_ID: no method knows the argument 'channels[]' "
        "(did you mean 'channels'?); it was ignored, so the rule is for every channel"
    )
    assert "has an encoded separator at '%26d={{Device ID}}'" in second
