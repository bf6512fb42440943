"""Lists what is assumed of a campaign: what happens to a user after what, how often, how late.

Every number here is assumed. Leanplum documents which events there are, not how many of them a
campaign has or when they come; each number has a name by which it can be replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType

from mockserver.core.catalog import suggestion
from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidValue
from mockserver.load.quantities import parse_share, parse_span

#: How far delays may spread; with 4 the slowest of a thousand is 230,000 times the median.
WIDEST = Fraction(4)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may happen to a user of a campaign.

    Attributes:
        name: The event, as `trigger` calls it.
        after: The step it follows on; empty if it begins the way of a user.
        share: How many of those to whom that happened; None for all to whom no other step with
            the same `way` happens.
        delay: Half of them come sooner than this after it.
        spread: Of the log-normal delay: the standard deviation of its logarithm.
        way: Of the steps after the same one that have the same way, one happens at most.
        is_detour: Whether what else follows on the same step comes after this one.
    """

    name: str
    after: str = ""
    share: Fraction | None = None
    delay: timedelta = timedelta(0)
    spread: Fraction = Fraction(0)
    way: str = ""
    is_detour: bool = False


def _share(text: str) -> Fraction:
    return parse_share(text)


_S, _M, _H = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))

#: What happens to the users of each channel, in the order in which it is decided.
STEPS: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "push": (
            Step("push.held-back", share=_share("0%"), way="begin"),
            Step("push.send", way="begin"),
            Step("push.open", "push.send", _share("5%"), 20 * _M, Fraction("1.5")),
        ),
        "email": (
            Step("email.held-back", share=_share("0%"), way="begin"),
            Step("email.send", way="begin"),
            Step(
                "email.deferred",
                "email.send",
                _share("2%"),
                2 * _S,
                Fraction("0.5"),
                is_detour=True,
            ),
            Step("email.dropped", "email.send", _share("0.5%"), _S, Fraction("0.5"), "arrive"),
            Step("email.bounce", "email.send", _share("1%"), 5 * _S, Fraction(1), "arrive"),
            Step("email.delivered", "email.send", None, 4 * _S, Fraction(1), "arrive"),
            Step("email.open", "email.delivered", _share("20%"), _H, Fraction("1.5")),
            Step("email.click", "email.open", _share("10%"), 15 * _S, Fraction(1)),
            Step("email.unsubscribe", "email.open", _share("0.5%"), _M, Fraction(1)),
            Step("email.marked-as-spam", "email.delivered", _share("0.05%"), 2 * _H, Fraction(1)),
        ),
        "in-app": (
            Step("in-app.center-popup.held-back", share=_share("0%"), way="begin"),
            Step(
                "in-app.center-popup.view",
                share=_share("30%"),
                delay=4 * _H,
                spread=Fraction("1.2"),
                way="begin",
            ),
            Step(
                "in-app.center-popup.accept",
                "in-app.center-popup.view",
                _share("20%"),
                6 * _S,
                Fraction("0.8"),
            ),
        ),
        "ab-test": (Step("ab-test.enter", way="begin"),),
    }
)

#: Which share of the users is reached by which channel.
MIX: Mapping[str, Fraction] = MappingProxyType(
    {
        "push": _share("70%"),
        "email": _share("30%"),
        "in-app": Fraction(0),
        "ab-test": Fraction(0),
    }
)


def knobs(steps: Mapping[str, tuple[Step, ...]] = STEPS) -> dict[str, str]:
    """Return every number of the steps by its name, as it is written."""
    found: dict[str, str] = {}
    for step in (step for channel in steps.values() for step in channel):
        if step.share is not None:
            found[step.name] = f"{float(step.share * 100):g}%"
        if step.delay:
            found[f"{step.name}.delay"] = format_duration(step.delay)
            found[f"{step.name}.spread"] = f"{float(step.spread):g}"
    return found


def with_knobs(written: Iterable[str]) -> Mapping[str, tuple[Step, ...]]:
    """Return the steps with some numbers replaced.

    Args:
        written: Each like `push.open=8%`, `push.open.delay=10m` or `push.open.spread=1.2`.

    Raises:
        InvalidValue: There is no such number, a value cannot be read, or the shares of steps that
            exclude each other are more than the whole.
    """
    steps = dict(STEPS)
    for text in written:
        name, separator, value = text.partition("=")
        name = name.strip().lower()
        if not separator or not value.strip():
            raise InvalidValue(f"{text[:80]!r} assumes nothing; write it like push.open=8%")
        if name not in knobs():
            raise InvalidValue(_unknown(name))
        channel = next(each for each in steps if name.startswith(f"{each}."))
        steps[channel] = tuple(_turned(step, name, value) for step in steps[channel])
    for each in steps.values():
        _check_ways(each)
    return MappingProxyType(steps)


def parse_mix(text: str) -> Mapping[str, Fraction]:
    """Return the share of every channel: `push=60%, email=40%`; the others have none.

    Raises:
        InvalidValue: There is no such channel, or the shares are not the whole together.
    """
    mix = dict.fromkeys(MIX, Fraction(0))
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name.lower() not in mix:
            raise InvalidValue(
                f"the mix has no channel {name[:60]!r}{suggestion(name, mix)}; "
                f"it has: {', '.join(mix)}, each with its share, like push=60%,email=40%"
            )
        mix[name.lower()] += parse_share(value, f"the share of {name}")
    if sum(mix.values()) != 1:
        whole = float(sum(mix.values()) * 100)
        raise InvalidValue(
            f"the shares of a mix make 100% together, {text[:80]!r} makes {whole:g}%"
        )
    return MappingProxyType(mix)


def _unknown(name: str) -> str:
    plain = {step.name for channel in STEPS.values() for step in channel}
    if name in plain:
        return (
            f"{name} has no share of its own: it happens to all to whom nothing else does; "
            "`postbacks plan --assumed` lists what can be replaced"
        )
    return (
        f"nothing that is assumed is called {name[:60]!r}{suggestion(name, knobs())}; "
        "`postbacks plan --assumed` lists all of it"
    )


def _turned(step: Step, name: str, value: str) -> Step:
    if name == step.name:
        return replace(step, share=parse_share(value, f"the share of {name}"))
    if name == f"{step.name}.delay":
        return replace(step, delay=parse_span(value, f"the delay of {step.name}"))
    if name == f"{step.name}.spread":
        return replace(step, spread=_spread(value))
    return step


def _spread(text: str) -> Fraction:
    try:
        spread = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        spread = Fraction(-1)
    if not 0 <= spread <= WIDEST:
        raise InvalidValue(f"a spread is a number from 0 to {WIDEST}, got {text[:60]!r}")
    return spread


def _check_ways(steps: tuple[Step, ...]) -> None:
    taken: dict[tuple[str, str], Fraction] = {}
    for step in steps:
        if step.way and step.share is not None:
            key = (step.after, step.way)
            taken[key] = taken.get(key, Fraction(0)) + step.share
            if taken[key] > 1:
                names = ", ".join(
                    other.name
                    for other in steps
                    if (other.after, other.way) == key and other.share is not None
                )
                raise InvalidValue(f"one of {names} happens at most: their shares exceed 100%")
