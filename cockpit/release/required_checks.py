"""Checks of others than Actions on a commit: those that the config requires, and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

import msgspec

from cockpit.release.jobs import Check, JobState


class RequiredChecks(msgspec.Struct, frozen=True):
    """What was reported on one commit, held against what is required."""

    passed: tuple[Check, ...] = ()
    red: tuple[Check, ...] = ()
    unsettled: tuple[Check, ...] = ()
    """Required ones that neither passed nor failed."""
    silent: tuple[str, ...] = ()
    """Required patterns of which nothing was reported."""
    red_others: tuple[Check, ...] = ()
    """Red ones that nobody requires."""

    @property
    def objections(self) -> Iterator[str]:
        """Why the commit is not green, in words."""
        yield from (f"{told(check)}" for check in (*self.red, *self.unsettled))
        yield from (
            f"no check {pattern} was reported, and it is required" for pattern in self.silent
        )


def hold_against(found: Iterable[Check], required: Sequence[str]) -> RequiredChecks:
    """Sort what was reported by what the config requires."""
    checks = tuple(found)
    needed = [check for check in checks if _matches(check, required)]
    settled = (JobState.PASSED, JobState.FAILED)
    return RequiredChecks(
        passed=tuple(check for check in needed if check.state is JobState.PASSED),
        red=tuple(check for check in needed if check.state is JobState.FAILED),
        unsettled=tuple(check for check in needed if check.state not in settled),
        silent=tuple(p for p in required if not any(_matches(check, (p,)) for check in needed)),
        red_others=tuple(
            check
            for check in checks
            if check.state is JobState.FAILED and not _matches(check, required)
        ),
    )


def told(check: Check) -> str:
    """A check and how it ended, in words."""
    return f"{check.app} {check.name}: {check.conclusion or check.state.value}"


def _matches(check: Check, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(check.name, pattern) for pattern in patterns)
