"""What a case holds: apart from every other case, and gone afterwards where that matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from contracts.conformance.api import API_VERSION, Form
from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.server import Credentials
from contracts.conformance.target import OUR_HOST, AppUnderTest, Target
from contracts.suite.exchange import KEY, TOKEN
from contracts.suite.recorder import Deviation, Recorder, Untestable
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.wire import Reply
from mockserver.core.errors import PostbacksError, ServerUnreachable
from tests.contracts.samples import SampleServer, ScriptedWire, TinyLeanplum

NOWHERE = "https://nowhere.invalid/in"


@pytest.fixture
def fake() -> Iterator[DeviantServer]:
    with DeviantServer() as fake:
        yield fake


@pytest.fixture
def target(fake: DeviantServer) -> Target:
    return Target(fake, Recorder(), Names())


def real(leanplum: TinyLeanplum, rec: Recorder | None = None) -> Target:
    return Target(leanplum.as_real(), rec or Recorder(), Names())


# Apart


def test_a_target_tells_what_its_server_is(target: Target, fake: DeviantServer) -> None:
    assert target.kind is TargetKind.FAKE
    assert target.capabilities == frozenset(Need) - {Need.SOCKETS}
    assert target.server is fake


def test_the_app_is_the_same_until_fresh(target: Target) -> None:
    app = target.app
    assert target.app is app
    target.fresh()
    assert target.app.app_id != app.app_id


def test_fresh_leaves_nothing_of_the_case_before(target: Target) -> None:
    target.fresh()
    inbox = target.inbox("503")
    postback_id = target.app.add(inbox.url)
    delivery = target.app.trigger_one("email.click")
    assert inbox.requests() != []
    before = target.app
    target.fresh()
    assert target.wire.exchanges == []
    assert target.app.rules() == []
    assert postback_id not in [rule.postback_id for rule in target.control.app(before.app_id).rules]
    assert target.app.deliveries() == []
    assert target.control.deliveries().deliveries == []
    with pytest.raises(PostbacksError):
        target.delivery(delivery.id)
    assert target.advance(until="idle") == []


def test_fresh_removes_its_own_only_where_the_server_is_not_ours(fake: DeviantServer) -> None:
    fake.is_ours = False
    somebody = Target(fake, Recorder(), Names("somebody"))
    somebody.app.add(NOWHERE)
    target = Target(fake, Recorder(), Names())
    target.app.add(NOWHERE)
    before = target.app
    target.fresh()
    assert target.wire.exchanges == []
    assert target.app != before
    assert before.call("listPostbacks").status == 403
    assert len(somebody.app.rules()) == 1
    assert target.app.rules() == []


def test_fresh_at_a_real_target_sends_nothing() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    target.fresh()
    assert target.app.app_id == "their-app"
    assert leanplum.calls == []


def test_names_are_used_once() -> None:
    names = Names("run-7")
    made = [names.next(kind) for kind in ("app", "inbox", "app")]
    assert made == ["run-7-app-1", "run-7-inbox-2", "run-7-app-3"]


def test_two_targets_with_the_same_names_share_nothing(fake: DeviantServer) -> None:
    names = Names()
    first, second = (Target(fake, Recorder(), names) for _ in range(2))
    assert first.app.app_id != second.app.app_id
    assert first.inbox().name != second.inbox().name
    assert first.another_app().app_id not in (first.app.app_id, second.app.app_id)


def test_the_keys_of_an_app_are_all_different_and_its_own(target: Target) -> None:
    first, second = target.app.keys, target.another_app().keys
    fields = ("data_export", "production", "development", "content_read_only")
    values = [getattr(keys, name) for keys in (first, second) for name in fields]
    assert len(set(values)) == len(values)
    assert target.control.app(target.app.app_id).keys == first


def test_knobs_reach_the_app(target: Target) -> None:
    app = target.another_app(parameters_encoding="twice")
    assert target.control.app(app.app_id).parameters_encoding == "twice"


# Calls


def test_a_call_has_the_credentials_unless_told(target: Target) -> None:
    app = target.app
    assert app.arguments("listPostbacks") == {
        "action": "listPostbacks",
        "appId": app.app_id,
        "clientKey": app.keys.data_export,
        "apiVersion": API_VERSION,
    }
    changed = app.arguments("listPostbacks", clientKey="x", apiVersion=None, type="a", other=None)
    assert changed == {
        "action": "listPostbacks",
        "appId": app.app_id,
        "clientKey": "x",
        "type": "a",
    }


@pytest.mark.parametrize("form", list(Form))
def test_a_rule_can_be_added_in_every_form(target: Target, form: Form) -> None:
    postback_id = target.app.add(NOWHERE, channels=["Email"], form=form)
    assert [rule["postbackId"] for rule in target.app.rules()] == [postback_id]


def test_a_rule_that_is_refused_deviates(target: Target) -> None:
    with pytest.raises(Deviation, match="is to be accepted"):
        target.app.add("no url")


@pytest.mark.parametrize("postback_id", [None, "17", True, 1.5, []], ids=repr)
def test_an_id_that_is_no_number_deviates(postback_id: Any) -> None:
    leanplum = TinyLeanplum()
    leanplum.says = lambda arguments: (200, {"success": True, "postbackId": postback_id})
    with pytest.raises(Deviation, match="postbackId"):
        real(leanplum).app.add(NOWHERE)


@pytest.mark.parametrize("postbacks", [None, {}, "x", [1], [None]], ids=repr)
def test_a_list_that_is_none_deviates(postbacks: Any) -> None:
    leanplum = TinyLeanplum()
    leanplum.says = lambda arguments: (200, {"success": True, "postbacks": postbacks})
    with pytest.raises(Deviation, match="postbacks"):
        real(leanplum).app.rules()


def test_checks_of_calls_are_counted_by_the_recorder(fake: DeviantServer) -> None:
    rec = Recorder()
    app = Target(fake, rec, Names()).app
    app.add(NOWHERE)
    assert rec.checks == 2
    app.rules()
    assert rec.checks == 4


# Events and inboxes


def test_trigger_one_wants_exactly_one(target: Target) -> None:
    with pytest.raises(Deviation, match="expected 1, got 0"):
        target.app.trigger_one("email.click")
    target.app.add(target.inbox().url)
    assert target.app.trigger_one("email.click").state == "delivered"
    target.app.add(target.inbox().url)
    with pytest.raises(Deviation, match="expected 1, got 2"):
        target.app.trigger_one("email.click")


def test_an_event_stays_in_its_app(target: Target) -> None:
    inbox, other = target.inbox(), target.another_app()
    other.add(inbox.url)
    assert target.app.trigger("email.click") == []
    assert target.app.deliveries() == []
    other.trigger("email.click", user_id="u")
    assert len(other.deliveries()) == 1
    assert inbox.requests() != []


def test_only_request_wants_exactly_one(target: Target) -> None:
    inbox = target.inbox()
    target.app.add(inbox.url + "?u={{User ID}}")
    with pytest.raises(Deviation, match="expected 1, got 0"):
        inbox.only_request()
    target.app.trigger_one("email.click", user_id="me")
    assert inbox.only_request().target.endswith("?u=me")
    target.app.trigger_one("email.click")
    with pytest.raises(Deviation, match="expected 1, got 2"):
        inbox.only_request()


def test_an_inbox_behaves_as_told_from_its_next_request_on(target: Target) -> None:
    inbox = target.inbox("503")
    target.app.add(inbox.url)
    delivery = target.app.trigger_one("email.click")
    assert delivery.state == "pending"
    inbox.behave("404")
    (attempt,) = target.advance(by="1h")
    assert attempt.status == 404


def test_time_is_moved_by_to_and_until(target: Target) -> None:
    began_at = target.now()
    target.advance(by="90m")
    assert target.now() - began_at == timedelta(minutes=90)
    target.advance(to=began_at + timedelta(hours=3))
    assert target.now() - began_at == timedelta(hours=3)
    target.app.add(target.inbox("503").url)
    delivery = target.app.trigger_one("email.click")
    assert len(target.advance(until="next")) == 1
    assert len(target.advance(until="idle")) == 8
    assert target.delivery(delivery.id).state == "lost"


def test_a_restart_is_the_servers(target: Target) -> None:
    target.app.add(NOWHERE)
    target.restart()
    assert len(target.app.rules()) == 1
    sample = Target(SampleServer(), Recorder(), Names())
    with pytest.raises(ServerUnreachable):
        sample.restart()


# Secrets


def test_the_key_of_a_real_app_and_the_token_are_masked() -> None:
    server = TinyLeanplum().as_real(key="the-secret-key")
    server.token = "the-token"
    target = Target(server, Recorder(), Names())
    target.app.rules()
    with pytest.raises(PostbacksError):
        target.control.health()
    written = repr(target.wire.exchanges)
    assert "the-secret-key" not in written
    assert "the-token" not in written
    assert f"${KEY}" in written
    assert f"Bearer ${TOKEN}" in written


def test_credentials_do_not_show_their_key() -> None:
    credentials = Credentials("their-app", "the-secret-key")
    assert "the-secret-key" not in repr(credentials)
    assert credentials.app_id == "their-app"


def test_the_key_of_a_real_app_is_not_in_what_an_app_shows() -> None:
    target = real(TinyLeanplum())
    assert "the-secret-key" not in repr(target.app)


# Cleaning up


def test_what_was_added_at_a_real_target_is_deleted() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    leanplum.rules[1] = "somebody else's"
    target.app.add(NOWHERE)
    target.app.call("addPostback", type="messageEvents", postbackUrl=NOWHERE)
    assert len(leanplum.rules) == 3
    target.clean_up()
    assert leanplum.rules == {1: "somebody else's"}


def test_what_the_case_deleted_itself_is_not_deleted_again() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    target.app.delete(target.app.add(NOWHERE))
    calls = len(leanplum.calls)
    target.clean_up()
    target.clean_up()
    assert len(leanplum.calls) == calls


def test_a_rule_that_was_added_in_vain_is_not_deleted() -> None:
    leanplum = TinyLeanplum()
    leanplum.says = lambda arguments: (400, {"success": False, "error": {"message": "no"}})
    target = real(leanplum)
    target.app.call("addPostback", postbackUrl=NOWHERE)
    target.clean_up()
    assert len(leanplum.calls) == 1


def test_a_rule_whose_answer_deviates_is_deleted_all_the_same() -> None:
    """It was added with a warning beside it: `add` deviates, the rule is there."""
    leanplum = TinyLeanplum()
    target = real(leanplum)
    plain = leanplum.says

    def warning(arguments: dict[str, Any]) -> tuple[int, Any]:
        status, answer = plain(arguments)
        if arguments["action"] == "addPostback":
            answer["warning"] = {"message": "odd"}
        return status, answer

    leanplum.says = warning
    with pytest.raises(Deviation):
        target.app.add(NOWHERE)
    target.clean_up()
    assert leanplum.rules == {}


def test_what_could_not_be_deleted_is_told() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    postback_id = target.app.add(NOWHERE)
    leanplum.undeletable.add(postback_id)
    with pytest.raises(Untestable, match=f"still there.*{postback_id}"):
        target.clean_up()


def test_one_that_cannot_be_deleted_does_not_keep_the_others() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    ids = [target.app.add(NOWHERE) for _ in range(3)]
    leanplum.undeletable |= {ids[0], ids[1]}
    with pytest.raises(Untestable) as raised:
        target.clean_up()
    assert sorted(leanplum.rules) == ids[:2]
    assert all(str(number) in str(raised.value) for number in ids[:2])


def test_a_rule_that_is_gone_already_needs_no_deleting() -> None:
    """The case deleted it by a call of its own, or somebody else did."""
    leanplum = TinyLeanplum()
    target = real(leanplum)
    target.app.call("deletePostback", postbackId=target.app.add(NOWHERE))
    target.clean_up()
    target.app.add(NOWHERE)
    leanplum.rules.clear()
    target.clean_up()


def test_a_rule_whose_answer_was_lost_is_found_and_deleted() -> None:
    """It was added, and nobody knows its id: the suite's own are known by their host."""
    leanplum = TinyLeanplum()
    target = real(leanplum)
    leanplum.rules[1] = "https://somebody.else/in"
    plain = leanplum.says

    def lost(arguments: dict[str, Any]) -> tuple[int, Any]:
        plain(arguments)
        leanplum.says = plain
        raise ServerUnreachable("the line is dead")

    leanplum.says = lost
    with pytest.raises(ServerUnreachable):
        target.app.add(f"https://{OUR_HOST}/in")
    assert len(leanplum.rules) == 2
    target.clean_up()
    assert leanplum.rules == {1: "https://somebody.else/in"}


