"""Says what the machine, or its user's limits, did not give a command: that is no fault of ours."""

from __future__ import annotations

import errno


def shortage(error: BaseException | None) -> str | None:
    """Return what was missing and what to do, if that is what an error or its cause is about."""
    while error is not None:
        said = _said(error)
        if said is not None:
            return said
        error = error.__cause__ or error.__context__
    return None


def out_of_files(error: BaseException | None) -> str | None:
    """Return what to say if an error is that no more files can be opened."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return f"no more files can be opened here{_limit()}; raise that limit, or close others"
    return None


def _said(error: BaseException) -> str | None:
    said = out_of_files(error)
    if said is not None:
        return said
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" for {error.filename}" if error.filename else ""
        return f"no space is left on the disk{where}; free some"
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return "no memory is left; stop something else, or raise the limit (ulimit -v)"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "no more threads can be started here; stop something else, or raise `ulimit -u`"
    return None


def _limit() -> str:
    try:
        import resource
    except ImportError:  # pragma: no cover
        # Windows has no such limit to tell of.
        return ""
    return f" (ulimit -n is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]})"
