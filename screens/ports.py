"""What the screens need of the cockpit behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit.backends.ports import Answer, ApiBudget, ApiUsage, Resolution
    from cockpit.commandlog import CommandLog
    from cockpit.config_tables import NotificationsTable
    from cockpit.operations.plan import Plan
    from cockpit.operations.runner import Observer, Outcome
    from cockpit.release.changes import ChangeText, EndState
    from cockpit.release.job_logs import JobLog
    from cockpit.release.jobs import Step
    from cockpit.release.nominations import Comment
    from cockpit.release.process import Process
    from cockpit.release.state import ReleaseState


class Cockpit(Protocol):
    """Readings to show, plans to ask for, and the one way to carry them out."""

    @property
    def state(self) -> ReleaseState:
        """What is known at this moment."""
        ...

    @property
    def process(self) -> Process:
        """The release process."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written."""
        ...

    @property
    def command_log(self) -> CommandLog:
        """Every command that was run."""
        ...

    @property
    def still(self) -> Path:
        """Where the dashboard's picture is kept between two starts."""
        ...

    @property
    def budget(self) -> ApiBudget | None:
        """What is left of GitHub's quota."""
        ...

    @property
    def usage(self) -> ApiUsage:
        """What was asked of GitHub since the start."""
        ...

    @property
    def notifications(self) -> NotificationsTable:
        """How somebody who is not looking is told."""
        ...

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the event loop after any reading changed; returns what ends it."""
        ...

    async def start(self) -> None:
        """Begin to look at the world on schedule."""
        ...

    async def stop(self) -> None:
        """Stop looking."""
        ...

    async def refresh(self, *names: str) -> None:
        """Look now, at these feeds or at all."""
        ...

    async def verify(self, keys: Collection[str] = ()) -> dict[str, str]:
        """Look inside of files of the test channel; gives those that could not be read."""
        ...

    async def plan(self, operation: str, arguments: Mapping[str, str]) -> Plan:
        """What an operation would do; reads only."""
        ...

    async def job_steps(self, repository: str, job_id: int) -> tuple[Step, ...]:
        """The steps of a job, read now."""
        ...

    async def job_log(self, repository: str, job_id: int) -> JobLog:
        """The end of a job's log, read now."""
        ...

    async def pick_comments(self, key: str) -> Answer[tuple[Comment, ...]]:
        """What is said about a row of the queue, read now."""
        ...

    async def pick_diff(self, key: str) -> ChangeText:
        """What a row of the queue changes, read now."""
        ...

    async def end_state(self, order: tuple[str, ...]) -> EndState:
        """What the branch would be once these commits have landed in this order."""
        ...

    async def begin_resolution(self, arguments: Mapping[str, str]) -> Resolution:
        """A work tree with a pick's conflict in it, as it was left, or a new one."""
        ...

    async def carry_out(
        self,
        plan: Plan,
        observe: Observer,
        cancel: threading.Event | None = None,
        take_over: str = "",
    ) -> Outcome:
        """Run a plan that was confirmed."""
        ...
