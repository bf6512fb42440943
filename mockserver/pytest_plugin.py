"""Offers pytest the fixtures, the marker and the options, and fails tests for unnoticed problems.

Every run of pytest loads this module where the package is installed. So nothing of the package is
imported before a test asks for it: the fixtures import inside. `-p no:mockserver` turns it off.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import ssl

    from mockserver.receiver.inboxes import Inbox
    from mockserver.testing import Leanplum, LeanplumClock, Problem
    from mockserver.testing.live import LiveLeanplum, LiveServer

_MARKER = (
    "leanplum(app_id=None, retry_on=None, parameters_encoding='once', start=None, allow=(), "
    "hosts=(), unknown_app='invalid-key', unknown_postback='warning'): how the `leanplum` fixture "
    "of this test is made; `allow` names what may go wrong "
    "unnoticed: refused, ignored, lost, rejected, raised, unreachable, unawaited; `hosts` where "
    "postbacks may go besides"
)


#: Where the item of a test keeps its Leanplum.
_LEANPLUM: pytest.StashKey[Leanplum] = pytest.StashKey()

#: Where it keeps what had gone wrong when the test itself had passed.
_TOLD: pytest.StashKey[list[Problem]] = pytest.StashKey()

#: The files of this package, and that of the frames that enter and leave context managers.
_OWN_FILES = (str(Path(__file__).parent), contextlib.__file__)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("leanplum", "Leanplum postbacks")
    group.addoption(
        "--leanplum-url",
        metavar="URL",
        help="let `leanplum_server` be the sandbox that answers there (`postbacks serve`)",
    )
    group.addoption(
        "--leanplum-strict",
        action="store_true",
        help="refuse what code under test sends to any host but Leanplum's and this machine",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and begin to look after the tests of this run."""
    config.addinivalue_line("markers", _MARKER)
    strict = bool(config.getoption("--leanplum-strict"))
    config.pluginmanager.register(_LeanplumTests(strict), "mockserver-tests")


def pytest_unconfigure() -> None:
    """Stop the server that clients with sockets were answered by, if one of them was."""
    server = sys.modules.get("mockserver.testing.interception.server")
    if server is not None:
        server.stop()


