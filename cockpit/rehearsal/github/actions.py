"""Workflows, their runs and jobs; dispatching, re-running and cancelling them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import flask
import msgspec

from cockpit.rehearsal import builds
from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.call import locked, this_call
from cockpit.rehearsal.github.http import (
    ApiError,
    answer,
    no_content,
    not_found,
    page_of,
    query,
    read_body,
)
from cockpit.rehearsal.github.moments import within
from cockpit.rehearsal.github.progress import run_progress
from cockpit.rehearsal.github.serialise_actions import (
    deployment_body,
    environment_id,
    job_body,
    pending_deployment_body,
    run_body,
    workflow_body,
)
from cockpit.rehearsal.model import DispatchInput, Job, Repository, Run, Workflow

routes = flask.Blueprint("actions", __name__)

_MOST_INPUTS = 25
_DETAILS_SINCE = "2026-03-10"
"""API version from which a dispatch answers with the run it started."""

InputValue = str | bool | int | float | None


class Dispatch(msgspec.Struct):
    """What a workflow is dispatched with."""

    ref: str
    inputs: dict[str, InputValue] = msgspec.field(default_factory=dict)
    return_run_details: bool = False


class DeploymentReview(msgspec.Struct):
    """What the reviewers of environments say."""

    environment_ids: list[int]
    state: Literal["approved", "rejected"]
    comment: str


@dataclass(frozen=True, slots=True)
class RunFilters:
    """Which runs a list asks for; empty text asks for nothing special."""

    branch: str
    event: str
    head_sha: str
    actor: str
    created: str
    status: str
    """A status or a conclusion."""

    def fit(self, run: Run, now: datetime) -> bool:
        """Whether a run is asked for."""
        if self.status:
            progress = run_progress(run, run.attempt, now)
            if self.status not in (progress.status, progress.conclusion):
                return False
        return (
            self.branch in ("", run.head_branch)
            and self.event in ("", run.event)
            and self.head_sha in ("", run.head_sha)
            and self.actor in ("", run.actor)
            and (not self.created or within(run.created_at, self.created))
        )


_UNFILTERED = RunFilters("", "", "", "", "", "")
_MOST_FILTERED = 1000
"""How many runs a filtered list gives, whatever its total_count says."""


@routes.before_request
def notice_pushes() -> None:
    """Whatever was pushed since the last look has started its runs by now."""
    repository = (flask.request.view_args or {}).get("repository")
    if isinstance(repository, Repository):
        builds.notice_pushes(this_call().forge, repository)
        # What has just been started is there for the one who asks.
        this_call().now = this_call().forge.clock.now()


@routes.get("/repos/<owner>/<name>/actions/workflows")
@locked
def workflows(repository: Repository) -> flask.Response:
    """All workflows."""
    found = list(repository.workflows.values())
    shown = [workflow_body(this_call(), repository, workflow) for workflow in page_of(found)]
    return answer({"total_count": len(found), "workflows": shown})


@routes.get("/repos/<owner>/<name>/actions/workflows/<key>")
@locked
def workflow(repository: Repository, key: str) -> flask.Response:
    """A workflow by its id or its file's name."""
    return answer(workflow_body(this_call(), repository, _workflow(repository, key)))


@routes.get("/repos/<owner>/<name>/actions/workflows/<key>/runs")
def workflow_runs(repository: Repository, key: str) -> flask.Response:
    """The runs of a workflow, newest first."""
    with this_call().forge.lock:
        only = _workflow(repository, key).id
        found = [run for run in _known(repository) if run.workflow == only]
    return _runs(repository, found)


@routes.get("/repos/<owner>/<name>/actions/runs")
def runs(repository: Repository) -> flask.Response:
    """All runs, newest first."""
    with this_call().forge.lock:
        found = _known(repository)
    return _runs(repository, found)


@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>", defaults={"attempt": 0})
@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/attempts/<int:attempt>")
def run(repository: Repository, number: int, attempt: int) -> flask.Response:
    """A run, as its newest or an earlier attempt left it."""
    call = this_call()
    found = run_or_404(repository, number)
    heads = _heads(repository, [found])
    with call.forge.lock:
        if attempt > found.attempt:
            raise not_found()
        return answer(run_body(call, repository, found, heads, attempt or None))


@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/jobs")
@locked
def jobs(repository: Repository, number: int) -> flask.Response:
    """The jobs of a run's newest attempt, or of all with `filter=all`."""
    found = run_or_404(repository, number)
    attempts = range(1, found.attempt + 1) if query("filter") == "all" else [found.attempt]
    return _jobs(repository, found, attempts)


