"""What the cockpit changes on GitHub: pull requests, and workflows and their runs.

A request that writes is sent once. When its answer is lost, whoever asked has to look before they
ask again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import msgspec

from cockpit.backends.github_errors import NotFound
from cockpit.backends.github_http import PAGE_SIZE, Transport
from cockpit.backends.github_kinds import JOBS, PULL, PULLS, RUN, RUNS, path_of, pull_path, run_path
from cockpit.backends.github_records import (
    DispatchRecord,
    PullRecord,
    RunRecord,
    WorkflowRecord,
)
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, clean_lines
from cockpit.errors import Unreachable
from cockpit.release.dispatches import StartedRun, WorkflowCall
from cockpit.release.jobs import state_of
from cockpit.release.pullrequests import OpenPull, PullDraft, with_own_part
from cockpit.release.repos import Repository

_WORKFLOW = msgspec.json.Decoder(WorkflowRecord)


class GithubWrites:
    """The writing part of the adapter, with the reads that go before and after each write."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def pulls_from(self, repository: Repository, branch: str) -> Answer[tuple[OpenPull, ...]]:
        """The open pull requests of a branch of the repository itself."""
        head = f"{repository.name.partition('/')[0]}:{branch}"
        path = path_of(repository, "pulls", head=head, state="open")
        listing = self._transport.read_list(path, PULLS)
        found = tuple(_open_pull(row) for row in listing.rows if row.head.ref == branch)
        return Answer(found, f"{repository.name} {head}", listing.missing)

    def open_pull(self, repository: Repository, draft: PullDraft) -> OpenPull:
        """Open a pull request; GitHub itself refuses a second one of the same branches."""
        answer = self._transport.write(
            "POST",
            f"/repos/{repository.name}/pulls",
            {
                "head": draft.head,
                "base": draft.base,
                "title": draft.title,
                "body": with_own_part("", draft.body),
                "maintainer_can_modify": False,
            },
        )
        return _open_pull(_decoded(answer.body, PULL))

    def amend_pull(self, repository: Repository, number: int, draft: PullDraft) -> OpenPull:
        """Give a pull request its title and our part of its text; the rest of it stays."""
        path = pull_path(repository, number)
        there = _decoded(self._transport.ask(path).body, PULL)
        body = with_own_part(there.body or "", draft.body)
        answer = self._transport.write("PATCH", path, {"title": draft.title, "body": body})
        return _open_pull(_decoded(answer.body, PULL))

    def workflow_state(self, call: WorkflowCall) -> str | None:
        """`active`, or how a workflow was disabled; None when there is no such file."""
        try:
            return clean(self._transport.read(_workflow(call), _WORKFLOW.decode).state)
        except NotFound:
            return None

    def dispatch(self, call: WorkflowCall) -> int | None:
        """Start a workflow; gives the run where GitHub names it at once."""
        answer = self._transport.write(
            "POST",
            f"{_workflow(call)}/dispatches",
            {"ref": call.ref, "inputs": call.inputs, "return_run_details": True},
        )
        if not answer.body.strip():
            return None
        try:
            return msgspec.json.decode(answer.body, type=DispatchRecord).workflow_run_id
        except msgspec.DecodeError:
            return None

    def dispatched_runs(
        self, call: WorkflowCall, since: datetime
    ) -> Answer[tuple[StartedRun, ...]]:
        """The runs of a workflow that were started by hand since then, oldest first."""
        query = urlencode(
            {
                "event": "workflow_dispatch",
                "branch": call.ref,
                "created": f">={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "per_page": PAGE_SIZE,
            }
        )
        path = f"{_workflow(call)}/runs?{query}"
        listing = self._transport.read_list(path, RUNS)
        found = sorted(map(_started, listing.rows), key=lambda run: (run.created_at, run.id))
        return Answer(tuple(found), path, listing.missing)

    def rerun_failed(self, repository: Repository, run_id: int) -> None:
        """Have a run's failed and cancelled jobs, and what depends on them, run again."""
        self._transport.write("POST", f"{run_path(repository, run_id)}/rerun-failed-jobs", {})

    def rerun_job(self, repository: Repository, job_id: int) -> None:
        """Have one job of a run's newest attempt, and what depends on it, run again."""
        self._transport.write("POST", f"/repos/{repository.name}/actions/jobs/{job_id}/rerun", {})

    def cancel_run(self, repository: Repository, run_id: int) -> None:
        """Ask a run to stop; its jobs may take minutes to do so."""
        self._transport.write("POST", f"{run_path(repository, run_id)}/cancel", {})

    def started_run(self, repository: str, run_id: int) -> StartedRun:
        """How a run of `owner/name` stands, and how many of its jobs have ended."""
        path = f"/repos/{repository}/actions/runs/{run_id}"
        run = _started(self._transport.read(path, RUN.decode))
        jobs = self._transport.read_list(f"{path}/jobs?filter=latest&per_page={PAGE_SIZE}", JOBS)
        ended = sum(job.status == "completed" for job in jobs.rows)
        return msgspec.structs.replace(run, jobs_ended=ended, jobs=len(jobs.rows))


def _workflow(call: WorkflowCall) -> str:
    return f"/repos/{call.repository}/actions/workflows/{quote(call.file, safe='')}"


def _decoded(body: str, decoder: msgspec.json.Decoder[PullRecord]) -> PullRecord:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as err:
        raise Unreachable("GitHub's answer could not be read", str(err), "refresh (r)") from err


def _open_pull(row: PullRecord) -> OpenPull:
    return OpenPull(
        number=row.number,
        title=clean(row.title),
        body=clean_lines(row.body or ""),
        head=clean(row.head.ref),
        base=clean(row.base.ref),
        url=row.html_url,
    )


def _started(row: RunRecord) -> StartedRun:
    return StartedRun(
        id=row.id,
        url=row.html_url,
        actor=row.actor.login if row.actor else "",
        created_at=row.created_at,
        state=state_of(row.status, row.conclusion),
        ended=row.status == "completed",
        # `.github/workflows/pull.yml`, or with `@refs/heads/main` behind it.
        workflow=clean(row.path.partition("@")[0].rpartition("/")[2]),
        ref=clean(row.head_branch or ""),
    )