class _LeanplumTests:
    """Has the fixture `leanplum`, and checks after each test what went wrong unnoticed.

    Args:
        strict: Whether other hosts than Leanplum's and this machine are refused.
    """

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._item: pytest.Item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember the test whose fixtures are made next.

        The fixture could ask `request` for it, but pytest needs longer to make that than all the
        rest takes.
        """
        self._item = item
        if "leanplum" not in getattr(item, "fixturenames", ()) and item.get_closest_marker(
            "leanplum"
        ):
            # The fixture looks at the marker itself; where there is none nobody would.
            _check_marker(item)

    @pytest.fixture
    def leanplum(self) -> Iterator[Leanplum]:
        """Leanplum's side of this test, in memory, on a clock that stands still.

        Calls of its API that code under test makes, with any client, are answered by it. What goes
        wrong without the test saying so fails the test: see the marker's `allow`.
        """
        from mockserver.core.errors import PostbacksError
        from mockserver.testing import Leanplum
        from mockserver.testing.marker import options_of

        item = self._item
        try:
            made = Leanplum(**options_of(item).arguments, strict=self._strict)
        except PostbacksError as error:
            raise _usage_error(f"@pytest.mark.leanplum: {error}") from None
        try:
            entered = made.__enter__()
        except PostbacksError as error:
            raise _usage_error(str(error)) from None
        item.stash[_LEANPLUM] = entered
        yield entered
        # Items live as long as the session, and would keep every sandbox.
        del item.stash[_LEANPLUM]
        told = item.stash.get(_TOLD, None)
        if told is not None:
            del item.stash[_TOLD]
        # Other fixtures have ended meanwhile, and threads may have gone on.
        problems = [] if told is None else [each for each in entered.problems() if each not in told]
        partners = entered.partners
        before = [failure for partner in partners for failure in partner.failures]
        entered.close()
        after = [failure for partner in partners for failure in partner.failures]
        if len(after) > len(before):
            from mockserver.testing.problems import raised_in

            problems += raised_in(partners, lambda failure: failure not in before)
        if problems:
            allowed = options_of(item).allow
            _fail_with([problem for problem in problems if problem.kind not in allowed])

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Fail a test that passed although something went wrong that it said nothing about.

        This runs after the test itself, and not at all if that has failed.
        """
        fixture = item.stash.get(_LEANPLUM, None)
        if fixture is None:
            return
        problems = fixture.problems()
        item.stash[_TOLD] = problems
        if problems:
            from mockserver.testing.marker import options_of

            allowed = options_of(item).allow
            _fail_with([problem for problem in problems if problem.kind not in allowed])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show below a failed test what was delivered, unless the failure shows it itself."""
        _leave_out_own_lines(item, call)
        report = yield
        if not report.failed:
            return report
        if report.when == "call":
            fixture = item.stash.get(_LEANPLUM, None)
            texts = [] if fixture is None else fixture.timelines(without=report.longreprtext)
            if texts:
                _add_section(item, report, "Leanplum deliveries", "\n\n".join(texts))
            if fixture is not None and fixture.api.calls:
                from mockserver.testing.call_text import newest_calls

                calls = newest_calls(fixture.api.calls, without=report.longreprtext)
                if calls:
                    _add_section(item, report, "Calls of Leanplum's API", calls)
        if item.stash.get(_LEANPLUM, None) is not None:
            _fold_captured(item, report)
        return report


@pytest.fixture
def leanplum_receiver(leanplum: Leanplum) -> Inbox:
    """A receiver that does as it is told: `.behave("503*9,200")`, `.requests`, `.wait_for(3)`."""
    return leanplum.inbox()


@pytest.fixture
def leanplum_environment(leanplum: Leanplum, tmp_path: Path) -> dict[str, str]:
    """The variables with which child processes are answered: `env={**os.environ, **this}`."""
    return leanplum.environment(tmp_path)


@pytest.fixture
def leanplum_clock(leanplum: Leanplum) -> LeanplumClock:
    """The clock of this test's Leanplum: `.now()`, `.advance(hours=1)`, `.advance_to_next()`."""
    from mockserver.testing.leanplum import LeanplumClock

    return LeanplumClock(leanplum)


@pytest.fixture(scope="session")
def leanplum_listen_address() -> tuple[str, int]:
    """Where `leanplum_server` listens; override it for another address. Port 0 picks one."""
    return ("127.0.0.1", 0)


@pytest.fixture(scope="session")
def leanplum_tls_context() -> ssl.SSLContext | None:
    """What `leanplum_server` speaks TLS with; override it for https. None is plain http."""
    return None


@pytest.fixture(scope="session")
def leanplum_ca_file() -> str | Path | None:
    """A PEM file with the certificates to trust over https; override it. None: the system's.

    They count where postbacks go to https URLs, and for a `--leanplum-url` that is one.
    """
    return None


@pytest.fixture(scope="session")
def leanplum_server(
    request: pytest.FixtureRequest,
    leanplum_listen_address: tuple[str, int],
    leanplum_tls_context: ssl.SSLContext | None,
    leanplum_ca_file: str | Path | None,
) -> Iterator[LiveServer]:
    """A sandbox that answers on real ports, for the whole session; see `leanplum_live`."""
    from mockserver.core.errors import InvalidValue, PostbacksError
    from mockserver.testing.interception.socket_guard import lifted
    from mockserver.testing.live import serving

    url = request.config.getoption("--leanplum-url")
    context = serving(url, leanplum_listen_address, leanplum_tls_context, leanplum_ca_file)
    try:
        # It is for all tests, and pytest-socket speaks of the one that asks for it first.
        with lifted():
            server = context.__enter__()
    except PostbacksError as error:
        own = "leanplum_listen_address"
        if isinstance(error, InvalidValue):
            own = "leanplum_tls_context, leanplum_ca_file"
        where = f"--leanplum-url {url}" if url else own
        raise _usage_error(f"{where}: {error}") from None
    yield server
    context.__exit__(None, None, None)