@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/attempts/<int:attempt>/jobs")
@locked
def attempt_jobs(repository: Repository, number: int, attempt: int) -> flask.Response:
    """The jobs of one attempt."""
    found = run_or_404(repository, number)
    if not 0 < attempt <= found.attempt:
        raise not_found()
    return _jobs(repository, found, [attempt])


@routes.get("/repos/<owner>/<name>/actions/jobs/<int:number>")
@locked
def job(repository: Repository, number: int) -> flask.Response:
    """One job."""
    return answer(job_body(this_call(), repository, *job_or_404(repository, number)))


@routes.get("/repos/<owner>/<name>/actions/artifacts", defaults={"number": None})
@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/artifacts")
@locked
def artifacts(repository: Repository, number: int | None) -> flask.Response:
    """Artifacts: the world's builds upload to the object store, so there are none."""
    if number is not None:
        run_or_404(repository, number)
    return answer({"total_count": 0, "artifacts": page_of([])})


@routes.post("/repos/<owner>/<name>/actions/workflows/<key>/dispatches")
def dispatch(repository: Repository, key: str) -> flask.Response:
    """Start a workflow by hand, with inputs that its definition accepts."""
    call = this_call()
    actor = call.require("write")
    wanted = read_body(Dispatch)
    sha = gitdata.resolve(repository.git_dir, wanted.ref)
    with call.forge.lock:
        chosen = _workflow(repository, key)
        if reason := _why_not(chosen, wanted, sha):
            raise ApiError(422, reason)
        started = builds.start_run(
            call.forge,
            repository,
            chosen,
            event="workflow_dispatch",
            ref=wanted.ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
            sha=sha or "",
            actor=actor,
            at=call.forge.clock.now() + call.forge.runs_appear_after,
            inputs={name: _text_of(value) for name, value in wanted.inputs.items()},
        )
    version = flask.request.headers.get("X-GitHub-Api-Version", "")
    if not wanted.return_run_details and version < _DETAILS_SINCE:
        return no_content()
    body = run_body(call, repository, started, {})
    return answer(
        {"workflow_run_id": started.id, "run_url": body["url"], "html_url": body["html_url"]}
    )


@routes.post("/repos/<owner>/<name>/actions/runs/<int:number>/rerun")
@locked
def rerun(repository: Repository, number: int) -> flask.Response:
    """Run everything again."""
    return _again(repository, run_or_404(repository, number), failed_only=False)


@routes.post("/repos/<owner>/<name>/actions/runs/<int:number>/rerun-failed-jobs")
@locked
def rerun_failed(repository: Repository, number: int) -> flask.Response:
    """Run again what failed and what depends on it."""
    return _again(repository, run_or_404(repository, number), failed_only=True)


@routes.post("/repos/<owner>/<name>/actions/jobs/<int:number>/rerun")
@locked
def rerun_job(repository: Repository, number: int) -> flask.Response:
    """Run one job again and what depends on it."""
    found, chosen = job_or_404(repository, number)
    return _again(repository, found, failed_only=False, job_id=chosen.id)


@routes.post("/repos/<owner>/<name>/actions/runs/<int:number>/cancel")
@locked
def cancel(repository: Repository, number: int) -> flask.Response:
    """Stop what still waits or runs."""
    call = this_call()
    call.require("write")
    found = run_or_404(repository, number)
    if run_progress(found, found.attempt, call.now).status == "completed":
        raise ApiError(409, "Cannot cancel a workflow run that is completed.")
    builds.cancel(call.forge, repository, found)
    return answer({}, 202)


@routes.delete("/repos/<owner>/<name>/actions/runs/<int:number>")
@locked
def delete(repository: Repository, number: int) -> flask.Response:
    """Take a completed run away, with its jobs and logs."""
    call = this_call()
    call.require("write")
    found = run_or_404(repository, number)
    if run_progress(found, found.attempt, call.now).status != "completed":
        raise ApiError(403, "Cannot delete a workflow run that is in progress.")
    builds.delete_run(call.forge, repository, found.id)
    return no_content()


@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/pending_deployments")
@locked
def pending(repository: Repository, number: int) -> flask.Response:
    """The environments whose reviewers a run waits for."""
    call = this_call()
    waiting = _waiting(run_or_404(repository, number), call.now)
    return answer([pending_deployment_body(call, repository, name) for name in waiting])


@routes.post("/repos/<owner>/<name>/actions/runs/<int:number>/pending_deployments")
@locked
def review(repository: Repository, number: int) -> flask.Response:
    """Let jobs start that wait for reviewers, or have them fail."""
    call = this_call()
    call.require("admin")
    wanted = read_body(DeploymentReview)
    run = run_or_404(repository, number)
    waiting = {environment_id(name): name for name in _waiting(run, call.now)}
    if unknown := set(wanted.environment_ids) - waiting.keys():
        raise ApiError(422, f"No pending deployment requests to approve or reject: {unknown}")
    names = [waiting[one] for one in wanted.environment_ids]
    builds.review(call.forge, repository, run, names, approved=wanted.state == "approved")
    return answer([deployment_body(call, repository, run, name) for name in names])


