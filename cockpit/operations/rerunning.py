"""Run failed jobs again: all of a candidate's, those of some runs, or one job."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.operations.rerun_steps import Again, RerunStep
from cockpit.operations.rights import write_blockers
from cockpit.operations.runs import builds_of, existing_run, job_number
from cockpit.release.coverage import configuration
from cockpit.release.jobs import Job, JobState, Run
from cockpit.release.lookups import is_red
from cockpit.release.repos import Repository
from cockpit.release.reruns import (
    RERUN_FAILED,
    RERUN_JOB,
    asked_reruns,
    dependents,
    job_title,
    named_jobs,
    out_of_reach,
    red_runs,
    still_going,
    told,
)
from cockpit.release.words import counted
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.provider import Backends

_THREADS = 6
_TERMS = Section(
    "What follows",
    (
        "the same commit is built again, with the rights of whoever started the run first",
        "what depends on these jobs runs again too; every other result is carried over",
        "the first failure stays on record: a job that passes now is shown as flaky",
    ),
)


class _Due(msgspec.Struct, frozen=True):
    """A run with the attempt that a re-run begins from, and that attempt's jobs."""

    run: Run
    attempt: int
    jobs: tuple[Job, ...]
    missing: str = ""

    @property
    def resumed(self) -> bool:
        """Whether the attempt that is going came of this very re-run."""
        return self.attempt < self.run.attempt

    @property
    def red(self) -> tuple[Job, ...]:
        """What failed or was cancelled."""
        return tuple(job for job in self.jobs if is_red(job))


class _Rerunning:
    """Reads runs so that a plan stays the same however far an earlier try of it came."""

    def __init__(self, backends: Backends, repository: Repository) -> None:
        self._backends = backends
        self._repository = repository

    def _due(self, run: Run, asked: dict[int, int]) -> _Due:
        """A run that goes because it was asked to is taken from the attempt before."""
        before = asked.get(run.id)
        resumed = before is not None and run.attempt == before + 1 and not run.ended
        attempt = run.attempt - 1 if resumed else run.attempt
        answer = self._backends.github.run_jobs(self._repository, run)
        jobs = tuple(job for job in answer.value if job.attempt == attempt)
        return _Due(run, attempt, jobs, answer.missing)

    def _all_due(self, runs: Sequence[Run], asked: dict[int, int]) -> list[_Due]:
        return gather([partial(self._due, run, asked) for run in runs], threads=_THREADS)

    def _why_not(self, due: _Due) -> str:
        if due.resumed:
            return ""
        return still_going(due.run) or out_of_reach(due.run, self._backends.clock.now())

    def _rights(self) -> list[str]:
        return write_blockers(self._backends.github, self._repository, "re-running jobs")


class RerunFailed(_Rerunning):
    """Plans one step a run: those that are named, else every red one of a candidate."""

    name = RERUN_FAILED

    def __init__(
        self,
        backends: Backends,
        repository: Repository,
        runs: tuple[int, ...] = (),
        workflow: str = "",
        candidate: str | None = None,
    ) -> None:
        super().__init__(backends, repository)
        self._runs = runs
        self._workflow = workflow
        self._candidate = candidate

    def plan(self) -> Plan:
        """Read runs and jobs, and say which would run again."""
        return self._of_runs() if self._runs else self._of_candidate()

    def _of_runs(self) -> Plan:
        asked = asked_reruns(self._backends.ledger.read(), self._repository.name)
        runs = [existing_run(self._backends, self._repository, run) for run in self._runs]
        due = self._all_due(runs, asked)
        blockers = [problem for one in due if (problem := self._why_not(one) or _nothing_red(one))]
        names = " and ".join(run.workflow for run in runs)
        return self._planned(names, due, blockers, [])

    def _of_candidate(self) -> Plan:
        repository = self._repository
        candidate, answer = builds_of(self._backends, repository, self._candidate)
        tag = candidate.tag.name
        unfinished = asked_reruns(self._backends.ledger.read(), repository.name, unfinished=True)
        red = {found.run.id for found in red_runs(answer.value)}
        runs = [
            run
            for run in answer.value.runs
            if (run.id in red or run.id in unfinished)
            and (not self._workflow or run.workflow == self._workflow)
        ]
        due = self._all_due(runs, unfinished)
        obstacles = {one.run.id: self._why_not(one) for one in due}
        able = [one for one in due if not obstacles[one.run.id] and one.red]
        left_out = [reason for reason in obstacles.values() if reason]
        warnings = [*left_out]
        if answer.missing:
            warnings.append(f"GitHub's list is not whole: {answer.missing}")
        blockers = [] if able else [self._nothing(tag, left_out)]
        return self._planned(tag, able, blockers, warnings if able else [])

    def _nothing(self, tag: str, left_out: Sequence[str]) -> str:
        """Why there is nothing to re-run."""
        if left_out:
            return "; ".join(left_out)
        where = f"of {self._workflow} on {tag}" if self._workflow else f"of {tag}"
        return f"no job {where} has failed"

    def _planned(
        self, names: str, due: Sequence[_Due], blockers: list[str], warnings: list[str]
    ) -> Plan:
        repository = self._repository
        agains = [Again(repository, one.run.id, one.run.workflow, one.attempt) for one in due]
        red = [job for one in due for job in one.red]
        kind = "failed or cancelled job" if any(map(_cancelled, red)) else "failed job"
        warnings += [_not_whole(one) for one in due if one.missing]
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {names}",
            sentence=f"Re-run {counted(len(red), kind)} of {names}, and what depends on"
            f" {'it' if len(red) == 1 else 'them'}.",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(RerunStep(self._backends, again) for again in agains),
            sections=(*map(_section, due), _TERMS),
            blockers=(*blockers, *(self._rights() if due else ())),
            warnings=tuple(warnings),
        )


