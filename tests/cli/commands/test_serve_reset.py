"""What `reset --everything` leaves of a served sandbox, also over a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.serving import serve

CONFIG = """
[[apps]]
app_id = "shop"

[apps.keys]
data_export = "key"
"""


@pytest.mark.parametrize("store", ["--db=sandbox.db", "--ephemeral"])
def test_it_is_as_it_was_at_its_first_start(tmp_path: Path, store: str) -> None:
    from mockserver.web.shapes import AdvanceRequest, AppRequest, KeysJson

    (tmp_path / "postbacks.toml").write_text(CONFIG)
    arguments = (store, "--clock", "manual", "--config", "postbacks.toml")
    with serve(tmp_path, *arguments) as served:
        client = served.client
        client.put_app("other", AppRequest(KeysJson("key")))
        client.advance(AdvanceRequest(by="10d"))
        client.reset(everything=True)
        assert [app.app_id for app in client.apps()] == ["shop"]
        assert f"{client.clock().now:%F %T}" == "2026-01-01 00:00:00"
        # It is killed now, so nothing is saved at its end.
    if store != "--ephemeral":
        with serve(tmp_path, *arguments) as served:
            assert f"{served.client.clock().now:%F %T}" == "2026-01-01 00:00:00"
