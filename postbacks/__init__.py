"""Offers the public names under the name that the project is installed by.

    import postbacks

    with postbacks.Sandbox() as sandbox: ...

`mockserver` has the same names, and is where they are made; its name is a common one, and a folder
or another distribution may hide it. Then this package says so. `postbacks.testing` is
`mockserver.testing`.

For pytest, which would warn of a plugin's package that is imported already:
PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from mockserver import AmbientClock as AmbientClock
    from mockserver import App as App
    from mockserver import DeliveryState as DeliveryState
    from mockserver import Keep as Keep
    from mockserver import ManualClock as ManualClock
    from mockserver import PostbacksError as PostbacksError
    from mockserver import RetryPolicy as RetryPolicy
    from mockserver import RunningClock as RunningClock
    from mockserver import Sandbox as Sandbox
    from mockserver import SocketOptions as SocketOptions
    from mockserver import __version__ as __version__

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


def __getattr__(name: str) -> object:
    # As in `mockserver`: nothing is loaded unasked.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from postbacks_entry.origin import problem_of

    if (problem := problem_of("mockserver")) is not None:
        raise ImportError(problem)
    import mockserver

    value = getattr(mockserver, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names that there are, loaded or not."""
    return sorted({*globals(), *__all__})
