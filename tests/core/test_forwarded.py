"""What is kept of a request that was forwarded."""

from __future__ import annotations

from mockserver.core.forwarded import Forwarded


def test_a_large_answer_counts_in_a_journal_by_its_bytes() -> None:
    small = Forwarded("http://x/", "answered", 200)
    large = small._replace(body=b"x" * 1000, headers=((b"a", b"b" * 1000),))
    assert large.size - small.size >= 2000
