"""A cockpit that stands still: its state is set by hand, and it records what it is asked to do."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.backends.ports import Answer, ApiBudget, ApiUsage, ApiUse, Resolution
from cockpit.commandlog import CommandLog
from cockpit.config_tables import NotificationsTable
from cockpit.errors import CockpitError
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.runner import Observer, Outcome
from cockpit.process.loader import parse
from cockpit.release.changes import ChangedFile, ChangeText, EndState
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import Step
from cockpit.release.nominations import Comment
from cockpit.release.process import Process
from cockpit.release.state import ReleaseState
from tests.release.states import GREEN, NOW

T = TypeVar("T")
Driven = Pilot[None]
PROCESS = """
[[phases]]
id = "candidates"
number = 2
title = "Branch cut and candidates"

[[phases]]
id = "final-candidate"
number = 3
title = "Final candidate"

[[items]]
id = "builds"
phase = "candidates"
title = "Every build of the candidate is green"
kind = "gate"
gate = "builds-green"
owner = "on-call"

[[items]]
id = "announced"
phase = "candidates"
title = "The candidate is announced for testing"
kind = "manual"
needs = ["builds"]
owner = "captain"

[[items]]
id = "milestone"
phase = "final-candidate"
title = "No open issue is left in the milestone"
kind = "gate"
gate = "milestone-empty"
owner = "captain"
"""
"""A process of three items, which stays as it is while the real one grows."""


class WrittenStep:
    """A step that only says what it is."""

    def __init__(self, key: str, summary: str) -> None:
        self.facts = StepFacts(
            key, summary, f"git push origin {key}", (Expectation(f"refs/tags/{key}", "absent"),)
        )

    def probe(self) -> Probe:
        """Nothing has been done."""
        return Probe(StepState.TODO)

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Never called: the cockpit that stands still carries nothing out."""
        raise AssertionError(f"{self.facts.key} was applied")

    def verify(self) -> Probe:
        """Nothing has been done."""
        return Probe(StepState.TODO)


