"""Says how Leanplum's API answers where its documentation is silent and recordings are not.

What is recorded of Leanplum's other methods differs from what was chosen here, so users can choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mockserver.core.errors import InvalidValue

#: An app that does not exist: 403 `Invalid access key`, or 404.
UnknownApp = Literal["invalid-key", "not-found"]
#: deletePostback of an id that no rule has: 200 with a warning, or 404.
UnknownPostback = Literal["warning", "not-found"]


@dataclass(frozen=True, slots=True)
class AssumedAnswers:
    """What calls about something that does not exist are answered.

    Attributes:
        unknown_app: `invalid-key` answers 403, `not-found` answers 404.
        unknown_postback: `warning` answers 200 with a warning, `not-found` answers 404.

    Raises:
        InvalidValue: There is no such answer.
    """

    unknown_app: UnknownApp = "invalid-key"
    unknown_postback: UnknownPostback = "warning"

    def __post_init__(self) -> None:
        """Refuse what is misspelt."""
        _check("unknown_app", self.unknown_app, get_args(UnknownApp))
        _check("unknown_postback", self.unknown_postback, get_args(UnknownPostback))


def _check(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidValue(f"{name} is {' or '.join(map(repr, known))}, got {value!r}")
