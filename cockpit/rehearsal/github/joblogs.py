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
from cockpit.rehearsal.joblogs import JobLog, log_of
from cockpit.rehearsal.model import Job, Repository

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
        _, job = job_or_404(repository, number)
        return _stored(log_of(job, call.forge.log_padding), f'"{number}"')
    run = run_or_404(repository, number)
    jobs = builds.attempt_jobs(run, int(kind.removeprefix("attempt ")))
    return flask.Response(_archive(jobs), content_type="application/zip")


def _stored(log: JobLog, etag: str) -> flask.Response:
    """A log as the storage behind GitHub serves it: all of it, or the range that is asked for."""
    size = log.size
    start, stop = 0, size
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "x-ms-blob-type": "AppendBlob"}
    wanted = flask.request.range
    partial = wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1
    if partial and wanted is not None:
        start, stop = _bounds(*wanted.ranges[0], size)
        if start >= stop:
            headers["Content-Range"] = f"bytes */{size}"
            return flask.Response("", 416, headers)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    headers["Content-Type"] = "text/plain; charset=utf-8"
    # A HEAD asks for the length of what may be hundreds of megabytes.
    body = log.read(start, stop) if flask.request.method == "GET" else iter(())
    return flask.Response(body, 206 if partial else 200, headers, direct_passthrough=True)


def _bounds(first: int, end: int | None, size: int) -> tuple[int, int]:
    """Where a range begins and ends; a negative `first` counts from the end."""
    if first < 0:
        return max(size + first, 0), size
    return first, size if end is None else min(end, size)


def _redirect(call: Call, repository: Repository, kind: str, number: int) -> flask.Response:
    expires = call.now + ADDRESS_LIVES * max(call.forge.clock.speed, 1.0)
    address = _addresses.dumps([repository.full_name, kind, number, expires.isoformat()])
    location = f"{call.site}/_logs/{address}"
    return flask.Response(status=302, headers={"Location": location})


def _archive(jobs: list[Job]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(jobs):
            text = b"".join(log_of(job).read())
            archive.writestr(f"{number}_{job.name.replace('/', '_')}.txt", text)
    return packed.getvalue()