def plan(
    *,
    danger: Danger = Danger.IRREVERSIBLE,
    operation: str = "tag-candidate",
    blockers: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Plan:
    """A plan of two steps."""
    return Plan(
        operation=operation,
        subject="pytorch/pytorch v2.15.0-rc3",
        sentence="Tag v2.15.0-rc3 on pytorch/pytorch at 1a2b3c4; its builds start at once.",
        danger=danger,
        target="v2.15.0-rc3",
        steps=(
            WrittenStep("v2.15.0-rc3", "Push v2.15.0-rc3 to pytorch/pytorch"),
            WrittenStep("pin", "Pin v2.15.0-rc3 in the ledger"),
        ),
        sections=(Section("1 commit since v2.15.0-rc2", ("1a2b3c4 [bold]not markup[/bold]",)),),
        blockers=blockers,
        warnings=warnings,
    )


class StillCockpit:
    """Reads nothing and writes nothing."""

    def __init__(self, state: ReleaseState = GREEN, *, read_only: bool = False) -> None:
        self.process: Process = parse(PROCESS, "process.toml")
        self.read_only = read_only
        self.command_log = CommandLog()
        self.budget: ApiBudget | None = ApiBudget(4812, 5000, NOW)
        self.usage = ApiUsage({"runs/jobs": ApiUse(40, 36), "issues": ApiUse(10, 9)})
        self.notifications = NotificationsTable()
        self.still = Path(os.devnull) / "still.json"
        self.planned: list[tuple[str, dict[str, str]]] = []
        self.begun: list[dict[str, str]] = []
        self.carried_out: list[tuple[Plan, str]] = []
        self.refreshed: list[tuple[str, ...]] = []
        self.next_plan: Plan | Exception = plan()
        self.plan_ready = asyncio.Event()
        self.plan_ready.set()
        self.asked: list[tuple[str, int]] = []
        self.steps: tuple[Step, ...] | CockpitError = ()
        self.log: JobLog | CockpitError = JobLog((), 0, whole=True)
        self.comments: tuple[Comment, ...] | CockpitError = ()
        self.reads_ready = asyncio.Event()
        self.reads_ready.set()
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.observe: Observer = lambda _: None
        self.cancel = threading.Event()
        self._state = state
        self._listeners: list[Callable[[], None]] = []

    @property
    def state(self) -> ReleaseState:
        """What the test says is known."""
        return self._state

    def become(self, state: ReleaseState) -> None:
        """Change the state as a refresh does."""
        self._state = state
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell of every change."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Nothing happens by itself."""

    async def stop(self) -> None:
        """Nothing happens by itself."""

    async def refresh(self, *names: str) -> None:
        """Record the wish."""
        self.refreshed.append(names)

    async def verify(self, keys: Collection[str] = ()) -> dict[str, str]:
        """Everything can be read."""
        self.refreshed.append(("artifacts",))
        return {}

    async def plan(self, operation: str, arguments: Mapping[str, str]) -> Plan:
        """The plan that the test laid out, when it says so."""
        self.planned.append((operation, dict(arguments)))
        await self.plan_ready.wait()
        if isinstance(self.next_plan, Exception):
            raise self.next_plan
        return self.next_plan

    async def job_steps(self, repository: str, job_id: int) -> tuple[Step, ...]:
        """The steps that the test laid out, when it says so."""
        self.asked.append((repository, job_id))
        return await self._laid_out(self.steps)

    async def job_log(self, repository: str, job_id: int) -> JobLog:
        """The log that the test laid out, when it says so."""
        self.asked.append((repository, job_id))
        return await self._laid_out(self.log)

    async def pick_comments(self, key: str) -> Answer[tuple[Comment, ...]]:
        """What the test says that people said."""
        if isinstance(self.comments, CockpitError):
            raise self.comments
        return Answer(self.comments, "GitHub")

    async def pick_diff(self, key: str) -> ChangeText:
        """One file, of a name that tells the pick."""
        return ChangeText("as merged", (f"diff --git a/{key} b/{key}", "-old", "+new"))

    async def end_state(self, order: tuple[str, ...]) -> EndState:
        """One file for every commit."""
        files = tuple(ChangedFile(f"{sha[:7]}.py", 2, 1) for sha in order)
        return EndState("7" * 40, files, ("diff --git a/x b/x",))

    async def _laid_out(self, answer: T | CockpitError) -> T:
        await self.reads_ready.wait()
        if isinstance(answer, CockpitError):
            raise answer
        return answer

    async def begin_resolution(self, arguments: Mapping[str, str]) -> Resolution:
        """A work tree that is this folder, with nothing to edit in it."""
        self.begun.append(dict(arguments))
        return Resolution("none", os.curdir, "", "")

    async def carry_out(
        self,
        plan: Plan,
        observe: Observer,
        cancel: threading.Event | None = None,
        take_over: str = "",
    ) -> Outcome:
        """Record the order and end when the test says so."""
        self.carried_out.append((plan, take_over))
        self.observe = observe
        self.cancel = cancel or threading.Event()
        return await self.outcome


async def until(driven: Driven, condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds, and fail after a while when it does not."""
    for _ in range(400):
        if condition():
            return
        await driven.pause(0.01)
    app = driven.app
    screen = shown(app) if isinstance(app, CockpitApp) and app.is_running else "(no screen)"
    raise AssertionError(f"it never came to pass: {what or condition}\n{screen}")


def rows_of(app: CockpitApp) -> list[str]:
    """The screen as lines of text."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def shown(app: CockpitApp) -> str:
    """The screen as one text."""
    return "\n".join(rows_of(app))


def toasts(app: CockpitApp) -> list[str]:
    """Every notification that is up."""
    return [notification.message for notification in app._notifications]
