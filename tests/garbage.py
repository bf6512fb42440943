"""Finds what of ours is left as garbage that only a collection finds."""

from __future__ import annotations

import gc
from collections.abc import Callable
from weakref import ref


def left_by(use: Callable[[], object]) -> list[str]:
    """Return the types of this package that `use` leaves in reference cycles.

    Args:
        use: Makes something, uses it, closes it, and returns it.
    """
    # What is imported and kept with the first use is none of it.
    use()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        whole = ref(use())
        left = [] if whole() is None else [f"{type(whole()).__name__} itself"]
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = {type(each) for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.unfreeze()
    return left + sorted(
        each.__name__ for each in found if each.__module__.startswith("mockserver.")
    )
