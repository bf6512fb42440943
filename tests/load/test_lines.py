"""Lines of JSON arrive whole, however the pipe cuts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from mockserver.load.lines import LineReader


def test_lines_are_put_together() -> None:
    reading, writing = os.pipe()
    reader = LineReader(reading)
    try:
        os.write(writing, b'{"a": 1}\n{"b"')
        assert reader.read() == [{"a": 1}]
        os.write(writing, b": 2}")
        assert reader.read() == []
        os.write(writing, b"\n\n"[:1])
        assert reader.read() == [{"b": 2}]
        assert not reader.is_at_end
        os.close(writing)
        assert reader.read() == []
        assert reader.is_at_end
    finally:
        os.close(reading)


def test_a_long_line_is_written_whole_and_nobody_need_read_it() -> None:
    program = "from mockserver.load.lines import say; say({'x': 'y' * 300_000}); say({'z': 1})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    first, second = ended.stdout.splitlines()
    assert len(json.loads(first)["x"]) == 300_000
    assert json.loads(second) == {"z": 1}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0