@pytest.fixture
def leanplum_config() -> dict[str, Any]:
    """The knobs of the app of `leanplum_live`; override it, e.g. `{"rule_limit": 5}`.

    It takes `retry` (with `delays`, `retry_on`, `timeout`), `parameters_encoding` and `rule_limit`.
    """
    return {}


@pytest.fixture
def leanplum_live(
    leanplum_server: LiveServer, leanplum_config: dict[str, Any]
) -> Iterator[LiveLeanplum]:
    """The live sandbox, with an app of this test's own, for code in other processes."""
    from mockserver.core.errors import PostbacksError
    from mockserver.testing.live import forbidden_by_pytest_socket

    forbidden = forbidden_by_pytest_socket(leanplum_server.url)
    if forbidden is not None:
        raise _usage_error(f"leanplum_live: {forbidden}")
    try:
        live = leanplum_server.begin(leanplum_config)
    except PostbacksError as error:
        raise _usage_error(str(error)) from None
    yield live
    leanplum_server.end(live)


def _check_marker(item: pytest.Item) -> None:
    from mockserver.core.errors import PostbacksError
    from mockserver.testing.marker import options_of

    try:
        options_of(item)
    except PostbacksError as error:
        raise _usage_error(f"@pytest.mark.leanplum: {error}") from None


def _add_section(item: pytest.Item, report: pytest.TestReport, name: str, text: str) -> None:
    """Show a text below a failure, also with --show-capture=no: it was not captured."""
    add = getattr(report.longrepr, "addsection", None)
    if add is not None and item.config.getoption("showcapture", "all") == "no":
        add(name, text)
    else:
        report.sections.append((name, text))


def _fold_captured(item: pytest.Item, report: pytest.TestReport) -> None:
    """Show once what a framework has written at each attempt; -vv shows all."""
    if item.config.get_verbosity() > 1:
        return
    from mockserver.testing.repeats import folded

    report.sections[:] = [
        (name, folded(text) if name.startswith("Captured ") else text)
        for name, text in report.sections
    ]


def _usage_error(text: str) -> BaseException:
    """Return a failure that shows the text only, and no source of this plugin."""
    from mockserver.testing.delivery_text import wrapped

    return pytest.fail.Exception(wrapped(text), pytrace=False)


def _leave_out_own_lines(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Leave the lines of this package out of a traceback that begins or goes on elsewhere."""
    errors = sys.modules.get("mockserver.core.errors")
    if call.excinfo is None or errors is None or item.config.getoption("fulltrace"):
        return
    frames: list[TracebackType] = []
    frame: TracebackType | None = call.excinfo.tb
    while frame is not None:
        frames.append(frame)
        frame = frame.tb_next
    others = [
        each for each in frames if not each.tb_frame.f_code.co_filename.startswith(_OWN_FILES)
    ]
    if not others:
        return
    # What an application raised was raised by it, and not on the way there.
    for each, following in itertools.pairwise(others):
        each.tb_next = following
    if isinstance(call.excinfo.value, errors.PostbacksError):
        others[-1].tb_next = None


def _fail_with(problems: list[Problem]) -> None:
    if not problems:
        return
    from mockserver.testing.problems import problems_text

    names = list(dict.fromkeys(item.kind for item in problems))
    kinds = ", ".join(repr(kind) for kind in names)
    assertable = [kind for kind in ("lost", "rejected") if kind in kinds]
    advice = [f"assert it:    leanplum.assert_{kind}()" for kind in assertable]
    verb = "or allow it: " if advice else "allow it:    "
    if kinds == "'unreachable'":
        advice.append("let it go there, as said below")
    if kinds == "'unawaited'":
        advice.append("await it, or the task that was made of it")
    advice.append(f"{verb} @pytest.mark.leanplum(allow=[{kinds}])")
    pytest.fail(
        # The first words are all that the summary at the end has room for.
        f"Leanplum, {', '.join(names)}: something went wrong that the test did not speak of.\n  "
        + "\n  ".join(advice)
        + f"\n\n{problems_text(problems)}",
        pytrace=False,
    )