class RerunJob(_Rerunning):
    """Plans to run one job again, by its number, its page, or its `workflow / name`."""

    name = RERUN_JOB

    def __init__(
        self, backends: Backends, repository: Repository, job: str, candidate: str | None = None
    ) -> None:
        super().__init__(backends, repository)
        self._job = job
        self._candidate = candidate

    def plan(self) -> Plan:
        """Find the job in its run's newest attempt, and say what runs again with it."""
        repository, meant = self._repository, self._meant()
        run = existing_run(self._backends, repository, meant.run_id)
        due = self._due(run, asked_reruns(self._backends.ledger.read(), repository.name))
        found = [job for job in due.jobs if job.name == meant.name]
        chosen = next((job for job in found if job.id == meant.id), found[0] if found else None)
        blockers = [reason] if (reason := self._why_not(due)) else []
        if chosen is None:
            blockers.append(f"attempt {due.attempt} of run {run.id} has no job {meant.name}")
            chosen = meant
        elif len(found) > 1 and chosen.id != meant.id:
            numbers = " and ".join(str(job.id) for job in found)
            blockers.append(f"{len(found)} jobs are called {meant.name}: name one, {numbers}")
        again = Again(repository, run.id, run.workflow, due.attempt, chosen.id, chosen.name)
        return Plan(
            operation=self.name,
            subject=f"{repository.name} {job_title(chosen)}",
            sentence=f"Re-run {configuration(chosen)} of {run.workflow}, and what depends on it.",
            danger=Danger.REMOTE,
            target=chosen.name,
            steps=(RerunStep(self._backends, again),),
            sections=(_again_with(chosen, due), _TERMS),
            blockers=(*blockers, *self._rights()),
            warnings=(_not_whole(due),) if due.missing else (),
        )

    def _meant(self) -> Job:
        number = job_number(self._job)
        if number is not None:
            job = self._backends.github.job(self._repository, number)
            if job is None:
                raise CockpitError(
                    f"{self._repository.name} has no job {number}",
                    "it was deleted, or never was",
                    "copy the job's address from its page, or name it: “workflow / job”",
                )
            return job
        candidate, answer = builds_of(self._backends, self._repository, self._candidate)
        found = named_jobs(answer.value, self._job)
        if len(found) == 1:
            return found[0]
        names = "; ".join(f"{job_title(job)} ({job.id})" for job in found)
        raise ConfigError(
            f"{self._job!r} names {len(found) or 'no'} jobs of {candidate.tag.name}",
            names or f"there are {len(answer.value.jobs)}, called “workflow / job”",
            "name one of them, or give its number",
        )


def _not_whole(due: _Due) -> str:
    return f"the jobs of {due.run.workflow} could not be read whole: {due.missing}"


def _nothing_red(due: _Due) -> str:
    if due.red:
        return ""
    if due.run.state is JobState.FAILED:
        how = due.run.conclusion or "failed"
        return f"{due.run.workflow} ended as {how} without a failed job: re-run all of it on GitHub"
    return f"no job of {due.run.workflow} has failed"


def _cancelled(job: Job) -> bool:
    return job.conclusion == "cancelled"


def _section(due: _Due) -> Section:
    title = f"{due.run.workflow}, attempt {due.attempt} → {due.attempt + 1}"
    return Section(title, tuple(map(told, due.red)))


def _again_with(job: Job, due: _Due) -> Section:
    following = dependents(job, due.jobs)
    if following is None:
        lines: tuple[str, ...] = ("its name does not tell which; its workflow's file does",)
    elif not following:
        lines = ("none that has been listed",)
    else:
        lines = tuple(map(told, following))
    return Section("Jobs that depend on it and run again too", lines)
