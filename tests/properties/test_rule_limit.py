"""However rules are added and deleted: an app never has more than its three."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.core.errors import RuleLimitReached
from mockserver.core.models import App
from mockserver.sandbox import Sandbox

app_ids = st.sampled_from(["a", "b"])
places = st.integers(0, 2)


class RuleLimit(RuleBasedStateMachine):
    """A sandbox with two apps, beside the ids that a model of a few lines keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox(apps=[App("a"), App("b")])
        self.model: dict[str, list[int]] = {"a": [], "b": []}
        self.seen: set[int] = set()

    @rule(app_id=app_ids)
    def add(self, app_id: str) -> None:
        if len(self.model[app_id]) == 3:
            with pytest.raises(RuleLimitReached, match=f"app '{app_id}' has 3 postback rules"):
                self.sandbox.add_postback("http://h/", app_id=app_id)
        else:
            added = self.sandbox.add_postback("http://h/", app_id=app_id).postback_id
            assert added not in self.seen, "an id is never given twice"
            self.model[app_id].append(added)
            self.seen.add(added)

    @rule(app_id=app_ids, place=places)
    def delete(self, app_id: str, place: int) -> None:
        mine = self.model[app_id]
        if place < len(mine):
            assert self.sandbox.delete_postback(mine.pop(place), app_id)

    @precondition(lambda self: self.seen)
    @rule(app_id=app_ids, data=st.data())
    def delete_any(self, app_id: str, data: st.DataObject) -> None:
        postback_id = data.draw(st.sampled_from(sorted(self.seen)))
        mine = postback_id in self.model[app_id]
        assert self.sandbox.delete_postback(postback_id, app_id) is mine
        if mine:
            self.model[app_id].remove(postback_id)

    @rule()
    def reset(self) -> None:
        count = sum(len(ids) for ids in self.model.values())
        assert self.sandbox.reset()[0] == count
        self.model = {"a": [], "b": []}

    @invariant()
    def lists_are_as_the_model_has_them(self) -> None:
        for app_id, ids in self.model.items():
            rules = self.sandbox.postbacks(app_id)
            assert [listed.postback_id for listed in rules] == ids
            assert {listed.app_id for listed in rules} <= {app_id}
            assert len(rules) <= 3

    def teardown(self) -> None:
        self.sandbox.close()


TestRuleLimit = RuleLimit.TestCase
