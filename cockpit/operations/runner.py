"""The runner: carries out exactly the plan that was confirmed, and can always be run again."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from enum import Enum

import msgspec

from cockpit.errors import Cancelled, CockpitError, Conflict, CredentialExpired, Refused
from cockpit.ledger.store import LedgerStore
from cockpit.operations.lease import TERM, LeaseDesk
from cockpit.operations.patience import RELOGIN_S
from cockpit.operations.plan import Danger, Plan, Probe, Progress, Step, StepState
from cockpit.release.record import OperationFinished, PlanConfirmed, StepDone
from cockpit.threads import in_thread


class StepOutcome(Enum):
    """What became of one step."""

    RUNNING = "running"
    DONE = "done"
    SKIPPED = "done already"
    CONFLICT = "conflict"
    FAILED = "failed"
    STOPPED = "stopped"
    """Half-way, by a person; what it did stays done."""


class StepReport(msgspec.Struct, frozen=True):
    """News of one step while a plan runs."""

    key: str
    outcome: StepOutcome
    progress: Progress = Progress()
    detail: str = ""


class Ending(Enum):
    """How a run ended."""

    DONE = "done"
    NOTHING_TO_DO = "nothing to do"
    CANCELLED = "cancelled"
    FAILED = "failed"
    CONFLICT = "conflict"


class Outcome(msgspec.Struct, frozen=True):
    """What a run did."""

    ending: Ending
    done: tuple[str, ...] = ()
    """Summaries of the steps that changed something."""
    skipped: tuple[str, ...] = ()
    """Summaries of the steps that were done already."""
    problem: CockpitError | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the world is now as the plan wants it."""
        return self.ending in (Ending.DONE, Ending.NOTHING_TO_DO)


Observer = Callable[[StepReport], None]


