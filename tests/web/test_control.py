"""The control API: every route, every refusal in one shape."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.core.catalog import event_kinds
from mockserver.core.errors import PostbacksError
from mockserver.web import control
from mockserver.web.app import create_app


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def client(sandbox: Sandbox) -> FlaskClient:
    return create_app(sandbox).test_client()


@pytest.fixture
def rule(sandbox: Sandbox) -> int:
    url = f"{sandbox.inbox('crm').url}?event={{{{Message event}}}}"
    return sandbox.add_postback(url, channels=["Email"]).postback_id


def ok(response: Any) -> Any:
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def refused(response: Any, status: int, code: str) -> str:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert problem["type"] == f"urn:postbacks:problem:{code}"
    assert problem["status"] == status
    assert "\n" not in problem["detail"]
    return problem["detail"]


def test_health(client: FlaskClient) -> None:
    health = ok(client.get("/_sandbox/health"))
    assert health["status"] == "ok"
    assert health["app_ids"] == ["YOUR_APP_ID"]


def test_the_clock_is_advanced_through_every_retry(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503*9,200")
    ok(client.post("/_sandbox/events", json={"name": "email.click"}))
    clock = ok(client.get("/_sandbox/clock"))
    assert clock["mode"] == "manual"
    assert clock["pending"] == 1
    assert clock["next_due"] == "2026-01-01T01:00:00Z"
    step = ok(client.post("/_sandbox/clock/advance", json={"until": "next"}))
    assert (step["from"], step["now"]) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    assert [attempt["number"] for attempt in step["attempts"]] == [2]
    step = ok(client.post("/_sandbox/clock/advance", json={"by": "PT2H"}))
    assert [attempt["offset_hours"] for attempt in step["attempts"]] == [3]
    rest = ok(client.post("/_sandbox/clock/advance", json={"until": "idle"}))
    assert rest["complete"] is True
    assert rest["next_due"] is None
    assert [a["offset_hours"] for a in rest["attempts"]] == [7, 15, 25, 35, 45, 55, 65]
    assert rest["attempts"][-1]["status"] == 200
    delivery = ok(client.get("/_sandbox/deliveries/1"))
    assert delivery["state"] == "delivered"
    assert len(delivery["attempts"]) == 10


def test_an_advance_is_cut_by_its_budget_and_goes_on(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503")
    ok(client.post("/_sandbox/events", json={"name": "email.click"}))
    made = 0
    while True:
        step = ok(client.post("/_sandbox/clock/advance", json={"until": "idle", "budget": 4}))
        made += len(step["attempts"])
        if step["complete"]:
            break
        assert len(step["attempts"]) == 4
    assert made == 9
    assert ok(client.get("/_sandbox/deliveries/1"))["state"] == "lost"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid-value"),
        ({"by": "10h", "until": "idle"}, "invalid-value"),
        ({"by": "ten"}, "invalid-value"),
        ({"until": "later"}, "invalid-value"),
        ({"to": "2026-01-02T00:00:00"}, "invalid-value"),
        ({"to": "soon"}, "invalid-value"),
        ({"to": "2020-01-01T00:00:00Z"}, "clock-cannot-go-back"),
        ({"until": "idle", "budget": 0}, "invalid-value"),
        ({"forward": "10h"}, "invalid-value"),
        ([], "invalid-value"),
    ],
)
def test_an_advance_that_makes_no_sense_is_refused(
    body: Any, code: str, client: FlaskClient, sandbox: Sandbox
) -> None:
    before_at = sandbox.now()
    refused(client.post("/_sandbox/clock/advance", json=body), 400, code)
    assert sandbox.now() == before_at


def test_an_advance_to_an_instant(client: FlaskClient, sandbox: Sandbox) -> None:
    target = "2026-03-01T12:00:00+02:00"
    assert ok(client.post("/_sandbox/clock/advance", json={"to": target}))["now"] == (
        "2026-03-01T10:00:00Z"
    )
    assert sandbox.now() == datetime.fromisoformat(target)


def test_events_answer_deliveries_and_reasons(client: FlaskClient, rule: int) -> None:
    answer = ok(client.post("/_sandbox/events", json=[{"name": "email.open"},
                                                      {"name": "push.send"}]))  # fmt: skip
    assert [delivery["state"] for delivery in answer["deliveries"]] == ["delivered"]
    assert answer["mismatches"] == [
        {
            "postback_id": rule,
            "reason": "the rule listens to Email; the event's channel is Push Notification",
        }
    ]
    assert [len(event["deliveries"]) for event in answer["events"]] == [1, 0]


def test_every_event_of_the_catalog_can_be_posted_by_name_and_by_its_parts(
    client: FlaskClient,
) -> None:
    listed = ok(client.get("/_sandbox/events"))["events"]
    assert [kind["name"] for kind in listed] == [kind.name for kind in event_kinds()]
    for kind in listed:
        by_name = ok(client.post("/_sandbox/events", json={"name": kind["name"]}))
        parts = {"type": kind["type"]}
        if kind["channel"]:
            parts |= {"channel": kind["channel"], "event": kind["event"]}
        if kind["template_name"]:
            parts["template_name"] = kind["template_name"]
        by_parts = ok(client.post("/_sandbox/events", json=parts))
        assert by_parts["events"][0]["event"] == by_name["events"][0]["event"]


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"name": "email.klick"}, "invalid-event", "did you mean 'email.click'"),
        ({"name": "email.click", "usr": "x"}, "invalid-value", "unknown field `usr`"),
        ({"name": "email.click", "variant_id": "1"}, "invalid-event", "has no field"),
        ({"name": "email.click", "user_id": 12}, "invalid-value", "Expected `str`"),
        ({"name": "email.click", "triggered_at": "x"}, "invalid-event", "2026-01-01T12:00:00Z"),
        ({"name": "email.click", "app_id": "NONE"}, "unknown-app", "YOUR_APP_ID"),
        ({"channel": "Email"}, "invalid-value", "needs its name"),
        ({"channel": "Email", "event": "Sent"}, "invalid-event", "it has: Send"),
        (
            {"channel": "In-app Message", "event": "Accept", "template_name": "Banner"},
            "invalid-event",
            "it has: View, Held Back, Select",
        ),
        ({}, "invalid-value", "needs its name"),
    ],
)
def test_impossible_events_are_refused_and_nothing_happens(
    body: Any, code: str, named: str, client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    status = 404 if code == "unknown-app" else 400
    response = client.post("/_sandbox/events", json=[{"name": "email.open"}, body])
    assert named in refused(response, status, code)
    assert len(sandbox.deliveries) == 0


def test_deliveries_are_filtered_and_paged(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("200,404*3,200")
    for _ in range(5):
        sandbox.trigger("email.open")
    rejected = ok(client.get("/_sandbox/deliveries?state=rejected"))
    assert [delivery["id"] for delivery in rejected["deliveries"]] == [2, 3, 4]
    assert rejected["next"] is None
    ids, after = [], 0
    while after is not None:
        page = ok(client.get(f"/_sandbox/deliveries?limit=2&after={after}"))
        ids += [delivery["id"] for delivery in page["deliveries"]]
        after = page["next"]
    assert ids == [1, 2, 3, 4, 5]
    assert ok(client.get("/_sandbox/deliveries?postback_id=1"))["deliveries"] == []
    assert len(ok(client.get(f"/_sandbox/deliveries?postback_id={rule}"))["deliveries"]) == 5
    assert ok(client.get("/_sandbox/deliveries?app_id=NONE"))["deliveries"] == []


@pytest.mark.parametrize("query", ["state=gone", "limit=0", "limit=x", "after=-1", "colour=red"])
def test_filters_that_do_not_exist_are_refused(query: str, client: FlaskClient) -> None:
    refused(client.get(f"/_sandbox/deliveries?{query}"), 400, "invalid-value")


def test_a_resend_is_manual_and_outside_the_schedule(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503*2,200")
    sandbox.trigger("email.open")
    failed = ok(client.post("/_sandbox/deliveries/1/resend", json={}))
    assert failed["state"] == "pending"
    assert failed["due_at"] == "2026-01-01T01:00:00Z"
    assert [attempt["manual"] for attempt in failed["attempts"]] == [False, True]
    done = ok(client.post("/_sandbox/deliveries/1/resend", json={}))
    assert done["state"] == "delivered"
    assert done["due_at"] is None
    assert done["attempts_made"] == 1
    sandbox.advance(hours=100)
    assert len(sandbox.inbox("crm").requests) == 3
    refused(client.post("/_sandbox/deliveries/9/resend", json={}), 404, "unknown-delivery")


def test_apps_are_read_and_put(client: FlaskClient, sandbox: Sandbox) -> None:
    assert ok(client.get("/_sandbox/apps/YOUR_APP_ID"))["keys"]["data_export"] == (
        "YOUR_DATA_EXPORT_KEY"
    )
    refused(client.get("/_sandbox/apps/NONE"), 404, "unknown-app")
    put = {
        "keys": {"data_export": "k"},
        "retry": {"delays": ["1h", "90m"], "retry_on": ["429"], "timeout": "5s"},
        "parameters_encoding": "twice",
        "rule_limit": 1,
    }
    app = ok(client.put("/_sandbox/apps/MINE", json=put))
    assert app["retry"] == {"delays": ["1h", "1h30m"], "retry_on": ["429"], "timeout": "5s"}
    policy = sandbox.app("MINE").retry
    assert policy.delays == (timedelta(hours=1), timedelta(minutes=90))
    assert sandbox.engine.policy_of("MINE") == policy


@pytest.mark.parametrize(
    "change",
    [
        {"keys": {}},
        {"retry": {"delays": ["x"]}},
        {"retry": {"retry_on": ["6xx"]}},
        {"retry": {"timeout": "0s"}},
        {"parameters_encoding": "thrice"},
        {"rule_limit": 0},
        {"colour": "red"},
    ],
)
def test_an_app_that_makes_no_sense_is_refused(
    change: dict[str, Any], client: FlaskClient, sandbox: Sandbox
) -> None:
    body = {"keys": {"data_export": "k"}, **change}
    refused(client.put("/_sandbox/apps/MINE", json=body), 400, "invalid-value")
    assert sandbox.ledger.app("MINE") is None


def test_inboxes_are_scripted_read_and_cleared(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    path = "/_sandbox/inboxes/crm"
    told = ok(client.put(f"{path}/behaviour", json={"behaviour": "503*9,200"}))
    assert told["behaviour"] == "503*9,200"
    assert [step["times"] for step in told["script"]] == [9, 1]
    again = ok(client.put(f"{path}/behaviour", json={"behaviour": told["script"]}))
    assert again == told
    assert ok(client.get(f"{path}/behaviour")) == told
    sandbox.trigger("email.click")
    got = ok(client.get(f"{path}/requests?wait_for=1&method=post&path_prefix=/inbox/crm"))
    assert got["complete"] is True
    request = got["requests"][0]
    assert request["query"] == {"event": "Click"}
    assert request["status"] == 503
    assert (request["delivery_id"], request["attempt_number"]) == (1, 1)
    assert ok(client.get("/_sandbox/inboxes"))["inboxes"] == ["crm"]
    assert client.delete(path).status_code == 204
    assert ok(client.get(f"{path}/requests"))["requests"] == []
    assert ok(client.get(f"{path}/behaviour"))["behaviour"] == "200"


def test_an_inbox_that_cannot_be_named_has_no_requests(client: FlaskClient) -> None:
    refused(client.get("/_sandbox/inboxes/a b/requests"), 400, "invalid-value")


def test_waiting_for_requests_ends_with_what_there_is(client: FlaskClient) -> None:
    got = ok(client.get("/_sandbox/inboxes/crm/requests?wait_for=1&timeout=0.01"))
    assert got == {"inbox": "crm", "requests": [], "evicted": 0, "complete": False}


def test_a_behaviour_that_does_not_exist_is_refused(client: FlaskClient) -> None:
    path = "/_sandbox/inboxes/crm/behaviour"
    detail = refused(client.put(path, json={"behaviour": "503,bang"}), 400, "invalid-behaviour")
    assert "item 2 of the script, 'bang'" in detail
    refused(client.put(path, json={"behaviour": []}), 400, "invalid-behaviour")
    refused(client.put(path, json={"behaviour": [{"kind": "bang"}]}), 400, "invalid-value")
    refused(client.put("/_sandbox/inboxes/a b/behaviour", json={"behaviour": "200"}), 400,
            "invalid-value")  # fmt: skip


def test_the_feed_tells_what_happened(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    last = ok(client.get("/_sandbox/feed?after=-1"))["last"]
    sandbox.trigger("email.click")
    feed = ok(client.get(f"/_sandbox/feed?after={last}&timeout=1"))
    assert [entry["kind"] for entry in feed["happenings"]] == ["event", "attempt"]
    assert feed["happenings"][1]["facts"]["attempt"]["status"] == 200
    sandbox.inbox("crm").behave("503,200")
    sandbox.trigger("email.click")
    sandbox.advance(hours=1)
    retried = ok(client.get("/_sandbox/feed"))["happenings"][-1]["facts"]["attempt"]
    assert retried["offset_hours"] == 1
    last = ok(client.get("/_sandbox/feed?after=-1"))["last"]
    feed["last"] = last
    assert ok(client.get(f"/_sandbox/feed?after={feed['last']}"))["happenings"] == []


def test_a_reset_forgets_but_keeps_apps_and_clock(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.inbox("crm").behave("503")
    sandbox.trigger("email.click")
    sandbox.advance(hours=1)
    assert ok(client.post("/_sandbox/reset", json={})) == {"rules": 1, "deliveries": 1}
    assert len(sandbox.deliveries) == 0
    assert sandbox.inbox("crm").requests == []
    assert ok(client.get("/_sandbox/clock"))["now"] == "2026-01-01T01:00:00Z"
    assert ok(client.get("/_sandbox/health"))["app_ids"] == ["YOUR_APP_ID"]


@pytest.mark.parametrize("path", ["fidelity", "contract"])
def test_the_fidelity_tells_the_source_of_everything(path: str, client: FlaskClient) -> None:
    facts = ok(client.get(f"/_sandbox/{path}"))["facts"]
    assert len({fact["id"] for fact in facts}) == len(facts) > 50
    assert {fact["source"] for fact in facts} == {"documented", "observed", "assumed"}


def test_the_openapi_document_describes_every_route(client: FlaskClient, sandbox: Sandbox) -> None:
    document = ok(client.get("/_sandbox/openapi.json"))
    assert document["openapi"] == "3.1.0"
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert len(described) == len(control.control_routes(sandbox))
    assert ("POST", "/_sandbox/deliveries/{delivery_id}/resend") in described
    schema = document["components"]["schemas"]["AdvanceRequest"]
    assert set(schema["properties"]) >= {"by", "to", "until"}
    paths = document["paths"]
    assert paths["/_sandbox/contract"]["get"]["deprecated"]
    assert "deprecated" not in paths["/_sandbox/fidelity"]["get"]
    advance = paths["/_sandbox/clock/advance"]["post"]
    assert advance["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/AdvanceRequest"
    }


#: The routes that change something by a method that a form or a postback may have.
CHANGING = [
    (route.method, re.sub(r"<int:\w+>", "1", route.path).replace("<app_id>", "YOUR_APP_ID"))
    for route in control.control_routes(Sandbox())
    if route.method not in ("GET", "DELETE")
]
#: What a postback has, and then what an image, a form or a script without leave could add.
BARE: list[tuple[dict[str, str], bytes]] = [
    ({"Accept": "*/*", "Content-Length": "0"}, b""),
    ({}, b""),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"{}"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    ({"Content-Type": "text/plain"}, b"{}"),
    ({"Content-Type": "text/plain;application/json"}, b"{}"),
    ({}, b"{}"),
    # Not what a page can send; but what has nothing to say is not heard.
    ({"Content-Type": "application/json"}, b""),
    ({"Content-Type": "application/json"}, b" \n"),
]


def test_the_changing_routes_are_those_that_are_tried() -> None:
    assert sorted(CHANGING) == [
        ("POST", "clock/advance"),
        ("POST", "deliveries/1/resend"),
        ("POST", "events"),
        ("POST", "reset"),
        ("PUT", "apps/YOUR_APP_ID"),
        ("PUT", "inboxes/<name>/behaviour"),
    ]


@pytest.mark.parametrize(("headers", "content"), BARE)
@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_what_a_form_or_a_postback_can_send_changes_nothing(
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    client: FlaskClient,
    sandbox: Sandbox,
    rule: int,
) -> None:
    sandbox.trigger("email.click")
    before = everything(client)
    for other in {method, "POST"}:
        target = f"/_sandbox/{path.replace('<name>', 'crm')}"
        response = client.open(target, method=other, headers=headers, data=content)
        if other == method:
            detail = refused(response, 400, "invalid-value")
            assert "-H 'Content-Type: application/json' -d '{" in detail
        else:
            refused(response, 405, "method-not-allowed")
    assert everything(client) == before


def everything(client: FlaskClient) -> list[Any]:
    """Return all that a sandbox shows of itself."""
    paths = ("clock", "deliveries", "apps/YOUR_APP_ID", "inboxes", "inboxes/crm/behaviour",
             "inboxes/crm/requests", "feed")  # fmt: skip
    return [ok(client.get(f"/_sandbox/{path}")) for path in paths]


@pytest.mark.parametrize("path", ["reset", "deliveries/1/resend"])
def test_who_has_nothing_to_say_says_an_empty_object(
    path: str, client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.trigger("email.click")
    for body in ([], {"force": True}, None, "yes"):
        refused(client.post(f"/_sandbox/{path}", json=body), 400, "invalid-value")
    assert len(sandbox.attempts) == 1
    got = client.post(f"/_sandbox/{path}", data=" {} ", content_type="application/json;charset=a")
    ok(got)
    assert len(sandbox.attempts) != 1


def test_the_openapi_document_tells_what_has_to_be_sent(client: FlaskClient) -> None:
    document = ok(client.get("/_sandbox/openapi.json"))
    assert "Content-Type: application/json" in document["info"]["description"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("post", "put"):
                assert "requestBody" not in operation, path
                continue
            assert operation["requestBody"]["required"] is True, path
            assert list(operation["requestBody"]["content"]) == ["application/json"], path
    reset = document["paths"]["/_sandbox/reset"]["post"]["requestBody"]["content"]
    assert reset["application/json"]["schema"] == {"$ref": "#/components/schemas/Nothing"}
    nothing = document["components"]["schemas"]["Nothing"]
    assert (nothing["type"], nothing["properties"]) == ("object", {})
    assert nothing["additionalProperties"] is False


def test_a_new_file_is_a_new_resource(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greeting.py").write_text(
        "from mockserver.web.routes import ControlRoute\n"
        "def routes(sandbox):\n"
        "    return [ControlRoute('GET', 'greeting', 'Greets.', lambda: {}, dict[str, str])]\n"
    )
    monkeypatch.setattr(control, "__path__", [*control.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "mockserver.web.control.greeting", raising=False)
    paths = [route.path for route in control.control_routes(sandbox)]
    assert paths[-2:] == ["greeting", "openapi.json"]


def test_every_operation_has_a_method_of_the_client(sandbox: Sandbox) -> None:
    """So that a command, a test or a case need not write its path again."""
    source = inspect.getsource(SandboxClient)
    for route in control.control_routes(sandbox):
        if not route.deprecated and route.path != "openapi.json":
            path = re.sub(r"<[^>]*>", "VALUE", route.path)
            written = re.escape(path).replace("VALUE", r"\{[^\"]*\}")
            assert re.search(f'"(/_sandbox/)?{written}"', source), (
                f"the client has no method for {route.path}"
            )


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_bodies_are_read(content_type: str, client: FlaskClient) -> None:
    response = client.post("/_sandbox/events", data="{}", content_type=content_type)
    assert "Content-Type: application/json" in refused(response, 400, "invalid-value")


def test_broken_json_is_refused(client: FlaskClient) -> None:
    response = client.post("/_sandbox/events", data="{", content_type="application/json")
    assert "not JSON" in refused(response, 400, "invalid-value")


def test_what_is_not_there_and_what_is_not_allowed(client: FlaskClient) -> None:
    refused(client.get("/_sandbox/nothing"), 404, "not-found")
    refused(client.delete("/_sandbox/clock"), 405, "method-not-allowed")
    response = client.post(
        "/_sandbox/events", data="[" + "1," * 600_000 + "1]", content_type="application/json"
    )
    refused(response, 413, "request-entity-too-large")


def test_an_unexpected_fault_has_the_same_shape(
    client: FlaskClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(sandbox, "reset", fail)
    detail = refused(client.post("/_sandbox/reset", json={}), 500, "internal-error")
    assert "ZeroDivisionError" in detail
    assert "secret" not in detail


def test_every_error_of_the_tree_has_its_own_code() -> None:
    def below(kind: type[PostbacksError]) -> list[type[PostbacksError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    # The client makes classes of its own for codes that only the web layer knows.
    kinds = [
        kind for kind in below(PostbacksError) if kind is Refused or kind.__base__ is not Refused
    ]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
