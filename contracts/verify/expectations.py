"""Checks for a case that an endpoint has stored each event once and unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from contracts.suite.recorder import NotApplicable, Recorder, Said, Untestable
from contracts.verify.endpoint import Endpoint
from contracts.verify.postbacks import Postback
from contracts.verify.reckoning import Fault, by_case, count_fault, faults, learn
from contracts.verify.sent import SentPostback
from contracts.verify.storage import SETTLING_REAL_SECONDS, Storage
from contracts.verify.stored import Stored


class Expectations(ABC):
    """What an endpoint has stored, as one case sees it.

    Args:
        endpoint: What the run is aimed at.
        rec: Records the checks and raises deviations.
    """

    def __init__(self, endpoint: Endpoint, rec: Recorder) -> None:
        self.endpoint = endpoint
        self.rec = rec

    @abstractmethod
    def show_postback(self, postback: Postback) -> None:
        """Show the last exchange of this postback in the report of the deviation that follows."""

    def stored(self, postbacks: Sequence[Postback] = (), *, count: int = 0) -> Stored:
        """Wait until these postbacks are stored, for a short time; return what is stored.

        Args:
            postbacks: What was accepted.
            count: How many events there should be in all, for a probe that only counts.

        Raises:
            ProbeFailed: The probe did not answer.
        """
        return self._storage().found(postbacks, count=count)

    def stored_at_rest(
        self, postbacks: Sequence[Postback] = (), *, times: int = 1, count: int = 0
    ) -> Stored:
        """Wait until nothing more can be stored; return what is stored; see `Storage.at_rest`."""
        return self._storage().at_rest(postbacks, times=times, count=count)

    def expect_stored_once(
        self,
        postbacks: Sequence[Postback],
        before: Stored,
        what: str,
        *,
        exact: bool = False,
    ) -> None:
        """Expect each of these postbacks to be stored once.

        Args:
            postbacks: What was accepted.
            before: What was stored before the first of them was sent.
            what: What happened to them; part of the reason of a deviation.
            exact: Whether the stored values are compared with those that were sent, too.

        Raises:
            Deviation: One is missing, is stored more than once, or was changed.
        """
        expected = len(postbacks)
        after = self.stored_at_rest(postbacks, count=before.count + expected)
        if after.entries is None:
            counted = after.count - before.count
            doubts = self._doubts()
            self.rec.expect(expected, counted, f"{what}; counted by the probe{doubts}")
            return
        for postback in postbacks:
            entries = after.of(postback)
            if len(entries) != 1:
                self.show_postback(postback)
            lost = "the event counts more than once"
            if not entries:
                lost = f"the event is lost{self._doubts()}"
            self.rec.expect_that(
                len(entries) == 1,
                f"{postback.key} stored once",
                Said("not stored" if not entries else f"stored {len(entries)} times"),
                f"{what}; {lost}",
            )
            if exact:
                self._expect_exact(postback, entries[0], what)

    def expect_exact(self, postback: Postback, what: str, *placeholders: str) -> None:
        """Expect the stored values of a postback to equal those that were sent.

        Args:
            postback: What was sent.
            what: What is special about it; part of the reason of a deviation.
            placeholders: The values to compare; all unless given.

        Raises:
            Deviation: A value is missing or was changed.
            NotApplicable: The probe only counts.
        """
        stored = self.stored([postback])
        if stored.entries is None:
            raise NotApplicable("the probe only counts; values are compared if it answers entries")
        entries = stored.of(postback)
        doubts = "" if entries else self._doubts()
        self.show_postback(postback)
        self.rec.expect_that(
            bool(entries),
            f"an entry with {postback.key} in an id",
            Said("none"),
            f"{what}; it is not found under the id that was sent{doubts}",
        )
        names = self.endpoint.subscription.names_of(*placeholders) if placeholders else None
        for entry in entries:
            self._expect_exact(postback, entry, what, names)

    def expect_reckoned(
        self,
        sent: Sequence[SentPostback],
        what: Mapping[str, str],
        *,
        doubles_beyond: Collection[str] | None = None,
    ) -> None:
        """Expect all of this to be stored once and unchanged, as far as the endpoint keeps it.

        Args:
            sent: What was sent; see `reckoning.faults`.
            what: What is special about a postback, by its URL; part of the reason of a deviation.
            doubles_beyond: If given, only what is stored more than once matters, but for these
                URLs.

        Raises:
            Deviation: Something is not; the report shows the smallest example.
        """
        endpoint = self.endpoint
        sight = endpoint.probe_sight

        def reckon(stored: Stored) -> list[Fault]:
            learn(endpoint.sent.all(), stored, sight)
            found = faults(sent, stored, endpoint.subscription, sight)
            return [each for each in found if _is_meant(each, doubles_beyond)]

        stored = self._storage().until(lambda stored: not reckon(stored))
        if stored.entries is None:
            raise NotApplicable("the probe only counts; values are compared if it answers entries")
        found = reckon(stored)
        self.rec.checks += len(sent)
        if not found:
            return
        first = found[0]
        self.show_sent(first.sent)
        said = first.sent.what or f"it was sent by {first.sent.case_id}"
        special = what.get(first.sent.postback.url, said)
        many = f" ({len(found)} of {len(sent)}: {by_case(found)})" if len(found) > 1 else ""
        lost = self._doubts() if first.actual == "not stored" else ""
        self.rec.expect_that(
            False, first.expected, Said(first.actual), f"{special}; {first.why}{lost}{many}"
        )

    def doubles(self) -> set[str]:
        """Return the URLs of the postbacks that are stored more often than they should be."""
        endpoint, stored = self.endpoint, self.stored()
        if stored.entries is None:
            return set()
        sent = endpoint.sent.all()
        learn(sent, stored, endpoint.probe_sight)
        found = faults(sent, stored, endpoint.subscription, endpoint.probe_sight)
        return {each.sent.postback.url for each in found if each.is_double}

    def expect_counted(self) -> None:
        """Expect as many events to be stored as were sent since the probe was first asked.

        Raises:
            Deviation: There are fewer or more.
            NotApplicable: It was asked too late to know.
        """
        endpoint = self.endpoint
        began, before = endpoint.sent.was_counted_at, endpoint.probe_sight.first_count
        if began != 0 or before is None:
            raise NotApplicable(
                "the probe only counts, and was not asked before the first postback"
            )
        sent = endpoint.sent.all()

        def wrong(stored: Stored) -> tuple[str, int] | None:
            return count_fault(sent, stored, before, endpoint.subscription)

        stored = self._storage().until(lambda stored: wrong(stored) is None)
        fault = wrong(stored)
        if fault is not None:
            expected, counted = fault
            self.rec.expect_that(
                False,
                f"{expected} events stored of all that was sent",
                counted,
                f"counted by the probe{self._doubts()}; a probe that answers entries tells which",
            )

    @abstractmethod
    def show_sent(self, sent: SentPostback) -> None:
        """Show the last exchange of what was sent, by whichever case."""

    def _expect_exact(
        self, postback: Postback, entry: Any, what: str, names: Collection[str] | None = None
    ) -> None:
        sight = self.endpoint.probe_sight
        for different in sight.differences(postback, entry, names):
            self.show_postback(postback)
            expected, actual, why = sight.described(different)
            self.rec.expect_that(False, expected, Said(actual), f"{what}; {why}")
        sight.learn(postback, entry)
        self.rec.checks += 1

    def shows(self, placeholder: str) -> bool:
        """Return whether the probe shows a value of an event, after sending a usual one for it.

        Of a probe that only counts, nobody can tell what it would show; nor without a probe.

        Args:
            placeholder: A value that the URL carries, e.g. `User ID`.
        """
        sight = self.endpoint.probe_sight
        if sight.names is None and self.endpoint.probe is not None:
            postback = self.taken_as_usual()
            if self.stored([postback]).entries is not None:
                self.expect_exact(postback, "a usual postback", "User ID", "Device ID")
        names = self.endpoint.subscription.names_of(placeholder)
        return sight.tells(names | {f"{{{{{placeholder}}}}}"})

    @abstractmethod
    def taken_as_usual(self) -> Postback:
        """Send a usual postback that must be answered 2xx, and return it."""

    def _storage(self) -> Storage:
        endpoint = self.endpoint
        assert endpoint.probe is not None, "the case says that it needs a probe"
        # An application in this process has stored the event when it answers.
        patience = SETTLING_REAL_SECONDS if endpoint.resolved_host is not None else 0.0
        prefix, was_sent = endpoint.composer.prefix, endpoint.budget.sent > 0
        sight = endpoint.probe_sight
        if endpoint.sent.was_counted_at is None:
            endpoint.sent.was_counted_at = endpoint.budget.sent
        if sight.is_blind:
            raise Untestable(
                f"the probe {endpoint.probe.description!r} has shown nothing of what this run "
                "sent and the endpoint accepted; mend the probe, or what stores"
            )
        return Storage(endpoint.probe, prefix, endpoint.storage_delay, patience, was_sent, sight)

    def _doubts(self) -> str:
        """Return what else may be wrong where a probe has not shown anything; else nothing."""
        sight = self.endpoint.probe_sight
        if sight.has_seen or self.endpoint.resolved_host is None:
            return ""
        # One failure says it; in each case to come, it would look like another bug.
        sight.is_blind = True
        return "; the probe has shown nothing so far: does it look where the endpoint stores?"


def _is_meant(fault: Fault, doubles_beyond: Collection[str] | None) -> bool:
    if doubles_beyond is None:
        return True
    return fault.is_double and fault.sent.postback.url not in doubles_beyond
