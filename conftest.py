"""What holds for every test: how properties are run, what freezing leaves alone, no leftovers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import freezegun
import pytest
from hypothesis import Phase, Verbosity, settings

from mockserver.sandbox import Sandbox
from mockserver.testing.interception import server

# For the tests of our own plugin.
pytest_plugins = ["pytester"]

#: Every thread the package starts is named so.
THREAD_PREFIX = "postbacks-"

# Every field is given, so that no environment (Hypothesis looks at `CI` itself) and no later
# default decides how the same commit is tested.
settings.register_profile(
    "postbacks",
    max_examples=100,
    stateful_step_count=30,
    # Frozen time is moved by hours while a property runs, which a deadline takes for slowness.
    deadline=None,
    derandomize="CI" in os.environ,
    database=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
    report_multiple_bugs=True,
    print_blob=True,
    suppress_health_check=(),
    verbosity=Verbosity.normal,
)
settings.register_profile("thorough", settings.get_profile("postbacks"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "postbacks"))

# Runs of the suite in tests are none that the user of this machine wants to see in a list.
os.environ["POSTBACKS_REPORTS"] = "none"

# Otherwise `--durations` shows sandbox hours as if a test had taken them.
freezegun.configure(extend_ignore_list=["_pytest.timing"])


@pytest.fixture(scope="session", autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail the session if a thread of the package outlives everything that started one."""
    yield
    # The stand-in for Leanplum goes on until the run ends.
    server.stop()
    ours = [thread for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]
    for thread in ours:
        thread.join(timeout=5)
    assert [thread.name for thread in ours if thread.is_alive()] == []


@pytest.fixture
def in_process() -> Iterator[Sandbox]:
    """Return a sandbox without sockets, on a clock that stands still."""
    with Sandbox() as sandbox:
        yield sandbox
