"""The nginx that stands in front of a good endpoint."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from contracts.verify.endpoints import nginx
from contracts.verify.endpoints.serving import LOOPBACK

NOBODY = f"http://{LOOPBACK}:9"

needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@needs_nginx
def test_it_listens_as_long_as_it_is_wanted(tmp_path: Path) -> None:
    with nginx.nginx_before(NOBODY, tmp_path) as port:
        socket.create_connection((LOOPBACK, port), timeout=10).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), timeout=10)


@needs_nginx
def test_one_that_does_not_start_is_told_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(nginx, "_CONFIGURATION", "nonsense on;")
    with (
        pytest.raises(nginx.NginxFailed, match="nonsense"),
        nginx.nginx_before(NOBODY, tmp_path),
    ):
        pass


def test_one_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(nginx.NginxFailed, match="not on the PATH"),
        nginx.nginx_before(NOBODY, tmp_path),
    ):
        pass
