"""Looks at a probe before the first case, so that its faults are not taken for the endpoint's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.suite.recorder import Recorder
from contracts.suite.results import Remark
from contracts.verify.consequence import is_accepted
from contracts.verify.endpoint import Endpoint
from contracts.verify.postbacks import Postback
from contracts.verify.storage import SETTLING_REAL_SECONDS, Storage
from contracts.verify.stored import ProbeFailed, Stored
from contracts.verify.target import EndpointTarget

#: What stands for a case where the first postback of a run is named.
FIRST_LOOK = "the look at the probe"


def begin_counting(endpoint: Endpoint) -> None:
    """Ask the probe once before anything is sent, and remember what it answers.

    Raises:
        ProbeFailed: It did not answer, or not in a form that can be read.
    """
    assert endpoint.probe is not None, "nobody looks at a probe that is not there"
    endpoint.probe_sight.look(
        endpoint.probe.ask(endpoint.composer.prefix), endpoint.composer.prefix
    )
    endpoint.sent.was_counted_at = endpoint.budget.sent


def probe_remarks(endpoint: Endpoint) -> list[Remark]:
    """Send one postback, and return what is to be said of the probe then.

    Nothing is said if the postback is not answered 2xx: then the cases tell what is wrong.
    """
    assert endpoint.probe is not None, "nobody looks at a probe that is not there"
    target = EndpointTarget(endpoint, Recorder(case_id=FIRST_LOOK))
    postback = target.postback()
    outcome = target.send(postback)
    if not is_accepted(outcome):
        return []
    sight, prefix = endpoint.probe_sight, endpoint.composer.prefix
    patience = SETTLING_REAL_SECONDS if endpoint.resolved_host is not None else 0.0
    storage = Storage(endpoint.probe, prefix, endpoint.storage_delay, patience, sight=sight)
    try:
        stored = storage.until(lambda stored: sight.has_seen)
    except ProbeFailed:
        # It answered a moment ago; the first case that needs it says what it says now.
        return []
    if not sight.has_seen:
        return [_blind(stored, outcome.status)]
    return _about_names(postback, stored, sight.learn)


def _blind(stored: Stored, status: int | None) -> Remark:
    if stored.entries is None:
        what = f"it counts {stored.count}, before and after a postback that was answered {status}"
    else:
        what = f"none of its {stored.count} entries has an id of this run"
    return Remark(
        "probe-shows-nothing",
        f"the probe shows nothing of what is sent: {what}",
        "look whether it asks the database that the endpoint writes to, and whether it leaves out "
        "what is new; else the endpoint stores nothing",
    )


def _about_names(postback: Postback, stored: Stored, learn: Any) -> list[Remark]:
    entries = [entry for entry in stored.of(postback) if isinstance(entry, Mapping)]
    if not entries:
        return []
    learn(postback, entries[0])
    if any(name in entries[0] for name in postback.values) or _is_known(postback, entries[0]):
        return []
    return [
        Remark(
            "probe-has-other-names",
            f"the probe answers {', '.join(map(str, entries[0]))}, and none of them is a name of "
            "the URL, nor holds a value that was sent: no value can be compared",
            f"let it answer with the names of the URL: {', '.join(postback.values)}",
        )
    ]


def _is_known(postback: Postback, entry: Mapping[str, Any]) -> bool:
    """Return whether any value of a postback stands in an entry, under whatever name."""
    sent = {*postback.values.values(), *postback.path_values.values()} - {""}
    return any(str(value) in sent for value in entry.values())
