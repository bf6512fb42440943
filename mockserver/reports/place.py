"""Says in which folder the reports of this machine are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

#: Names another folder, or none.
VARIABLE = "POSTBACKS_REPORTS"
#: What is written there to keep nothing.
NOWHERE = "none"


def reports_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of the reports, which need not be there; None if none are to be kept.

    Args:
        environment: E.g. `os.environ`.
    """
    given = environment.get(VARIABLE, "").strip()
    if given.lower() == NOWHERE:
        return None
    if given:
        return Path(given).absolute()
    # Only who asks for reports pays for the import.
    from platformdirs import user_state_path

    return user_state_path("postbacks", appauthor=False) / "reports"
