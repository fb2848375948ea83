"""What others than Actions say of the core's newest candidate, and how far that is known."""

from __future__ import annotations

import msgspec

from cockpit.release.coverage import SEVERITY
from cockpit.release.jobs import Check, JobState
from cockpit.release.required_checks import RequiredChecks, hold_against
from cockpit.release.state import ReleaseState


class CandidateChecks(msgspec.Struct, frozen=True):
    """The check runs and statuses of a candidate's commit, held against what is required."""

    held: RequiredChecks
    found: tuple[Check, ...] = ()
    """Worst first, required ones before others; those known before where the look failed."""
    required: frozenset[str] = frozenset()
    """Ids of those that the config requires."""
    missing: str = ""
    """Why the reading is not whole."""
    trouble: str = ""
    """Why they could not be read."""

    @property
    def wrong(self) -> bool:
        """Whether a required one is red or ended otherwise without passing."""
        ended = [c for c in self.held.unsettled if c.state in (JobState.SKIPPED, JobState.UNKNOWN)]
        return bool(self.held.red or ended)


def candidate_checks(state: ReleaseState) -> CandidateChecks:
    """The checks of the core's newest candidate; those of another commit are none of its."""
    feed, candidate = state.checks, state.candidate
    reading = feed.reading
    if reading and (candidate is None or reading.value.sha != candidate.commit_sha):
        reading = None
    found = reading.value.found if reading else ()
    held = hold_against(found, state.spec.core.required_checks)
    required = frozenset(check.id for check in (*held.passed, *held.red, *held.unsettled))
    return CandidateChecks(
        held=held,
        found=tuple(
            sorted(
                found,
                key=lambda c: (SEVERITY.index(c.state), c.id not in required, c.app, c.name),
            )
        ),
        required=required,
        missing=reading.missing if reading else "",
        trouble=str(feed.failure) if feed.failure else "",
    )
