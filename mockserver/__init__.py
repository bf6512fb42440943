"""Plays Leanplum's side of postbacks on a developer's machine.

The flow of an event, which is also the order in which to read the packages:

- `core`: the pure part. `catalog` (what can happen), `models` (the nouns), `samples`, `events`,
  `matching`, `template`, `outcome`, `retry`, `finding`, `clock`, `durations`, `tokens`,
  `json_values`, `limits`, `instants`, `originals`, `hosts`, `networks`, `send_to`, `inbox_name`,
  `forward_target`, `forwarded`, `api_methods`, `assumed`, `url_remarks`, `written_urls`,
  `scenario`, `playing`, `names`, `toml_text`, `wording`, `errors`.
- `schema`: how apps and settings are written, and what is said of a mistake in them.
- `net`: what everything that touches a socket shares.
- `ledger`: where rules, deliveries and attempts are kept; in memory or in SQL.
- `time`: the clocks, who may move them and how far, and where one stands over restarts.
- `transport`: how a POST leaves; through sockets, or to an application in this process.
- `receiver`: the endpoint that misbehaves on request, and records what it gets.
- `api`: how Leanplum's API fails, and what it was asked.
- `delivery`: from events to deliveries, the engine that makes attempts, and what happened.
- `sandbox`: the composition root, and the object to begin with.
- `reports`: those of past runs, and a run against an endpoint in a process of its own.
- `load`: what a campaign of millions does to an endpoint, and what follows in 65 hours.
- `web`: Leanplum's API and the control API over HTTP; `client`: how to reach them, with types.
- `live`: a sandbox with its API on a port, in this process.
- `testing`, `pytest_plugin`: all of that in tests, with an application in the same process.
- `agents`: a sandbox for coding agents.
- `config`, `demo`, `doctor`, `cli`: the command line.
- `version`: of this package.

For pytest, which would warn of a plugin's package that is imported already:
PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

# Not imported from `typing`: that takes longer than all else that this module does, and a Ctrl-C
# in the meantime would be a traceback. Type checkers know the name.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from mockserver.core.clock import ManualClock as ManualClock
    from mockserver.core.errors import PostbacksError as PostbacksError
    from mockserver.core.models import App as App
    from mockserver.core.retry import DeliveryState as DeliveryState
    from mockserver.core.retry import RetryPolicy as RetryPolicy
    from mockserver.delivery.retention import Keep as Keep
    from mockserver.delivery.wiring import SocketOptions as SocketOptions
    from mockserver.sandbox import Sandbox as Sandbox
    from mockserver.time.clocks import AmbientClock as AmbientClock
    from mockserver.time.clocks import RunningClock as RunningClock
    from mockserver.version import __version__ as __version__

__all__ = [
    "AmbientClock",
    "App",
    "DeliveryState",
    "Keep",
    "ManualClock",
    "PostbacksError",
    "RetryPolicy",
    "RunningClock",
    "Sandbox",
    "SocketOptions",
    "__version__",
]

_HOMES = {
    "AmbientClock": "mockserver.time.clocks",
    "App": "mockserver.core.models",
    "DeliveryState": "mockserver.core.retry",
    "Keep": "mockserver.delivery.retention",
    "ManualClock": "mockserver.core.clock",
    "PostbacksError": "mockserver.core.errors",
    "RetryPolicy": "mockserver.core.retry",
    "RunningClock": "mockserver.time.clocks",
    "Sandbox": "mockserver.sandbox",
    "SocketOptions": "mockserver.delivery.wiring",
    "__version__": "mockserver.version",
}


def __getattr__(name: str) -> object:
    # The command line imports this package for every `--help`: nothing is loaded unasked.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
