"""Whether builds can be acted on in a situation: re-run, cancelled, started."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cockpit.actions.guards.branches import meant_repository
from cockpit.actions.situation import Availability, Disabled, Enabled, Scope, Situation
from cockpit.release.jobs import CandidateBuilds, Job, Run
from cockpit.release.lookups import is_red
from cockpit.release.reruns import job_title, out_of_reach, red_runs, still_going
from cockpit.views.build_subject import build_repositories, build_subject, jobs_by_key


class MeantJob(msgspec.Struct, frozen=True):
    """The job of the selected row, with what ran for its candidate."""

    builds: CandidateBuilds
    job: Job

    @property
    def run(self) -> Run | None:
        """The run it belongs to."""
        return self.builds.run_of(self.job)


def meant_job(situation: Situation) -> MeantJob | None:
    """The selected job; None where no job is selected, or one that has never started."""
    selection = situation.selection
    if selection is None or Scope.BUILDS not in situation.scopes:
        return None
    known = list(_known_builds(situation))
    for builds in known:
        for job in builds.jobs:
            # Two jobs of one name, which GitHub allows, are told apart by their pages.
            if selection.url and job.url == selection.url:
                return MeantJob(builds, job)
    for builds in known:
        for job in builds.jobs:
            if selection.key == job_title(job):
                return MeantJob(builds, job)
    return None


def of_run(situation: Situation) -> dict[str, str]:
    """The selected job's run; nothing for all of the candidate's."""
    meant = meant_job(situation)
    return {} if meant is None else {"run": str(meant.job.run_id), **_repository(situation, meant)}


def of_job(situation: Situation) -> dict[str, str]:
    """The selected job."""
    meant = meant_job(situation)
    return {} if meant is None else {"job": str(meant.job.id), **_repository(situation, meant)}


def can_rerun_failed(situation: Situation) -> Availability:
    builds = situation.state.builds.value
    if builds is None or builds.candidate is None:
        return Disabled("no builds of a candidate have been read yet")
    meant = meant_job(situation)
    if meant is not None:
        if not any(is_red(job) for job in meant.builds.jobs if job.run_id == meant.job.run_id):
            return Disabled(f"no job of {meant.job.workflow} has failed")
        return _again(situation, meant)
    if _on_builds(situation):
        return Disabled("no job is selected, or one that never started")
    red = red_runs(builds)
    if not red:
        return Disabled("no job has failed")
    if not any(found.run.ended for found in red):
        return Disabled(still_going(red[0].run))
    return Enabled()


def can_rerun_job(situation: Situation) -> Availability:
    meant = meant_job(situation)
    if meant is None:
        return Disabled("no job is selected, or one that never started")
    return _again(situation, meant)


def can_cancel(situation: Situation) -> Availability:
    meant = meant_job(situation)
    if meant is None:
        return Disabled("no job is selected, or one that never started")
    run = meant.run
    if run is None:
        return Disabled("its run is not known")
    return Disabled(f"{run.workflow} has ended") if run.ended else Enabled()


def can_dispatch(situation: Situation) -> Availability:
    if not situation.state.spec.workflows:
        return Disabled("the config lists no [[workflows]]")
    return Enabled()


def _again(situation: Situation, meant: MeantJob) -> Availability:
    run = meant.run
    if run is None:
        return Disabled("its run is not known")
    reason = still_going(run) or out_of_reach(run, situation.state.now)
    return Disabled(reason) if reason else Enabled()


def _on_builds(situation: Situation) -> bool:
    """Whether something of the builds is selected, be it a job or not."""
    return situation.selection is not None and Scope.BUILDS in situation.scopes


def _known_builds(situation: Situation) -> Iterator[CandidateBuilds]:
    state = situation.state
    if state.builds.value is not None:
        yield state.builds.value
    if state.libraries.value is not None:
        yield from state.libraries.value.libraries


def _repository(situation: Situation, meant: MeantJob) -> dict[str, str]:
    """`--repository` for another one than the core."""
    name = meant.builds.repository
    return {} if name in ("", situation.state.spec.core.name) else {"repository": name}


def has_builds(situation: Situation) -> Availability:
    repository = meant_repository(situation)
    if repository.name in build_repositories(situation.state):
        return Enabled()
    return Disabled(f"no builds of {repository.short_name} have been read")


def has_files(situation: Situation) -> Availability:
    artifacts = situation.state.artifacts.value
    if artifacts is None:
        return Disabled("the channels have not been read yet")
    staged = artifacts.staged()
    if not staged:
        return Disabled("the test channel holds nothing of this release")
    if all(file.contents is not None for file in staged):
        return Disabled("every file of the test channel has been looked into")
    return Enabled()


def has_log(situation: Situation) -> Availability:
    job = selected_job(situation)
    if job is None:
        return Disabled("no job is selected")
    if not job.state.finished:
        return Disabled("GitHub writes the log of a job when it has ended")
    return Enabled()


def selected_job(situation: Situation) -> Job | None:
    """The job under the cursor; of a cell the one that needs somebody most."""
    selection = situation.selection
    if selection is None or selection.pane != "builds":
        return None
    subject = build_subject(situation.state, selection.repository)
    return jobs_by_key(subject.builds).get(selection.key)
