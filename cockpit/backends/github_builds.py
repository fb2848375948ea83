"""GitHub's builds: the runs, jobs and logs of a candidate, and what else is said of a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlencode

import msgspec

from cockpit.backends.github_errors import Gone, NotFound
from cockpit.backends.github_http import Transport, list_kind
from cockpit.backends.github_kinds import JOBS, RUN, RUNS, path_of, run_path, sentence, workflow_of
from cockpit.backends.github_records import (
    CheckRunPage,
    CheckRunRecord,
    CheckSuitePage,
    JobRecord,
    RunRecord,
    StatusPage,
    StatusRecord,
    StepRecord,
)
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError
from cockpit.release.attempts import merge_attempts
from cockpit.release.candidates import Candidate
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import (
    CandidateBuilds,
    Check,
    Checks,
    Job,
    JobState,
    Run,
    Step,
    state_of,
)
from cockpit.release.repos import Repository

_SUITES = list_kind(
    "check suites", CheckSuitePage, lambda page: (page.check_suites, page.total_count)
)
_CHECK_RUNS = list_kind(
    "check runs", CheckRunPage, lambda page: (page.check_runs, page.total_count)
)
_STATUSES = list_kind("statuses", StatusPage, lambda page: (page.statuses, page.total_count))

_JOB = msgspec.json.Decoder(JobRecord)
_LONGEST_LINE = 4_096
"""Characters of a log's line that anybody reads."""
_ACTIONS = "github-actions"
_STATUS_STATES = {
    "success": JobState.PASSED,
    "failure": JobState.FAILED,
    "error": JobState.FAILED,
    "pending": JobState.RUNNING,
}
_PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target")
"""They build a merge with another branch, not the branch itself."""


class GithubBuilds:
    """The part of the adapter that reads what ran for a commit."""

    _transport: Transport
    _web: str

    def candidate_builds(
        self, repository: Repository, candidate: Candidate
    ) -> Answer[CandidateBuilds]:
        """Every job that ran on the candidate's tag and SHA, all attempts merged."""
        tag = candidate.tag.name
        runs = self._transport.read_list(
            path_of(repository, "actions/runs", head_sha=candidate.commit_sha), RUNS
        )
        started = sorted(started_on(runs.rows, tag, candidate.commit_sha), key=lambda run: run.id)
        jobs, cut_short, silent = self._jobs(repository, started)
        missing = [runs.missing, *cut_short, *silent]
        if not started:
            missing.append(f"GitHub has not started any workflow for {tag} yet")
        query = urlencode({"query": f"branch:{tag}"})
        listed = tuple(_run(run) for run in started)
        return Answer(
            CandidateBuilds(
                candidate,
                merge_attempts(jobs, listed),
                runs=listed,
                repository=repository.name,
                cut_short=bool(runs.missing or cut_short),
            ),
            f"{self._web}/{repository.name}/actions?{query}",
            sentence(missing),
        )

    def _jobs(
        self, repository: Repository, started: Sequence[RunRecord]
    ) -> tuple[list[Job], list[str], list[str]]:
        """The jobs of all attempts of runs, which listings were short, and which runs have none."""
        listings = self._transport.read_lists(
            [path_of(repository, f"actions/runs/{run.id}/jobs", filter="all") for run in started],
            JOBS,
        )
        jobs: list[Job] = []
        cut_short: list[str] = []
        silent: dict[str, str] = {}
        for run, listing in zip(started, listings, strict=True):
            name = workflow_of(run)
            jobs += [_job(record, name) for record in listing.rows]
            if listing.missing:
                cut_short.append(f"{listing.missing} of {name}")
            elif not listing.rows:
                silent[name] = run.conclusion or run.status or "unknown"
        heard = {job.workflow for job in jobs}
        unheard = [
            f"{name} has no jobs: {end}" for name, end in silent.items() if name not in heard
        ]
        return jobs, cut_short, unheard

    def run(self, repository: Repository, run_id: int) -> Run | None:
        """A run in its newest attempt; None when there is none of this number."""
        try:
            record = self._transport.read(run_path(repository, run_id), RUN.decode)
        except NotFound:
            return None
        return _run(record)

    def run_jobs(self, repository: Repository, run: Run) -> Answer[tuple[Job, ...]]:
        """The jobs of all attempts of a run, each as GitHub lists it."""
        listing = self._transport.read_list(
            path_of(repository, f"actions/runs/{run.id}/jobs", filter="all"), JOBS
        )
        jobs = tuple(_job(record, run.workflow) for record in listing.rows)
        return Answer(jobs, run.url, listing.missing)

    def job(self, repository: Repository, job_id: int) -> Job | None:
        """A job of any attempt; None when there is none of this number."""
        path = f"/repos/{repository.name}/actions/jobs/{job_id}"
        try:
            record = self._transport.read(path, _JOB.decode)
        except NotFound:
            return None
        return _job(record, clean(record.workflow_name or ""))

    def foreign_checks(self, repository: Repository, sha: str) -> Answer[Checks]:
        """The newest check runs and statuses of a commit that are not jobs of Actions."""
        return read_foreign_checks(self._transport, self._web, repository, sha)

    def job_steps(self, repository: Repository, job_id: int) -> tuple[Step, ...]:
        """The steps of a job, in their order; none before it has started."""
        path = f"/repos/{repository.name}/actions/jobs/{job_id}"
        return tuple(_step(step) for step in self._transport.read(path, _JOB.decode).steps)

    def job_log(self, repository: Repository, job_id: int) -> JobLog:
        """The end of a job's log, a few megabytes of it at most."""
        path = f"/repos/{repository.name}/actions/jobs/{job_id}/logs"
        try:
            end = self._transport.end_behind(path)
        except Gone as err:
            raise CockpitError(
                "The log has expired",
                f"GitHub no longer keeps the log of job {job_id}",
                "re-run the job to get a new one",
            ) from err
        except NotFound as err:
            raise CockpitError(
                "There is no log yet",
                f"GitHub writes the log of job {job_id} when the job has ended",
                "refresh (r) when it has",
            ) from err
        text = end.body.decode("utf-8", "replace").removeprefix("\ufeff").removesuffix("\n")
        lines = text.split("\n") if text else []
        # The end of a log seldom begins with a line.
        return JobLog(
            lines=tuple(
                mask(clean(line[:_LONGEST_LINE])) for line in lines[0 if end.whole else 1 :]
            ),
            size=end.size,
            whole=end.whole,
            cut=end.cut,
        )


