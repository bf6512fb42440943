"""Names that a run makes up for its apps and inboxes do not meet."""

from __future__ import annotations

from contracts.suite.subject import Names


def test_no_name_comes_twice() -> None:
    names = Names()
    made = [names.next(kind) for kind in ("app", "inbox", "app") for _ in range(3)]
    assert len(set(made)) == 9


def test_a_name_says_whose_and_what_it_is() -> None:
    assert Names().next("app").startswith("contracts-app-")
    assert Names("verify").next("inbox").startswith("verify-inbox-")