def run_or_404(repository: Repository, number: int) -> Run:
    """The run with this id."""
    found = repository.runs.get(number)
    if found is None or found.created_at > this_call().now:
        raise not_found()
    return found


def job_or_404(repository: Repository, number: int) -> tuple[Run, Job]:
    """The job with this id, and its run; jobs that still wait for others are not there yet."""
    now = this_call().now
    for found in repository.runs.values():
        for one in found.jobs:
            if one.id == number and one.created_at <= now:
                return found, one
    raise not_found()


def _waiting(run: Run, now: datetime) -> list[str]:
    jobs = builds.visible_jobs(run, run.attempt, now)
    return sorted({job.environment for job in jobs if job.status(now) == "waiting"})


def _known(repository: Repository) -> list[Run]:
    return builds.known_runs(repository, this_call().now)


def _workflow(repository: Repository, key: str) -> Workflow:
    for found in repository.workflows.values():
        if key in (str(found.id), found.path.rpartition("/")[2], found.path):
            return found
    raise not_found()


def _runs(repository: Repository, runs: Sequence[Run]) -> flask.Response:
    call = this_call()
    wanted = RunFilters(
        branch=query("branch"),
        event=query("event"),
        head_sha=query("head_sha"),
        actor=query("actor"),
        created=query("created"),
        status=query("status"),
    )
    with call.forge.lock:
        found = [run for run in runs if wanted.fit(run, call.now)]
    found.sort(key=lambda run: (run.created_at, run.id), reverse=True)
    shown = page_of(found[:_MOST_FILTERED] if wanted != _UNFILTERED else found)
    heads = _heads(repository, shown)
    with call.forge.lock:
        bodies = [run_body(call, repository, run, heads) for run in shown]
    return answer({"total_count": len(found), "workflow_runs": bodies})


def _heads(repository: Repository, runs: Iterable[Run]) -> dict[str, gitdata.Commit]:
    shas = dict.fromkeys(run.head_sha for run in runs)
    return {commit.sha: commit for commit in gitdata.commits(repository.git_dir, shas)}


def _jobs(repository: Repository, run: Run, attempts: Iterable[int]) -> flask.Response:
    call = this_call()
    found = [job for attempt in attempts for job in builds.visible_jobs(run, attempt, call.now)]
    shown = [job_body(call, repository, run, job) for job in page_of(found)]
    return answer({"total_count": len(found), "jobs": shown})


def _again(
    repository: Repository, run: Run, *, failed_only: bool, job_id: int | None = None
) -> flask.Response:
    call = this_call()
    call.require("write")
    progress = run_progress(run, run.attempt, call.now)
    if progress.status != "completed":
        raise ApiError(403, "This workflow is already running")
    if failed_only and progress.conclusion == "success":
        raise ApiError(403, "This workflow run has no failed jobs to re-run")
    builds.rerun(call.forge, repository, run, failed_only=failed_only, job_id=job_id)
    return answer({}, 201)


def _why_not(workflow: Workflow, wanted: Dispatch, sha: str | None) -> str:
    """Why a workflow cannot be dispatched like this; empty when it can."""
    if not workflow.dispatchable:
        return "Workflow does not have 'workflow_dispatch' trigger"
    if workflow.state != "active":
        return "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
    if sha is None:
        return f"No ref found for: {wanted.ref}"
    if len(wanted.inputs) > _MOST_INPUTS:
        return f"you may only define up to {_MOST_INPUTS} `inputs` for a `workflow_dispatch` event"
    known = {one.name for one in workflow.inputs}
    if unexpected := [name for name in wanted.inputs if name not in known]:
        return f"Unexpected inputs provided: {msgspec.json.encode(unexpected).decode()}"
    reasons = (_why_not_input(one, wanted.inputs.get(one.name)) for one in workflow.inputs)
    return next((reason for reason in reasons if reason), "")


def _why_not_input(expected: DispatchInput, given: InputValue) -> str:
    if given is None or given == "":
        missing = expected.required and not expected.default
        return f"Required input '{expected.name}' not provided" if missing else ""
    text = _text_of(given)
    if expected.kind == "boolean" and text not in ("true", "false"):
        return f"Provided value '{text}' for input '{expected.name}' is not a boolean"
    if expected.kind == "choice" and text not in expected.options:
        allowed = "not in the list of allowed values"
        return f"Provided value '{text}' for input '{expected.name}' {allowed}"
    return ""


def _text_of(value: InputValue) -> str:
    """An input as a workflow sees it: all of them are text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