def test_a_rule_without_an_id_is_found_and_deleted() -> None:
    leanplum = TinyLeanplum()
    target = real(leanplum)
    plain = leanplum.says

    def nameless(arguments: dict[str, Any]) -> tuple[int, Any]:
        status, answer = plain(arguments)
        if arguments["action"] == "addPostback":
            del answer["postbackId"]
        return status, answer

    leanplum.says = nameless
    with pytest.raises(Deviation, match="a whole number postbackId"):
        target.app.add(f"https://{OUR_HOST}/in")
    target.clean_up()
    assert leanplum.rules == {}


def test_a_fake_is_not_cleaned_up(target: Target) -> None:
    target.app.add(NOWHERE)
    sent = len(target.wire.exchanges)
    target.clean_up()
    assert len(target.wire.exchanges) == sent


def test_two_apps_of_the_same_credentials_are_one() -> None:
    """A rule added through one of them and deleted through the other is gone."""
    leanplum = TinyLeanplum()
    target = real(leanplum)
    other: AppUnderTest = target.another_app()
    other.delete(target.app.add(NOWHERE))
    calls = len(leanplum.calls)
    target.clean_up()
    assert len(leanplum.calls) == calls


def test_everything_goes_over_the_recorded_wire() -> None:
    wire = ScriptedWire(Reply(404, [], b"{}"))
    target = Target(SampleServer(wire), Recorder(), Names())
    with pytest.raises(PostbacksError):
        target.now()
    assert [kept.url for kept in target.wire.exchanges] == [f"{wire.url}/_sandbox/clock"]
