"""A cassette of vcrpy neither records nor replays the calls that the client itself makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from mockserver.live import LiveSandbox
from tests.certificates import ca_file_in, server_context

vcr = pytest.importorskip("vcr")

CALLS = """
    import sys, vcr
    cassette, url, ca_file = sys.argv[1:]
    for _ in range(2):
        with vcr.use_cassette(cassette, record_mode="once"):
            from mockserver.client.sandbox_client import SandboxClient
            client = SandboxClient(url, ca_file=ca_file or None)
            client.health()
            client.put_app("one-more", {"keys": {"data_export": "k"}})
            assert client.app("one-more").app_id == "one-more"
"""


@pytest.mark.parametrize("tls", [False, True])
def test_what_the_client_sends_is_no_part_of_a_cassette(tmp_path: Path, tls: bool) -> None:
    """It is imported within one, so that it finds nothing but the stand-ins of vcrpy."""
    context, ca_file = (server_context(), ca_file_in(tmp_path)) if tls else (None, "")
    cassette = tmp_path / "cassette.yaml"
    with LiveSandbox(tls_context=context, ca_file=ca_file or None) as live:
        command = [sys.executable, "-c", dedent(CALLS), str(cassette), live.url, str(ca_file)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert not cassette.exists(), cassette.read_text()
