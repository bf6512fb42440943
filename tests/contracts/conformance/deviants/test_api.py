"""What the deviants about calling the API do otherwise."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.conformance.api import ApiAnswer, Form, answer_of, multipart
from contracts.conformance.deviants.deviant_server import DeviantServer
from mockserver.web import shapes

from .acting import Actor, Probe, compare, name_of, prove

_JSON = {"Content-Type": "application/json"}
_URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def _listed_by(form: Form) -> Callable[[Actor], int]:
    return lambda actor: actor.call("listPostbacks", form).status


def _listed(**arguments: Any) -> Callable[[Actor], bool]:
    return lambda actor: actor.call("listPostbacks", **arguments).accepted


def _action_in_query(actor: Actor) -> bool:
    return actor.call("listPostbacks", Form.SPLIT).accepted


def _action_twice(actor: Actor) -> bool:
    content = json.dumps(_credentials("listPostbacks")).encode()
    return answer_of(actor.wire.send("POST", "/api?action=nothing", _JSON, content)).accepted


def _long_get(actor: Actor) -> int:
    return actor.call("listPostbacks", Form.GET, padding="x" * 2083).status


def _credentials(action: str) -> dict[str, str]:
    return {"action": action, "appId": "shop", "clientKey": "export", "apiVersion": "1.0.6"}


def _form_called_json(actor: Actor) -> bool:
    content = multipart(_credentials("listPostbacks"))
    return answer_of(actor.wire.send("POST", "/api", _JSON, content)).accepted


def _json_called_form(actor: Actor) -> bool:
    content = json.dumps(_credentials("listPostbacks")).encode()
    return answer_of(actor.wire.send("POST", "/api", _URLENCODED, content)).accepted


def _json_called_text(actor: Actor) -> bool:
    content = json.dumps(_credentials("listPostbacks")).encode()
    headers = {"Content-Type": "text/plain"}
    return answer_of(actor.wire.send("POST", "/api", headers, content)).accepted


def _keys_of_answer(actor: Actor) -> list[str]:
    return sorted(actor.call("listPostbacks").document)


def _refused(actor: Actor) -> ApiAnswer:
    return actor.call("listPostbacks", clientKey="wrong")


def _refusal(actor: Actor) -> tuple[int, object, bool]:
    answer = _refused(actor)
    return answer.status, answer.success, bool(answer.error)


def _error(actor: Actor) -> object:
    error = _refused(actor).response["error"]
    return "message" in error


def _warning(actor: Actor) -> tuple[object, bool]:
    answer = actor.call("deletePostback", postbackId=1234567890123456)
    return answer.success, bool(answer.warning)


def _other_apps_key(actor: Actor) -> list[bool]:
    actor.control.put_app("other", shapes.AppRequest(shapes.KeysJson("other-export")))
    keys = ("other-export", "production", "wrong")
    return [actor.call("listPostbacks", clientKey=key).accepted for key in keys]


PROBES = (
    Probe("get-refused", _listed_by(Form.GET), 200, 405),
    Probe("query-ignored", _action_in_query, True, False),
    Probe("json-refused", _listed_by(Form.JSON), 200, 400),
    Probe("multipart-refused", _listed_by(Form.MULTIPART), 200, 400),
    Probe("urlencoded-refused", _listed_by(Form.URLENCODED), 200, 400),
    Probe("query-wins", _action_twice, True, False),
    Probe("get-length-unlimited", _long_get, 414, 200),
    Probe("mislabelled-refused", _form_called_json, True, False),
    Probe("contradiction-accepted", _json_called_form, False, True),
    Probe("any-body-type-read", _json_called_text, False, True),
    Probe("envelope-bare", _keys_of_answer, ["response"], ["postbacks", "success"]),
    Probe("refusal-as-200", _refusal, (403, False, True), (200, False, True)),
    Probe("refusal-without-message", _error, True, False),
    Probe("warning-without-success", _warning, (True, True), (False, True)),
    Probe("any-key-class-accepted", _listed(clientKey="production"), False, True),
    Probe("other-apps-key-accepted", _other_apps_key, [False] * 3, [True, False, False]),
    Probe("any-key-accepted", _other_apps_key, [False] * 3, [True] * 3),
    Probe(
        "key-message-other", lambda actor: _refused(actor).error, "Invalid access key", "Forbidden"
    ),
    Probe("key-status-401", _refusal, (403, False, True), (401, False, True)),
    Probe(
        "unknown-app-not-found",
        lambda actor: (actor.call("listPostbacks", appId="nobody").status, _refused(actor).status),
        (403, 403),
        (404, 403),
    ),
    Probe("unknown-app-accepted", _listed(appId="nobody"), False, True),
    Probe("version-ignored", _listed(apiVersion="2"), False, True),
    Probe("required-not-checked", lambda actor: actor.try_add(type=None).accepted, False, True),
    Probe("unknown-action-accepted", lambda actor: actor.call("paint").accepted, False, True),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("get-refused", [Form.JSON, Form.MULTIPART]),
        ("query-ignored", [Form.GET, Form.JSON]),
        ("json-refused", [Form.GET, Form.MULTIPART, Form.URLENCODED]),
        ("multipart-refused", [Form.JSON, Form.URLENCODED]),
        ("urlencoded-refused", [Form.JSON, Form.MULTIPART]),
    ],
)
def test_other_ways_to_send_arguments_stay(name: str, others: list[Form]) -> None:
    for form in others:
        compare(Probe(name, _listed_by(form), 200, 200))


@pytest.mark.parametrize("name", ["json-refused", "multipart-refused"])
def test_mislabelled_form_data_is_not_what_is_refused(name: str) -> None:
    compare(Probe(name, _form_called_json, True, True))


@pytest.mark.parametrize(
    "name", ["any-key-class-accepted", "other-apps-key-accepted", "key-message-other"]
)
def test_a_wrong_key_is_still_refused(name: str) -> None:
    compare(Probe(name, lambda actor: _refused(actor).status, 403, 403))


@pytest.mark.parametrize("name", ["any-key-accepted", "any-key-class-accepted"])
def test_an_app_that_is_not_there_opens_to_nobody(name: str) -> None:
    compare(Probe(name, _listed(appId="nobody"), False, False))


def test_a_right_key_is_right_whatever_the_message() -> None:
    compare(Probe("key-message-other", _listed(), True, True))


def test_a_missing_action_is_still_refused() -> None:
    compare(Probe("unknown-action-accepted", lambda actor: actor.call(None).status, 400, 400))


def test_a_world_says_what_it_is() -> None:
    with DeviantServer() as fake:
        assert fake.description == "the fake itself, in this process"