def read_foreign_checks(
    transport: Transport, web: str, repository: Repository, sha: str
) -> Answer[Checks]:
    """The newest check runs and statuses of a commit that are not jobs of Actions.

    Every job is a check run too. Asking by suite leaves the hundreds of them out.
    """
    suites = transport.read_list(path_of(repository, f"commits/{sha}/check-suites"), _SUITES)
    foreign = [
        suite
        for suite in suites.rows
        if suite.latest_check_runs_count and not (suite.app and suite.app.slug == _ACTIONS)
    ]
    runs = transport.read_lists(
        [
            path_of(repository, f"check-suites/{suite.id}/check-runs", filter="latest")
            for suite in foreign
        ],
        _CHECK_RUNS,
    )
    statuses = transport.read_list(path_of(repository, f"commits/{sha}/status"), _STATUSES)
    checks = [_check(record) for listing in runs for record in listing.rows]
    checks += [_status(record) for record in statuses.rows]
    missing = [suites.missing, *(listing.missing for listing in runs), statuses.missing]
    return Answer(
        Checks(sha, tuple(checks)),
        f"{web}/{repository.name}/commits/{sha}",
        sentence(missing),
    )


def started_on(runs: Iterable[RunRecord], ref: str, sha: str) -> Iterator[RunRecord]:
    """Those of the runs that build a commit of a branch or tag itself."""
    return (
        run
        for run in runs
        if (run.head_sha, run.head_branch) == (sha, ref) and run.event not in _PULL_REQUEST_EVENTS
    )


def _run(record: RunRecord) -> Run:
    return Run(
        id=record.id,
        workflow=workflow_of(record),
        attempt=record.run_attempt,
        state=state_of(record.status, record.conclusion),
        conclusion=record.conclusion,
        ended=record.status == "completed",
        event=clean(record.event),
        created_at=record.created_at,
        url=record.html_url,
    )


def _job(record: JobRecord, workflow: str) -> Job:
    state = state_of(record.status, record.conclusion)
    failed = next((s.name for s in record.steps if s.conclusion in ("failure", "timed_out")), None)
    return Job(
        id=record.id,
        run_id=record.run_id,
        workflow=workflow,
        name=clean(record.name),
        attempt=record.run_attempt,
        state=state,
        conclusion=record.conclusion,
        created_at=record.created_at,
        # GitHub fills in the creation time of jobs that nothing has started yet.
        started_at=None if state is JobState.QUEUED else record.started_at,
        completed_at=record.completed_at,
        url=record.html_url or "",
        failed_step=clean(failed) if failed else None,
    )


def _step(record: StepRecord) -> Step:
    return Step(
        number=record.number,
        name=clean(record.name),
        state=state_of(record.status, record.conclusion),
        conclusion=record.conclusion,
        started_at=record.started_at,
        completed_at=record.completed_at,
    )


def _check(record: CheckRunRecord) -> Check:
    return Check(
        id=f"check/{record.id}",
        app=clean(record.app.name) if record.app else "",
        name=clean(record.name),
        state=state_of(record.status, record.conclusion),
        conclusion=record.conclusion,
        updated_at=record.completed_at or record.started_at,
        url=record.html_url or "",
    )


def _status(record: StatusRecord) -> Check:
    return Check(
        id=f"status/{clean(record.context)}",
        app="status",
        name=clean(record.context),
        state=_STATUS_STATES.get(record.state, JobState.UNKNOWN),
        conclusion=None,
        updated_at=record.updated_at,
        url=record.target_url or "",
    )
