"""What operations on picks read first: the queue as GitHub and the ledger have it, and who acts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.release.branches import BranchState
from cockpit.release.people import Duty
from cockpit.release.pick_rows import QueueFacts, queue
from cockpit.release.picks import Pick, PickReading, Tracker
from cockpit.release.record import Ledger

if TYPE_CHECKING:
    from cockpit.backends.ports import Answer
    from cockpit.provider import Backends


class PickDesk:
    """One reading of the queue, for one plan."""

    def __init__(
        self,
        backends: Backends,
        *,
        branch: BranchState | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """`branch` and `ledger` are what the plan has read already.

        Without the branch a pick that was merged is not told from one that a candidate has.
        """
        self.backends = backends
        self._branch = branch
        self._ledger = ledger
        self.config = backends.config
        self.core = backends.config.core

    @cached_property
    def login(self) -> str:
        """Who acts on GitHub."""
        return self.backends.github.account().login

    @cached_property
    def ledger(self) -> Ledger:
        """The shared record."""
        return self._ledger or self.backends.ledger.read()

    @cached_property
    def rows(self) -> tuple[Pick, ...]:
        """The queue, without what git tells of trunk."""
        facts = QueueFacts(
            repository=self.core,
            branch=self._branch,
            decisions=self.ledger.decisions(self.config.team),
            schedule=self.config.settings.schedule,
            dead=lambda tag: self.ledger.is_dud(self.core, tag),
        )
        return queue(self.reading, facts)

    @property
    def reading(self) -> PickReading:
        """What GitHub says of the queue."""
        return self._answer.value

    @property
    def tracker(self) -> Tracker | None:
        """The tracker of exactly this version."""
        return self.reading.tracker

    @property
    def blockers(self) -> list[str]:
        """Why the queue is not known, or not whole."""
        return [f"the queue could not be read whole: {self.missing}"] if self.missing else []

    @property
    def missing(self) -> str:
        """What of the queue GitHub did not tell."""
        return self._answer.missing

    @cached_property
    def _answer(self) -> Answer[PickReading]:
        return self.backends.github.picks(
            self.core,
            self.config.version,
            self.config.settings.github.tracker_label,
            self.config.team,
        )

    def row(self, number: int) -> Pick | None:
        """The row of a pull request, into the branch before onto trunk."""
        into = (pick for pick in self.rows if pick.release_pull == number)
        onto = (pick for pick in self.rows if number in pick.trunk_pulls)
        return next(into, None) or next(onto, None)

    def rights(self, what: str) -> list[str]:
        """Why this account may not decide on picks."""
        team = self.config.team.with_duty(Duty.APPROVER)
        if self.login.lower() in {login.lower() for login in team}:
            return []
        known = ", ".join(sorted(team)) or "nobody"
        return [f"{what} takes an approver, and {self.login} is none: there is {known}"]

    def page(self, number: int) -> str:
        """The address of a pull request of the core."""
        return f"{self.config.spec.web}/{self.core.name}/pull/{number}"


def pull_digits(text: str) -> str:
    """The number in `123`, `#123` or a page's address, as it is written; empty for all else."""
    digits = text.rstrip("/").rpartition("/pull/")[2].lstrip("#")
    return digits if digits.isdigit() else ""


def pull_numbers(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Pull requests as people name them: `123`, `#123` or their pages, each once."""
    found: list[int] = []
    for text in texts:
        digits = pull_digits(text)
        if not digits:
            raise ConfigError(
                f"{text!r} names no pull request",
                "expected its number, or the address of its page",
                "copy the address from its page",
            )
        found.append(int(digits))
    return tuple(dict.fromkeys(found))
