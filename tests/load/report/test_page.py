from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from mockserver.load.report.page import render


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("plan.html.j2")
