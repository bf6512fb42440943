"""Tests what becomes of a test whose application raises, in generated suites."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import run

_COMMON = """
import asyncio, threading
import pytest

PREFIX = "https://shop.example/"

def go(leanplum, application):
    leanplum.partner(PREFIX, application)
    leanplum.add_postback(PREFIX + "in?user={{User ID}}")
    leanplum.trigger("push.open", user_id="ada")

def wsgi(act):
    def application(environ, start_response):
        act(environ)
        start_response("204 No Content", [])
        return []
    return application

def asgi(act):
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        act(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
    return application

def flask(act):
    from flask import Flask
    app = Flask("shop")
    app.logger.disabled = True
    @app.post("/in")
    def view():
        act(None)
        return "", 204
    return app
"""
_KINDS = ("wsgi", "asgi", "flask")


def outcomes_of(pytester: pytest.Pytester, source: str, *arguments: str) -> dict[str, int]:
    return run(pytester, _COMMON + source, *arguments).parseoutcomes()


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        ("pytest.fail('no')", "failed"),
        ("pytest.skip('no')", "skipped"),
        ("pytest.xfail('no')", "xfailed"),
        ("exec('assert 1 == 2')", "failed"),
    ],
)
def test_what_pytest_means_ends_the_test(
    pytester: pytest.Pytester, kind: str, act: str, outcome: str
) -> None:
    source = f"""
def test_it(leanplum):
    go(leanplum, {kind}(lambda _: {act}))
"""
    assert outcomes_of(pytester, source) == {outcome: 1}


@pytest.mark.parametrize("kind", _KINDS)
def test_a_test_may_expect_it(pytester: pytest.Pytester, kind: str) -> None:
    source = f"""
def test_it(leanplum):
    def leave(_):
        raise SystemExit(3)
    with pytest.raises(SystemExit):
        go(leanplum, {kind}(leave))
"""
    assert outcomes_of(pytester, source) == {"passed": 1}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    ("rest", "mark", "outcome"),
    [
        ("", "", "failed"),
        ("leanplum.run_until_idle()", "", "failed"),
        ("leanplum.run_until_idle(); leanplum.assert_delivered()", "", "passed"),
        ("leanplum.run_until_idle(); leanplum.assert_attempts_at([0, 1])", "", "passed"),
        ("leanplum.run_until_idle(); leanplum.assert_delivered(user_id='ada')", "", "passed"),
        ("", "@pytest.mark.leanplum(allow='raised')", "passed"),
        ("", "@pytest.mark.leanplum(allow=['lost', 'rejected', 'refused'])", "failed"),
    ],
)
def test_what_else_is_raised_must_be_spoken_of(
    pytester: pytest.Pytester, kind: str, rest: str, mark: str, outcome: str
) -> None:
    source = f"""
{mark}
def test_it(leanplum):
    raised = []
    def once(_):
        if not raised:
            raised.append(1)
            raise LookupError("no user")
    go(leanplum, {kind}(once))
    {rest or "pass"}
"""
    assert outcomes_of(pytester, source) == {outcome: 1}


def test_threads_count_whatever_becomes_of_the_postback(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it(leanplum):
    def act(_):
        def work():
            raise LookupError("in a thread")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    go(leanplum, wsgi(act))
    leanplum.assert_delivered()
"""
    result = run(pytester, _COMMON + source)
    assert result.parseoutcomes() == {"failed": 1}
    result.stdout.fnmatch_lines(["*raised, in a thread that it started:*", "*in a thread*"])


_BACKGROUND = {
    "task": "asyncio.create_task(later())",
    "kept task": "kept.append(asyncio.create_task(later()))",
    "callback": "asyncio.get_running_loop().call_soon(now)",
    "pool of the loop": "asyncio.get_running_loop().run_in_executor(None, now)",
    "pool": "pool.submit(now)",
}


@pytest.mark.parametrize("start", _BACKGROUND.values(), ids=_BACKGROUND)
@pytest.mark.parametrize("mark", ["", "@pytest.mark.leanplum(allow='raised')"])
def test_work_in_the_background_counts(pytester: pytest.Pytester, start: str, mark: str) -> None:
    source = f"""
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
kept = []

async def later():
    raise LookupError("in the background")

def now():
    raise LookupError("in the background")

{mark}
def test_it(leanplum):
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        {start}
        await send({{"type": "http.response.start", "status": 204, "headers": []}})
        await send({{"type": "http.response.body"}})
    go(leanplum, application)
    leanplum.settle_background()
    leanplum.assert_delivered()
"""
    result = run(pytester, _COMMON + source)
    outcomes = result.parseoutcomes()
    if mark:
        assert outcomes == {"passed": 1}
    else:
        # A future of a loop is lost when it is thrown away, which may be at the end.
        assert outcomes in ({"failed": 1}, {"passed": 1, "errors": 1})
        result.stdout.fnmatch_lines(["*raised, in a *:*", "*in the background*"])


def test_the_end_of_an_application_counts(pytester: pytest.Pytester) -> None:
    source = """
def test_it(leanplum):
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            raise LookupError("at the end")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
    go(leanplum, application)
    leanplum.assert_delivered()
"""
    result = run(pytester, _COMMON + source)
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    result.stdout.fnmatch_lines(["*raised, in its shutdown:*", "*at the end*"])


def test_work_after_the_answer_counts(pytester: pytest.Pytester) -> None:
    source = """
def test_it(leanplum):
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        raise LookupError("in the background")
    go(leanplum, application)
"""
    result = run(pytester, _COMMON + source)
    assert result.parseoutcomes() == {"failed": 1}
    result.stdout.fnmatch_lines(["*in the background*"])


def test_without_captured_output_the_deliveries_are_shown_too(pytester: pytest.Pytester) -> None:
    source = """
def test_it(leanplum):
    go(leanplum, wsgi(lambda _: None))
    assert False
"""
    for arguments in ((), ("--show-capture=no",)):
        result = run(pytester, _COMMON + source, *arguments)
        result.stdout.fnmatch_lines(["*Leanplum deliveries*", "*delivery 1: *"])


@pytest.mark.parametrize("where", ["after_answer", "while_closing", "handled"])
@pytest.mark.parametrize(
    "rest", ["assert_delivered()", "assert_attempts_at([0])", "assert_not_triggered(user_id='bo')"]
)
def test_what_is_answered_well_all_the_same_counts(
    pytester: pytest.Pytester, where: str, rest: str
) -> None:
    source = f"""
def after_answer(environ, start_response):
    start_response("200 OK", [])
    yield b"x"
    raise LookupError("no user")

class Closing:
    def __iter__(self):
        return iter([b"x"])
    def close(self):
        raise LookupError("no user")

def while_closing(environ, start_response):
    start_response("200 OK", [])
    return Closing()

def raising(_):
    raise LookupError("no user")

handled = flask(raising)
handled.errorhandler(500)(lambda error: ("", 200))

def test_it(leanplum):
    go(leanplum, {where})
    leanplum.{rest}
"""
    result = run(pytester, _COMMON + source)
    assert result.parseoutcomes() == {"failed": 1}
    result.stdout.fnmatch_lines(["*raised at delivery 1, which it answered 20? all the same:*"])


@pytest.mark.parametrize(
    "assertion",
    [
        "assert_not_triggered(event='email.clicked')",
        "assert_not_triggered(event='click')",
        "assert_not_triggered(channel='email')",
        "assert_delivered(times=0, state='lots')",
        "assert_lost(times=0, channel='Mail')",
        "assert_not_triggered(user='ada')",
        "verify_never(inbox='inbx')",
        "verify(0, inbox='crm')",
    ],
)
def test_words_that_cannot_match_are_refused(pytester: pytest.Pytester, assertion: str) -> None:
    source = f"""
def test_it(leanplum, leanplum_receiver):
    leanplum.{assertion}
"""
    result = run(pytester, _COMMON + source)
    assert result.parseoutcomes() == {"failed": 1}
    result.stdout.fnmatch_lines(["*InvalidValue*"])


@pytest.mark.parametrize(
    "assertion",
    [
        "assert_not_triggered(event='email.click')",
        "assert_not_triggered(event='Click')",
        "assert_not_triggered(event='')",
        "assert_not_triggered(channel='In-app Message')",
        "assert_not_triggered(state='lost')",
        "assert_not_triggered(user_id='nobody')",
        "verify_never()",
        "verify_never(inbox='crm')",
        "verify_never(inbox='of-a-rule')",
    ],
)
def test_words_that_could_match_are_not(pytester: pytest.Pytester, assertion: str) -> None:
    source = f"""
def test_it(leanplum, leanplum_receiver):
    leanplum.inbox("crm")
    leanplum.add_postback(leanplum_receiver.url.replace("/inbox/inbox", "/inbox/of-a-rule"))
    leanplum.{assertion}
"""
    assert outcomes_of(pytester, source) == {"passed": 1}
