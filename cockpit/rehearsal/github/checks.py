"""Checks: the jobs of all runs of a commit, and what other applications say of it."""

from __future__ import annotations

from functools import partial

import flask

from cockpit.rehearsal import builds
from cockpit.rehearsal.github.call import Call, locked, this_call
from cockpit.rehearsal.github.commits import commit_or_422
from cockpit.rehearsal.github.http import Body, answer, not_found, page_of, query
from cockpit.rehearsal.github.serialise_actions import check_run_body, check_suite_body
from cockpit.rehearsal.github.serialise_reports import (
    foreign_check_body,
    foreign_suite_body,
    shown_checks,
)
from cockpit.rehearsal.model import Check, Job, Repository, Run, Suite

routes = flask.Blueprint("checks", __name__)


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-runs")
def of_commit(repository: Repository, ref: str) -> flask.Response:
    """The checks of a commit; only those of newest attempts unless `filter=all`."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        _notice_pushes(call, repository)
        runs = _runs_of(call, repository, commit.sha)
        return answer(_checks(call, repository, runs, _suites_of(call, repository, commit.sha)))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-suites")
def suites_of_commit(repository: Repository, ref: str) -> flask.Response:
    """The suites of a commit: one for each run, and one for each other application."""
    call = this_call()
    commit = commit_or_422(repository, ref)
    with call.forge.lock:
        _notice_pushes(call, repository)
        found: list[Run | Suite] = [
            *_runs_of(call, repository, commit.sha),
            *_suites_of(call, repository, commit.sha),
        ]
        suites = [
            check_suite_body(call, repository, one, commit)
            if isinstance(one, Run)
            else foreign_suite_body(call, repository, one, commit)
            for one in page_of(found)
        ]
        return answer({"total_count": len(found), "check_suites": suites})


@routes.get("/repos/<owner>/<name>/check-suites/<int:suite>/check-runs")
def of_suite(repository: Repository, suite: int) -> flask.Response:
    """The checks of one suite."""
    call = this_call()
    with call.forge.lock:
        _notice_pushes(call, repository)
        run = repository.runs.get(suite)
        foreign = [s for several in repository.suites.values() for s in several if s.id == suite]
        if run is None and not foreign:
            raise not_found()
        return answer(_checks(call, repository, [run] if run else [], foreign))


@routes.get("/repos/<owner>/<name>/check-runs/<int:number>")
@locked
def one(repository: Repository, number: int) -> flask.Response:
    """One check."""
    call = this_call()
    for run in builds.known_runs(repository, call.now):
        for job in run.jobs:
            if job.id == number:
                return answer(check_run_body(call, repository, run, job))
    for several in repository.suites.values():
        for suite in several:
            for check in shown_checks(call, suite):
                if check.id == number:
                    return answer(foreign_check_body(call, repository, suite, check))
    raise not_found()


def _notice_pushes(call: Call, repository: Repository) -> None:
    builds.notice_pushes(call.forge, repository)
    # What has just been started is there for the one who asks.
    call.now = call.forge.clock.now()


def _runs_of(call: Call, repository: Repository, sha: str) -> list[Run]:
    return [run for run in builds.known_runs(repository, call.now) if run.head_sha == sha]


def _suites_of(call: Call, repository: Repository, sha: str) -> list[Suite]:
    return [one for one in repository.suites.get(sha, ()) if one.created_at <= call.now]


def _checks(call: Call, repository: Repository, runs: list[Run], suites: list[Suite]) -> Body:
    every, name, status = query("filter") == "all", query("check_name"), query("status")

    def wanted(check: Job | Check) -> bool:
        return name in ("", check.name) and status in ("", check.status(call.now))

    jobs = [
        partial(check_run_body, call, repository, run, job)
        for run in runs
        for attempt in (range(1, run.attempt + 1) if every else (run.attempt,))
        for job in builds.visible_jobs(run, attempt, call.now)
        if wanted(job)
    ]
    others = [
        partial(foreign_check_body, call, repository, suite, check)
        for suite in suites
        for check in shown_checks(call, suite)
        if wanted(check)
    ]
    found = [*jobs, *others]
    return {"total_count": len(found), "check_runs": [body() for body in page_of(found)]}
