"""Checks: the jobs of all runs of a commit, as GitHub shows them beside it."""

from __future__ import annotations

import flask

from cockpit.rehearsal import builds
from cockpit.rehearsal.github.call import Call, this_call
from cockpit.rehearsal.github.commits import commit_or_422
from cockpit.rehearsal.github.http import Body, answer, not_found, page_of, query
from cockpit.rehearsal.github.serialise_actions import check_run_body, check_suite_body
from cockpit.rehearsal.model import Repository, Run

routes = flask.Blueprint("checks", __name__)


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-runs")
def of_commit(repository: Repository, ref: str) -> flask.Response:
    """The checks of a commit; only those of newest attempts unless `filter=all`."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        builds.notice_pushes(call.forge, repository)
        runs = _runs_of(call, repository, commit.sha)
        return answer(_check_runs(call, repository, runs))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-suites")
def suites_of_commit(repository: Repository, ref: str) -> flask.Response:
    """The suites of a commit: one for each run."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        builds.notice_pushes(call.forge, repository)
        runs = _runs_of(call, repository, commit.sha)
        suites = [check_suite_body(call, repository, run, commit) for run in page_of(runs)]
        return answer({"total_count": len(runs), "check_suites": suites})


@routes.get("/repos/<owner>/<name>/check-suites/<int:suite>/check-runs")
def of_suite(repository: Repository, suite: int) -> flask.Response:
    """The checks of one suite."""
    call = this_call()
    with call.forge.lock:
        builds.notice_pushes(call.forge, repository)
        run = repository.runs.get(suite)
        if run is None:
            raise not_found()
        return answer(_check_runs(call, repository, [run]))


@routes.get("/repos/<owner>/<name>/check-runs/<int:number>")
def one(repository: Repository, number: int) -> flask.Response:
    """One check."""
    call = this_call()
    with call.forge.lock:
        for run in repository.runs.values():
            for job in run.jobs:
                if job.id == number:
                    return answer(check_run_body(call, repository, run, job))
    raise not_found()


def _runs_of(call: Call, repository: Repository, sha: str) -> list[Run]:
    return [run for run in builds.known_runs(repository, call.now) if run.head_sha == sha]


def _check_runs(call: Call, repository: Repository, runs: list[Run]) -> Body:
    every, name, status = query("filter") == "all", query("check_name"), query("status")
    found = [
        (run, job)
        for run in runs
        for attempt in (range(1, run.attempt + 1) if every else (run.attempt,))
        for job in builds.visible_jobs(run, attempt, call.now)
        if name in ("", job.name) and status in ("", job.status(call.now))
    ]
    shown = [check_run_body(call, repository, run, job) for run, job in page_of(found)]
    return {"total_count": len(found), "check_runs": shown}
