"""Logs: a redirect to a short-lived address, as GitHub hands them out."""

from __future__ import annotations

import io
import secrets
import zipfile
from datetime import datetime, timedelta

import flask
from itsdangerous import BadSignature, URLSafeSerializer

from cockpit.rehearsal import builds
from cockpit.rehearsal.github.actions import job_or_404, run_or_404
from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.http import ApiError, not_found
from cockpit.rehearsal.github.progress import log_is_expired, run_progress
from cockpit.rehearsal.model import Job, Repository, Run

routes = flask.Blueprint("joblogs", __name__)

ADDRESS_LIVES = timedelta(minutes=1)
"""In the time of those who ask: a fast clock does not shorten it."""

_addresses = URLSafeSerializer(secrets.token_hex(), salt="logs")


@routes.get("/repos/<owner>/<name>/actions/jobs/<int:number>/logs")
@locked
def of_job(repository: Repository, number: int) -> flask.Response:
    """Where a job's log can be had for a minute; 404 until it ends, 410 once thrown away."""
    call = this_call()
    if call.login is None:
        raise ApiError(403, "Must have admin rights to Repository.")
    _, job = job_or_404(repository, number)
    if job.status(call.now) != "completed":
        raise not_found()
    if log_is_expired(job, call.now):
        raise ApiError(410, "The logs for this run have expired")
    return _redirect(call, repository, "job", number)


@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/logs", defaults={"attempt": 0})
@routes.get("/repos/<owner>/<name>/actions/runs/<int:number>/attempts/<int:attempt>/logs")
@locked
def of_run(repository: Repository, number: int, attempt: int) -> flask.Response:
    """Where the archive of a run's logs can be had for a minute."""
    call = this_call()
    if call.login is None:
        raise ApiError(403, "Must have admin rights to Repository.")
    run = run_or_404(repository, number)
    attempt = attempt or run.attempt
    if run_progress(run, attempt, call.now).status != "completed":
        raise not_found()
    if all(log_is_expired(job, call.now) for job in builds.attempt_jobs(run, attempt)):
        raise ApiError(410, "The logs for this run have expired")
    return _redirect(call, repository, f"attempt {attempt}", number)


@routes.get("/_logs/<address>")
@locked
def download(address: str) -> flask.Response:
    """The log behind an address, without asking for a token."""
    call = this_call()
    try:
        full_name, kind, number, expires = _addresses.loads(address)
    except BadSignature as forged:
        raise ApiError(403, "Server failed to authenticate the request.") from forged
    if datetime.fromisoformat(expires) <= call.now:
        raise ApiError(403, "Server failed to authenticate the request.")
    repository = call.forge.repositories[full_name]
    if kind == "job":
        run, job = job_or_404(repository, number)
        return flask.Response(log_of(run, job), content_type="text/plain; charset=utf-8")
    run = run_or_404(repository, number)
    jobs = builds.attempt_jobs(run, int(kind.removeprefix("attempt ")))
    return flask.Response(_archive(run, jobs), content_type="application/zip")


def log_of(run: Run, job: Job) -> str:
    """The text of a job's log; a cancelled job's ends where it was stopped."""
    if job.cancelled_at is None:
        return job.log
    head = job.log[: len(job.log) // 2].rpartition("\n")[0]
    stopped = job.cancelled_at.isoformat(timespec="seconds")
    return f"{head}\n{stopped} ##[error]The operation was canceled.\n"


def _redirect(call: Call, repository: Repository, kind: str, number: int) -> flask.Response:
    expires = call.now + ADDRESS_LIVES * max(call.forge.clock.speed, 1.0)
    address = _addresses.dumps([repository.full_name, kind, number, expires.isoformat()])
    location = f"{call.site}/_logs/{address}"
    return flask.Response(status=302, headers={"Location": location})


def _archive(run: Run, jobs: list[Job]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(jobs):
            archive.writestr(f"{number}_{job.name.replace('/', '_')}.txt", log_of(run, job))
    return packed.getvalue()
