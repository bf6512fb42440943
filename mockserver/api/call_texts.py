"""Makes the arguments and the answer of a call readable once somebody reads them.

Most calls are kept and never looked at. To mask and to cut takes longer than all else that the log
does, so it waits, unless what was sent is so long that it should not be kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.api.masking import Masked

#: How much is kept of an answer.
LONGEST_ANSWER = 2000
#: What an argument takes besides its text.
_ALONE_BYTES = 100
_NOTHING = Masked({})


class CallTexts:
    """The arguments and the answer of one call, without secrets.

    Args:
        masked: The arguments.
        answer: The body of the answer.

    Attributes:
        size: About how many bytes they take.
    """

    __slots__ = ("_answer", "_made", "_masked", "size")

    def __init__(self, masked: Masked, answer: str) -> None:
        self._masked = masked
        self._answer = answer
        self._made: tuple[Mapping[str, str], str] | None = None
        if masked.is_short and len(answer) <= LONGEST_ANSWER:
            self.size: int = len(answer) + masked.size + _ALONE_BYTES * masked.count
            return
        arguments, shown = self._both()
        self._masked, self._answer = _NOTHING, ""
        texts = sum(len(name) + len(value) for name, value in arguments.items())
        self.size = len(shown) + texts + _ALONE_BYTES * len(arguments)

    @property
    def arguments(self) -> Mapping[str, str]:
        """Return all arguments as text, keys masked, long ones cut."""
        return self._both()[0]

    @property
    def answer(self) -> str:
        """Return the body of the answer, decoded, cut after its first 2,000 characters."""
        return self._both()[1]

    def _both(self) -> tuple[Mapping[str, str], str]:
        if self._made is None:
            # Two threads at once make the same.
            self._made = self._masked.arguments, self._masked.text(self._answer, LONGEST_ANSWER)
        return self._made
