"""Cancel runs: those that are named, or all that a candidate still has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, Unreachable
from cockpit.operations.awaiting import WAITING, awaited
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
from cockpit.operations.rights import write_blockers
from cockpit.operations.runs import builds_of, existing_run, run_now
from cockpit.release.jobs import Run
from cockpit.release.repos import Repository
from cockpit.release.reruns import CANCEL_RUN, asked_cancels
from cockpit.release.run_events import CancelRequested
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends


def _pauses_s() -> Iterator[float]:
    """Jobs get five minutes from GitHub to stop before it ends them."""
    return chain((0.0, 1.0, 2.0, 4.0, 8.0), repeat(15.0, 24))


class CancelRunStep:
    """Ask one run to stop, and wait until it has; one that has ended is left alone."""

    def __init__(self, backends: Backends, repository: Repository, run: Run) -> None:
        self._github = backends.github
        self._ledger = backends.ledger
        self._repository = repository
        self._id = run.id
        self._workflow = run.workflow
        self.facts = StepFacts(
            key=f"cancel/{repository.name}/{run.id}/attempt-{run.attempt}",
            summary=f"Cancel {run.workflow}, attempt {run.attempt}",
            command=f"gh run cancel --repo {repository.name} {run.id}",
            expects=(Expectation(f"run {run.id}", f"attempt {run.attempt}"),),
        )
        self._attempt = run.attempt

    def probe(self) -> Probe:
        """Whether anything of it still goes on."""
        run = self._run()
        if run.attempt != self._attempt:
            return Probe(
                StepState.CONFLICT, f"it is in attempt {run.attempt} by now, which nobody named"
            )
        if run.ended:
            return Probe(StepState.DONE, f"it has ended: {run.conclusion}: {run.url}")
        return Probe(StepState.TODO, f"it is {run.state.value}: {run.url}")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Ask once; a run that ended meanwhile, and a lost answer, are found out by looking."""
        report(Progress(note="asking GitHub"))
        self._ledger.append(CancelRequested(self._repository.name, self._id, self._attempt))
        try:
            self._github.cancel_run(self._repository, self._id)
        except CockpitError:
            if self._ended() is None:
                raise
        report(WAITING)
        if awaited(self._ended, _pauses_s(), cancel) is None:
            raise Unreachable(
                f"{self._workflow} has not ended yet",
                "GitHub took the request; its jobs may take minutes to stop",
                "run the same plan again to go on waiting",
            )

    def verify(self) -> Probe:
        """Look once more."""
        return self.probe()

    def _ended(self) -> Run | None:
        run = self._run()
        return run if run.ended else None

    def _run(self) -> Run:
        return run_now(self._github, self._repository, self._id)


class CancelRuns:
    """Plans one step a run; what an earlier try of it cancelled is among them, and found done."""

    name = CANCEL_RUN

    def __init__(
        self,
        backends: Backends,
        repository: Repository,
        runs: tuple[int, ...] = (),
        candidate: str | None = None,
    ) -> None:
        """Without `runs` all of a candidate's are meant."""
        self._backends = backends
        self._repository = repository
        self._runs = runs
        self._candidate = candidate

    def plan(self) -> Plan:
        """Read the runs, and say which would be stopped."""
        record = self._backends.ledger.read()
        if self._runs:
            asked = asked_cancels(record, self._repository.name)
            found = [existing_run(self._backends, self._repository, run) for run in self._runs]
            blockers = [
                f"{run.workflow} has ended already: {run.conclusion}"
                for run in found
                if run.ended and asked.get(run.id) != run.attempt
            ]
            return self._planned(" and ".join(f"run {run.id}" for run in found), found, blockers)
        candidate, answer = builds_of(self._backends, self._repository, self._candidate)
        asked = asked_cancels(record, self._repository.name, unfinished=True)
        due = [
            run for run in answer.value.runs if not run.ended or asked.get(run.id) == run.attempt
        ]
        tag = candidate.tag.name
        warnings = [f"GitHub's list is not whole: {answer.missing}"] if answer.missing else []
        return self._planned(tag, due, [] if due else [f"every run of {tag} has ended"], warnings)

    def _planned(
        self,
        names: str,
        runs: Sequence[Run],
        blockers: Sequence[str],
        warnings: Sequence[str] = (),
    ) -> Plan:
        repository = self._repository
        rights = write_blockers(self._backends.github, repository, "cancelling runs")
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {names}",
            sentence=f"Cancel {counted(len(runs), 'run')} of {names}"
            if not self._runs
            else f"Cancel {names}: {', '.join(run.workflow for run in runs)}",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(CancelRunStep(self._backends, repository, run) for run in runs),
            sections=(
                Section(
                    "What follows",
                    (
                        "jobs that run or wait are stopped; what has passed stays",
                        "a cancelled run can be re-run: release-cockpit do rerun-failed RUN",
                    ),
                ),
            ),
            blockers=(*blockers, *(rights if runs else ())),
            warnings=tuple(warnings),
        )
