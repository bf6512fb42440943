"""Measures a realistic test with `leanplum` against the same written by hand.

What is measured: the seconds of pytest runs in fresh processes, each of many tests. A test
registers a rule through `requests`, lets an event happen, has the ten attempts of 65 hours made to
a Flask application that answers 503 nine times, and asserts what the application got and when. By
hand that is a mock of `responses`, a time frozen by freezegun, the application's test client and a
loop over the documented waits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from textwrap import dedent

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import missing
from benchmarks.pytest_runs import WITH_PLUGIN, fastest, seconds_of

LEANPLUM, BY_HAND = "with leanplum", "responses, freezegun and a loop"
NOTHING = "the same imports, and tests that do nothing"
#: Tests in a run.
TESTS = 300
#: Runs of a case within a round, of which the fastest counts.
REPEATS = 2

_COMMON = """
    import json
    from datetime import datetime, timedelta, timezone
    from urllib.parse import quote

    import freezegun, pytest, requests, responses
    from flask import Flask, request

    API = "https://api.leanplum.com/api"
    TEMPLATE = "https://shop.example/in?user={{{{User ID}}}}&time={{{{Trigger time}}}}"
    RULE = {{
        "action": "addPostback", "type": "messageEvents", "postbackUrl": TEMPLATE,
        "appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6",
    }}
    HOURS = [0, 1, 3, 7, 15, 25, 35, 45, 55, 65]

    def application(now):
        app, got = Flask("shop"), []

        @app.post("/in")
        def take():
            got.append((request.args["user"], now()))
            return "", 503 if len(got) < 10 else 204

        return app, got

    def register():
        answer = requests.post(API, json=RULE, timeout=30)
        assert answer.json()["response"][0]["success"]

    def check(got, user, began_at):
        assert [name for name, _ in got] == [user] * 10
        assert [(at - began_at) / timedelta(hours=1) for _, at in got] == HOURS

    @pytest.mark.parametrize("number", range({tests}))
"""
_TESTS = {
    LEANPLUM: """
    def test(number, leanplum):
        app, got = application(leanplum.now)
        leanplum.partner("https://shop.example/", app)
        register()
        began_at = leanplum.now()
        leanplum.trigger("email.click", user_id=f"user{{number}}")
        leanplum.run_until_idle()
        leanplum.assert_delivered(user_id=f"user{{number}}")
        check(got, f"user{{number}}", began_at)
    """,
    BY_HAND: """
    def test(number):
        app, got = application(lambda: datetime.now(timezone.utc))
        with responses.RequestsMock() as mocks:
            mocks.post(API, json={{"response": [{{"success": True, "postbackId": 1}}]}})
            register()
            template = json.loads(mocks.calls[0].request.body)["postbackUrl"]
        with freezegun.freeze_time("2026-01-01T00:00:00Z") as frozen:
            began_at = datetime.now(timezone.utc)
            values = {{
                "User ID": quote(f"user{{number}}", safe=""),
                "Trigger time": str(int(began_at.timestamp() * 1000)),
            }}
            url = template
            for name, value in values.items():
                url = url.replace("{{{{" + name + "}}}}", value)
            client = app.test_client()
            for hours in HOURS:
                frozen.move_to(began_at + timedelta(hours=hours))
                if client.post(url).status_code < 500:
                    break
        check(got, f"user{{number}}", began_at)
    """,
    NOTHING: """
    def test(number): pass
    """,
}


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every run of pytest is a process of its own."""
    tests, repeats = max(2, round(TESTS * scale)), max(1, round(REPEATS * scale))
    texts = {
        name: dedent(_COMMON + text.lstrip("\n")).format(tests=tests)
        for name, text in _TESTS.items()
    }
    with tempfile.TemporaryDirectory(prefix="postbacks-compiled-") as compiled:
        runs = {
            LEANPLUM: partial(seconds_of, compiled, texts[LEANPLUM], *WITH_PLUGIN),
            BY_HAND: partial(seconds_of, compiled, texts[BY_HAND]),
            NOTHING: partial(seconds_of, compiled, texts[NOTHING]),
        }
        packages = ("requests", "responses", "freezegun")
        reason = next(filter(None, map(missing, packages)), None)
        yield Plan(
            "A realistic test: ten attempts over 65 hours",
            [Case(name, partial(fastest, run, repeats)) for name, run in runs.items()],
            [Comparison("seconds", LEANPLUM, BY_HAND, at_most=1.5)],
            dict.fromkeys(runs, reason) if reason else {},
        )
