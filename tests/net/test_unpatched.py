from __future__ import annotations

import select
import subprocess
import sys

import pytest

from mockserver.net.unpatched import unpatched


def test_without_gevent_it_is_what_is_there() -> None:
    assert unpatched("select", "poll") is select.poll


def test_with_gevent_it_is_what_was_there() -> None:
    pytest.importorskip("gevent", reason="gevent is not installed")
    program = (
        "import select; before = select.poll\n"
        "from gevent import monkey; monkey.patch_all()\n"
        "from mockserver.net.unpatched import unpatched\n"
        "assert select.poll is not before\n"
        "assert unpatched('select', 'poll') is before\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
