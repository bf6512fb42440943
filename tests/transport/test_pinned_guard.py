from __future__ import annotations

from mockserver.transport.pinned_guard import PinnedGuard


def test_it_allows_pinned_addresses_and_never_metadata() -> None:
    guard = PinnedGuard(addresses=frozenset({"127.0.0.1", "169.254.169.254"}))
    assert guard.reason("127.0.0.1") is None
    assert "link-local" in (guard.reason("169.254.169.254") or "")
    assert "when the run began" in (guard.reason("127.0.0.2") or "")