class Runner:
    """One process's only way to write; it runs one plan at a time."""

    def __init__(
        self,
        ledger: LedgerStore,
        *,
        read_only: bool,
        forbids: Callable[[Plan], str] = lambda _: "",
    ) -> None:
        """`forbids` says why whoever flies may not carry a plan out; empty where they may."""
        self._ledger = ledger
        self._read_only = read_only
        self._forbids = forbids
        self._busy = asyncio.Lock()
        self._running: Plan | None = None

    @property
    def running(self) -> Plan | None:
        """The plan being carried out."""
        return self._running

    async def run(
        self,
        plan: Plan,
        observe: Observer,
        cancel: threading.Event | None = None,
        take_over: str = "",
    ) -> Outcome:
        """Carry out a plan; what is done already is skipped, a conflict stops it.

        Raises Refused in read-only mode, to people who may not do it, when another plan runs, when
        the plan has blockers and is not done, or when somebody else holds the lease. `cancel` stops
        between steps, and within one where the step says that it can.
        """
        if self._read_only and plan.danger is not Danger.READ:
            raise Refused(
                "The cockpit is read-only",
                f"{plan.operation} was not run",
                "start it without --read-only",
            )
        if forbidden := await in_thread(lambda: self._forbids(plan)):
            raise Refused(
                f"You may not carry out {plan.operation}", forbidden, "ask a captain of the release"
            )
        if self._busy.locked():
            raise Refused(
                f"{self._running.sentence if self._running else 'Another plan'} is still running",
                "one write runs at a time",
                "wait for it to end",
            )
        async with self._busy:
            self._running = plan
            try:
                return await self._run(plan, observe, cancel or threading.Event(), take_over)
            finally:
                self._running = None

    async def _run(
        self, plan: Plan, observe: Observer, cancel: threading.Event, take_over: str
    ) -> Outcome:
        probes = [await in_thread(step.probe) for step in plan.steps]
        done = all(probe.state is StepState.DONE for probe in probes)
        if done and not plan.partial and (plan.steps or not plan.blockers):
            for step, probe in zip(plan.steps, probes, strict=True):
                observe(StepReport(step.facts.key, StepOutcome.SKIPPED, detail=probe.detail))
            return Outcome(Ending.NOTHING_TO_DO, skipped=_summaries(plan))
        if plan.blockers:
            raise Refused(
                f"{plan.operation} is blocked", "; ".join(plan.blockers), "mend these first"
            )
        async with self._lease(plan, take_over, cancel):
            await self._record(PlanConfirmed(plan.operation, plan.subject, plan.digest))
            outcome = await self._steps(plan, observe, cancel)
            detail = str(outcome.problem) if outcome.problem else ""
            await self._record(
                OperationFinished(
                    plan.operation, plan.subject, plan.digest, outcome.ending.value, detail
                )
            )
        return outcome

    async def _steps(self, plan: Plan, observe: Observer, cancel: threading.Event) -> Outcome:
        done: list[str] = []
        skipped: list[str] = []
        for step in plan.steps:
            if cancel.is_set():
                return Outcome(Ending.CANCELLED, tuple(done), tuple(skipped))
            observe(StepReport(step.facts.key, StepOutcome.RUNNING))
            try:
                changed = await self._step(plan, step, observe, cancel)
            except Cancelled as stopped:
                observe(StepReport(step.facts.key, StepOutcome.STOPPED, detail=str(stopped)))
                return Outcome(Ending.CANCELLED, tuple(done), tuple(skipped))
            except CockpitError as problem:
                conflict = isinstance(problem, Conflict)
                outcome = StepOutcome.CONFLICT if conflict else StepOutcome.FAILED
                observe(StepReport(step.facts.key, outcome, detail=str(problem)))
                ending = Ending.CONFLICT if conflict else Ending.FAILED
                return Outcome(ending, tuple(done), tuple(skipped), problem)
            (done if changed else skipped).append(step.facts.summary)
        return Outcome(Ending.DONE, tuple(done), tuple(skipped))

    async def _step(
        self, plan: Plan, step: Step, observe: Observer, cancel: threading.Event
    ) -> bool:
        """Probe, apply, verify and record one step; whether it changed anything."""
        key = step.facts.key
        before = await _probed(step, observe, cancel)
        if before.state is StepState.DONE:
            observe(StepReport(key, StepOutcome.SKIPPED, detail=before.detail))
            return False
        if before.state is StepState.CONFLICT:
            raise _conflict(step, before)
        loop = asyncio.get_running_loop()

        def report(progress: Progress) -> None:
            loop.call_soon_threadsafe(observe, StepReport(key, StepOutcome.RUNNING, progress))

        await in_thread(lambda: step.apply(report, cancel))
        after = await in_thread(step.verify)
        if after.state is not StepState.DONE:
            raise _unverified(step, after)
        await self._record(
            StepDone(
                plan.operation, plan.subject, plan.digest, key, step.facts.summary, after.parts
            )
        )
        observe(StepReport(key, StepOutcome.DONE, detail=after.detail))
        return True

    async def _record(self, event: PlanConfirmed | StepDone | OperationFinished) -> None:
        await in_thread(lambda: self._ledger.append(event))

    @contextlib.asynccontextmanager
    async def _lease(
        self, plan: Plan, take_over: str, cancel: threading.Event
    ) -> AsyncIterator[None]:
        desk = LeaseDesk(self._ledger, f"{plan.operation} {plan.subject}")
        await in_thread(lambda: desk.take(take_over))
        heartbeat = asyncio.create_task(_keep(desk, cancel))
        try:
            yield
        finally:
            heartbeat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await heartbeat
            await in_thread(desk.release)


async def _probed(step: Step, observe: Observer, cancel: threading.Event) -> Probe:
    """Ask about a step; an expired credential is waited for, since much may be done already."""
    while True:
        try:
            return await in_thread(step.probe)
        except CredentialExpired as err:
            if cancel.is_set():
                raise
            paused = Progress(paused=f"{err.title}: {err.hint}")
            observe(StepReport(step.facts.key, StepOutcome.RUNNING, paused))
            await in_thread(lambda: cancel.wait(RELOGIN_S))


async def _keep(desk: LeaseDesk, cancel: threading.Event) -> None:
    """Renew the lease; losing it stops the run, an unreachable ledger is tried again."""
    while True:
        await asyncio.sleep(TERM.total_seconds() / 3)
        try:
            await in_thread(desk.renew)
        except Refused:
            cancel.set()
            return
        except CockpitError:
            continue


def _conflict(step: Step, probe: Probe) -> Conflict:
    return Conflict(
        f"“{step.facts.summary}” met something else", probe.detail, "look at it, then plan again"
    )


def _unverified(step: Step, probe: Probe) -> CockpitError:
    title = f"“{step.facts.summary}” could not be verified"
    if probe.state is StepState.CONFLICT:
        # Running the plan again would meet the same: what was written is not taken back unasked.
        left = f"{probe.detail}; it stays there as it is"
        return CockpitError(title, left, "find out which of the two is right, then plan again")
    return CockpitError(
        title, probe.detail, "run the same plan again: its steps look before they act"
    )


def _summaries(plan: Plan) -> tuple[str, ...]:
    return tuple(step.facts.summary for step in plan.steps)
