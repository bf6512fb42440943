"""Checks where arguments may stand in a call, and what every answer looks like."""

from __future__ import annotations

import json
from typing import Any

from contracts.conformance.api import Form, answer_of, expect_accepted, expect_refused, multipart
from contracts.conformance.target import OUR_HOST, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import FAKE_AND_REAL, case
from contracts.suite.vocabulary import Level, Origin, TargetKind

ORDER = 10

NOWHERE = f"https://{OUR_HOST}/in?event={{{{Message event}}}}"


@case(
    "PB-API-ENDPOINT",
    "Every method is called at /api by GET or by POST, and `action` names it",
    why="A client may use either; a partner's library often knows one only.",
    fix="Accept GET and POST at /api, with the same arguments.",
    catches=["get-refused"],
    targets=FAKE_AND_REAL,
    most_requests=2,
)
def endpoint(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks with GET and with POST; both are to be accepted."""
    for form in (Form.GET, Form.QUERY):
        answer = target.app.call("listPostbacks", form)
        expect_accepted(answer, f"listPostbacks by {form}", rec)


@case(
    "PB-API-PLACES",
    "Arguments stand in the query, in a JSON body, in multipart form data, or in two places",
    why="Leanplum's own examples use several of these; code that works there must work here.",
    fix="Merge the arguments of the query with those of the body, whatever its type.",
    catches=["query-ignored", "json-refused", "multipart-refused"],
    targets=FAKE_AND_REAL,
    most_requests=3,
)
def places(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks with a JSON body, with form data, and with both query and body.

    A fake is also asked to add and to delete a rule in each of these ways.
    """
    app = target.app
    for form in (Form.JSON, Form.MULTIPART, Form.SPLIT):
        expect_accepted(app.call("listPostbacks", form), f"listPostbacks by {form}", rec)
        if target.kind is TargetKind.FAKE:
            postback_id = app.add(NOWHERE, form=form)
            answer = app.call("deletePostback", form, postbackId=postback_id)
            expect_accepted(answer, f"deletePostback by {form}", rec)


@case(
    "PB-API-URLENCODED",
    "An urlencoded body is read, too",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="It is what curl sends unless told otherwise.",
    fix="Read application/x-www-form-urlencoded bodies like form data.",
    catches=["urlencoded-refused"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def urlencoded(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks with an urlencoded body."""
    answer = target.app.call("listPostbacks", Form.URLENCODED)
    rec.expect_verdict(
        "read" if answer.accepted else "refused",
        "read",
        {"read": "the call is accepted", "refused": "the call is refused"},
        f"answered {answer.in_short()}",
    )


@case(
    "PB-API-BODY-WINS",
    "Of the same argument in query and body, the body's counts",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Only who mixes both places by mistake ever sees it.",
    fix="Let the arguments of the body replace those of the query.",
    catches=["query-wins"],
)
def body_wins(target: Target, rec: Recorder) -> None:
    """Sends a right key in the body and a wrong one in the query, and the other way round."""
    app = target.app
    accepted = []
    for in_query, in_body in (("wrong", app.keys.data_export), (app.keys.data_export, "wrong")):
        body = json.dumps(app.arguments("listPostbacks", clientKey=in_body)).encode()
        headers = {"Content-Type": "application/json"}
        reply = target.wire.send("POST", f"/api?clientKey={in_query}", headers, body)
        accepted.append(answer_of(reply).accepted)
    seen = {(True, False): "body", (False, True): "query"}.get(
        (accepted[0], accepted[1]), "neither"
    )
    rec.expect_verdict(
        seen,
        "body",
        {"body": "the body's value counts", "query": "the query's value counts"},
        "the key that counts is the one in this place",
    )


@case(
    "PB-API-GET-LENGTH",
    "The URL of a GET has 2,083 characters at most",
    why="A long template that was tried by GET would be cut off or refused at Leanplum.",
    fix="Refuse a GET whose URL is longer.",
    catches=["get-length-unlimited"],
)
def get_length(target: Target, rec: Recorder) -> None:
    """Registers a rule by GET with a URL of about 1,900 characters, then one of about 2,200."""
    short, long = (
        f"https://postbacks-contracts.invalid/{'a' * length}" for length in (1_600, 2_100)
    )
    answer = target.app.call("addPostback", Form.GET, type="messageEvents", postbackUrl=short)
    expect_accepted(answer, "a GET of less than 2,083 characters", rec)
    answer = target.app.call("addPostback", Form.GET, type="messageEvents", postbackUrl=long)
    expect_refused(answer, "a GET of more than 2,083 characters", rec)


@case(
    "PB-API-MISLABELLED",
    "Form data labelled as JSON is read; any other contradiction is refused and named",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Leanplum's published Postman requests label their form data so; other clients that "
    "contradict themselves lose arguments silently unless they are told.",
    fix="Look at the body before believing its Content-Type.",
    catches=["mislabelled-refused", "contradiction-accepted"],
)
def mislabelled(target: Target, rec: Recorder) -> None:
    """Sends form data as application/json, then JSON as an urlencoded form."""
    arguments = target.app.arguments("listPostbacks")
    headers = {"Content-Type": "application/json"}
    answer = answer_of(target.wire.send("POST", "/api", headers, multipart(arguments)))
    expect_accepted(answer, "form data with the label of Leanplum's Postman requests", rec)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = json.dumps(arguments).encode()
    answer = answer_of(target.wire.send("POST", "/api", headers, body))
    expect_refused(answer, "JSON with the label of a form", rec)
    rec.expect_that(
        "Content-Type" in answer.error,
        "a message that speaks of the Content-Type",
        answer.error,
        "nobody finds this mistake without being told",
    )


@case(
    "PB-API-BODY-TYPES",
    "A body that is neither JSON nor form data is refused",
    why="A client that sends something else must not believe that its arguments arrived.",
    fix="Read JSON and form data, and refuse other types of body by name.",
    catches=["any-body-type-read"],
)
def body_types(target: Target, rec: Recorder) -> None:
    """Sends the arguments as text/plain, as XML, and as bytes of no particular type."""
    arguments = json.dumps(target.app.arguments("listPostbacks")).encode()
    for kind in ("text/plain", "application/xml", "application/octet-stream"):
        reply = target.wire.send("POST", "/api", {"Content-Type": kind}, arguments)
        expect_refused(answer_of(reply), f"a body of type {kind}", rec)


@case(
    "PB-API-ENVELOPE",
    "Every answer is JSON with a list called response",
    why="Client code reads response[0] whatever happened.",
    fix='Put the answer, good or bad, into {"response": [...]}.',
    catches=["envelope-bare"],
    targets=FAKE_AND_REAL,
    most_requests=2,
)
def envelope(target: Target, rec: Recorder) -> None:
    """Looks at the answer to a good call and to one with an unknown apiVersion."""
    for version in ("1.0.6", "0.0.1"):
        answer = target.app.call("listPostbacks", apiVersion=version)
        holds_list = isinstance(answer.document, dict) and isinstance(
            answer.document.get("response"), list
        )
        rec.expect_that(
            holds_list and len(answer.document["response"]) == 1,
            'JSON like {"response": [{...}]}',
            answer.in_short(),
            "every answer has this shape",
        )
        rec.expect_that(
            isinstance(answer.success, bool),
            "success true or false",
            answer.in_short(),
            "every answer says whether the call was received",
        )


@case(
    "PB-API-WARNING",
    "A call that is received but skipped has success true and a warning",
    why="Who looks at success alone takes a skipped call for a done one.",
    fix="Keep HTTP 200 and success true beside a warning.",
    catches=["warning-without-success"],
)
def warning(target: Target, rec: Recorder) -> None:
    """Deletes a rule that does not exist; where a warning comes, it is beside success true."""
    answer = target.app.delete(1_234_567_890_123_456)
    if answer.warning:
        rec.expect((200, True), (answer.status, answer.success), "a warning is no refusal")
    else:
        rec.expect_that(
            answer.status != 200 or answer.success is not True or bool(answer.error),
            "a warning, or a refusal",
            answer.in_short(),
            "nothing was deleted, and nobody said so",
        )


@case(
    "PB-API-REFUSAL",
    "A refused call has a 4xx or 5xx status, success false and error.message",
    why="Client code tells a refusal by its status, people by its message.",
    fix="Answer refusals with a status from 400 on, success false, and a message.",
    catches=["refusal-as-200", "refusal-without-message"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def refusal(target: Target, rec: Recorder) -> None:
    """Registers a rule without saying of which type."""
    answer = target.app.call("addPostback", postbackUrl=NOWHERE)
    expect_refused(answer, "addPostback without a type", rec)


@case(
    "PB-API-VERSION",
    "apiVersion is required, and 1.0.6 is the only one",
    why="A client with an old version must find out here, not in production.",
    fix="Refuse a missing or any other apiVersion.",
    catches=["version-ignored"],
    targets=FAKE_AND_REAL,
    most_requests=2,
)
def version(target: Target, rec: Recorder) -> None:
    """Calls listPostbacks without apiVersion and with one that never was."""
    for value in (None, "0.0.1"):
        answer = target.app.call("listPostbacks", apiVersion=value)
        expect_refused(answer, f"apiVersion {value or 'left out'}", rec)


@case(
    "PB-API-REQUIRED",
    "Each method refuses a call that lacks one of its required arguments",
    why="A misspelt argument name is a missing argument.",
    fix="Check every required argument before doing anything.",
    catches=["required-not-checked"],
)
def required(target: Target, rec: Recorder) -> None:
    """Leaves out each required argument of the three methods in turn; no rule may appear."""
    app = target.app
    shared: tuple[str, ...] = ("appId", "clientKey", "apiVersion")
    methods: dict[str, dict[str, Any]] = {
        "addPostback": {"type": "messageEvents", "postbackUrl": NOWHERE},
        "listPostbacks": {},
        "deletePostback": {"postbackId": 1_234_567_890_123_456},
    }
    for action, own in methods.items():
        for name in (*shared, *own):
            answer = app.call(action, **(own | {name: None}))
            expect_refused(answer, f"{action} without {name}", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")


@case(
    "PB-API-ACTION",
    "An unknown action is refused",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A misspelt method name must not look like success.",
    fix="Refuse what is no method, and a call without action.",
    catches=["unknown-action-accepted"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def action(target: Target, rec: Recorder) -> None:
    """Calls addPostbacks, which does not exist."""
    answer = target.app.call("addPostbacks")
    expect_refused(answer, "the unknown method addPostbacks", rec)
