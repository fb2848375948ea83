"""JSON bodies of workflows, runs, jobs and checks."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from cockpit.rehearsal.builds import visible_jobs
from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.gitdata import Commit
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.github.progress import (
    Progress,
    StepProgress,
    attempt_started_at,
    job_progress,
    run_progress,
    started_at,
    steps,
)
from cockpit.rehearsal.github.serialise import (
    FOUNDED,
    account_body,
    node_id,
    repository_body,
    repository_page,
    repository_url,
    stamp,
    stamp_or_null,
    user_body,
)
from cockpit.rehearsal.github.serialise_git import simple_commit_body
from cockpit.rehearsal.model import App, Job, Repository, Run, User, Workflow

_ACTIONS = App(15368, "github-actions", "GitHub Actions", "github")


def workflow_body(call: Call, repository: Repository, workflow: Workflow) -> Body:
    """A workflow."""
    page = repository_page(call, repository)
    file = workflow.path.rpartition("/")[2]
    return {
        "id": workflow.id,
        "node_id": node_id("Workflow", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": FOUNDED,
        "updated_at": FOUNDED,
        "url": f"{repository_url(call, repository)}/actions/workflows/{workflow.id}",
        "html_url": f"{page}/blob/{repository.default_branch}/{workflow.path}",
        "badge_url": f"{page}/workflows/{quote(file)}/badge.svg",
    }


def run_body(
    call: Call,
    repository: Repository,
    run: Run,
    heads: Mapping[str, Commit],
    attempt: int | None = None,
) -> Body:
    """An attempt of a run, by default the newest; `heads` holds its commit if git has it."""
    attempt = attempt or run.attempt
    workflow = repository.workflows.get(run.workflow)
    progress = run_progress(run, attempt, call.now)
    head = heads.get(run.head_sha)
    actor = user_body(call, run.actor)
    return {
        "id": run.id,
        "node_id": node_id("WorkflowRun", run.id),
        "name": run.name,
        "display_title": head.title if head and run.event != "workflow_dispatch" else run.name,
        "path": workflow.path if workflow else "",
        "workflow_id": run.workflow,
        "run_number": run.number,
        "run_attempt": attempt,
        "event": run.event,
        "status": progress.status,
        "conclusion": progress.conclusion,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "head_commit": simple_commit_body(head) if head else None,
        "check_suite_id": run.id,
        "check_suite_node_id": node_id("CheckSuite", run.id),
        **_run_links(call, repository, run, attempt),
        "created_at": stamp(run.created_at),
        "run_started_at": stamp(attempt_started_at(run, attempt)),
        "updated_at": stamp(progress.changed_at),
        "actor": actor,
        "triggering_actor": actor,
        "pull_requests": [],
        "referenced_workflows": [],
        "repository": repository_body(call, repository),
        "head_repository": repository_body(call, repository),
    }


def job_body(call: Call, repository: Repository, run: Run, job: Job) -> Body:
    """One job of one attempt."""
    root = repository_url(call, repository)
    progress = job_progress(job, call.now)
    began = started_at(job, call.now)
    ended = progress.changed_at if progress.status == "completed" else None
    return {
        "id": job.id,
        "run_id": run.id,
        "run_url": f"{root}/actions/runs/{run.id}",
        "run_attempt": job.attempt,
        "node_id": node_id("CheckRun", job.id),
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "workflow_name": run.name,
        "url": f"{root}/actions/jobs/{job.id}",
        "html_url": f"{_run_page(call, repository, run)}/job/{job.id}",
        "check_run_url": f"{root}/check-runs/{job.id}",
        "status": progress.status,
        "conclusion": progress.conclusion,
        "created_at": stamp(job.created_at),
        "started_at": stamp(began or job.created_at),
        "completed_at": stamp_or_null(ended),
        "name": job.name,
        "labels": list(job.labels),
        "runner_id": job.id if began else None,
        "runner_name": f"{'-'.join(job.labels)}-{job.id}" if began else None,
        "runner_group_id": 1 if began else None,
        "runner_group_name": "Default" if began else None,
        "steps": [_step_body(step) for step in steps(job, call.now)],
    }


def environment_id(name: str) -> int:
    """The id of an environment: nothing else is known of it here."""
    return zlib.crc32(name.encode())


def pending_deployment_body(call: Call, repository: Repository, name: str) -> Body:
    """An environment whose reviewers a run waits for."""
    quoted = quote(name, safe="")
    return {
        "environment": {
            "id": environment_id(name),
            "node_id": node_id("Environment", name),
            "name": name,
            "url": f"{repository_url(call, repository)}/environments/{quoted}",
            "html_url": f"{repository_page(call, repository)}/deployments/activity_log?{quoted}",
        },
        "wait_timer": 0,
        "wait_timer_started_at": None,
        "current_user_can_approve": call.may("admin"),
        "reviewers": [
            {"type": "User", "reviewer": user_body(call, login)}
            for login, held in call.forge.collaborators.items()
            if held == "admin"
        ],
    }


def deployment_body(call: Call, repository: Repository, run: Run, environment: str) -> Body:
    """What a review has answered."""
    root = repository_url(call, repository)
    id_ = environment_id(f"{environment} {run.id}")
    return {
        "url": f"{root}/deployments/{id_}",
        "id": id_,
        "node_id": node_id("Deployment", id_),
        "sha": run.head_sha,
        "ref": run.head_branch,
        "task": "deploy",
        "payload": {},
        "original_environment": environment,
        "environment": environment,
        "description": None,
        "creator": user_body(call, run.actor),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(call.now),
        "statuses_url": f"{root}/deployments/{id_}/statuses",
        "repository_url": root,
    }


def check_run_body(call: Call, repository: Repository, run: Run, job: Job) -> Body:
    """A job as a check of its commit."""
    progress = job_progress(job, call.now)
    page = f"{_run_page(call, repository, run)}/job/{job.id}"
    began = started_at(job, call.now) or job.created_at
    return {
        **check_body(call, repository, job.id, job.name, run.head_sha, progress, began, page),
        "check_suite": {"id": run.id},
        "app": _actions_app(call),
    }


def check_body(
    call: Call,
    repository: Repository,
    id_: int,
    name: str,
    sha: str,
    progress: Progress,
    began: datetime,
    page: str,
) -> Body:
    """What every check has, whoever reports it; its suite and its application are left out."""
    url = f"{repository_url(call, repository)}/check-runs/{id_}"
    ended = progress.changed_at if progress.status == "completed" else None
    return {
        "id": id_,
        "node_id": node_id("CheckRun", id_),
        "external_id": str(id_),
        "head_sha": sha,
        "name": name,
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": progress.status,
        "conclusion": progress.conclusion,
        "started_at": stamp(began),
        "completed_at": stamp_or_null(ended),
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "pull_requests": [],
    }


def check_suite_body(call: Call, repository: Repository, run: Run, head: Commit) -> Body:
    """A run as the suite of its checks."""
    progress = run_progress(run, run.attempt, call.now)
    return {
        **suite_body(call, repository, run.id, run.head_branch, head),
        "status": progress.status,
        "conclusion": progress.conclusion,
        "app": _actions_app(call),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(progress.changed_at),
        "latest_check_runs_count": len(visible_jobs(run, run.attempt, call.now)),
    }


def suite_body(call: Call, repository: Repository, id_: int, branch: str, head: Commit) -> Body:
    """What every suite has, whoever opened it; how far it is, and whose it is, are left out."""
    url = f"{repository_url(call, repository)}/check-suites/{id_}"
    return {
        "id": id_,
        "node_id": node_id("CheckSuite", id_),
        "head_branch": branch,
        "head_sha": head.sha,
        "url": url,
        "before": head.parents[0] if head.parents else None,
        "after": head.sha,
        "pull_requests": [],
        "repository": repository_body(call, repository),
        "head_commit": simple_commit_body(head),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": False,
    }


def _run_links(call: Call, repository: Repository, run: Run, attempt: int) -> Body:
    root = repository_url(call, repository)
    url = f"{root}/actions/runs/{run.id}"
    shown = url if attempt == run.attempt else f"{url}/attempts/{attempt}"
    return {
        "url": url,
        "html_url": _run_page(call, repository, run),
        "workflow_url": f"{root}/actions/workflows/{run.workflow}",
        "check_suite_url": f"{root}/check-suites/{run.id}",
        "jobs_url": f"{shown}/jobs",
        "logs_url": f"{shown}/logs",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{attempt - 1}" if attempt > 1 else None,
    }


def _step_body(progress: StepProgress) -> Body:
    return {
        "name": progress.step.name,
        "number": progress.number,
        "status": progress.status,
        "conclusion": progress.conclusion,
        "started_at": stamp_or_null(progress.started_at),
        "completed_at": stamp_or_null(progress.completed_at),
    }


def _run_page(call: Call, repository: Repository, run: Run) -> str:
    return f"{repository_page(call, repository)}/actions/runs/{run.id}"


def app_body(call: Call, app: App) -> Body:
    """An application."""
    owner = account_body(call, User(login=app.owner, id=app.id + 9)) | {"type": "Organization"}
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "owner": owner,
        "name": app.name,
        "description": f"{app.name} reports on commits",
        "external_url": f"{call.site}/apps/{app.slug}",
        "html_url": f"{call.site}/apps/{app.slug}",
        "created_at": FOUNDED,
        "updated_at": FOUNDED,
        "permissions": {"actions": "write", "checks": "write", "contents": "write"},
        "events": ["push", "workflow_dispatch"],
    }


def _actions_app(call: Call) -> Body:
    known = call.bodies.get(("app", _ACTIONS.slug))
    if known is None:
        known = call.bodies["app", _ACTIONS.slug] = app_body(call, _ACTIONS)
    return known
