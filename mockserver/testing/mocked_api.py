"""Puts Leanplum's API of one sandbox among the mocks of `responses`."""

from __future__ import annotations

import re
from typing import Any

from mockserver.core.errors import InvalidValue
from mockserver.testing.api_calls import ApiCalls
from mockserver.testing.interception.mocks import LEANPLUMS
from mockserver.testing.interception.sessions import raw_answer
from mockserver.testing.partner import is_mocks


def add_api(mocks: Any, calls: ApiCalls) -> Any:
    """Add the API to mocks; return what was added.

    Args:
        mocks: The module `responses`, or a `RequestsMock`.
        calls: Answers.

    Raises:
        InvalidValue: `mocks` is neither.
    """
    if not is_mocks(mocks):
        raise InvalidValue(
            f"add_to takes the module responses or a responses.RequestsMock, got {mocks!r}"
        )
    import responses

    registered = getattr(mocks, "mock", mocks)

    class LeanplumApi(responses.BaseResponse):
        """Answers every request for Leanplum that no other mock matches."""

        @property
        def call_count(self) -> int:
            # A test need not call it; it is no expectation.
            return max(1, len(self.calls))

        @call_count.setter
        def call_count(self, _: int) -> None:
            """Leave it: versions of `responses` set it at the start."""

        def matches(self, request: Any) -> tuple[bool, str]:
            if LEANPLUMS.match(request.url or "") is None:
                return False, "it is not for Leanplum"
            # `responses` takes the first of several out: the test's own would answer once only.
            others = [mock for mock in registered.registered() if not isinstance(mock, LeanplumApi)]
            if any(mock.matches(request)[0] for mock in others):
                return False, "a mock of the test's own matches"
            return True, ""

        def get_response(self, request: Any) -> Any:
            timeout = getattr(request, "req_kwargs", {}).get("timeout")
            return raw_answer(request, timeout, calls.answer)

    return mocks.add(LeanplumApi("POST", re.compile(LEANPLUMS.pattern, re.I)))
