"""What became of a candidate's builds before the world began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import Outcome, ends_at, rerun, start_run
from cockpit.rehearsal.model import Forge, Repository, Run, Workflow
from cockpit.rehearsal.people import ADA

_AGAIN_AFTER = timedelta(minutes=20)
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


CANDIDATE_1 = (
    Mishap("linux-binary-manywheel", "rocm", "-test", ("failure", "failure")),
    Mishap("linux-binary-manywheel", "cuda13_0", "-test / test", ("failure", "success")),
    Mishap("linux-binary-manywheel", "xpu", "-test", ("cancelled", "success")),
    Mishap("windows-binary-wheel", "cuda13_0", "-upload / upload", ("failure",)),
    Mishap("linux-aarch64-binary-manywheel", "cuda-aarch64-13_0", "-test / test", ("failure",)),
    Mishap("Build Triton wheels", "cuda", "manylinux_2_28_x86_64)", ("failure",), by_hand=True),
)
"""rc1: red twice, flaky, cancelled and then green, red for good; of those the test on ARM does not
stop its upload. Triton's wheels came from a second run."""


def build_candidate(
    forge: Forge,
    repository: Repository,
    tag: str,
    sha: str,
    at: datetime,
    mishaps: Iterable[Mishap],
) -> None:
    """Run every workflow of a candidate's tag, with nothing but these mishaps."""
    for workflow in repository.workflows.values():
        if workflow.on_candidate_tag:
            own = [mishap for mishap in mishaps if mishap.workflow == workflow.name]
            _build(forge, repository, workflow, tag, sha, at, own)


def _build(
    forge: Forge,
    repository: Repository,
    workflow: Workflow,
    tag: str,
    sha: str,
    at: datetime,
    mishaps: list[Mishap],
) -> None:
    found = {name: mishap for mishap in mishaps for name in _job(workflow, mishap)}

    def run_now(event_at: datetime, outcomes: Mapping[str, Outcome], *, by_hand: bool) -> Run:
        return start_run(
            forge,
            repository,
            workflow,
            event="workflow_dispatch" if by_hand else "push",
            ref=tag,
            sha=sha,
            actor=ADA.login,
            at=event_at,
            outcomes=outcomes,
        )

    run = run_now(at, {name: mishap.ends[0] for name, mishap in found.items()}, by_hand=False)
    for attempt in range(1, max((len(mishap.ends) for mishap in found.values()), default=0)):
        outcomes = {
            name: mishap.ends[min(attempt, len(mishap.ends) - 1)] for name, mishap in found.items()
        }
        again_at = ends_at(run) + _AGAIN_AFTER
        rerun(forge, repository, run, failed_only=True, at=again_at, outcomes=outcomes)
    if any(mishap.by_hand for mishap in found.values()):
        run_now(ends_at(run) + _BY_HAND_AFTER, {}, by_hand=True)


def _job(workflow: Workflow, mishap: Mishap) -> list[str]:
    """The job of the second Python version, or of the only one, with this kind of name."""
    ending_so = [job.name for job in workflow.jobs if job.name.endswith(mishap.ending)]
    names = [name for name in ending_so if mishap.part in name] or ending_so
    return names[1:2] or names
