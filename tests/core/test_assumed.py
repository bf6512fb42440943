"""What is answered where Leanplum's documentation says nothing: chosen by name, and only so."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.core.assumed import AssumedAnswers
from mockserver.core.errors import InvalidValue


def test_unless_told_it_is_a_wrong_key_and_a_warning() -> None:
    assert AssumedAnswers() == AssumedAnswers("invalid-key", "warning")


@pytest.mark.parametrize("name", ["unknown_app", "unknown_postback"])
@pytest.mark.parametrize("value", ["", "404", "notfound", "Not-Found", None, 404, "warnings"])
def test_what_is_misspelt_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=f"{name} is .* or 'not-found', got"):
        AssumedAnswers(**{name: value})
