"""What the deviants about rules do otherwise."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.conformance.api import ApiAnswer

from .acting import NOWHERE, Actor, Probe, compare, name_of, prove


def _accepted_of_five(actor: Actor) -> int:
    return sum(actor.try_add().accepted for _ in range(5))


def _three_in_another_app(actor: Actor) -> list[bool]:
    actor.put_app("other")
    actor.add()
    return [actor.try_add(appId="other").accepted for _ in range(3)]


def _a_fourth_after_deletion(actor: Actor) -> bool:
    ids = [actor.add() for _ in range(3)]
    actor.call("deletePostback", postbackId=ids[0])
    return actor.try_add().accepted


def _more_than_three_at_once(actor: Actor) -> bool:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: actor.try_add(), range(8)))
    return sum(answer.accepted for answer in answers) > 3


def _type_of_id(actor: Actor) -> str:
    return type(actor.try_add().response["postbackId"]).__name__


def _digits(actor: Actor) -> int:
    return len(str(actor.add()))


def _duplicate(actor: Actor) -> bool:
    actor.add()
    return actor.try_add().accepted


def _list(actor: Actor) -> list[dict[str, object]]:
    postbacks: list[dict[str, object]] = actor.call("listPostbacks").response["postbacks"]
    return postbacks


def _keys_in_list(actor: Actor) -> list[str]:
    actor.add()
    return sorted(_list(actor)[0])


def _listed_with_another_app(actor: Actor) -> int:
    actor.put_app("other")
    actor.add()
    actor.add(appId="other")
    return len(_list(actor))


def _left_after_deletion(actor: Actor) -> tuple[bool, int]:
    deleted = actor.call("deletePostback", postbackId=actor.add()).accepted
    return deleted, len(_list(actor))


def _delete_unknown(actor: Actor) -> ApiAnswer:
    return actor.call("deletePostback", postbackId=1234567890123456)


def _unknown_is_warned_of(actor: Actor) -> tuple[int, bool]:
    answer = _delete_unknown(actor)
    return answer.status, bool(answer.warning)


def _state_after_deletion(actor: Actor) -> str:
    postback_id = actor.add(actor.inbox("503,200"))
    actor.fire()
    actor.call("deletePostback", postbackId=postback_id)
    actor.until_idle()
    return actor.delivery().state


PROBES = (
    Probe("cap-of-two", _accepted_of_five, 3, 2),
    Probe("cap-of-four", _accepted_of_five, 3, 4),
    Probe("cap-none", _accepted_of_five, 3, 5),
    Probe("cap-shared", _three_in_another_app, [True, True, True], [True, True, False]),
    Probe("cap-not-freed", _a_fourth_after_deletion, True, False),
    Probe("cap-racy", _more_than_three_at_once, False, True),
    Probe("id-as-text", _type_of_id, "int", "str"),
    Probe("id-short", _digits, 16, 5),
    Probe("duplicate-refused", _duplicate, True, False),
    Probe("unknown-type-accepted", lambda actor: actor.try_add(type="sms").accepted, False, True),
    Probe(
        "ab-test-type-refused",
        lambda actor: actor.try_add(type="abTestEvents").accepted,
        True,
        False,
    ),
    Probe(
        "list-without-type",
        _keys_in_list,
        ["postbackId", "postbackUrl", "type"],
        ["postbackId", "postbackUrl"],
    ),
    Probe("list-all-apps", _listed_with_another_app, 1, 2),
    Probe("delete-does-nothing", _left_after_deletion, (True, 0), (True, 1)),
    Probe("delete-unknown-silent", _unknown_is_warned_of, (200, True), (200, False)),
    Probe("delete-unknown-error", _unknown_is_warned_of, (200, True), (404, False)),
    Probe("delete-cancels-pending", _state_after_deletion, "delivered", "lost"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


def test_whoever_deletes_nothing_still_says_what_is_unknown() -> None:
    compare(Probe("delete-does-nothing", _unknown_is_warned_of, (200, True), (200, True)))


def test_a_refused_duplicate_leaves_other_rules_alone() -> None:
    def look(actor: Actor) -> bool:
        actor.add()
        return actor.try_add(f"{NOWHERE}?other").accepted

    compare(Probe("duplicate-refused", look, True, True))
