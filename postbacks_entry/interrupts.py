"""Lets a command that is still being imported end at Ctrl-C without a traceback."""

from __future__ import annotations


def end_at_interrupt() -> None:
    """Let Ctrl-C end this process at once, as a program without Python, while it imports."""
    # Part of the interpreter, unlike `signal`, whose import takes long enough to be interrupted.
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
