"""What became of the builds of candidates before the world began."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import ends_at, rerun, review, start_run
from cockpit.rehearsal.history import CoreHistory
from cockpit.rehearsal.model import Forge, Repository, Run, Workflow
from cockpit.rehearsal.people import ADA
from cockpit.rehearsal.planning import Outcome, drawn_outcomes

_AGAIN_AFTER = timedelta(minutes=20)
_REVIEWED_AFTER = timedelta(minutes=40)
_BY_HAND_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Mishap:
    """A job that did not go well, found by its workflow and by parts of its name."""

    workflow: str
    part: str
    ending: str
    ends: tuple[Outcome, ...]
    """How it ended in each attempt; its run was run again where there are several."""
    by_hand: bool = False
    """Whether the workflow was dispatched on the tag afterwards, and all went well."""


@dataclass(frozen=True, slots=True)
class CandidateStory:
    """What did not go well with a candidate."""

    mishaps: tuple[Mishap, ...] = ()
    by_chance: bool = False
    """Whether other jobs failed too, and what failed was run again."""
    broken: tuple[str, ...] = ()
    """Workflows whose file GitHub could not read: their runs have no jobs."""
    unreviewed: bool = False
    """Whether nobody has let the jobs start yet that wait for reviewers."""
    absent: tuple[str, ...] = ()
    """Workflows that were disabled when the tag was pushed: they have no run."""


CANDIDATE_1 = CandidateStory(
    (
        Mishap("linux-binary-manywheel", "rocm", "-test", ("failure", "failure")),
        Mishap("linux-binary-manywheel", "cuda13_0", "-test / test", ("failure", "success")),
        Mishap("linux-binary-manywheel", "test (", ", cu130)", ("failure", "success")),
        Mishap("linux-binary-manywheel", "xpu", "-test", ("cancelled", "success")),
        Mishap("windows-binary-wheel", "cuda13_0", "-upload / upload", ("failure",)),
        Mishap("linux-aarch64-binary-manywheel", "cuda-aarch64-13_0", "-test / test", ("failure",)),
        Mishap("Build Triton wheels", "cuda", "manylinux_2_28_x86_64)", ("failure",), by_hand=True),
    )
)
"""rc1: red twice, flaky, cancelled and then green, red for good; of those the test on ARM does not
stop its upload. Triton's wheels came from a second run."""

_NEWEST = CandidateStory(by_chance=True, broken=("linux-s390x-binary-manywheel",), unreviewed=True)
_LAST_BUT_ONE = CandidateStory(
    (
        Mishap("linux-binary-manywheel", "xpu", "-test", ("stuck",)),
        Mishap("Build Triton wheels", "xpu", "win_amd64)", ("cancelled", "success")),
    ),
    by_chance=True,
    absent=("Build Official Docker Images",),
)


_FINAL = CandidateStory(
    (
        Mishap("linux-binary-manywheel", "cuda13_0", "-test / test", ("failure", "success")),
        Mishap("linux-binary-manywheel", "test (", ", cu130)", ("failure", "success")),
    )
)
"""The final candidate: all green, one test in its second attempt."""


def build_later(forge: Forge, repository: Repository, history: CoreHistory) -> None:
    """Run the candidates after rc1.

    Unless the newest is the final one, the newest two have not ended, and lack something each.
    """
    newest = [_FINAL] if history.plan.is_final else [_LAST_BUT_ONE, _NEWEST]
    older = [CandidateStory(by_chance=True)] * (len(history.later) - len(newest))
    stories = [*older, *newest][-len(history.later) :] if history.later else []
    times = history.plan.candidates[1:]
    for (tag, sha), at, told in zip(history.later.items(), times, stories, strict=True):
        build_candidate(forge, repository, tag, sha, at, told)


def build_candidate(
    forge: Forge, repository: Repository, tag: str, sha: str, at: datetime, told: CandidateStory
) -> None:
    """Run every workflow of a candidate's tag as it is told."""
    for workflow in repository.workflows.values():
        if workflow.on_candidate_tag and workflow.name not in told.absent:
            _Builder(forge, repository, workflow, tag, sha, told).build(at)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Runs one workflow of one candidate."""

    forge: Forge
    repository: Repository
    workflow: Workflow
    tag: str
    sha: str
    told: CandidateStory

    def build(self, at: datetime) -> None:
        first, *further = self._attempts()
        run = self._start(at, first)
        if self.workflow.name in self.told.broken:
            run.jobs.clear()
            return
        if not self.told.unreviewed:
            self._review(run, at + _REVIEWED_AFTER)
        for outcomes in further:
            self._again(run, outcomes)
        if (
            self.told.by_chance
            and not further
            and any(job.conclusion == "failure" for job in run.jobs)
        ):
            self._again(run, None)
        if any(mishap.by_hand for mishap in self._mishaps()):
            self._start(ends_at(run) + _BY_HAND_AFTER, {}, by_hand=True)

    def _start(self, at: datetime, outcomes: dict[str, Outcome], *, by_hand: bool = False) -> Run:
        return start_run(
            self.forge,
            self.repository,
            self.workflow,
            event="workflow_dispatch" if by_hand else "push",
            ref=self.tag,
            sha=self.sha,
            actor=ADA.login,
            at=at,
            outcomes=outcomes,
        )

    def _review(self, run: Run, at: datetime) -> None:
        waiting = {job.environment for job in self.workflow.jobs if job.environment}
        if waiting:
            review(self.forge, self.repository, run, waiting, approved=True, at=at)

    def _again(self, run: Run, outcomes: dict[str, Outcome] | None) -> None:
        """Run again what failed, unless that has not happened yet."""
        at = ends_at(run) + _AGAIN_AFTER
        if at < self.forge.clock.epoch:
            rerun(self.forge, self.repository, run, failed_only=True, at=at, outcomes=outcomes)

    def _attempts(self) -> Iterator[dict[str, Outcome]]:
        """How jobs end in each attempt; those left out end well."""
        found = {name: mishap for mishap in self._mishaps() for name in self._job(mishap)}
        chance = random.Random(f"{self.forge.seed} {self.tag} {self.workflow.path}")
        drawn = drawn_outcomes(self.workflow, chance) if self.told.by_chance else {}
        tries = max((len(mishap.ends) for mishap in found.values()), default=1)
        for at in range(tries):
            ends = {name: m.ends[min(at, len(m.ends) - 1)] for name, m in found.items()}
            yield {**(drawn if at == 0 else {}), **ends}

    def _mishaps(self) -> list[Mishap]:
        return [mishap for mishap in self.told.mishaps if mishap.workflow == self.workflow.name]

    def _job(self, mishap: Mishap) -> list[str]:
        """The job of the second Python version, or of the only one, with this kind of name."""
        ending_so = [j.name for j in self.workflow.jobs if j.name.endswith(mishap.ending)]
        names = [name for name in ending_so if mishap.part in name] or ending_so
        return names[1:2] or names
