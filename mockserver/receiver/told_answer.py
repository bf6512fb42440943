"""Defines how an application hands its server an answer that is more than HTTP: late, cut, none."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mockserver.receiver.answers import ReceiverAnswer
from mockserver.receiver.journal import End

#: Where the WSGI environment has `AnswerAs`, if the server can do it.
ANSWER_AS = "postbacks.answer_as"

#: Where it then says, in shorthand, what was answered in the place of the application's own answer.
TOLD = "postbacks.told"

#: Takes note of how the exchange ended, and of the status it was answered with, if it was.
Ended = Callable[[End, int | None], None]


class ToldAnswer(NamedTuple):
    """An answer, and who is told how the exchange ended."""

    answer: ReceiverAnswer
    ended: Ended


class AnswerAs(NamedTuple):
    """What a server does for an application that is told how to answer.

    Attributes:
        tell: Called with an answer that is sent in place of what the application returns.
        end_all: Ends all such exchanges that are under way.
    """

    tell: Callable[[ToldAnswer], None]
    end_all: Callable[[], None]
